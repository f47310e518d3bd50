import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { native } from "../../src/native.js";
import { idx, noise, npy, png, write } from "./pictures.js";
import { matrixOf, textsOf, thrown } from "./support.js";

const home = mkdtempSync(join(tmpdir(), "disentangle-images-"));
test.after.always(() => rmSync(home, { recursive: true }));

const at = (name: string): string => join(home, name);
const [ROWS, SIDE] = [6, 3];
const values = noise(ROWS * SIDE * SIDE);
const picture = (i: number) => values.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
const grey = { channels: 1, height: SIDE, width: SIDE };

function pngs(folder: string, name = (i: number) => `${i}.png`): string {
  for (let i = 0; i < ROWS; i++) write(join(at(folder), name(i)), png(SIDE, SIDE, picture(i)));
  return at(folder);
}

test("the same images give the same data from IDX, compressed or not, from .npy and from a folder", async (t) => {
  const plain = await readDataset({ data: write(at("a-idx3-ubyte"), idx([ROWS, SIDE, SIDE], values)), name: "x" });
  t.deepEqual(plain.views, [{ name: "images", start: 0, end: 9, image: grey }]);
  t.deepEqual(plain.inputNames, [], "pixels have no names");
  t.deepEqual(matrixOf(plain.inputs)[1], picture(1));
  const zipped = write(at("a-idx3-ubyte.gz"), gzipSync(idx([ROWS, SIDE, SIDE], values)));
  const array = write(at("a.npy"), npy([ROWS, SIDE, SIDE], values));
  const fingerprint = (data: typeof plain) => JSON.parse(native().describe(data)).fingerprint;
  for (const data of [zipped, array, pngs("a")]) {
    const other = await readDataset({ data, name: "x" });
    t.deepEqual(other.inputs, plain.inputs, data);
    t.deepEqual(other.views, plain.views);
    t.is(fingerprint(other), fingerprint(plain));
  }
});

test("files are rows in order of their names; their folders can be labels", async (t) => {
  const folder = pngs("classes", (i) => `${i % 2 === 0 ? "cat" : "dog"}/${i}.png`);
  const data = await readDataset({ data: folder, environment: "folder" });
  t.deepEqual(data.rowIds, ["cat/0.png", "cat/2.png", "cat/4.png", "dog/1.png", "dog/3.png", "dog/5.png"]);
  t.deepEqual(textsOf(data.labels.environment!), ["cat", "cat", "cat", "dog", "dog", "dog"]);
  t.deepEqual(matrixOf(data.inputs)[1], picture(2));
});

test("a table of labels is joined by file name, whatever its order, and its columns get roles", async (t) => {
  const folder = pngs("labelled");
  const table = "file,site,age\n5.png,n,50\n4.png,n,40\n3.png,s,30\n2.png,s,20\n1.png,n,10\n0.png,s,0\nother.png,s,9\n";
  const labels = write(at("labels.csv"), table);
  const data = await readDataset({ data: folder, labels, environment: "site", target: "age" });
  t.deepEqual(textsOf(data.labels.environment!), ["s", "n", "s", "s", "n", "n"]);
  t.deepEqual([...data.targets!.values.data], [0, 10, 20, 30, 40, 50]);
  t.deepEqual(data.inputs.cols, 9, "numbers of the table are no inputs by themselves");
  t.regex(JSON.parse(data.provenance).notes.join(" "), /1 rows of .*labels\.csv name nothing in the data/);
  const short = write(at("short.csv"), "file,site\n0.png,s\n");
  t.like(await thrown(t, readDataset({ data: folder, labels: short })), { code: "DATA_JOIN", path: short });
  const twice = write(at("twice.csv"), `${table}0.png,s,1\n`);
  t.regex((await thrown(t, readDataset({ data: folder, labels: twice }))).message, /"0\.png" stands twice/);
  t.is((await thrown(t, readDataset({ data: folder, labels, join: "name" }))).code, "DATA_MISSING_COLUMN");
});

test("labels of IDX images are an IDX file of their own, in order", async (t) => {
  const data = write(at("b-idx3-ubyte"), idx([ROWS, SIDE, SIDE], values));
  const labels = write(at("b-idx1-ubyte.gz"), gzipSync(idx([ROWS], [3, 1, 3, 1, 2, 2])));
  const found = await readDataset({ data, labels, environment: "label" });
  t.deepEqual(textsOf(found.labels.environment!), ["3", "1", "3", "1", "2", "2"]);
  const few = write(at("few-idx1-ubyte"), idx([2], [3, 1]));
  t.like(await thrown(t, readDataset({ data, labels: few })), { code: "DATA_SHAPE", context: { got: 2, expected: 6 } });
});

