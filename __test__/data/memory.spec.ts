import test from "ava";
import { formatInspection, type InMemoryData, inspect, readDataset } from "../../src/data/index.js";
import type { ErrorCode } from "../../src/errors.js";
import { matrixOf, textsOf, thrown } from "./support.js";

const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
];
const arrow = {
  schema: { fields: [{ name: "a" }, { name: "b" }, { name: "when" }] },
  numRows: 3,
  getChild: (name: string) => ({
    get: (row: number) => (name === "when" ? new Date(0) : name === "a" ? rows[row]![0]! : BigInt(rows[row]![1]!)),
  }),
};
const forms: readonly (readonly [string, InMemoryData])[] = [
  ["a typed array and its shape", { data: Float64Array.from(rows.flat()), shape: [3, 2] }],
  ["named columns of a matrix", { data: Int16Array.from(rows.flat()), shape: [3, 2], columns: ["a", "b"] }],
  ["number[][]", rows],
  ["an Arrow table", arrow],
  ["an object of columns", { a: [1, 3, 5], b: Float32Array.of(2, 4, 6) }],
];
for (const [name, data] of forms) {
  test(`${name} gives the same matrix`, async (t) => {
    const dataset = await readDataset({ data });
    t.deepEqual(matrixOf(dataset.inputs), rows);
    t.is(dataset.inputNames.length, 2);
    t.deepEqual(dataset.rowIds, []);
  });
}

test("columns play their roles, labels stay text and booleans are numbers where numbers are wanted", async (t) => {
  const data = {
    site: ["007", "8", "007"],
    y: [true, false, null],
    x: [1, 2, 3],
    id: ["a", "b", "c"],
    code: [10, 2, 10],
  };
  const dataset = await readDataset({ data, environment: "site", task: "code", target: "y", rowId: "id" });
  t.deepEqual(dataset.labels.environment, { column: "site", levels: ["007", "8"], codes: Uint32Array.of(0, 1, 0) });
  t.deepEqual(textsOf(dataset.labels.task!), ["10", "2", "10"]);
  t.deepEqual(dataset.rowIds, ["a", "b", "c"]);
  t.deepEqual(matrixOf(dataset.targets!.values).flat(), [1, 0, Number.NaN]);
  t.deepEqual(dataset.inputNames, ["x"]);
});

test("labels and targets may be given per row", async (t) => {
  const dataset = await readDataset({ data: rows, environment: ["b", "a", "b"], target: Float64Array.of(1, 2, 3) });
  t.deepEqual(textsOf(dataset.labels.environment!), ["b", "a", "b"]);
  t.deepEqual(matrixOf(dataset.targets!.values).flat(), [1, 2, 3]);
  const error = await thrown(t, readDataset({ data: rows, environment: ["a", "b"] }));
  t.like(error, { code: "DATA_SHAPE", path: "environment", context: { got: 2, expected: 3 } });
});

test("what is written into an array after the call changes nothing", async (t) => {
  const values = Float32Array.from(rows.flat());
  const target = Float32Array.of(1, 2, 3);
  const environment = ["a", "b", "a"];
  const reading = readDataset({ data: { data: values, shape: [3, 2] }, target, environment });
  values.fill(-1);
  environment.fill("changed");
  structuredClone(target.buffer, { transfer: [target.buffer] });
  const dataset = await reading;
  t.deepEqual(matrixOf(dataset.inputs), rows);
  t.deepEqual(matrixOf(dataset.targets!.values).flat(), [1, 2, 3]);
  t.deepEqual(dataset.labels.environment?.levels, ["a", "b"]);
});

test("a detached array is refused by name", async (t) => {
  const values = Float32Array.of(1, 2);
  structuredClone(values.buffer, { transfer: [values.buffer] });
  for (const data of [{ data: values, shape: [2, 1] }, { gone: values }]) {
    t.is((await thrown(t, readDataset({ data }))).code, "DATA_DETACHED");
  }
});

const bad: readonly (readonly [string, InMemoryData, ErrorCode, object])[] = [
  ["a shape that does not fit", { data: new Float32Array(5), shape: [2, 2] }, "DATA_SHAPE", {}],
  ["rows of different lengths", [[1, 2], [3]], "DATA_RAGGED_ROW", { row: 2, got: 1, expected: 2 }],
  ["columns of different lengths", { a: [1, 2], b: [1] }, "DATA_SHAPE", {}],
  [
    "repeated names",
    { data: new Float32Array(4), shape: [2, 2], columns: ["a", "a"] },
    "DATA_DUPLICATE_COLUMN",
    { column: "a" },
  ],
  [
    "a number beyond 32 bits",
    [
      [1, 2],
      [3, 1e39],
    ],
    "DATA_OVERFLOW",
    { column: "x1", row: 2 },
  ],
  ["no rows", { a: [] }, "DATA_EMPTY", {}],
  ["nothing", [], "DATA_EMPTY", {}],
];
for (const [name, data, code, context] of bad) {
  test(`${name}: ${code}`, async (t) => {
    const error = await thrown(t, readDataset({ data }));
    t.is(error.code, code);
    for (const [key, value] of Object.entries(context)) t.is(error.context[key], value);
  });
}

test("text named as an input is refused with its row", async (t) => {
  const error = await thrown(t, readDataset({ data: { a: [1, 2], b: ["", "x"] }, inputs: ["a", "b"] }));
  t.is(error.code, "DATA_NOT_NUMERIC");
  t.like(error.context, { column: "b", row: 2, got: "x" });
});

test("provenance says where data are from and how inputs were chosen", async (t) => {
  const { provenance } = await readDataset({ data: { x: [1, 2], e: ["a", "b"], n: ["", ""] }, environment: "e" });
  t.deepEqual(JSON.parse(provenance), {
    source: "in memory",
    format: "columns",
    columns: { inputs: 1, environment: "e", ignored: 1 },
    inputsChosenBy: "default",
    notes: ["no inputs were named: all 1 numeric columns without another role were taken, not n"],
  });
});

test("a tree in memory has unit lengths where none are given", async (t) => {
  const tree = { names: ["root", "a", "b"], parents: [-1, 0, 0] };
  const dataset = await readDataset({ data: rows, environment: ["a", "b", "a"], tree });
  t.deepEqual(dataset.tree, { ...tree, lengths: [0, 1, 1] });
});

test("inspect describes a table without numbers, and says what is wrong with it", async (t) => {
  const report = await inspect({ data: { a: ["x", "y", ""], b: ["1", "1", "1"] } });
  t.is(report.rows, 3);
  t.deepEqual(
    report.problems.map(({ code }) => code),
    ["DATA_EMPTY"],
  );
  t.like(report.columns[0], { kind: "text", missing: 1, levels: 2, constant: false });
  t.like(report.columns[1], { constant: true });
});

test("an inspection as text has every part on a line of its own", async (t) => {
  const data = { x: [1, 2, Number.NaN, 4], y: [1, 2, 3, 4], env: ["a", "b", "a", "b"] };
  const lines = formatInspection(await inspect({ data })).split("\n");
  t.true(lines.some((line) => /^missing +x \(1\)$/.test(line)));
  t.true(lines.some((line) => /^rows by env +a 2, b 2$/.test(line)));
  t.true(
    lines.at(-1)!.endsWith("disentangle fit --method tbr --data FILE --environment env --target y --tree dendrogram"),
  );
});
