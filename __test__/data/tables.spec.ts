import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import type { ErrorCode } from "../../src/errors.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-tables-"));
test.after.always(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

for (const file of ["table.parquet", "table.jsonl", "table.json"]) {
  const data = fixture(file);

  test(`${file}: numbers are numbers, labels stay as they were written`, async (t) => {
    const dataset = await readDataset({ data, inputs: "x*", environment: "env", rowId: "id", target: "y" });
    t.deepEqual(matrixOf(dataset.inputs), [
      [1.5, 1],
      [-2.25, 2],
      [3, 3],
      [Math.fround(0.1), 4],
    ]);
    t.deepEqual(textsOf(dataset.labels.environment!), ["b", "a", "b", "2020-01-01 00:00:00"]);
    t.deepEqual(dataset.rowIds, ["007", "8", "9", "010"]);
    t.deepEqual(matrixOf(dataset.targets!.values).flat(), [0.5, Number.NaN, 2, Math.fround(1e-3)]);
  });

  test(`${file}: the default inputs are the numeric columns`, async (t) => {
    const { inputNames } = await readDataset({ data, target: "y" });
    t.deepEqual(inputNames, ["x1", "x2"]);
  });

  test(`${file}: text in a numeric column is refused with its row`, async (t) => {
    const error = await thrown(t, readDataset({ data, inputs: "x1,env" }));
    t.is(error.code, "DATA_NOT_NUMERIC");
    t.like(error.context, { column: "env", row: 1, got: "b" });
  });

  test(`${file}: booleans are labels and, where numbers are wanted, numbers`, async (t) => {
    t.deepEqual((await readDataset({ data, environment: "flag" })).labels.environment?.levels, ["true", "false"]);
  });
}

test("booleans of a Parquet file are numbers where they are named", async (t) => {
  const { inputs } = await readDataset({ data: fixture("table.parquet"), inputs: "flag" });
  t.deepEqual(matrixOf(inputs).flat(), [1, 0, 1, 1]);
});

for (const [file, content] of [
  ["truncated.parquet", undefined],
  ["broken.jsonl", '{"a": 1}\n{"a": \n'],
] as const) {
  test(`${file} is corrupt`, async (t) => {
    const data = content === undefined ? fixture(file) : write(file, content);
    const error = await thrown(t, readDataset({ data, inputs: "*" }));
    t.is(error.code, "DATA_CORRUPT");
    t.is(error.message.split("\n").length, 1);
  });
}

const CSV = 'id,x1,x2,env,y\n007,1.5,NA,b,1\n"8, or 9",-2,1e-3,a,\n9,.5,3,"say ""b""",2\n';

test("a tall CSV keeps labels as text, empty cells missing and rows in order", async (t) => {
  const data = write("tall.csv", CSV);
  const dataset = await readDataset({ data, environment: "env", target: "y", rowId: "id" });
  t.deepEqual(dataset.inputNames, ["x1", "x2"]);
  t.deepEqual(matrixOf(dataset.inputs), [
    [1.5, Number.NaN],
    [-2, Math.fround(1e-3)],
    [0.5, 3],
  ]);
  t.deepEqual(dataset.labels.environment?.levels, ["b", "a", 'say "b"']);
  t.deepEqual(dataset.rowIds, ["007", "8, or 9", "9"]);
  t.deepEqual(matrixOf(dataset.targets!.values).flat(), [1, Number.NaN, 2]);
  t.deepEqual(JSON.parse(dataset.provenance).format, "csv");
});

test("ten thousand rows come back in file order", async (t) => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `${i},r${i}`);
  const { inputs, rowIds } = await readDataset({
    data: write("long.csv", `x,id\n${rows.join("\n")}\n`),
    inputs: "x",
    rowId: "id",
  });
  t.true(inputs.data.every((value, i) => value === i));
  t.true(rowIds.every((id, i) => id === `r${i}`));
});

test("marks, blanks, signs, quotes and line breaks inside fields are understood, and numbers are rounded once", async (t) => {
  const data = write(
    "dialect.csv",
    `\ufeffa,b,c\r\n 1.5 ,NA,x\r\n\r\n+2,1e-46," y "\r\n3.4028235e38,.1,"a\nb"\r\n16777217,5.,#N/A\r\n`,
  );
  const { inputs, labels, inputNames } = await readDataset({ data, environment: "c" });
  t.deepEqual(inputNames, ["a", "b"]);
  t.deepEqual(matrixOf(inputs), [
    [1.5, Number.NaN],
    [2, 0],
    [Math.fround(3.4028235e38), Math.fround(0.1)],
    [16777216, 5],
  ]);
  t.deepEqual(textsOf(labels.environment!), ["x", " y ", "a\nb", ""]);
});

test("a column that begins with 3,000 empty cells is an input all the same, one that has no value is not", async (t) => {
  const rows = Array.from({ length: 4000 }, (_, i) => `${i},${i < 3000 ? "" : i},`);
  const data = write("late.csv", `a,late,never\n${rows.join("\n")}\n`);
  t.deepEqual((await readDataset({ data })).inputNames, ["a", "late"]);
});

test("few texts among numbers are mistakes that the reading names, many make a column of labels", async (t) => {
  const rows = (texts: number) => Array.from({ length: 40 }, (_, i) => `${i},${i < texts ? "x" : i}`).join("\n");
  const error = await thrown(t, readDataset({ data: write("few.csv", `a,b\n${rows(3)}\n`) }));
  t.is(error.code, "DATA_NOT_NUMERIC");
  t.regex(error.path ?? "", /few\.csv:2:3$/);
  t.deepEqual((await readDataset({ data: write("many.csv", `a,b\n${rows(10)}\n`) })).inputNames, ["a"]);
});

