// Arrow (Feather) files, through flechette.
import { float32, tableFromArrays, tableToIPC, uint8, utf8 } from "@uwdata/flechette";
import { INDEX } from "./parquet-out.js";
import type { Rows } from "./rows.js";

/** A table as the bytes of an Arrow file; identifiers of the rows are its first column. */
export function arrowBytes({ data, shape: [rows, cols], columns, rowIds }: Rows): Uint8Array {
  const isFloat = data instanceof Float32Array;
  const arrays = columns.map((name, j): [string, Float32Array | Uint8Array] => {
    const column = isFloat ? new Float32Array(rows) : new Uint8Array(rows);
    for (let i = 0; i < rows; i++) column[i] = data[i * cols + j]!;
    return [name, column];
  });
  const ids: [string, string[]][] = rowIds === undefined ? [] : [[INDEX, [...rowIds]]];
  const types = Object.fromEntries([
    ...ids.map(([name]) => [name, utf8()]),
    ...columns.map((name) => [name, isFloat ? float32() : uint8()]),
  ]);
  return tableToIPC(tableFromArrays([...ids, ...arrays], { types }), { format: "file" })!;
}
