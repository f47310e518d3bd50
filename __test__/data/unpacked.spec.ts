// Compressed files, pipes, JSON as Python writes it, and formats that are known and not read.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import type { ErrorCode } from "../../src/errors.js";
import { run, start } from "../cli/run.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";
import { zip } from "./zip.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-unpacked-"));
test.after.always(() => rmSync(folder, { recursive: true }));
const CSV = "id,x,y\na,1,2\nb,3,4\n";
const NUMBERS = [
  [1, 2],
  [3, 4],
];
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

// `printf 'id,x,y\na,1,2\nb,3,4\n' | zstd`
const ZST = Buffer.from("KLUv/QRYmQAAaWQseCx5CmEsMSwyCmIsMyw0CpDSeGU=", "base64");

const temporary = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("disentangle-data-"));

for (const [name, content] of [
  ["t.csv.gz", gzipSync(CSV)],
  ["two-parts.csv.gz", Buffer.concat([gzipSync(CSV.slice(0, 9)), gzipSync(CSV.slice(9))])],
  ["t.csv.zst", ZST],
  ["t.csv.zip", zip({ "__MACOSX/._t.csv": "x", "t.csv": CSV })],
  ["twice.csv.gz.zip", zip({ "t.csv.gz": gzipSync(CSV) })],
  ["no-extension.gz", gzipSync(CSV)],
  ["t.jsonl.gz", gzipSync('{"id":"a","x":1,"y":2}\n{"id":"b","x":3,"y":4}\n')],
] as const) {
  test.serial(`${name} is the table in it, and leaves nothing behind`, async (t) => {
    const before = temporary();
    const data = write(name, content);
    const dataset = await readDataset({ data, rowId: "id" });
    t.deepEqual(matrixOf(dataset.inputs), NUMBERS);
    t.deepEqual(dataset.rowIds, ["a", "b"]);
    t.is(JSON.parse(dataset.provenance).source, data);
    t.deepEqual(temporary(), before);
  });
}

test("any format may be compressed", async (t) => {
  for (const name of ["cells.h5ad", "matrix.npy", "arrays.npz", "table.parquet"]) {
    const plain = await readDataset({ data: fixture(name), inputs: name === "arrays.npz" ? "x" : "!none*" }).catch(() =>
      readDataset({ data: fixture(name) }),
    );
    const packed = write(`${name}.gz`, gzipSync(readFileSync(fixture(name))));
    const dataset = await readDataset({ data: packed, inputs: [...plain.inputNames] });
    t.deepEqual(dataset.inputs, plain.inputs, name);
    t.is(dataset.name, plain.name);
  }
});

test("failures inside of a compressed file name that file, not its copy", async (t) => {
  const data = write("bad.csv.gz", gzipSync("id,x\na,1\nb,zwei\n"));
  const error = await thrown(t, readDataset({ data, inputs: "x" }));
  t.is(error.code, "DATA_NOT_NUMERIC");
  t.true(error.path?.startsWith(`${data}:3`), error.path);
  t.notRegex(JSON.stringify(error.toJSON()), /disentangle-data-/);
});

