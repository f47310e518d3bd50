// Data that are already in memory. Everything is copied here, at once and before anything is awaited: what the caller
// does with his arrays afterwards changes nothing.
import { fail } from "../errors.js";
import type { NativeTable } from "../native.js";
import type { ArrowLike, ColumnsData, InMemoryData, MatrixData, NumberArray, TargetData } from "./config.js";
import { pandasIndexes } from "./pandas-index.js";
import {
  type ColumnChoice,
  labelOf,
  labelTexts,
  notNumeric,
  numberOfLabel,
  overflow,
  overflows,
  type Selection,
  type Source,
} from "./source.js";

// The name of data without a file, in messages.
const PLACE = "data";

type Column =
  | {
      readonly kind: "number";
      readonly values: Float32Array;
      readonly offset: number;
      readonly stride: number;
      /** The values as they were given, where 32 bits do not hold all of them: labels are exact. */
      readonly exact?: ArrayLike<unknown>;
    }
  | { readonly kind: "text"; readonly values: readonly (number | string)[] };

interface Table {
  readonly format: string;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
  /** Whether its columns have no names of their own. */
  readonly bare?: boolean;
  /** Columns that are the index of the rows. */
  readonly indexes?: ReadonlySet<string>;
}

/** Copies data in memory; synchronous up to its return. */
export function openMemory(data: InMemoryData): Source {
  const table = copyTable(data);
  return {
    describe: async () => ({
      format: table.format,
      columns: [...table.columns].map(([name, { kind }]) => ({
        name,
        kind,
        ...(table.bare === true && { positional: true }),
        ...(table.indexes?.has(name) === true && { index: true }),
      })),
      rows: table.rows,
    }),
    read: async (choice) => select(table, choice),
    close: async () => {},
  };
}

/** A copy of targets that were given per row: one column called "target", or a table, whose columns are y0, y1, ... without names. */
export function copyTargets(target: TargetData): NativeTable {
  if (ArrayBuffer.isView(target) || isNumbers(target)) {
    const data = copyNumbers(["target"], target);
    return { columns: ["target"], values: { data, rows: data.length, cols: 1 } };
  }
  const table = copyTable(target, "y");
  const columns = [...table.columns.keys()];
  if (columns.length === 0) shapeError("a table with no columns", "give one number per row, or one column per task");
  const { rows, numeric } = select(table, { numeric: columns, text: [] });
  return { columns, values: { data: numeric, rows, cols: columns.length } };
}

function isNumbers(target: TargetData): target is readonly (number | null)[] {
  return Array.isArray(target) && !Array.isArray(target[0]) && !ArrayBuffer.isView(target[0]);
}

/** A copy of numbers as 32-bit floats; `columns` are the names over which a row-major matrix repeats. */
export function copyNumbers(
  columns: readonly string[],
  values: NumberArray | readonly unknown[],
  row = 1,
): Float32Array {
  refuseDetached(columns[0] ?? PLACE, values);
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = toNumber(values[i]);
    if (value === undefined || overflows(value)) {
      const name = columns[i % columns.length] ?? PLACE;
      const at = row + Math.floor(i / columns.length);
      throw value === undefined ? notNumeric(PLACE, name, at, String(values[i])) : overflow(PLACE, name, at, value);
    }
    out[i] = value;
  }
  return out;
}

/** A copy of labels as text, "" where missing. */
export function copyLabels(name: string, values: ArrayLike<unknown>): string[] {
  refuseDetached(name, values);
  return Array.from(values, toText);
}

/** A copy of a table; columns without names get `prefix` and their number. */
function copyTable(data: InMemoryData, prefix = "x"): Table {
  if (isMatrix(data)) return matrixTable(data, prefix);
  if (isArrow(data)) return arrowTable(data);
  if (isRows(data)) return rowsTable(data, prefix);
  return columnsTable(data as ColumnsData);
}

function isRows(data: InMemoryData): data is readonly (readonly number[])[] {
  return Array.isArray(data);
}

