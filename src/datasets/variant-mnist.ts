// Two modalities of real images with known causes, as the paper of multimodal makes them: digits colored by what they show, and clothes
// whose kind follows the digit, turned by their kind. The paper prints no noise levels; the ones here are keys.
import { join } from "node:path";
import { z } from "zod";
import type { JsonSchema } from "../config-keys.js";
import { openFile } from "../data/open.js";
import { jsonSchemaOf, parseKeys } from "../data/parse-keys.js";
import type { Dataset } from "../data/read.js";
import { fail } from "../errors.js";
import { type NativeTable, native } from "../native.js";
import { inTurns } from "../turns.js";
import { type Gray, shrunk, tinted, turned } from "./pictures.js";
import { name, namesIn, whole } from "./source-keys.js";

const share = z
  .number({ error: "expected a number from 0 to 1" })
  .min(0, { error: "expected a number from 0 to 1" })
  .max(1, { error: "expected a number from 0 to 1" });

const variantMnistSchema = z.strictObject({
  source: name("the path of a folder").describe(
    "Folder with a folder of digits and one of clothes, each with IDX files of images and labels, packed or not.",
  ),
  digits: name("the name of a folder").default("mnist").describe("Folder of MNIST in it."),
  clothes: name("the name of a folder").default("fashion-mnist").describe("Folder of Fashion-MNIST in it."),
  pairs: whole(1).default(10_000).describe("Pairs of images, at most one for each digit."),
  side: whole(4).default(14).describe("Height and width that images are shrunk to."),
  drawSeed: whole(0).default(42).describe("Seed of what is drawn: order, noise, and the clothes of a kind."),
  colorNoise: share
    .default(0.1)
    .describe("Standard deviation of the color around that of its digit, which runs from 0 to 1."),
  kindNoise: share.default(0.1).describe("Share of the pairs whose kind of clothes is drawn anew, whatever the digit."),
  angleNoise: z
    .number({ error: "expected a number of at least 0" })
    .min(0, { error: "expected a number of at least 0" })
    .default(10)
    .describe("Standard deviation of the angle around that of its kind, which runs from -45 to 45 degrees."),
});

/** How the pairs are made; `disentangle prepare variant-mnist --help` says what each key means. */
export interface VariantMnistConfig {
  readonly source: string;
  readonly digits?: string | undefined;
  readonly clothes?: string | undefined;
  readonly pairs?: number | undefined;
  readonly side?: number | undefined;
  readonly drawSeed?: number | undefined;
  readonly colorNoise?: number | undefined;
  readonly kindNoise?: number | undefined;
  readonly angleNoise?: number | undefined;
}

/** The JSON Schema of `VariantMnistConfig`. */
export function variantMnistJsonSchema(): JsonSchema {
  return jsonSchemaOf(variantMnistSchema);
}

const KINDS = 10;
/** Degrees from the first kind to the last. */
const TURN = 90;
const LATENTS = ["digits.digit", "digits.color", "clothes.kind", "clothes.angle"];
const EDGES = [
  [0, 1],
  [0, 2],
  [2, 3],
] as const;
/** Pairs that are drawn between two looks at the event loop. */
const A_TURN = 256;

/**
 * Makes pairs of images whose causes are known: digit -> color, digit -> kind of clothes -> angle. The truth has the four of them and
 * their graph; the targets are the same numbers, for methods that need labels.
 *
 * @throws `DATA_NOT_FOUND`, `DATA_CORRUPT` (labels that are not 0 to 9 or do not fit their images), `CONFIG_OUT_OF_RANGE` (more pairs than
 * digits, images smaller than `side`)
 */
