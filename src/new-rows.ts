// Rows that a fitted model has not seen: how they are read, and when they fit the model.
import { snapshot } from "./config.js";
import { isOwned } from "./data/owned.js";
import { isPaths } from "./data/paths.js";
import { calledFor } from "./data/positional.js";
import type { Remembered } from "./data/read.js";
import { type DataPart, type DataSource, type Dataset, isDataset, readData, type ViewsData } from "./dataset.js";
import { fail, failure, failuresOf, isDisentangleError } from "./errors.js";
import { type NativeMatrix, native } from "./native.js";

/** The data set with its inputs in their own units: what takes no offsets is given none. */
export function absolute(dataset: Dataset): Dataset {
  const { offsets, ...rest } = dataset;
  const own = offsets?.inputs;
  if (own === undefined) return dataset;
  const { data, rows, cols } = dataset.inputs;
  return { ...rest, inputs: { data: data.map((value, i) => value + own[i % cols]!), rows, cols } };
}

/** The format that a data set was read from. */
export function formatOf({ provenance }: Dataset): string | undefined {
  return (JSON.parse(provenance) as { format?: string }).format;
}

/** Columns without names are matched by position: there must be as many as the model has. */
export function refuseWidth(x: unknown, { inputs: { cols } }: Dataset, expected: number): void {
  if (cols === expected) return;
  fail("DATA_COLUMN_MISMATCH", `${cols} columns without names, but the model was fitted on ${expected}`, {
    path: typeof x === "string" ? x : "data",
    hint: "give the same columns in the same order, or give them names",
    context: { got: cols, expected },
  });
}

/** Reads new rows; a column that the model needs and they lack is a mismatch with the model. */
export async function readNew(config: DataPart, remembered: Remembered): Promise<Dataset> {
  try {
    return await readData(config, remembered);
  } catch (error) {
    if (!isDisentangleError(error) || failuresOf(error).some(({ code }) => code !== "DATA_MISSING_COLUMN")) throw error;
    if (error.path === "environment") {
      throw failure("DATA_NEEDS_ENVIRONMENTS", `the new rows have no environments: ${error.message}`, {
        path: error.path,
        hint: "give `environments`, one label per row, or rows with that column",
        cause: error,
      });
    }
    throw failure("DATA_COLUMN_MISMATCH", error.message, {
      ...error.toJSON(),
      hint: "the new rows need every input column that the model was fitted on; their order does not matter",
      cause: error,
    });
  }
}

/** Whether the columns of `x`, which is in memory, have names of their own. */
export function isNamed(x: DataSource): boolean {
  if (Array.isArray(x)) return false;
  return typeof x === "object" && x !== null && !("shape" in x && !("columns" in x));
}

/** What is given with its typed arrays taken over from the caller. A data set is not copied anyway, and rows of numbers are no such arrays. */
export function taken<T extends DataSource | ViewsData>(x: T): T {
  return typeof x !== "object" || isPaths(x) || Array.isArray(x) || isDataset(x) ? x : snapshot(x, true);
}

/** More numbers than this, in arrays of arrays, are read as any other data. */
const FEW = 1 << 18;

/**
 * Numbers of the right width, which need no reading: a copy, as a request's buffer may be used again before its turn. Anything else is
 * judged, and refused, where data are read.
 */
export function matrixOf(x: DataSource, names: readonly string[]): Dataset | undefined {
  const inputs = Array.isArray(x) ? rowsOf(x as readonly unknown[], names.length) : arrayOf(x, names.length);
  if (inputs === undefined || !areInOrder(names)) return undefined;
  return {
    name: "rows",
    inputs,
    // In the order of the model, which needs no names for that.
    inputNames: [],
    rowIds: [],
    labels: {},
    truth: {},
    provenance: '{"source":"in memory"}',
  };
}

function arrayOf(x: DataSource, cols: number): NativeMatrix | undefined {
  if (typeof x !== "object" || x === null || !("shape" in x) || !("data" in x) || "columns" in x) return undefined;
  const { data, shape } = x as { readonly data: unknown; readonly shape: readonly number[] };
  const [rows = 0] = shape;
  if (!(data instanceof Float32Array) || shape.length !== 2 || shape[1] !== cols || rows < 1) return undefined;
  if (data.length !== rows * cols) return undefined;
  return { data: isOwned(data) ? data : data.slice(), rows, cols };
}

/** Arrays of finite numbers that 32 bits hold and tell apart. */
function rowsOf(x: readonly unknown[], cols: number): NativeMatrix | undefined {
  const rows = x.length;
  if (rows < 1 || cols < 1 || rows * cols > FEW) return undefined;
  const data = new Float32Array(rows * cols);
  for (let i = 0, at = 0; i < rows; i++) {
    const row = x[i];
    if (!Array.isArray(row) || row.length !== cols) return undefined;
    for (let j = 0; j < cols; j++, at++) {
      const value: unknown = row[j];
      if (typeof value !== "number") return undefined;
      data[at] = value;
      if (!Number.isFinite(data[at])) return undefined;
    }
  }
  const matrix = { data, rows, cols };
  // Of one row there is nothing to tell apart.
  return rows > 1 && native().suspects(matrix).length > 0 ? undefined : matrix;
}

/** Whether columns without names are these, one after the other: a model that knows them by their numbers takes them by these. */
function areInOrder(names: readonly string[]): boolean {
  if (names.every((name, j) => name === `x${j}`)) return true;
  const numbers = names.map((_, j) => `x${j}`);
  return calledFor(names, numbers) !== numbers;
}
