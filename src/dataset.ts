// Everything that may stand where data are expected, as a data set or as a table.
import { checkArgument, checkParts, FLOATS, type Kind, LIST, NUMBER, OBJECT, TEXT } from "./arguments.js";
import type { DataConfig, Dataset, InspectReport, Leave, Remembered } from "./data/index.js";
import { fail } from "./errors.js";
import type { NativeTable } from "./native.js";

export type { Dataset };

let data: Promise<typeof import("./data/index.js")> | undefined;

/** What reads data, loaded at first use. Asked again it answers at once, which the loader of modules does not. */
function reading(): NonNullable<typeof data> {
  data ??= import("./data/index.js");
  return data;
}

/** Data with several views: modalities with the column that joins their rows, or images with their labels. */
export type ViewsData = Pick<DataConfig, "data" | "modalities" | "join" | "unmatched" | "labels" | "channels">;

/** What stands where data are expected: a path, numbers in memory, a data set, or modalities. */
export type DataSource = NonNullable<DataConfig["data"]> | Dataset;

/** The data keys of a configuration whose `data` may also be a data set. */
export type DataPart = Omit<DataConfig, "data"> & { readonly data?: DataSource | undefined };

/**
 * Reads the columns that a configuration gives a role to, from a file, a folder or memory.
 *
 * @throws `DisentangleError` with one of the `CONFIG_*`, `DATA_*` and `TREE_*` codes
 *
 * @example
 * ```ts
 * import { readDataset } from "disentangle";
 * const dataset = await readDataset({ data: [[1, 2], [3, 4], [5, 7]], environment: ["a", "a", "b"] });
 * console.log(dataset.inputs.rows, dataset.labels.environment?.levels); // 3 [ 'a', 'b' ]
 * ```
 */
export async function readDataset(config: DataConfig): Promise<Dataset> {
  checkConfiguration(config);
  return (await reading()).readDataset(config);
}

/**
 * What a file or an array holds: columns with their kinds, guessed roles, flaws, and a command to begin with.
 *
 * @throws `DisentangleError` where it cannot be read at all
 *
 * @example
 * ```ts
 * import { inspect } from "disentangle";
 * const { rows, columns, command } = await inspect({ data: { gene1: [1, 2], gene2: [3, 3], site: ["a", "b"] } });
 * console.log(rows, columns.filter((column) => column.constant).map((column) => column.name), command); // 2 [ 'gene2' ] ...
 * ```
 */
export async function inspect(config: DataConfig): Promise<InspectReport> {
  checkConfiguration(config);
  return (await reading()).inspect(config);
}

function checkConfiguration(config: unknown): void {
  const isSource = typeof config === "string" || Array.isArray(config);
  const hint = isSource ? "name what they are: { data: ... }" : 'for example { data: "cells.csv" }';
  checkArgument("config", config, OBJECT, hint);
}

/** Reads what a configuration says about data; a data set in memory is taken as it is. */
export async function readData({ data, ...roles }: DataPart, remembered?: Remembered, leave?: Leave): Promise<Dataset> {
  if (!isDataset(data)) {
    const config = { ...roles, ...(data !== undefined && { data }) };
    return (await reading()).readDataset(config, remembered, leave);
  }
  const { name, ...others } = roles;
  const [key] = Object.keys(others);
  if (key !== undefined) {
    fail("CONFIG_CONFLICT", `${key}: the data are a data set, which knows its own roles`, {
      path: key,
      hint: `leave ${key} out, or change the data set`,
    });
  }
  return name === undefined ? data : { ...data, name };
}

/** Numbers with column names: the numeric columns of whatever is given. */
export async function readTable(
  source: DataSource | NativeTable,
  reading: Omit<DataConfig, "data"> = {},
  remembered?: Remembered,
): Promise<NativeTable> {
  if (isTable(source)) return source;
  const { inputs, inputNames } = isDataset(source) ? source : await readData({ ...reading, data: source }, remembered);
  return { columns: inputNames, values: inputs };
}

/** Whether something names modalities, or data with labels, as a configuration does. */
export function isViewsData(value: unknown): value is ViewsData {
  if (!isObject(value) || isDataset(value) || ArrayBuffer.isView(value)) return false;
  const { modalities, data, labels } = value;
  const isColumn = (one: unknown) => Array.isArray(one) || ArrayBuffer.isView(one);
  return (isObject(modalities) && !isColumn(modalities)) || (typeof data === "string" && labels !== undefined);
}

/** Whether something is a data set. */
export function isDataset(value: unknown): value is Dataset {
  return isObject(value) && isObject(value.inputs) && Array.isArray(value.inputNames) && isObject(value.truth);
}

/** Refuses what is no data set. */
export function checkDataset(value: unknown): void {
  const isSource = typeof value === "string" || Array.isArray(value);
  const hint = isSource
    ? "read it first: await readDataset({ data: ... })"
    : "give what `readDataset`, `simulate` or `prepare` gave";
  checkArgument("dataset", value, { ...OBJECT, expected: "a data set" }, hint);
  checkParts("dataset", value, DATASET, hint);
  checkParts("dataset.inputs", (value as Dataset).inputs, MATRIX, hint);
}

const DATASET: Readonly<Record<string, Kind>> = {
  name: TEXT,
  inputs: OBJECT,
  inputNames: LIST,
  rowIds: LIST,
  labels: OBJECT,
  truth: OBJECT,
  provenance: TEXT,
};
const MATRIX: Readonly<Record<string, Kind>> = { data: FLOATS, rows: NUMBER, cols: NUMBER };

/** Whether something is a table of numbers with names. */
export function isTable(value: unknown): value is NativeTable {
  return isObject(value) && Array.isArray(value.columns) && isObject(value.values) && "cols" in value.values;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