export async function variantMnist(config: VariantMnistConfig): Promise<Dataset> {
  const keys = parseKeys(variantMnistSchema, config, { about: "variant-mnist" });
  const { source, pairs, side, drawSeed } = keys;
  const [digits, clothes] = [await labeled(join(source, keys.digits)), await labeled(join(source, keys.clothes))];
  if (pairs > digits.labels.length) {
    fail("CONFIG_OUT_OF_RANGE", `pairs: ${pairs} pairs, there are ${digits.labels.length} digits`, {
      path: "pairs",
      hint: `give at most ${digits.labels.length}, or more digits`,
    });
  }
  for (const { place, height, width } of [digits, clothes]) {
    if (Math.min(height, width) >= side) continue;
    fail(
      "CONFIG_OUT_OF_RANGE",
      `side: ${place} has images of ${height} x ${width}, which cannot be shrunk to ${side}`,
      {
        path: "side",
        hint: `give at most ${Math.min(height, width)}`,
      },
    );
  }
  const byKind = Array.from({ length: KINDS }, (_, kind) =>
    [...clothes.labels.keys()].filter((at) => clothes.labels[at] === kind),
  );
  const without = byKind.findIndex((found) => found.length === 0);
  if (without >= 0) {
    fail("DATA_CORRUPT", `${clothes.place}: no image has the label ${without}`, {
      path: clothes.place,
      hint: "take the files as Fashion-MNIST has them: ten kinds",
    });
  }
  const drawn = (name: string, count: number) => native().uniforms(drawSeed, `variant-mnist/${name}`, count).data;
  const order = ranked(drawn("order", digits.labels.length));
  const [colors, angles] = [normals(drawn("color", 2 * pairs)), normals(drawn("angle", 2 * pairs))];
  const [anew, kinds, which] = [drawn("anew", pairs), drawn("kind", pairs), drawn("which", pairs)];
  const area = side * side;
  const cols = 4 * area;
  const data = new Float32Array(pairs * cols);
  const latents = new Float32Array(pairs * LATENTS.length);
  await inTurns(pairs, A_TURN, (from, to) => {
    for (let row = from; row < to; row++) {
      const place = order[row]!;
      const digit = digits.labels[place]!;
      const color = digit / (KINDS - 1) + keys.colorNoise * colors[row]!;
      const kind = anew[row]! < keys.kindNoise ? below(kinds[row]!, KINDS) : digit;
      const angle = TURN * (kind / (KINDS - 1) - 0.5) + keys.angleNoise * angles[row]!;
      const garment = byKind[kind]![below(which[row]!, byKind[kind]!.length)]!;
      latents.set([digit, color, kind, angle], row * LATENTS.length);
      data.set(tinted(shrunk(pictureOf(digits, place), side), color), row * cols);
      data.set(shrunk(turned(pictureOf(clothes, garment), angle), side).data, row * cols + 3 * area);
    }
  });
  return {
    name: "variant-mnist",
    inputs: { data, rows: pairs, cols },
    inputNames: [],
    views: [
      { name: "digits", start: 0, end: 3 * area, image: { channels: 3, height: side, width: side } },
      { name: "clothes", start: 3 * area, end: cols, image: { channels: 1, height: side, width: side } },
    ],
    rowIds: [],
    labels: {},
    targets: {
      columns: LATENTS.map((name) => `label ${name}`),
      values: { data: latents.slice(), rows: pairs, cols: LATENTS.length },
    },
    truth: {
      latents: { columns: [...LATENTS], values: { data: latents, rows: pairs, cols: LATENTS.length } },
      graph: graph(),
    },
    provenance: JSON.stringify({
      ...keys,
      note: `${pairs} pairs of a colored digit and turned clothes, from ${digits.labels.length} digits and ${clothes.labels.length} clothes`,
    }),
  };
}

/** Images with their labels. */
interface Labeled {
  readonly place: string;
  readonly height: number;
  readonly width: number;
  /** One image after the other, from 0 to 255. */
  readonly pixels: Float32Array;
  readonly labels: readonly number[];
}

