import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { fit } from "../../src/fit.js";
import { native } from "../../src/native.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-arrays-"));
test.after.always(() => rmSync(folder, { recursive: true }));

test("a .npy matrix needs no names", async (t) => {
  const { inputs, inputNames } = await readDataset({ data: fixture("matrix.npy") });
  t.deepEqual(inputNames, ["x0", "x1", "x2"]);
  t.deepEqual([inputs.rows, inputs.cols], [6, 3]);
  t.deepEqual(
    matrixOf((await readDataset({ data: fixture("matrix.npy"), inputs: "x2,x0" })).inputs),
    matrixOf(inputs).map((row) => [row[2], row[0]]),
  );
});

test("the arrays of a .npz are columns; a member's name stands for all of them", async (t) => {
  const dataset = await readDataset({ data: fixture("arrays.npz"), truth: "s", environment: "u" });
  t.deepEqual(dataset.inputNames, ["x0", "x1", "x2"]);
  t.deepEqual(textsOf(dataset.labels.environment!), ["0", "1", "1", "0", "2", "2"]);
  t.deepEqual(dataset.truth.latents?.columns, ["s0", "s1"]);
  t.deepEqual(
    matrixOf(dataset.truth.latents!.values),
    matrixOf(dataset.inputs).map((row) => [row[0]! * 2, row[1]! * 2]),
  );
});

test("arrays with other rows cannot be chosen together", async (t) => {
  t.is((await thrown(t, readDataset({ data: fixture("arrays.npz"), inputs: "x,other" }))).code, "DATA_SHAPE");
});

test("truth may be a file of its own, with as many rows", async (t) => {
  const { inputs, truth } = await readDataset({ data: fixture("matrix.npy"), truth: fixture("matrix.npy") });
  t.deepEqual(truth.latents?.columns, ["z0", "z1", "z2"]);
  t.deepEqual(matrixOf(truth.latents!.values), matrixOf(inputs));
  const error = await thrown(t, readDataset({ data: [[1], [2]], truth: fixture("matrix.npy") }));
  t.like(error, { code: "DATA_SHAPE", context: { got: 6, expected: 2 } });
});

test("pickled objects are refused, truncated archives are corrupt", async (t) => {
  t.is((await thrown(t, readDataset({ data: fixture("pickled.npy") }))).code, "DATA_UNSUPPORTED");
  t.is((await thrown(t, readDataset({ data: fixture("truncated.npz") }))).code, "DATA_CORRUPT");
});

test("segments of a folder of version 0.1 become environments, and this is said", async (t) => {
  const data = join(import.meta.dirname, "../../crates/data/tests/folders-0.1.0/segment");
  const { labels, provenance } = await readDataset({ data });
  t.deepEqual(textsOf(labels.environment!), ["s", "s", "t", "s"]);
  const { notes } = JSON.parse(provenance) as { notes: string[] };
  t.deepEqual(notes, ['the segments in "s" are taken as environments: `segment` is retired']);
  t.deepEqual((await inspect({ data })).notes, notes);
});

test("a data set that still has segments is refused with what to write", async (t) => {
  const dataset = await readDataset({ data: { a: [1, 2], b: [3, 4], e: ["u", "v"] }, environment: "e" });
  const old = { ...dataset, labels: { segment: dataset.labels.environment! } as typeof dataset.labels };
  const error = await thrown(t, fit({ method: "pca", latentDim: 1, data: old }).result);
  t.like(error, { code: "CONFIG_UNKNOWN_KEY", path: "labels.segment" });
  t.regex(error.hint ?? "", /`environment`/);
});

test("environments alone suggest a method that conditions on them", async (t) => {
  const rows = Array.from({ length: 12 }, (_, i) => i);
  const data = { a: rows, b: rows.map((i) => i * i), site: rows.map((i) => `s${i % 3}`) };
  t.is((await inspect({ data })).command, "disentangle fit --method ivae --data FILE --environment site");
  t.regex((await inspect({ data: { ...data, y: rows } })).command, /--method tbr .*--target y/);
});

test("inputs alone suggest a method that needs nothing else, so that the command runs as it stands", async (t) => {
  const rows = Array.from({ length: 12 }, (_, i) => i);
  const { command, methods } = await inspect({ data: { a: rows, b: rows.map((i) => i * i) } });
  t.is(command, "disentangle fit --method pdgmm --data FILE");
  t.true(methods.includes("pdgmm"));
});

test("a dataset folder knows its roles; inputs may be left out of it", async (t) => {
  const data = join(folder, "world");
  const written = await readDataset({
    data: { a: [1, 2], b: [3, 4], y: [5, 6], z: [7, 8], e: ["u", "v"] },
    environment: "e",
    target: "y",
    truth: "z",
    tree: { names: ["r", "u", "v"], parents: [-1, 0, 0] },
  });
  native().writeDatasetFolder(data, written);
  const read = await readDataset({ data });
  t.deepEqual({ ...read, provenance: "", name: "" }, { ...written, provenance: "", name: "" });
  const fewer = await readDataset({ data, inputs: "!a", environment: "e" });
  t.deepEqual(fewer.inputNames, ["b"]);
  t.deepEqual(matrixOf(fewer.inputs), [[3], [4]]);
  t.deepEqual(fewer.labels, written.labels);
  t.is((await thrown(t, readDataset({ data, environment: "a" }))).code, "CONFIG_CONFLICT");
  t.like(await inspect({ data }), { rows: 2, format: "dataset-folder", environment: { column: "e" } });
});

test("a tree is read from Newick or from a table", async (t) => {
  const newick = join(folder, "tree.nwk");
  const table = join(folder, "tree.csv");
  writeFileSync(newick, "(u:1,v:2)r;\n");
  writeFileSync(table, "child,parent,length\nr,,\nu,r,1\nv,r,2\n");
  const lengths = async (tree: string) => {
    const dataset = await readDataset({ data: { x: [1, 2], e: ["u", "v"] }, environment: "e", tree });
    return Object.fromEntries(dataset.tree!.names.map((name, i) => [name, dataset.tree!.lengths[i]]));
  };
  t.deepEqual(await lengths(newick), { r: 0, u: 1, v: 2 });
  t.deepEqual(await lengths(table), { r: 0, u: 1, v: 2 });
  t.is((await thrown(t, lengths(join(folder, "none.nwk")))).code, "DATA_NOT_FOUND");
  writeFileSync(newick, "(u:1,v:2\n");
  const error = await thrown(t, lengths(newick));
  t.is(error.code, "TREE_PARSE");
  t.true(error.path?.startsWith(`${newick}:`));
});