function isMatrix(data: InMemoryData): data is MatrixData {
  return "shape" in data && "data" in data && ArrayBuffer.isView(data.data);
}

function isArrow(data: InMemoryData): data is ArrowLike {
  return "getChild" in data && typeof data.getChild === "function" && "schema" in data;
}

function matrixTable({ data, shape, columns }: MatrixData, prefix: string): Table {
  refuseDetached(PLACE, data);
  const [rows = -1, width = -1] = shape;
  if (shape.length !== 2 || rows < 0 || width < 0 || rows * width !== data.length) {
    shapeError(`${data.length} values do not fill shape [${shape.join(", ")}]`, "shape is [rows, columns], row-major");
  }
  const names = namesOf(width, prefix, columns);
  const values = copyNumbers(names, data);
  return { ...dense("matrix", values, rows, names, exactCopy(data, values)), bare: columns === undefined };
}

function rowsTable(data: readonly (readonly number[])[], prefix: string): Table {
  const width = data[0]?.length ?? 0;
  const names = namesOf(width, prefix);
  const flat = new Float32Array(data.length * width);
  let isExact = true;
  data.forEach((row, i) => {
    if (!Array.isArray(row) && !ArrayBuffer.isView(row))
      shapeError(`row ${i + 1} is not an array`, "expected number[][]");
    if (row.length !== width) {
      fail("DATA_RAGGED_ROW", `row ${i + 1} has ${row.length} values, row 1 has ${width}`, {
        path: PLACE,
        hint: "every row has one value per column; a missing one is NaN",
        context: { row: i + 1, got: row.length, expected: width },
      });
    }
    const values = copyNumbers(names, row, i + 1);
    flat.set(values, i * width);
    isExact &&= row.every((value, j) => value === values[j] || Number.isNaN(value));
  });
  const exact = isExact ? undefined : data.flatMap((row) => [...row]);
  return { ...dense("rows", flat, data.length, names, exact), bare: true };
}

function arrowTable(data: ArrowLike): Table {
  const columns = data.schema.fields.map(({ name }): [string, Column] => {
    const vector = data.getChild(name);
    if (vector === null) return shapeError(`the table has no column ${JSON.stringify(name)}`, "its schema names one");
    return [
      name,
      columnOf(
        name,
        Array.from({ length: data.numRows }, (_, i) => vector.get(i)),
      ),
    ];
  });
  return {
    format: "arrow",
    rows: data.numRows,
    columns: uniqueColumns(columns),
    indexes: pandasIndexes(data.schema.metadata?.get("pandas")),
  };
}

function columnsTable(data: ColumnsData): Table {
  const columns = Object.entries(data).map(([name, values]): [string, Column] => {
    if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
      shapeError(
        `${JSON.stringify(name)} is not an array`,
        "expected { data, shape }, number[][], an Arrow table, or an object of columns",
      );
    }
    return [name, columnOf(name, values as NumberArray | readonly unknown[])];
  });
  const rows = columns[0]?.[1].values.length ?? 0;
  for (const [name, { values }] of columns) {
    if (values.length === rows) continue;
    shapeError(
      `column ${JSON.stringify(name)} has ${values.length} rows, ${JSON.stringify(columns[0]![0])} has ${rows}`,
      "every column has one value per row",
    );
  }
  return { format: "columns", rows, columns: uniqueColumns(columns) };
}

function columnOf(name: string, values: NumberArray | readonly unknown[]): Column {
  const isText = Array.isArray(values) && values.some((value) => toNumber(value) === undefined);
  // Numbers among labels stay numbers: where numbers are wanted, the first label is the mistake.
  if (isText) return { kind: "text", values: Array.from(values, (value) => toNumber(value) ?? toText(value)) };
  const numbers = copyNumbers([name], values);
  const exact = exactCopy(values, numbers);
  return { kind: "number", values: numbers, offset: 0, stride: 1, ...(exact !== undefined && { exact }) };
}

