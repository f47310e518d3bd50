// Data that are already in memory. Everything is copied here, at once and before anything is awaited: what the caller
// does with his arrays afterwards changes nothing.
import { fail } from "../errors.js";
import { type NativeTable, native } from "../native.js";
import type { ArrowLike, ColumnsData, InMemoryData, MatrixData, NumberArray, TargetData } from "./config.js";
import { isOwned } from "./owned.js";
import { pandasIndexes } from "./pandas-index.js";
import { isRowIndex } from "./row-index.js";
import {
  type ColumnChoice,
  labelOf,
  notNumeric,
  numberOfLabel,
  overflow,
  overflows,
  type Selection,
  type Source,
  shortest,
} from "./source.js";

// The name of data without a file, in messages.
const PLACE = "data";

type Column =
  | {
      readonly kind: "number";
      readonly values: Float32Array;
      readonly offset: number;
      readonly stride: number;
      /** As they were given, where rounding would lose something: for labels, and for columns far from zero. */
      readonly texts?: readonly string[];
      readonly exact?: Float64Array;
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

/**
 * Copies data in memory; synchronous up to its return.
 *
 * @param labels columns whose values are labels, exactly; default: all
 */
export function openMemory(data: InMemoryData, labels?: readonly string[]): Source {
  const table = copyTable(data, "x", labels);
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
    exact: async (names) => exactly(table, names),
    close: async () => {},
  };
}

function exactly({ rows, columns }: Table, names: readonly string[]): Float64Array {
  const out = new Float64Array(rows * names.length);
  names.forEach((name, j) => {
    const column = columns.get(name);
    for (let i = 0; i < rows; i++) {
      const value =
        column?.kind === "number" ? (column.exact?.[i] ?? column.values[column.offset + i * column.stride]) : undefined;
      out[i * names.length + j] = value ?? Number.NaN;
    }
  });
  return out;
}

/** The columns of a row-major matrix that rounding may have collapsed. */
function suspectsOf(data: Float32Array, rows: number, cols: number): ReadonlySet<number> {
  return new Set(rows > 0 && cols > 0 ? native().suspects({ data, rows, cols }) : []);
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
  if (values instanceof Float32Array && isOwned(values)) return values;
  // Whatever these hold fits: one copy of memory.
  if (values instanceof Float32Array || values instanceof Uint8Array) return new Float32Array(values);
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
function copyTable(data: InMemoryData, prefix = "x", labels?: readonly string[]): Table {
  const isLabel = (name: string): boolean => labels?.includes(name) !== false || isRowIndex({ name, kind: "number" });
  if (isMatrix(data)) return matrixTable(data, prefix, isLabel);
  if (isArrow(data)) return arrowTable(data, isLabel);
  if (isRows(data)) return rowsTable(data, prefix);
  return columnsTable(data as ColumnsData, isLabel);
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

function matrixTable({ data, shape, columns }: MatrixData, prefix: string, isLabel: (name: string) => boolean): Table {
  refuseDetached(PLACE, data);
  const [rows = -1, width = -1] = shape;
  if (shape.length !== 2 || rows < 0 || width < 0 || rows * width !== data.length) {
    shapeError(`${data.length} values do not fill shape [${shape.join(", ")}]`, "shape is [rows, columns], row-major");
  }
  const names = namesOf(width, prefix, columns);
  const table = dense(
    "matrix",
    copyNumbers(names, data),
    rows,
    names,
    data,
    columns === undefined ? () => false : isLabel,
  );
  return columns === undefined ? { ...table, bare: true } : table;
}

function rowsTable(data: readonly (readonly number[])[], prefix: string): Table {
  const width = data[0]?.length ?? 0;
  const names = namesOf(width, prefix);
  const flat = new Float32Array(data.length * width);
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
    flat.set(copyNumbers(names, row, i + 1), i * width);
  });
  const given = { length: flat.length, at: (i: number) => data[Math.floor(i / width)]![i % width] };
  return { ...dense("rows", flat, data.length, names, given), bare: true };
}

function arrowTable(data: ArrowLike, isLabel: (name: string) => boolean): Table {
  const columns = data.schema.fields.map(({ name }): [string, Column] => {
    const vector = data.getChild(name);
    if (vector === null) return shapeError(`the table has no column ${JSON.stringify(name)}`, "its schema names one");
    return [
      name,
      columnOf(
        name,
        Array.from({ length: data.numRows }, (_, i) => vector.get(i)),
        isLabel(name),
      ),
    ];
  });
  const indexes = pandasIndexes(data.schema.metadata?.get("pandas"));
  return { format: "arrow", rows: data.numRows, columns: uniqueColumns(columns), indexes };
}