test("channels come first; an array with a short last axis is taken to have them last, and says so", async (t) => {
  const last = write(at("last.npy"), npy([2, 5, 5, 3], noise(150)));
  const data = await readDataset({ data: last });
  t.deepEqual(data.views?.[0]?.image, { channels: 3, height: 5, width: 5 });
  t.deepEqual(
    [...data.inputs.data.slice(0, 3)],
    [0, 3, 6].map((i) => noise(150)[i]),
  );
  t.regex(JSON.parse(data.provenance).notes[0], /2 x 5 x 5 x 3 was read with the channels last/);
  const first = await readDataset({ data: last, channels: "first" });
  t.deepEqual(first.views?.[0]?.image, { channels: 5, height: 5, width: 3 });
  t.deepEqual([...first.inputs.data], noise(150));
  const folder = at("colour");
  for (let i = 0; i < 2; i++) write(join(folder, `${i}.png`), png(1, 2, [1, 2, 3, 4, 5, 6], 3));
  t.deepEqual(matrixOf((await readDataset({ data: folder })).inputs)[0], [1, 4, 2, 5, 3, 6]);
});

test("an inspection shows shape and range and names no pixel", async (t) => {
  const report = await inspect({ data: write(at("c-idx3-ubyte"), idx([ROWS, SIDE, SIDE], values)) });
  const range = { min: Math.min(...values), max: Math.max(...values) };
  t.deepEqual(report.views, [{ name: "images", columns: 9, image: grey, missing: 0, ...range }]);
  t.deepEqual(
    report.columns.map(({ name, kind }) => [name, kind]),
    [["images", "image"]],
  );
  t.is(report.memoryBytes, ROWS * 9 * 4);
  t.regex(report.command, /--method pca .*--data/);
});

test("images go through a dataset folder, and are chosen there by the name of their view", async (t) => {
  const folder = at("dataset");
  const data = await readDataset({
    data: pngs("d"),
    labels: { file: range(ROWS).map((i) => `${i}.png`), age: range(ROWS) },
    inputs: "age,images",
  });
  t.deepEqual(
    data.views?.map(({ name, start, end }) => [name, start, end]),
    [
      ["inputs", 0, 1],
      ["images", 1, 10],
    ],
  );
  native().writeDatasetFolder(folder, data);
  const again = await readDataset({ data: folder });
  t.deepEqual([again.inputs, again.inputNames, again.views], [data.inputs, ["age"], data.views]);
  const only = await readDataset({ data: folder, inputs: "images" });
  t.deepEqual(matrixOf(only.inputs)[2], picture(2));
  t.is((await inspect({ data: folder })).views?.[1]?.columns, 9);
  const split = await thrown(t, readDataset({ data: folder, inputs: "images.0.0.0" }));
  t.is(split.code, "DATA_MISSING_COLUMN", "an image is taken whole");
});

test("what is not a folder of alike images says which file is at fault", async (t) => {
  const refused = async (name: string, files: Readonly<Record<string, Buffer | string>>) => {
    for (const [file, content] of Object.entries(files)) write(join(at(name), file), content);
    return thrown(t, readDataset({ data: at(name) }));
  };
  const good = png(2, 1, [1, 2]);
  t.like(await refused("sizes", { "a.png": good, "b.png": png(1, 2, [1, 2]) }), {
    code: "DATA_SHAPE",
    path: at("sizes/b.png"),
  });
  const glass = png(1, 1, [1, 2, 3, 9], 4);
  t.like(await refused("alpha", { "a.png": glass }), { code: "DATA_UNSUPPORTED", path: at("alpha/a.png") });
  t.like(await refused("text", { "a.png": "x,y\n1,2\n" }), { code: "DATA_CORRUPT", path: at("text/a.png") });
  t.like(await refused("cut", { "a.jpg": Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]) }), { code: "DATA_CORRUPT" });
  t.is((await refused("none", { "readme.txt": "no image" })).code, "DATA_UNKNOWN_FORMAT");
  const one = write(at("one.png"), good);
  t.like(await thrown(t, readDataset({ data: one })), {
    code: "DATA_UNKNOWN_FORMAT",
    hint: "name the folder that the images lie in",
  });
  const cut = write(at("cut-idx3-ubyte"), idx([2, 2, 2], noise(8)).subarray(0, 20));
  t.like(await thrown(t, readDataset({ data: cut })), { code: "DATA_CORRUPT", path: cut });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
