import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import h5wasm, { type Group } from "h5wasm/node";
import type { ArrowLike, DataConfig } from "../../src/data/config.js";
import { withDuckdb } from "../../src/data/database.js";
import { vector, zip } from "./zip.js";

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
    const all = rows(columns).map((row) => `(${Object.values(row).map(quote).join(", ")})`);
    await withDuckdb(async (connection) => {
      await connection.run(`CREATE TABLE t (${types.join(", ")})`);
      await connection.run(`INSERT INTO t VALUES ${all.join(", ")}`);
      await connection.run(`COPY t TO '${path}' (FORMAT parquet)`);
    });
    return path;
  },
  npz: async (folder, name, columns) => {
    const path = join(folder, `${name}.npz`);
    const members = Object.entries(columns).map(([key, values]) => {
      const known = values.map((value) => value ?? Number.NaN);
      return [`${key}.npy`, vector(known)] as const;
    });
    writeFileSync(path, zip(Object.fromEntries(members)));
    return path;
  },
  "in memory": async (_folder, _name, columns) => columns,
  Arrow: async (_folder, _name, columns): Promise<ArrowLike> => ({
    schema: { fields: Object.keys(columns).map((name) => ({ name })) },
    numRows: rowsOf(columns),
    getChild: (name) => (columns[name] === undefined ? null : { get: (row) => columns[name]![row] }),
  }),
};

/** AnnData, whose rows have names: the columns g* are its matrix, all others its obs. */
export const ANNDATA: typeof FORMS = {
  h5ad: async (folder, name, columns) => {
    await h5wasm.ready;
    const path = join(folder, `${name}.h5ad`);
    const file = new h5wasm.File(path, "w");
    const { genes, obs, x } = annData(columns);
    file.create_dataset({ name: "X", data: x, shape: [rowsOf(columns), genes.length], dtype: "<f4" });
    const frame = (parent: string, index: readonly string[], all: Columns): void => {
      const group: Group = file.create_group(parent);
      group.create_attribute("_index", "_index");
      if (Object.keys(all).length > 0) group.create_attribute("column-order", Object.keys(all));
      group.create_dataset({ name: "_index", data: [...index] });
      for (const [key, values] of Object.entries(all)) {
        const numbers = values.every((value) => typeof value === "number") ? (values as number[]) : undefined;
        if (numbers === undefined) group.create_dataset({ name: key, data: values.map(String) });
        else if (numbers.every(Number.isInteger))
          group.create_dataset({ name: key, data: BigInt64Array.from(numbers, BigInt), dtype: "<q" });
        else group.create_dataset({ name: key, data: Float64Array.from(numbers), dtype: "<d" });
      }
    };
    frame("obs", obsNames(columns), obs);
    frame("var", genes, {});
    file.close();
    return path;
  },
  zarr: async (folder, name, columns) => {
    const path = join(folder, `${name}.zarr`);
    const { genes, obs, x } = annData(columns);
    const json = (place: string, content: object): void => {
      mkdirSync(join(path, place, ".."), { recursive: true });
      writeFileSync(join(path, place), JSON.stringify(content));
    };
    const array = (place: string, dtype: string, shape: readonly number[], bytes: Uint8Array): void => {
      const filters = dtype === "|O" ? [{ id: "vlen-utf8" }] : null;
      const fill = dtype === "|O" ? "" : 0;
      const common = { zarr_format: 2, order: "C", compressor: null, filters, fill_value: fill };
      json(`${place}/.zarray`, { ...common, shape, chunks: shape, dtype });
      writeFileSync(join(path, place, shape.map(() => "0").join(".")), bytes);
    };
    const frame = (place: string, index: readonly string[], all: Columns): void => {
      json(`${place}/.zgroup`, { zarr_format: 2 });
      json(`${place}/.zattrs`, {
        "encoding-type": "dataframe",
        "encoding-version": "0.2.0",
        _index: "_index",
        "column-order": Object.keys(all),
      });
      array(`${place}/_index`, "|O", [index.length], vlen(index));
      for (const [key, values] of Object.entries(all)) {
        const shape = [values.length];
        if (values.every((value) => typeof value === "boolean"))
          array(`${place}/${key}`, "|b1", shape, Uint8Array.from(values, Number));
        else if (values.every((value) => typeof value === "number"))
          array(`${place}/${key}`, "<f8", shape, bytesOf(Float64Array.from(values as number[])));
        else array(`${place}/${key}`, "|O", shape, vlen(values.map(String)));
      }
    };
    json(".zgroup", { zarr_format: 2 });
    array("X", "<f4", [rowsOf(columns), genes.length], bytesOf(x));
    frame("obs", obsNames(columns), obs);
    frame("var", genes, {});
    return path;
  },
};

function annData(columns: Columns): { genes: readonly string[]; obs: Columns; x: Float32Array } {
  const all = Object.entries(columns);
  const genes = all.filter(([key]) => /^g\d/.test(key));
  const x = Float32Array.from(
    { length: rowsOf(columns) * genes.length },
    (_, i) => genes[i % genes.length]![1][Math.floor(i / genes.length)] as number,
  );
  const obs = Object.fromEntries(all.filter(([key]) => !/^g\d/.test(key)));
  return { genes: genes.map(([key]) => key), obs, x };
}

function obsNames(columns: Columns): readonly string[] {
  return Array.from({ length: rowsOf(columns) }, (_, i) => `cell${i}`);
}

function bytesOf(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer);
}

/** Texts as zarr stores them: their number, then each after its length. */
function vlen(texts: readonly string[]): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  return Buffer.concat([
    word(texts.length),
    ...texts.flatMap((text) => [word(Buffer.byteLength(text)), Buffer.from(text)]),
  ]);
}

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
