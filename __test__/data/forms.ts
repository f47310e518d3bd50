import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { ArrowLike, DataConfig } from "../../src/data/config.js";

/** A table as columns; `null` is a missing value. */
export type Columns = Readonly<Record<string, readonly (number | string | boolean | null)[]>>;

/** The same table in every form that names its columns; `folder` takes the files. */
export const FORMS: Readonly<
  Record<string, (folder: string, name: string, columns: Columns) => Promise<NonNullable<DataConfig["data"]>>>
> = {
  CSV: async (folder, name, columns) => text(folder, `${name}.csv`, columns, ","),
  "blank-separated": async (folder, name, columns) => text(folder, `${name}.txt`, columns, "   "),
  "several CSV": async (folder, name, columns) => {
    const half = rowsOf(columns) / 2;
    const part = (from: number, to: number) =>
      Object.fromEntries(Object.entries(columns).map(([key, values]) => [key, values.slice(from, to)]));
    return [
      text(folder, `${name}-1.csv`, part(0, half), ","),
      text(folder, `${name}-2.csv`, part(half, 2 * half), ";"),
    ];
  },
  "JSON lines": async (folder, name, columns) => {
    const path = join(folder, `${name}.jsonl`);
    writeFileSync(
      path,
      rows(columns)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
    return path;
  },
  Parquet: async (folder, name, columns) => {
    const path = join(folder, `${name}.parquet`);
    const types = Object.entries(columns).map(([key, values]) => {
      const known = values.find((value) => value !== null);
      const isWhole = values.every((value) => value === null || Number.isInteger(value));
      const type = isWhole
        ? "BIGINT"
        : typeof known === "number"
          ? "DOUBLE"
          : typeof known === "boolean"
            ? "BOOLEAN"
            : "VARCHAR";
      return `"${key}" ${type}`;
    });
    const quote = (value: number | string | boolean | null): string =>
      value === null ? "NULL" : typeof value === "string" ? `'${value}'` : String(value);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(`CREATE TABLE t (${types.join(", ")})`);
    const all = rows(columns).map((row) => `(${Object.values(row).map(quote).join(", ")})`);
    await connection.run(`INSERT INTO t VALUES ${all.join(", ")}`);
    await connection.run(`COPY t TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    return path;
  },
  "in memory": async (_folder, _name, columns) => columns,
  Arrow: async (_folder, _name, columns): Promise<ArrowLike> => ({
    schema: { fields: Object.keys(columns).map((name) => ({ name })) },
    numRows: rowsOf(columns),
    getChild: (name) => (columns[name] === undefined ? null : { get: (row) => columns[name]![row] }),
  }),
};

function rowsOf(columns: Columns): number {
  return Object.values(columns)[0]!.length;
}

function rows(columns: Columns): readonly Readonly<Record<string, number | string | boolean | null>>[] {
  return Array.from({ length: rowsOf(columns) }, (_, i) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]!])),
  );
}

function text(folder: string, name: string, columns: Columns, delimiter: string): string {
  const path = join(folder, name);
  const cell = (value: unknown): string => (value === null ? "NA" : String(value));
  const lines = rows(columns).map((row) => Object.values(row).map(cell).join(delimiter));
  const header = Object.keys(columns).map((key) => (key.includes(" ") ? JSON.stringify(key) : key));
  writeFileSync(path, [header.join(delimiter), ...lines].map((line) => `${line}\n`).join(""));
  return path;
}