test("a wide CSV gives what a tall one gives", async (t) => {
  const extra = Array.from({ length: 600 }, (_, j) => `w${j}`);
  const lines = CSV.trimEnd()
    .split("\n")
    .map((line, i) => `${line},${(i === 0 ? extra : extra.map((_, j) => j * i)).join(",")}`);
  const keys = { inputs: "x*", environment: "env", target: "y", rowId: "id", name: "same" };
  const wide = await readDataset({ data: write("wide.csv", `${lines.join("\n")}\n`), ...keys });
  const tall = await readDataset({ data: write("narrow.csv", CSV), ...keys });
  t.deepEqual({ ...wide, provenance: "" }, { ...tall, provenance: "" });
  t.is((await readDataset({ data: join(folder, "wide.csv"), target: "y" })).inputs.cols, 602);
});

test("tabs, semicolons and file names with wildcards are read", async (t) => {
  for (const [name, delimiter] of [
    ["a[1]*?.tsv", "\t"],
    ["b.txt", ";"],
  ] as const) {
    const data = write(name, `${["a", "b"].join(delimiter)}\n${[1, 2].join(delimiter)}\n`);
    t.deepEqual(matrixOf((await readDataset({ data })).inputs), [[1, 2]]);
  }
});

test("columns that differ in case only are different columns", async (t) => {
  const { inputs } = await readDataset({ data: write("case.csv", "Gene,gene,GENE\n1,2,3\n"), inputs: "GENE,gene" });
  t.deepEqual(matrixOf(inputs), [[3, 2]]);
});

test("blank lines are no rows, wherever they stand", async (t) => {
  const { labels, inputs } = await readDataset({
    data: write("blank.csv", "\n\na,b\n1,u\n\n2,v\n\n"),
    environment: "b",
  });
  t.deepEqual(matrixOf(inputs), [[1], [2]]);
  t.deepEqual(labels.environment?.levels, ["u", "v"]);
});

test("words for missing values can be chosen", async (t) => {
  const data = write("words.csv", "a,b\n1,-999\n-999,NA\n");
  t.deepEqual(matrixOf((await readDataset({ data, inputs: "a", missingValues: "-999" })).inputs).flat(), [
    1,
    Number.NaN,
  ]);
  t.is((await thrown(t, readDataset({ data, inputs: "b", missingValues: "-999" }))).code, "DATA_NOT_NUMERIC");
});

const bad: readonly (readonly [string, string | Buffer, ErrorCode, RegExp])[] = [
  ["text among numbers", "a,b\n1,2\n3,four\n", "DATA_NOT_NUMERIC", /:3:3$/],
  ["a number with an underscore", "a,b\n1,1_000\n", "DATA_NOT_NUMERIC", /:2:3$/],
  ["an infinity", "a,b\n1,inf\n", "DATA_NOT_FINITE", /:2:3$/],
  ["a number beyond 32 bits", "a,b\n1,1e39\n", "DATA_OVERFLOW", /:2:3$/],
  ["a short row", "a,b\n1,2\n3\n", "DATA_RAGGED_ROW", /:3$/],
  ["a long row", "a,b\n1,2\n3,4,5\n", "DATA_RAGGED_ROW", /:3$/],
  ["a repeated name", "a,a\n1,2\n", "DATA_DUPLICATE_COLUMN", /:1:3$/],
  ["a header alone", "a,b\n", "DATA_EMPTY", /\.csv$/],
  ["an empty file", "", "DATA_EMPTY", /\.csv$/],
  ["UTF-16", Buffer.from("\ufeffa,b\n1,2\n", "utf16le"), "DATA_ENCODING", /\.csv/],
  ["Latin-1", Buffer.from("a,b\n1,2\n", "latin1").fill(0xe9, 4, 5), "DATA_ENCODING", /\.csv/],
];
bad.forEach(([name, content, code, place], i) => {
  test(`a CSV with ${name}: ${code} with its place`, async (t) => {
    const error = await thrown(t, readDataset({ data: write(`bad${i}.csv`, content), inputs: "*" }));
    t.is(error.code, code);
    t.regex(error.path ?? "", place);
  });
});

test("inspect tells kinds, missing and constant columns and what would stop a fit", async (t) => {
  const rows = Array.from({ length: 40 }, (_, i) => `r${i},${i},1,${i % 4 === 0 ? "" : i},${"abc"[i % 3]},${i * i}`);
  const data = write("inspect me.csv", `id,x,one,gap,site,pheno\n${rows.join("\n")}\n`);
  const report = await inspect({ data });
  const by = (name: string) => report.columns.find((column) => column.name === name);
  t.is(report.rows, 40);
  t.like(by("id"), { kind: "text", levels: 40 });
  t.like(by("one"), { kind: "number", role: "inputs", missing: 0, constant: true });
  t.like(by("gap"), { missing: 10, constant: false });
  t.like(by("pheno"), { role: "target" });
  t.deepEqual(report.environment, {
    column: "site",
    sizes: [
      { label: "a", rows: 14 },
      { label: "b", rows: 13 },
      { label: "c", rows: 13 },
    ],
  });
  t.is(report.memoryBytes, 40 * 3 * 4);
  t.is(
    report.command,
    `disentangle fit --method tbr --data '${data}' --environment site --target pheno --tree dendrogram`,
  );
});
