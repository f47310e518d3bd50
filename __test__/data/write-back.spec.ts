// Latents back into the files that people have.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tableFromIPC } from "@uwdata/flechette";
import test from "ava";
import h5wasm from "h5wasm/node";
import { readDataset } from "../../src/data/index.js";
import { checkCopy, KEY, writeCopy } from "../../src/data/write-back.js";
import { fit } from "../../src/fit.js";
import { load } from "../../src/model.js";
import { csvChunks, jsonChunks } from "../../src/rows-out.js";
import { run } from "../cli/run.js";
import { fixture, matrixOf, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-write-"));
test.after.always(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const GENES = ["IL1B", "CCL5", "CD40", "ID2"];

test.before(async () => {
  const model = await fit({ method: "pca", data: fixture("cells.h5ad"), inputs: GENES, latentDim: 2 }).result;
  await model.save(at("run"));
});

const transform = async (data: string, out: string) => run(["transform", at("run"), "--data", data, "--out", out]);
const latentsOf = async (data: string) => {
  const { data: values, shape, columns, rowIds } = await (await load(at("run"))).transform(data);
  return { rows: matrixOf({ data: values, rows: shape[0], cols: shape[1] }), columns, rowIds: [...rowIds!] };
};

test("a copy of the h5ad has the latents in obsm, everything else, and can be written over", async (t) => {
  const data = fixture("cells.h5ad");
  const before = readFileSync(data);
  const expected = await latentsOf(data);
  for (const [from, out] of [
    [data, at("first.h5ad")],
    [at("first.h5ad"), at("second.h5ad")],
  ] as const) {
    t.is((await transform(from, out)).code, 0);
    const dataset = await readDataset({ data: out, matrix: "obsm/X_disentangle", environment: "cell_type" });
    t.deepEqual(matrixOf(dataset.inputs), expected.rows);
    t.deepEqual(dataset.rowIds, expected.rowIds);
    t.deepEqual((await readDataset({ data: out })).inputs, (await readDataset({ data })).inputs);
  }
  t.deepEqual(readFileSync(data), before);
});

test("a copy of the zarr has the latents in obsm, also where its metadata are consolidated", async (t) => {
  const data = at("mine.zarr");
  cpSync(fixture("cells.zarr"), data, { recursive: true });
  t.is((await transform(data, at("copy.zarr"))).code, 0);
  const { inputs } = await readDataset({ data: at("copy.zarr"), matrix: "obsm/X_disentangle" });
  t.deepEqual(matrixOf(inputs), (await latentsOf(data)).rows);
  t.false(existsSync(join(data, "obsm", "X_disentangle")));
  for (const file of [".zmetadata", "zarr.json"].map((name) => join(at("copy.zarr"), name)).filter(existsSync)) {
    const text = readFileSync(file, "utf8");
    if (/consolidated/.test(text) || file.endsWith(".zmetadata")) t.regex(text, /obsm\/X_disentangle/);
  }
});

test("Parquet, Arrow and CSV hold the latents with the identifiers of their rows", async (t) => {
  const data = fixture("cells.h5ad");
  const { rows, columns, rowIds } = await latentsOf(data);
  for (const out of ["z.parquet", "z.arrow", "z.csv"].map(at)) t.is((await transform(data, out)).code, 0);
  const parquet = await readDataset({ data: at("z.parquet"), inputs: [...columns], rowId: "__index_level_0__" });
  t.deepEqual([matrixOf(parquet.inputs), parquet.rowIds], [rows, rowIds]);
  const arrow = tableFromIPC(readFileSync(at("z.arrow")));
  t.deepEqual([...arrow.getChild("__index_level_0__")], rowIds);
  t.deepEqual(
    columns.map((name) => [...arrow.getChild(name)]),
    columns.map((_, j) => rows.map((row) => row[j])),
  );
  const [header, ...lines] = readFileSync(at("z.csv"), "utf8").trimEnd().split("\n");
  t.is(header, ["", ...columns].join(","));
  t.deepEqual(
    lines
      .map((line) => line.split(","))
      .map(([id, ...cells]) => [id, ...cells.map((cell) => Math.fround(Number(cell)))]),
    rows.map((row, i) => [rowIds[i], ...row]),
  );
});

for (const [name, out] of [
  ["the data themselves", "mine.csv"],
  ["the data by another path", "./sub/../mine.csv"],
] as const) {
  test(`${name} are not written over`, async (t) => {
    const data = at("mine.csv");
    const text = `${GENES.join(",")}\n1,2,3,4\n`;
    writeFileSync(data, text);
    const { code, stderr } = await transform(data, join(folder, out));
    t.is(code, 2);
    t.regex(stderr, /CONFIG_CONFLICT/);
    t.is(readFileSync(data, "utf8"), text);
  });
}

for (const [data, out, reason] of [
  [fixture("cells.h5ad"), "x.zarr", /h5ad, not zarr/],
  [fixture("cells.zarr"), "x.h5ad", /zarr, not h5ad/],
  [fixture("cells.h5ad"), "x.xlsx", /ends in \.npy, \.csv/],
] as const) {
  test(`${out} of ${data.split("/").at(-1)} is refused`, async (t) => {
    const { code, stderr } = await transform(data, at(out));
    t.is(code, 2);
    t.regex(stderr, reason);
    t.false(existsSync(at(out)));
  });
}

test("what is no AnnData, or does not lie there as one, is refused before anything is read", async (t) => {
  await h5wasm.ready;
  const groups = (name: string, paths: readonly string[]): string => {
    const file = new h5wasm.File(at(name), "w");
    for (const path of paths) file.create_group(path);
    file.close();
    return at(name);
  };
  writeFileSync(at("packed.h5ad"), gzipSync(readFileSync(fixture("cells.h5ad"))));
  mkdirSync(at("mu.zarr/obs"), { recursive: true });
  mkdirSync(at("mu.zarr/mod"));
  writeFileSync(at("mu.zarr/.zgroup"), '{"zarr_format": 2}');
  for (const [data, out, is] of [
    [groups("counts.h5", ["matrix", "matrix/features"]), "x.h5ad", /HDF5 without obs and var, not h5ad/],
    [groups("cells.loom", ["row_attrs", "col_attrs", "matrix"]), "x.h5ad", /HDF5 without obs and var/],
    [groups("mu.h5ad", ["obs", "var", "mod"]), "x.h5ad", /MuData \(h5ad\), not h5ad/],
    [at("mu.zarr"), "x.zarr", /MuData \(zarr\), not zarr/],
    [at("packed.h5ad"), "x.h5ad", /a compressed file \(h5ad\)/],
    ["/dev/stdin", "x.h5ad", /standard input or a pipe/],
    ["-", "x.h5ad", /standard input or a pipe/],
  ] as const) {
    const error = await thrown(t, checkCopy(at(out), data));
    t.is(error.code, "CONFIG_CONFLICT");
    t.regex(error.message, is);
  }
  t.is(await checkCopy(at("x.h5ad"), fixture("cells.h5ad")), undefined);
});

test("a file that the library cannot copy to is told as one, and the next file is read as ever", async (t) => {
  const bytes = readFileSync(fixture("cells.h5ad"));
  writeFileSync(at("cut.h5ad"), bytes.subarray(0, bytes.length / 2));
  const rows = { data: Float32Array.of(1), shape: [1, 1], columns: ["z1"] } as const;
  const error = await thrown(t, writeCopy(at("of-cut.h5ad"), at("cut.h5ad"), { [KEY]: rows }));
  t.is(error.code, "DATA_CORRUPT");
  t.is(error.path, at("cut.h5ad"));
  t.false(existsSync(at("of-cut.h5ad")));
  t.true((await readDataset({ data: fixture("cells.h5ad") })).inputs.rows > 0);
});

test("numbers of CSV read back as the same 32-bit numbers, names with commas are quoted", (t) => {
  const data = Float32Array.of(0.1, 1 / 3, 1e-30, -3.4e38, 16777216, 0, -0, 1e20, 5);
  const text = Buffer.concat([
    ...csvChunks({ data, shape: [3, 3], columns: ["a,b", "c", "d"], rowIds: ["x", 'y"', "z,"] }),
  ]);
  const [header, ...lines] = text.toString().trimEnd().split("\n");
  t.is(header, ',"a,b",c,d');
  t.is(lines[1]!.startsWith('"y""",'), true);
  t.is(lines[2]!.startsWith('"z,",'), true);
  const cells = lines.flatMap((line) =>
    line
      .split(",")
      .slice(-3)
      .map((cell) => Math.fround(Number(cell))),
  );
  t.deepEqual(cells, [...data]);
});

test("long tables come in chunks, of CSV and of JSON", (t) => {
  const rows = 200_000;
  const table = {
    data: Float32Array.from({ length: 2 * rows }, (_, i) => i / 2),
    shape: [rows, 2],
    columns: ["a", "b"],
  } as const;
  const csv = [...csvChunks(table)];
  t.true(csv.length > 3);
  t.is(Buffer.concat(csv).toString().trimEnd().split("\n").at(-1), `${rows - 1},${rows - 0.5}`);
  const json = [...jsonChunks(table)];
  t.true(json.length > 3);
  t.deepEqual(JSON.parse(json.join("")).at(-1), [rows - 1, rows - 0.5]);
});

test("the JSON of transform is one object with the identifiers", async (t) => {
  const { stdout } = await run(["transform", at("run"), "--data", fixture("cells.h5ad"), "--json"]);
  const { rows, columns, rowIds } = await latentsOf(fixture("cells.h5ad"));
  t.deepEqual(JSON.parse(stdout), { values: rows, shape: [rows.length, 2], columns, rowIds });
  t.true(statSync(at("run")).isDirectory());
});
