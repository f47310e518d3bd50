// Data that are already in memory. Everything is copied here, at once and before anything is awaited: what the caller
// does with his arrays afterwards changes nothing.
import { brief } from "../arguments.js";
import { fail } from "../errors.js";
import { type NativeTable, native } from "../native.js";
import { atOnce, byTurns, inRanges, type Work } from "../turns.js";
import { arrowValues } from "./arrow-values.js";
import type { ArrowLike, ColumnsData, InMemoryData, MatrixData, NumberArray, TargetData } from "./config.js";
import { isOwned } from "./owned.js";
import { pandasIndexes } from "./pandas-index.js";
import { calledFor } from "./positional.js";
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
      /** As they were given, where rounding loses something: for labels, and for columns far from zero. */
      readonly own?: ArrayLike<unknown> | undefined;
      /** Whether they were given with 32 bits. */
      readonly isSingle: boolean;
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

/** What is known of data in memory before they are copied. */
export interface KnownColumns {
  /** Columns that are kept exactly: labels, and those that a model keeps relative to an offset. Default: all. */
  readonly exact?: readonly string[];
  /** The inputs of a model: what columns without names are called. */
  readonly called?: readonly string[] | undefined;
}

/** Copies data in memory; synchronous up to its return. */
export function openMemory(data: InMemoryData, known: KnownColumns = {}): Source {
  const table = copyTable(data, "x", known);
  refuseEmpty(table);
  const hint = hintOn(table);
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
      ...(hint !== undefined && { inputsHint: hint }),
    }),
    read: (choice) => byTurns(select(table, choice)),
    exact: async (names) => exactly(table, names),
    close: async () => {},
  };
}

/** Nothing that was given can be told apart from what was not, once roles are sought. */
function refuseEmpty({ rows, columns, format }: Table): void {
  if (format === "rows" && rows === 0)
    fail("DATA_EMPTY", "an array with no rows was given", {
      path: PLACE,
      hint: "give at least one row: [[1, 2], [3, 4]]",
    });
  if (format === "columns" && columns.size === 0) {
    fail("DATA_EMPTY", "an object with no columns was given", {
      path: PLACE,
      hint: "give one array per column, { a: [1, 3], b: [2, 4] }, or rows, [[1, 2], [3, 4]]",
    });
  }
}

/** What to do where no column holds numbers. */
function hintOn({ columns }: Table): string | undefined {
  const isNumeral = (value: number | string): boolean => typeof value === "number" || isNumberText(value);
  for (const [name, { kind, values }] of columns)
    if (kind === "text" && values.every(isNumeral))
      return `column ${JSON.stringify(name)} holds numbers as text, which are labels: give numbers, for example values.map(Number)`;
  return undefined;
}