const refused: readonly (readonly [string, string | Uint8Array, ErrorCode, RegExp])[] = [
  ["cut.csv.gz", gzipSync(CSV).subarray(0, 20), "DATA_CORRUPT", /unpacked/],
  ["cut.csv.zst", ZST.subarray(0, 20), "DATA_CORRUPT", /unpacked/],
  ["several.zip", zip({ "a.csv": CSV, "b.csv": CSV }), "DATA_UNSUPPORTED", /a zip archive of 2 files: a\.csv, b\.csv/],
  ["sheet.zip", zip({ "xl/workbook.xml": "<x/>" }), "DATA_UNSUPPORTED", /workbook/],
  ["empty.csv.gz", gzipSync(""), "DATA_EMPTY", /empty/],
  ["t.feather", "ARROW1\0\0", "DATA_UNSUPPORTED", /Arrow/],
  ["t.parquet", "PARE....PARE", "DATA_UNSUPPORTED", /encrypted/],
  ["t.csv.bz2", "BZh91AY", "DATA_UNSUPPORTED", /bzip2/],
  ["t.csv.xz", Buffer.from("fd377a585a0000", "hex"), "DATA_UNSUPPORTED", /xz/],
  ["t.pkl", Buffer.from("8005", "hex"), "DATA_UNSUPPORTED", /pickle/],
  ["t.sqlite", "SQLite format 3\0", "DATA_UNSUPPORTED", /SQLite/],
  ["t.mat", "MATLAB 5.0 MAT-file", "DATA_UNSUPPORTED", /MATLAB/],
  ["t.rds", gzipSync(Buffer.from("580a000000030004", "hex")), "DATA_UNSUPPORTED", /R object/],
  ["t.csv", "<!DOCTYPE html><html><body>log in</body></html>", "DATA_UNSUPPORTED", /web page/],
  ["columns.json", '{"x":{"0":1,"1":3},"y":{"0":2,"1":4}}', "DATA_UNSUPPORTED", /column by column/],
  ["split.json", '{"columns":["x"],"index":[0],"data":[[1]]}', "DATA_UNSUPPORTED", /"split"/],
  ["table.json", '{"schema":{"fields":[]},"data":[{"x":1}]}', "DATA_UNSUPPORTED", /"table"/],
  ["list.json", '{"x":[1,2],"y":[3,4]}', "DATA_UNSUPPORTED", /"list"/],
  ["values.json", "[[1,2],[3,4]]", "DATA_UNSUPPORTED", /arrays, not objects/],
  ["twice.jsonl", '{"x":1,"x":2}\n', "DATA_DUPLICATE_COLUMN", /"x" twice/],
];
for (const [name, content, code, message] of refused) {
  test(`${name}: ${code}`, async (t) => {
    const data = write(name, content);
    const error = await thrown(t, readDataset({ data }));
    t.is(error.code, code);
    t.regex(error.message, message);
    t.truthy(error.hint);
  });
}

test("JSON as Python writes it: NaN is missing, an infinity is a mistake", async (t) => {
  const data = write("nan.jsonl", '{"x":1,"y":NaN,"e":"a"}\n{"x":3,"y":4,"e":NaN}\n');
  const { inputs, labels } = await readDataset({ data, environment: "e" });
  t.deepEqual(matrixOf(inputs), [
    [1, Number.NaN],
    [3, 4],
  ]);
  t.deepEqual(textsOf(labels.environment!), ["a", ""]);
  const infinite = write("infinite.jsonl", '{"x":1}\n{"x":-Infinity}\n');
  t.like(await thrown(t, readDataset({ data: infinite })), {
    code: "DATA_NOT_FINITE",
    context: { column: "x", row: 2 },
  });
});

test("names of JSON keep their case, whole numbers all digits", async (t) => {
  const data = write(
    "case.jsonl",
    '{"Il2":1,"IL2":2,"id":9007199254740993,"a/b~c":5}\n{"Il2":3,"IL2":4,"id":9007199254740992,"a/b~c":6}\n',
  );
  const dataset = await readDataset({ data, inputs: ["IL2", "Il2", "a/b~c"], environment: "id" });
  t.deepEqual(matrixOf(dataset.inputs), [
    [2, 1, 5],
    [4, 3, 6],
  ]);
  t.deepEqual(textsOf(dataset.labels.environment!), ["9007199254740993", "9007199254740992"]);
});

test("a named pipe is read once, and inspected whole", async (t) => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const feeding = run(["--version"], { shell: `cat ${write("piped.csv", CSV)} > ${pipe} & true` });
  const report = await inspect({ data: pipe });
  await feeding;
  t.is(report.rows, 2);
  t.deepEqual(
    report.columns.map(({ name }) => name),
    ["id", "x", "y"],
  );
});

for (const [path, content] of [
  ["-", CSV],
  ["/dev/stdin", gzipSync(CSV)],
] as const) {
  test(`${path} is standard input`, async (t) => {
    const { child, ended } = start(["inspect", path, "--json"]);
    child.stdin!.end(content);
    const { code, stdout, stderr } = await ended;
    t.is(code, 0, stderr);
    t.like(JSON.parse(stdout), { rows: 2, source: path, format: "csv" });
  });
}