function columnsTable(data: ColumnsData, isLabel: (name: string) => boolean): Table {
  const columns = Object.entries(data).map(([name, values]): [string, Column] => {
    if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
      shapeError(
        `${JSON.stringify(name)} is not an array`,
        "expected { data, shape }, number[][], an Arrow table, or an object of columns",
      );
    }
    return [name, columnOf(name, values as NumberArray | readonly unknown[], isLabel(name))];
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

function columnOf(name: string, given: NumberArray | readonly unknown[], isLabel: boolean): Column {
  const isText = Array.isArray(given) && given.some((value) => toNumber(value) === undefined);
  // Numbers among labels stay numbers: where numbers are wanted, the first label is the mistake.
  if (isText) return { kind: "text", values: Array.from(given, (value) => toNumber(value) ?? toText(value)) };
  const values = copyNumbers([name], given);
  const isExact = suspectsOf(values, values.length, 1).has(0);
  return {
    kind: "number",
    values,
    offset: 0,
    stride: 1,
    ...(isExact && { exact: Float64Array.from(given as readonly unknown[], (value) => toNumber(value)!) }),
    ...(isLabel && needsText(given, values) && { texts: Array.from(given as readonly unknown[], toText) }),
  };
}

/** Whether labels made of the rounded values would be others than those that were given. */
function needsText(given: NumberArray | readonly unknown[], values: Float32Array): boolean {
  if (given instanceof Float32Array) return false;
  for (let i = 0; i < values.length; i++) {
    const value = given[i];
    if (
      typeof value === "bigint"
        ? value !== BigInt(Math.trunc(values[i]!))
        : typeof value === "number" && !Object.is(value, values[i]!)
    )
      return true;
  }
  return false;
}

/** Numbers in a row, however they lie. */
interface Given {
  readonly length: number;
  at(index: number): number | bigint | undefined;
}

function dense(
  format: string,
  values: Float32Array,
  rows: number,
  names: readonly string[],
  given: Given,
  isLabel: (name: string) => boolean = () => true,
): Table {
  const stride = names.length;
  const suspects = given instanceof Float32Array ? new Set<number>() : suspectsOf(values, rows, stride);
  const columns = names.map((name, offset): [string, Column] => {
    const own = <T>(as: (value: number | bigint) => T): T[] =>
      Array.from({ length: rows }, (_, i) => as(given.at(offset + i * stride)!));
    const differs = (): boolean =>
      own((value) => value).some((value, i) => !Object.is(value, values[offset + i * stride]!));
    return [
      name,
      {
        kind: "number",
        values,
        offset,
        stride,
        ...(suspects.has(offset) && { exact: Float64Array.from(own(Number)) }),
        // Labels are few: of a whole matrix they are not copied again.
        ...(stride <= LABELLED &&
          !(given instanceof Float32Array) &&
          isLabel(name) &&
          differs() && { texts: own(toText) }),
      },
    ];
  });
  return { format, rows, columns: uniqueColumns(columns) };
}

/** A matrix with more columns holds no labels. */
const LABELLED = 64;

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
  const whole = wholeOf(columns, numeric);
  if (whole !== undefined && text.length === 0) return { rows, numeric: whole, text: [] };
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
    if (column.texts !== undefined) return [...column.texts];
    return Array.from({ length: rows }, (_, i) => shortest(column.values[column.offset + i * column.stride]!));
  });
  return { rows, numeric: out, text: texts };
}

/** The values of a matrix as they lie, where all its columns are wanted in their order; what overflowed was refused before. */
function wholeOf(columns: ReadonlyMap<string, Column>, numeric: readonly string[]): Float32Array | undefined {
  const all = [...columns];
  const [first] = all;
  if (first?.[1].kind !== "number" || first[1].stride !== all.length || numeric.length !== all.length) return undefined;
  const { values } = first[1];
  return all.every(([name, column], j) => name === numeric[j] && column.values === values) ? values : undefined;
}

/** A cell as a number: NaN where missing, nothing where it is something else. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value === null || value === undefined) return Number.NaN;
  return typeof value === "bigint" ? Number(value) : undefined;
}

function toText(value: unknown): string {
  if (typeof value === "number") return labelOf(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
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