function isNumberText(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function exactly({ rows, columns }: Table, names: readonly string[]): Float64Array {
  const out = new Float64Array(rows * names.length);
  names.forEach((name, j) => {
    const column = columns.get(name);
    for (let i = 0; i < rows; i++) {
      const value =
        column?.kind !== "number"
          ? Number.NaN
          : column.own === undefined
            ? column.values[column.offset + i * column.stride]!
            : Number(column.own[i] ?? Number.NaN);
      out[i * names.length + j] = value;
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
  const { rows, numeric } = atOnce(select(table, { numeric: columns, text: [] }));
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
  return values instanceof Float32Array ? Array.from(values, shortest) : Array.from(values, toText);
}

/** Whether a column is kept exactly. */
type IsExact = (name: string, width?: number) => boolean;

/** A copy of a table; columns without names get `prefix` and their number. */
function copyTable(data: InMemoryData, prefix = "x", { exact, called = [] }: KnownColumns = {}): Table {
  const named = new Set(exact);
  const isExact: IsExact = (name, width = 1) =>
    exact === undefined ? width <= LABELED : named.has(name) || isRowIndex({ name, kind: "number" });
  if (isMatrix(data)) return matrixTable(data, { prefix, called }, isExact);
  if (isArrow(data)) return arrowTable(data, isExact);
  if (isRows(data)) return rowsTable(data, { prefix, called }, isExact);
  return columnsTable(data as ColumnsData, isExact);
}

/** How columns without names are called. */
interface Naming {
  readonly prefix: string;
  readonly called: readonly string[];
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

function matrixTable({ data, shape, columns }: MatrixData, naming: Naming, isExact: IsExact): Table {
  refuseDetached(PLACE, data);
  if (!Array.isArray(shape)) shapeError(`got shape ${brief(shape)}`, "shape is [rows, columns], row-major");
  if (columns !== undefined && !Array.isArray(columns))
    shapeError(`columns: got ${brief(columns)}, expected an array of names`, "give one name per column");
  const [rows = -1, width = -1] = shape;
  if (shape.length !== 2 || rows < 0 || width < 0 || rows * width !== data.length) {
    shapeError(`${data.length} values do not fill shape [${shape.join(", ")}]`, "shape is [rows, columns], row-major");
  }
  const names = namesOf(width, naming, columns);
  const given = { at: (i: number) => data[i], isSingle: data instanceof Float32Array };
  const table = dense("matrix", copyNumbers(names, data), rows, names, given, isExact);
  return columns === undefined ? { ...table, bare: true } : table;
}

function rowsTable(data: readonly (readonly number[])[], naming: Naming, isExact: IsExact): Table {
  const width = data[0]?.length ?? 0;
  const names = namesOf(width, naming);
  const flat = new Float32Array(data.length * width);
  data.forEach((row, i) => {
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
      const isRecord = typeof row === "object" && row !== null;
      const columns = "give one array per column, { a: [1, 3], b: [2, 4] }, in place of one object per row; or ";
      shapeError(`row ${i + 1} is not an array`, `${isRecord ? columns : "expected "}number[][]`);
    }
    if (row.length !== width) {
      fail("DATA_RAGGED_ROW", `row ${i + 1} has ${row.length} values, row 1 has ${width}`, {
        path: PLACE,
        hint: "every row has one value per column; a missing one is NaN",
        context: { row: i + 1, got: row.length, expected: width },
      });
    }
    flat.set(copyNumbers(names, row, i + 1), i * width);
  });
  const given = { at: (i: number) => data[Math.floor(i / width)]![i % width], isSingle: false };
  return { ...dense("rows", flat, data.length, names, given, isExact), bare: true };
}

function arrowTable(data: ArrowLike, isExact: IsExact): Table {
  const columns = data.schema.fields.map(({ name, type }): [string, Column] => {
    const vector = data.getChild(name);
    if (vector === null) return shapeError(`the table has no column ${JSON.stringify(name)}`, "its schema names one");
    const { values, isNumber } = arrowValues(vector, type, data.numRows);
    return [name, columnOf(name, values, isExact(name), isNumber)];
  });
  const indexes = pandasIndexes(data.schema.metadata?.get("pandas"));
  return { format: "arrow", rows: data.numRows, columns: uniqueColumns(columns), indexes };
}

function columnsTable(data: ColumnsData, isExact: IsExact): Table {
  const columns = Object.entries(data).map(([name, values]): [string, Column] => {
    if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
      shapeError(
        `${JSON.stringify(name)} is not an array`,
        "expected { data, shape }, number[][], an Arrow table, or an object of columns",
      );
    }
    refuseNested(name, values as ArrayLike<unknown>);
    return [name, columnOf(name, values as NumberArray | readonly unknown[], isExact(name))];
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

/** Arrays among the values are a matrix in the place of a column: as labels they would drop out of the inputs in silence. */
function refuseNested(name: string, values: ArrayLike<unknown>): void {
  if (ArrayBuffer.isView(values)) return;
  const isNested = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value);
  const row = (values as readonly unknown[]).findIndex(isNested);
  if (row < 0) return;
  fail("DATA_SHAPE", `column ${JSON.stringify(name)} holds arrays: row ${row + 1} is ${brief(values[row])}`, {
    path: PLACE,
    hint: `give one array per column, { ${name}0: [1, 3], ${name}1: [2, 4] }, or the matrix itself in place of the object: [[1, 2], [3, 4]]`,
    context: { column: name, row: row + 1 },
  });
}

/** @param isNumber whether texts among the values are those of numbers */
function columnOf(name: string, given: NumberArray | readonly unknown[], isExact: boolean, isNumber = false): Column {
  const numbers =
    isNumber && given.some((value) => typeof value === "string")
      ? Array.from(given as readonly unknown[], (value) => (typeof value === "string" ? Number(value) : value))
      : given;
  const isText = Array.isArray(numbers) && numbers.some((value) => toNumber(value) === undefined);
  // Numbers among labels stay numbers: where numbers are wanted, the first label is the mistake.
  if (isText) return { kind: "text", values: Array.from(numbers, (value) => toNumber(value) ?? toText(value)) };
  const values = copyNumbers([name], numbers);
  const isSingle = given instanceof Float32Array;
  const isKept = !isSingle && (isExact || suspectsOf(values, values.length, 1).has(0));
  const own = isKept && differs(given, values) ? given.slice() : undefined;
  return { kind: "number", values, offset: 0, stride: 1, own, isSingle };
}

/** Whether rounding changed some of the values that were given, or the text of one. */
function differs(given: ArrayLike<unknown>, values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) {
    const [value, rounded] = [given[i], values[i]!];
    if (typeof value === "string") return true;
    if (
      typeof value === "bigint"
        ? value !== BigInt(Math.trunc(rounded))
        : typeof value === "number" && !Object.is(value, rounded)
    )
      return true;
  }
  return false;
}

/** Numbers in a row, however they lie. */
interface Given {
  at(index: number): number | bigint | undefined;
  readonly isSingle: boolean;
}

function dense(
  format: string,
  values: Float32Array,
  rows: number,
  names: readonly string[],
  { at, isSingle }: Given,
  isExact: IsExact,
): Table {
  const stride = names.length;
  const suspects = isSingle ? new Set<number>() : suspectsOf(values, rows, stride);
  const columns = names.map((name, offset): [string, Column] => {
    const isKept = !isSingle && (suspects.has(offset) || isExact(name, stride));
    const all = isKept ? Array.from({ length: rows }, (_, i) => at(offset + i * stride)) : [];
    const own = differs(
      all,
      all.map((_, i) => values[offset + i * stride]!),
    )
      ? all
      : undefined;
    return [name, { kind: "number", values, offset, stride, own, isSingle }];
  });
  return { format, rows, columns: uniqueColumns(columns) };
}

/** Where nothing says which columns are labels, a matrix with more columns holds none. */
const LABELED = 64;

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

function namesOf(width: number, { prefix, called }: Naming, columns?: readonly string[]): readonly string[] {
  if (columns !== undefined && columns.length !== width) {
    shapeError(`${columns.length} column names for ${width} columns`, "give one name per column");
  }
  return (
    columns ??
    calledFor(
      called,
      Array.from({ length: width }, (_, j) => `${prefix}${j}`),
    )
  );
}

/** Cells that are copied within a few milliseconds. */
const STEP = 1 << 17;

function* select({ rows, columns }: Table, { numeric, text }: ColumnChoice): Work<Selection> {
  const whole = wholeOf(columns, numeric);
  if (whole !== undefined && text.length === 0) return { rows, numeric: whole, text: [] };
  const find = (name: string): Column =>
    columns.get(name) ?? fail("DATA_MISSING_COLUMN", `no column ${JSON.stringify(name)}`, { path: PLACE });
  const out = new Float32Array(rows * numeric.length);
  for (const [j, name] of numeric.entries()) {
    const column = find(name);
    yield* inRanges(rows, STEP, (from, to) => {
      for (let i = from; i < to; i++) {
        const value = column.kind === "number" ? column.values[column.offset + i * column.stride]! : column.values[i]!;
        if (typeof value === "number" && overflows(value)) throw overflow(PLACE, name, i + 1, value);
        out[i * numeric.length + j] = typeof value === "number" ? value : numberOfLabel(PLACE, name, i + 1, value);
      }
    });
    if (rows * numeric.length > STEP) yield;
  }
  const texts = text.map((name) => {
    const column = find(name);
    if (column.kind === "text") return column.values.map(toText);
    if (column.own !== undefined) return Array.from(column.own, toText);
    const text = column.isSingle ? shortest : labelOf;
    return Array.from({ length: rows }, (_, i) => text(column.values[column.offset + i * column.stride]!));
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
