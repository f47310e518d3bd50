// Tasks in both forms, out of everything that holds a table: labels with one target, or one target per task.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { withDuckdb } from "../../src/data/database.js";
import { type Dataset, formatInspection, inspect, readDataset } from "../../src/data/index.js";
import { tasksOf } from "../../src/data/tasks.js";
import { native } from "../../src/native.js";
import { datasetCard } from "../../src/train.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-tasks-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const GAP = Number.NaN;
const x = [
  [1, 2],
  [3, 4],
  [5, 7],
  [6, 8],
];
// Numbered tasks are labels: "07" and "7" are two.
const long = { task: ["07", "7", "07", "12"], y: [0.5, 1, -2, 4] };
const wide = { y1: [1, GAP, 3, 4], y2: [GAP, 2, GAP, 5], y10: [7, 8, 9, 10] };

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function cell(value: unknown): string {
  return typeof value === "number" && Number.isNaN(value) ? "" : String(value);
}

function csv(columns: Record<string, readonly unknown[]>): string {
  const rows = x.map((values, i) => [...values, ...Object.values(columns).map((column) => column[i])]);
  return [["x1", "x2", ...Object.keys(columns)], ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function jsonLines(columns: Record<string, readonly unknown[]>): string {
  // NaN becomes null.
  return x
    .map(([x1, x2], i) => ({ x1, x2, ...Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, v[i]])) }))
    .map((row) => `${JSON.stringify(row)}\n`)
    .join("");
}

async function parquet(name: string, columns: Record<string, readonly unknown[]>): Promise<string> {
  const source = write(`${name}.source.jsonl`, jsonLines(columns));
  const path = join(folder, name);
  const isText = (values: readonly unknown[]): boolean => values.some((value) => typeof value === "string");
  const types = Object.entries(columns).map(([key, values]) => `${key}: '${isText(values) ? "VARCHAR" : "DOUBLE"}'`);
  const read = `read_json('${source}', format='newline_delimited', columns={x1: 'DOUBLE', x2: 'DOUBLE', ${types.join(", ")}})`;
  await withDuckdb((connection) => connection.run(`COPY (SELECT * FROM ${read}) TO '${path}' (FORMAT parquet)`));
  return path;
}

const readers = {
  csv: async (name: string, columns: object) => write(`${name}.csv`, csv(columns as typeof wide)),
  jsonl: async (name: string, columns: object) => write(`${name}.jsonl`, jsonLines(columns as typeof wide)),
  parquet: (name: string, columns: object) => parquet(`${name}.parquet`, columns as typeof wide),
  "columns in memory": async (_: string, columns: object) => ({
    x1: x.map(([first]) => first!),
    x2: x.map(([, second]) => second!),
    ...(columns as typeof wide),
  }),
};

function checkLong(t: ExecutionContext, dataset: Dataset): void {
  t.deepEqual(dataset.inputNames, ["x1", "x2"]);
  t.deepEqual(textsOf(dataset.labels.task!), long.task);
  t.deepEqual(dataset.targets?.columns, ["y"]);
  t.deepEqual(matrixOf(dataset.targets!.values).flat(), long.y);
  t.deepEqual(tasksOf(dataset), [
    { name: "07", rows: 2 },
    { name: "7", rows: 1 },
    { name: "12", rows: 1 },
  ]);
}

function checkWide(t: ExecutionContext, dataset: Dataset): void {
  t.deepEqual(dataset.inputNames, ["x1", "x2"]);
  t.deepEqual(dataset.targets?.columns, ["y1", "y2", "y10"]);
  t.deepEqual(
    matrixOf(dataset.targets!.values),
    x.map((_, i) => [wide.y1[i]!, wide.y2[i]!, wide.y10[i]!]),
  );
  t.deepEqual(tasksOf(dataset), [
    { name: "y1", rows: 3 },
    { name: "y2", rows: 2 },
    { name: "y10", rows: 4 },
  ]);
}

for (const [name, place] of Object.entries(readers)) {
  test(`${name}: one row per sample and task`, async (t) => {
    const dataset = await readDataset({ data: await place("long", long), inputs: "x*", task: "task", target: "y" });
    checkLong(t, dataset);
    const dir = join(folder, `long of ${name}`);
    native().writeDatasetFolder(dir, dataset);
    checkLong(t, await readDataset({ data: dir, task: "task" }));
  });

  test(`${name}: one row per sample, one target per task, some of them missing`, async (t) => {
    const data = await place("wide", wide);
    for (const target of ["y*", "y1,y2,y10", ["y1", "y2", "y10"]]) {
      checkWide(t, await readDataset({ data, inputs: "x*", target }));
    }
    // Targets are no inputs, named or not.
    checkWide(t, await readDataset({ data, target: "y*" }));
    const dir = join(folder, `wide of ${name}`);
    native().writeDatasetFolder(dir, await readDataset({ data, target: "y*" }));
    checkWide(t, await readDataset({ data: dir }));
    t.deepEqual((await readDataset({ data: dir, target: "y1*" })).targets?.columns, ["y1", "y10"]);
  });

  test(`${name}: text among targets is refused with its row and column`, async (t) => {
    const data = await place("spoilt", { ...wide, y2: [1, 2, "high", 4] });
    const error = await thrown(t, readDataset({ data, inputs: "x*", target: "y*" }));
    t.is(error.code, "DATA_NOT_NUMERIC");
    t.like(error.context, { column: "y2", row: 3 });
    t.regex(error.message, /"high"/);
    t.regex(error.path ?? "", typeof data === "string" ? /spoilt/ : /data/);
  });
}

