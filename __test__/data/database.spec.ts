// DuckDB's blocks as this package reads and writes them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { withDuckdb } from "../../src/data/database.js";
import { readDataset } from "../../src/data/index.js";
import { openParquet } from "../../src/data/parquet.js";
import { writeParquet } from "../../src/data/parquet-out.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-database-"));
test.after.always(() => rmSync(folder, { recursive: true }));

/** A table of several blocks, written by DuckDB itself. */
async function written(name: string, columns: string, rows: number): Promise<string> {
  const path = join(folder, name);
  await withDuckdb((connection) =>
    connection.run(
      `COPY (SELECT ${columns} FROM range(${rows}) AS t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 3000)`,
    ),
  );
  return path;
}

test("texts of every length come back exactly, whether they repeat or not, in every block", async (t) => {
  const rows = 7000;
  const path = await written(
    "texts.parquet",
    "i::DOUBLE AS x, repeat('aé', (i % 23)::INT) AS repeated, 'row ' || i AS short, 'the name of row ' || i AS long, CASE WHEN i % 3 = 0 THEN NULL ELSE 'b' END AS gaps",
    rows,
  );
  const source = openParquet(path);
  const { text } = await source.read({ numeric: ["x"], text: ["repeated", "short", "long", "gaps"] });
  await source.close();
  const all = Array.from({ length: rows }, (_, i) => i);
  t.deepEqual(text, [
    all.map((i) => "aé".repeat(i % 23)),
    all.map((i) => `row ${i}`),
    all.map((i) => `the name of row ${i}`),
    all.map((i) => (i % 3 === 0 ? "" : "b")),
  ]);
});

test("numbers of a wide table lie where they belong", async (t) => {
  const [rows, width] = [5000, 90];
  const columns = Array.from({ length: width }, (_, j) => `(i * ${width} + ${j})::DOUBLE AS x${j}`);
  const path = await written("wide.parquet", columns.join(", "), rows);
  const { inputs } = await readDataset({ data: path, rowId: false });
  t.is(inputs.rows, rows);
  t.deepEqual(
    inputs.data,
    Float32Array.from({ length: rows * width }, (_, at) => at),
  );
});

test("a number that 32 bits cannot hold is found in a later block", async (t) => {
  const path = await written("large.parquet", "i::DOUBLE AS x, CASE WHEN i = 6543 THEN 1e39 ELSE i END AS y", 7000);
  const error = await t.throwsAsync<Error & { code: string }>(readDataset({ data: path }));
  t.is(error.code, "DATA_OVERFLOW");
  t.regex(error.message, /column "y", row 6544/);
});

test("tables are written at the same time, and read at the same time while others end", async (t) => {
  const table = (value: number, rows: number) => ({
    data: new Float32Array(2 * rows).fill(value),
    shape: [rows, 2] as const,
    columns: ["a", "b"],
    rowIds: Array.from({ length: rows }, (_, i) => `cell number ${i}`),
  });
  const path = (value: number) => join(folder, `${value}.parquet`);
  await Promise.all([1, 2, 3].map((value) => writeParquet(path(value), table(value, 3000 * value))));
  for (let turn = 0; turn < 2; turn++) {
    const read = await Promise.all([1, 2, 3].map((value) => readDataset({ data: path(value) })));
    for (const [k, { inputs, rowIds }] of read.entries()) {
      t.is(inputs.rows, 3000 * (k + 1));
      t.true(inputs.data.every((value) => value === k + 1));
      t.is(rowIds.at(-1), `cell number ${3000 * (k + 1) - 1}`);
    }
  }
});