/** A copy of values that are not all what they were rounded to; nothing where they are. */
function exactCopy(
  values: ArrayLike<unknown> & { slice(): ArrayLike<unknown> },
  rounded: Float32Array,
): ArrayLike<unknown> | undefined {
  for (let i = 0; i < rounded.length; i++) {
    const value = values[i];
    const isRounded =
      typeof value === "bigint" || (typeof value === "number" && value !== rounded[i] && !Number.isNaN(value));
    if (isRounded) return values.slice();
  }
  return undefined;
}

function dense(
  format: string,
  values: Float32Array,
  rows: number,
  names: readonly string[],
  exact?: ArrayLike<unknown>,
): Table {
  const columns = names.map((name, offset): [string, Column] => [
    name,
    { kind: "number", values, offset, stride: names.length, ...(exact !== undefined && { exact }) },
  ]);
  return { format, rows, columns: uniqueColumns(columns) };
}

function uniqueColumns(columns: readonly (readonly [string, Column])[]): ReadonlyMap<string, Column> {
  const unique = new Map(columns);
  if (unique.size < columns.length) {
    const names = columns.map(([name]) => name);
    const repeated = names.find((name, j) => names.indexOf(name) !== j);
    fail("DATA_DUPLICATE_COLUMN", `two columns are called ${JSON.stringify(repeated)}`, {
      path: PLACE,
      hint: "rename or remove one of them",
      context: { column: repeated },
    });
  }
  return unique;
}

function namesOf(width: number, prefix: string, columns?: readonly string[]): readonly string[] {
  if (columns !== undefined && columns.length !== width) {
    shapeError(`${columns.length} column names for ${width} columns`, "give one name per column");
  }
  return columns ?? Array.from({ length: width }, (_, j) => `${prefix}${j}`);
}

function select({ rows, columns }: Table, { numeric, text }: ColumnChoice): Selection {
  const find = (name: string): Column =>
    columns.get(name) ?? fail("DATA_MISSING_COLUMN", `no column ${JSON.stringify(name)}`, { path: PLACE });
  const out = new Float32Array(rows * numeric.length);
  numeric.forEach((name, j) => {
    const column = find(name);
    for (let i = 0; i < rows; i++) {
      const value = column.kind === "number" ? column.values[column.offset + i * column.stride]! : column.values[i]!;
      if (typeof value === "number" && overflows(value)) throw overflow(PLACE, name, i + 1, value);
      out[i * numeric.length + j] = typeof value === "number" ? value : numberOfLabel(PLACE, name, i + 1, value);
    }
  });
  const texts = text.map((name) => {
    const column = find(name);
    if (column.kind === "text") return column.values.map(toText);
    const { exact, offset, stride } = column;
    if (exact !== undefined) return Array.from({ length: rows }, (_, i) => toText(exact[offset + i * stride]));
    return labelTexts(Float32Array.from({ length: rows }, (_, i) => column.values[offset + i * stride]!));
  });
  return { rows, numeric: out, text: texts };
}

/** A cell as a number: NaN where missing, nothing where it is something else. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value === null || value === undefined) return Number.NaN;
  return typeof value === "bigint" ? Number(value) : undefined;
}

function toText(value: unknown): string {
  if (typeof value === "number") return labelOf(value);
  return value === null || value === undefined ? "" : String(value);
}

function refuseDetached(name: string, values: ArrayLike<unknown>): void {
  if (!ArrayBuffer.isView(values)) return;
  try {
    // Only a detached buffer refuses a view of itself.
    new Uint8Array(values.buffer, 0, 0);
  } catch {
    fail("DATA_DETACHED", `${name}: its buffer is detached`, {
      path: name,
      hint: "it was transferred to a worker or structured clone; pass a copy",
    });
  }
}

function shapeError(message: string, hint: string): never {
  fail("DATA_SHAPE", message, { path: PLACE, hint });
}