test("AnnData: a categorical of numbers labels tasks, columns of obs and variables are targets", async (t) => {
  const data = fixture("cells.h5ad");
  const labelled = await readDataset({ data, inputs: "IL1B,CCL5", task: "cluster", target: "obs:score" });
  t.deepEqual(labelled.labels.task?.levels, ["3", "1", "2"]);
  t.deepEqual(
    tasksOf(labelled)?.map(({ rows }) => rows),
    [3, 2, 2],
  );
  const several = await readDataset({ data, inputs: "IL1B,CCL5", target: "maybe,n_genes" });
  t.deepEqual(tasksOf(several), [
    { name: "maybe", rows: 5 },
    { name: "n_genes", rows: 7 },
  ]);
});

const tables = {
  "an object of columns": wide,
  "a matrix with names": {
    data: Float64Array.from(x.flatMap((_, i) => [wide.y1[i]!, wide.y2[i]!, wide.y10[i]!])),
    shape: [4, 3],
    columns: ["y1", "y2", "y10"],
  },
};
for (const [name, target] of Object.entries(tables)) {
  test(`targets beside the data: ${name}`, async (t) => {
    checkWide(
      t,
      await readDataset({ data: { data: Float32Array.from(x.flat()), shape: [4, 2], columns: ["x1", "x2"] }, target }),
    );
  });
}

test("rows of numbers beside the data are targets y0, y1, ...", async (t) => {
  const { targets } = await readDataset({ data: x, target: x.map(([a, b]) => [a! + b!, a! - b!]) });
  t.deepEqual(targets?.columns, ["y0", "y1"]);
  t.deepEqual(matrixOf(targets!.values)[2], [12, -2]);
});

test("labels of tasks may be given per row, numbers and texts alike", async (t) => {
  const { labels } = await readDataset({ data: x, task: [7, "7", 8, "a"], target: [1, 2, 3, 4] });
  t.deepEqual(textsOf(labels.task!), ["7", "7", "8", "a"]);
});

test("targets beside the data that do not fit are refused under their key", async (t) => {
  const bad = [
    [[1, 2], "DATA_SHAPE", /2 values for 4 rows/],
    [{ y1: [1, 2], y2: [3, 4] }, "DATA_SHAPE", /2 values for 4 rows/],
    [{ y1: [1, 2, 3, 4], y2: ["a", "b", "c", "d"] }, "DATA_NOT_NUMERIC", /"y2", row 1: got "a"/],
    [[[1, 2], [1], [1, 2], [1, 2]], "DATA_RAGGED_ROW", /row 2 has 1/],
    [{ data: new Float32Array(5), shape: [4, 2] }, "DATA_SHAPE", /5 values do not fill/],
    [[[], [], [], []], "DATA_SHAPE", /no columns/],
  ] as const;
  for (const [target, code, message] of bad) {
    const error = await thrown(t, readDataset({ data: x, target: target as never }));
    t.is(error.code, code, error.message);
    t.is(error.path, "target");
    t.regex(error.message, message);
  }
});

test("inspect counts tasks, names rows without any target and suggests both forms", async (t) => {
  const labelled = await inspect({ data: { ...(await readers["columns in memory"]("", long)) } });
  t.deepEqual(labelled.guesses.task, ["task"]);
  t.deepEqual(
    labelled.tasks?.map(({ name, rows }) => `${name} ${rows}`),
    ["07 2", "7 1", "12 1"],
  );
  t.regex(labelled.command, / --task task --target y\b/);
  const gap = { ...wide, y10: [7, GAP, 9, 10], y2: [GAP, GAP, GAP, 5] };
  const data = await readers.csv("gap", gap);
  const several = await inspect({ data });
  t.deepEqual(several.tasks, [
    { name: "y1", rows: 3 },
    { name: "y2", rows: 1 },
    { name: "y10", rows: 3 },
  ]);
  t.like(several.problems[0], { code: "DATA_NOT_FINITE", path: data, context: { row: 2, count: 1 } });
  t.regex(several.command, / --target y1,y2,y10\b/);
  t.regex(formatInspection(several), /^3 tasks +y1 3, y2 1, y10 3$/m);
});

test("inspect takes a numbered column for tasks when it is named, and a folder knows its tasks", async (t) => {
  const data = { x: [1, 2, 3, 4], site: [10, 20, 10, 20], y: [1, 2, GAP, 4] };
  const { tasks, columns } = await inspect({ data, task: "site", target: "y" });
  t.deepEqual(tasks, [
    { name: "10", rows: 1 },
    { name: "20", rows: 2 },
  ]);
  t.is(columns.find(({ name }) => name === "site")?.role, "task");
  const dir = join(folder, "inspected");
  native().writeDatasetFolder(dir, await readDataset({ data, task: "site", target: "y" }));
  const report = await inspect({ data: dir });
  t.deepEqual(report.tasks, tasks);
  t.like(report.problems[0], { code: "DATA_NOT_FINITE", context: { row: 3, count: 1 } });
});

test("the card of a run keeps the tasks with their rows, and all targets", async (t) => {
  const several = datasetCard(await readDataset({ data: x, target: wide }), "f");
  t.is(several.target, "y1");
  t.deepEqual(several.targets, ["y1", "y2", "y10"]);
  t.deepEqual(several.tasks, [
    { name: "y1", rows: 3 },
    { name: "y2", rows: 2 },
    { name: "y10", rows: 4 },
  ]);
  const labelled = datasetCard(await readDataset({ data: x, task: long.task, target: [1, GAP, 3, 4] }), "f");
  t.deepEqual([labelled.target, labelled.targets], ["target", undefined]);
  t.deepEqual(
    labelled.tasks?.map(({ name, rows }) => `${name} ${rows}`),
    ["07 2", "7 0", "12 1"],
  );
  const single = datasetCard(await readDataset({ data: x, target: long.y }), "f");
  t.deepEqual([single.targets, single.tasks], [undefined, undefined]);
});