/** All IDX files of images in a folder, each with its labels, in the order of their names. */
async function labeled(place: string): Promise<Labeled> {
  const files = [...(await namesIn(place))].sort();
  const images = files.filter((file) => /images.*idx3/.test(file));
  const parts: Labeled[] = [];
  for (const file of images) {
    const beside = file.replace("images", "labels").replace("idx3", "idx1");
    if (!files.includes(beside)) notThere(place, beside);
    parts.push(await partOf(join(place, file), join(place, beside)));
  }
  const [first] = parts;
  if (first === undefined) return notThere(place, "t10k-images-idx3-ubyte.gz");
  const odd = parts.find(({ height, width }) => height !== first.height || width !== first.width);
  if (odd !== undefined) {
    fail(
      "DATA_SHAPE",
      `${odd.place}: images of ${odd.height} x ${odd.width}, others are ${first.height} x ${first.width}`,
      {
        path: odd.place,
      },
    );
  }
  const pixels = new Float32Array(parts.reduce((sum, part) => sum + part.pixels.length, 0));
  let at = 0;
  for (const part of parts) {
    pixels.set(part.pixels, at);
    at += part.pixels.length;
  }
  return { ...first, place, pixels, labels: parts.flatMap(({ labels }) => labels) };
}

function notThere(place: string, file: string): never {
  return fail("DATA_NOT_FOUND", `${place} holds no file such as ${file}`, {
    path: place,
    hint: "give the files their published names: t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz, or those of train",
  });
}

async function partOf(images: string, labelsFile: string): Promise<Labeled> {
  const corrupt = (place: string, what: string): never =>
    fail("DATA_CORRUPT", `${place}: ${what}`, { path: place, hint: "take the IDX files as they are published" });
  const source = await openFile(images);
  const [{ columns }, { images: [pixels] = [] }] = await Promise.all([
    source.describe("names"),
    source.read({ numeric: [], text: [], images: ["images"] }),
  ]).finally(() => source.close());
  const image = columns.find(({ kind }) => kind === "image")?.image;
  if (image === undefined || pixels === undefined) return corrupt(images, "no images in it");
  const beside = await openFile(labelsFile);
  const { numeric } = await beside.read({ numeric: ["label"], text: [] }).finally(() => beside.close());
  const labels = [...numeric];
  const size = image.channels * image.height * image.width;
  if (image.channels !== 1 || labels.length * size !== pixels.length)
    corrupt(labelsFile, `${labels.length} labels for ${pixels.length / size} images`);
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= KINDS);
  if (wrong >= 0) corrupt(labelsFile, `label ${wrong + 1} is ${labels[wrong]}, expected 0 to ${KINDS - 1}`);
  return { place: images, height: image.height, width: image.width, pixels, labels };
}

function pictureOf({ pixels, height, width }: Labeled, at: number): Gray {
  const data = pixels.subarray(at * height * width, (at + 1) * height * width);
  return { data: data.map((value) => value / 255), height, width };
}

/** Places by what was drawn for them: a random order. */
function ranked(drawn: Float32Array): readonly number[] {
  return [...drawn.keys()].sort((a, b) => drawn[a]! - drawn[b]! || a - b);
}

function below(uniform: number, count: number): number {
  return Math.min(count - 1, Math.floor(uniform * count));
}

/** Half as many standard normal numbers, by Box and Muller. */
function normals(uniforms: Float32Array): Float32Array {
  return Float32Array.from({ length: uniforms.length / 2 }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - Math.min(uniforms[2 * i]!, 1 - 2 ** -24)));
    return radius * Math.cos(2 * Math.PI * uniforms[2 * i + 1]!);
  });
}

/** Row = cause, column = effect. */
function graph(): NativeTable {
  const size = LATENTS.length;
  const data = new Float32Array(size * size);
  for (const [cause, effect] of EDGES) data[cause * size + effect] = 1;
  return { columns: [...LATENTS], rows: [...LATENTS], values: { data, rows: size, cols: size } };
}
