// Pairs of real pictures with known causes, from IDX files: what is drawn, what is painted, and what is refused.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { shrunk, tinted, turned } from "../../src/datasets/pictures.js";
import { prepare } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { matrixOf } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-variant-mnist-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const SIDE = 8;

function idx(shape: readonly number[], data: readonly number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => {
    head.writeUInt32BE(size, 4 + 4 * i);
  });
  return gzipSync(Buffer.concat([head, Buffer.from(data)]));
}

/** `count` images of one grey value each, with the labels 0 to 9 in turn. */
function pictures(place: string, count: number, labels = Array.from({ length: count }, (_, i) => i % 10)): void {
  mkdirSync(place, { recursive: true });
  const data = Array.from({ length: count }, (_, i) => new Array<number>(SIDE * SIDE).fill(100 + (i % 10))).flat();
  writeFileSync(join(place, "t10k-images-idx3-ubyte.gz"), idx([count, SIDE, SIDE], data));
  writeFileSync(join(place, "t10k-labels-idx1-ubyte.gz"), idx([labels.length], labels));
}

function both(name: string, labels?: number[]): string {
  const source = join(folder, name);
  pictures(join(source, "mnist"), 40);
  pictures(join(source, "fashion-mnist"), 20, labels);
  return source;
}

test("pairs have the causes that they are said to have, and the same seed draws them again", async (t) => {
  const source = both("good");
  const config = { dataset: "variant-mnist", source, pairs: 30, side: 4 } as const;
  const data = await prepare({ ...config, colorNoise: 0, kindNoise: 0, angleNoise: 0 });
  t.deepEqual(
    data.views?.map(({ name, start, end }) => [name, start, end]),
    [
      ["digits", 0, 48],
      ["clothes", 48, 64],
    ],
  );
  const rows = matrixOf(data.truth.latents!.values);
  for (const [digit, color, kind, angle] of rows) {
    t.true(Math.abs(color! - digit! / 9) < 1e-6 && kind === digit && Math.abs(angle! - (10 * kind! - 45)) < 1e-4);
  }
  t.deepEqual(data.targets?.values.data, data.truth.latents?.values.data);
  const inputs = matrixOf(data.inputs);
  rows.forEach(([digit, color], row) => {
    const grey = (100 + digit!) / 255;
    const want = tinted({ data: Float32Array.of(grey), height: 1, width: 1 }, color!);
    for (const [channel, part] of want.entries()) t.true(Math.abs(inputs[row]![16 * channel]! - part) < 1e-6);
  });
  const [first, again, other] = [
    await prepare(config),
    await prepare(config),
    await prepare({ ...config, drawSeed: 1 }),
  ];
  t.deepEqual(first.inputs.data, again.inputs.data);
  t.notDeepEqual(first.inputs.data, other.inputs.data);
});

test("pictures are shrunk to means, turned about their middle, and colored from red to blue", (t) => {
  const picture = { data: Float32Array.from({ length: 16 }, (_, i) => i), height: 4, width: 4 };
  // The mean of 0, 1, 4 and 5 and so on: halving by bilinear sampling between the middles.
  t.deepEqual([...shrunk(picture, 2).data], [2.5, 4.5, 10.5, 12.5]);
  const quarter = turned(picture, 90).data;
  // Against the clock the right column becomes the top row.
  t.true([3, 7, 11, 15].every((value, at) => Math.abs(quarter[at]! - value) < 1e-5));
  t.deepEqual([...turned(picture, 0).data], [...picture.data]);
  const one = { data: Float32Array.of(0.5), height: 1, width: 1 };
  t.deepEqual([...tinted(one, 0)], [0.5, 0, 0]);
  t.deepEqual([...tinted(one, 1)], [0, 0, 0.5]);
  t.deepEqual([...tinted(one, 0.5)], [0, 0.5, 0]);
});

test("what does not fit together is refused by name", async (t) => {
  const make = (source: string, more = {}) =>
    prepare({ dataset: "variant-mnist", source, pairs: 10, side: 4, ...more });
  const code = async (work: Promise<unknown>, wanted: string, about: RegExp) => {
    const error = await t.throwsAsync(work, { code: wanted });
    t.regex(error!.message, about);
  };
  const source = both("sound");
  await code(make(join(folder, "nowhere")), "DATA_NOT_FOUND", /cannot read the folder/);
  mkdirSync(join(folder, "empty", "mnist"), { recursive: true });
  await code(make(join(folder, "empty")), "DATA_NOT_FOUND", /holds no file such as/);
  await code(make(source, { pairs: 41 }), "CONFIG_OUT_OF_RANGE", /there are 40 digits/);
  await code(make(source, { side: 9 }), "CONFIG_OUT_OF_RANGE", /8 x 8/);
  await code(make(both("short", [1, 2, 3])), "DATA_CORRUPT", /3 labels for 20 images/);
  await code(make(both("wild", new Array<number>(20).fill(11))), "DATA_CORRUPT", /label 1 is 11/);
  await code(make(both("few", new Array<number>(20).fill(3))), "DATA_CORRUPT", /no image has the label 0/);
});
