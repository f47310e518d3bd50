// What a file holds and what its columns look like they are for: plain data, nothing printed, nothing decided for `fit`.
import { quoted } from "../command-line.js";
import { type Failure, isDisentangleError } from "../errors.js";
import type { NativeLabels, NativeTable } from "../native.js";
import { type Found, factsOf, readStatistics } from "./column-statistics.js";
import { type DataConfig, type InMemoryData, parseDataConfig } from "./config.js";
import { readFolder } from "./folder.js";
import { collapsed, infinite, notesOf } from "./inspect-notes.js";
import { openMemory } from "./memory.js";
import { withMissingValues, wordsOf } from "./missing-values.js";
import { offsetNotes } from "./offsets.js";
import { datasetFolder, locateAll, named } from "./open-source.js";
import { isPaths, placeOf } from "./paths.js";
import { columnKeys, type Dataset, encodeLabels, type Given, openPlaces, takeGiven } from "./read.js";
import {
  type Guesses,
  guessRoles,
  LABEL_ROLES,
  type RoleKeys,
  type Roles,
  resolveRoles,
  withoutRowNumbers,
} from "./roles.js";
import { isRowIndex, numbersRows } from "./row-index.js";
import type { Source, SourceColumn, SourceDescription } from "./source.js";
import { commandFor, methodFor, rolesToShow } from "./suggestion.js";
import { rowsWithoutTarget, type TaskSize, tasksOf } from "./tasks.js";

/** One column. */
export interface ColumnReport {
  readonly name: string;
  readonly kind: SourceColumn["kind"];
  /** The part of the file it comes from ("var", "obs"). */
  readonly group?: string;
  /** The role it has in `command`; none where it would be ignored. */
  readonly role?: string;
  /** Cells without a value; absent where the column was not read. */
  readonly missing?: number;
  /** Whether all cells that have a value have the same. */
  readonly constant?: boolean;
  /** Infinite cells, where there are any. */
  readonly infinite?: number;
  /** Distinct labels of a text column. */
  readonly levels?: number;
  /** Values that look like words for "no value": frequent, and far outside of the others. */
  readonly sentinels?: readonly { readonly value: number; readonly count: number }[];
  /** An earlier column of which this one is a copy, up to scale, offset and rounding. */
  readonly copyOf?: string;
}

/** What `inspect` found. */
export interface InspectReport {
  readonly source: string;
  readonly format: string;
  readonly rows: number;
  readonly columns: readonly ColumnReport[];
  /** Candidates for each role, the likeliest first. */
  readonly guesses: Guesses;
  /** The column of labels taken as environment, with its rows per label in order of first appearance. */
  readonly environment?: {
    readonly column: string;
    readonly sizes: readonly { readonly label: string; readonly rows: number }[];
  };
  /** The tasks, with the rows that have their target: labels of the task column, or else the targets where there are several. */
  readonly tasks?: readonly TaskSize[];
  /** Bytes that the input matrix takes as 32-bit floats. */
  readonly memoryBytes: number;
  /** What would stop a fit: columns that look numeric and hold something else, rows without any target. */
  readonly problems: readonly Failure[];
  /** What stops no fit and is worth knowing: how the file is read, row indexes, words for "no value", copies. */
  readonly notes: readonly string[];
  /** A command to begin with; NAME and NAMES stand where nothing could be guessed. */
  readonly command: string;
}

/**
 * Reads all of a source and describes it.
 *
 * @param method the method that the suggested command names; default: the first that fits data with or without tasks
 * @throws `DisentangleError` where the source cannot be read at all
 */
export async function inspect(config: DataConfig, method?: string): Promise<InspectReport> {
  const checked = parseDataConfig(config);
  const given = takeGiven(checked);
  const { data } = checked;
  const located = isPaths(data) ? await locateAll(data) : [];
  const folder = datasetFolder(located);
  if (folder !== undefined) return inspectFolder(checked, readFolder(folder, {}), method);
  const source = isPaths(data)
    ? await openPlaces(located, checked)
    : named(withMissingValues(openMemory(data as InMemoryData), wordsOf(checked.missingValues)));
  try {
    return await inspectSource(checked, source, given, method);
  } finally {
    await source.close();
  }
}

async function inspectSource(
  config: DataConfig,
  source: Source,
  given: Given,
  method: string | undefined,
): Promise<InspectReport> {
  const found = await readStatistics(source);
  const { description, rows } = found.survey;
  const columns = description.columns.map((column) =>
    found.refused.has(column.name) ? { ...column, kind: "text" as const } : column,
  );
  const levels = new Map([...found.statistics].map(([name, { levels }]) => [name, levels ?? 0]));
  const guesses = guessRoles(
    columns.filter((column) => !isRowIndex(column)),
    levels,
    rows,
  );
  const chosen = rolesToShow(config, guesses);
  const problems = [...found.survey.problems, ...infinite(found, placeOf(config.data))];
  const keys = columnKeys({ data: config.data, ...chosen, ...(config.rowId === false && { rowId: false }) });
  const roles = rolesOrProblem(keys, { ...description, columns }, found, problems);
  const isWide = rows < roles.inputs.length;
  if (isWide) problems.push(tooWide(config, rows, roles.inputs.length));
  const roleOf = rolesByColumn(roles);
  const told = await readTold(source, found, roles, given, problems);
  const { tasks, environment } = partsOf(told);
  if (told.targets !== undefined) problems.push(...withoutTarget(config, told.targets));
  const offsets = await collapsed(source, found);
  const notes = [...notesOf(found, roles, config.missingValues, environment?.sizes ?? []), ...offsetNotes(offsets)];
  return {
    source: placeOf(config.data),
    format: description.format,
    rows,
    columns: columns.map(({ name, kind, group }): ColumnReport => {
      const role = roleOf.get(name);
      return {
        name,
        kind,
        ...(group !== undefined && { group }),
        ...(role !== undefined && { role }),
        ...found.statistics.get(name),
        // What is one value once it is rounded need not be constant.
        ...(offsets.has(name) && { constant: false }),
      };
    }),
    guesses,
    ...partsOf(told),
    memoryBytes: rows * roles.inputs.length * Float32Array.BYTES_PER_ELEMENT,
    problems,
    notes,
    command: commandFor(
      config,
      isWide ? { ...chosen, inputs: "NAMES" } : chosen,
      method ?? methodFor(tasks !== undefined),
    ),
  };
}

/** What rows say about themselves: their labels and targets. */
type Told = Pick<Dataset, "labels" | "targets">;

/** Labels and targets; only those of another kind than their column looks are read again. A column that cannot be read is a problem. */
async function readTold(source: Source, found: Found, roles: Roles, given: Given, problems: Failure[]): Promise<Told> {
  const { survey, numbers, texts } = found;
  const { rows } = survey;
  const wanted = [...new Set(Object.values(roles.labels))];
  const text = wanted.filter((name) => !texts.includes(name));
  const numeric = roles.targets.filter((name) => !numbers.includes(name));
  try {
    const none = { rows, numeric: new Float32Array(), text: [] };
    const again = text.length + numeric.length === 0 ? none : await source.read({ numeric, text });
    const labels: Told["labels"] = {};
    for (const role of LABEL_ROLES) {
      const column = roles.labels[role];
      const own =
        column === undefined ? undefined : (survey.text[texts.indexOf(column)] ?? again.text[text.indexOf(column)]);
      const values = given.labels[role] ?? own;
      if (values !== undefined) labels[role] = encodeLabels(column ?? role, values);
    }
    if (given.targets !== undefined) return { labels, targets: given.targets };
    if (roles.targets.length === 0) return { labels };
    const cols = roles.targets.length;
    const data = new Float32Array(rows * cols);
    roles.targets.forEach((name, j) => {
      const known = numbers.indexOf(name);
      const [values, width, at] =
        known >= 0 ? [survey.numeric, numbers.length, known] : [again.numeric, numeric.length, numeric.indexOf(name)];
      for (let i = 0; i < rows; i++) data[i * cols + j] = values[i * width + at]!;
    });
    return { labels, targets: { columns: [...roles.targets], values: { data, rows, cols } } };
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    if (!problems.some(({ message }) => message === error.message)) problems.push(error.toJSON());
    return { labels: {} };
  }
}

function partsOf(told: Told): Pick<InspectReport, "environment" | "tasks"> {
  const { environment } = told.labels;
  const tasks = tasksOf(told);
  return {
    ...(environment !== undefined && { environment: { column: environment.column, sizes: sizesOf(environment) } }),
    ...(tasks !== undefined && { tasks }),
  };
}

function sizesOf({ levels, codes }: NativeLabels): readonly { label: string; rows: number }[] {
  const rows = new Uint32Array(levels.length);
  for (const code of codes) rows[code]!++;
  return levels.map((label, code) => ({ label, rows: rows[code]! })).filter(({ label }) => label !== "");
}

function withoutTarget({ data }: DataConfig, targets: NativeTable): readonly Failure[] {
  const { first, count } = rowsWithoutTarget(targets);
  if (count === 0) return [];
  return [
    {
      code: "DATA_NOT_FINITE",
      message: `row ${first + 1}: no target has a value; ${count} ${count === 1 ? "row has" : "rows have"} none`,
      ...(isPaths(data) && { path: placeOf(data) }),
      hint: 'set `missingTarget` to "drop" to leave such rows out (--missing-target drop)',
      context: { row: first + 1, count },
    },
  ];
}

function tooWide({ data }: DataConfig, rows: number, inputs: number): Failure {
  return {
    code: "DATA_TOO_FEW_ROWS",
    message: `${rows} rows are too few for ${inputs} inputs`,
    ...(isPaths(data) && { path: placeOf(data) }),
    hint: "name at most as many inputs as there are rows, for example --inputs 'gene*'",
  };
}

function inspectFolder(config: DataConfig, dataset: Dataset, method: string | undefined): InspectReport {
  const { inputs, inputNames, labels, targets, truth } = dataset;
  const { rows } = inputs;
  const numbers = (names: readonly string[], values: Float32Array, role: string): ColumnReport[] =>
    factsOf(values, rows, names).map((facts, j) => ({ name: names[j]!, kind: "number", role, ...facts }));
  const texts = Object.entries(labels).map(([role, { column, levels }]): ColumnReport => {
    return { name: column, kind: "text", role, missing: 0, constant: levels.length < 2, levels: levels.length };
  });
  const parts = partsOf(dataset);
  return {
    source: placeOf(config.data),
    format: "dataset-folder",
    rows,
    columns: [
      ...numbers(inputNames, inputs.data, "inputs"),
      ...texts,
      ...numbers(targets?.columns ?? [], targets?.values.data ?? new Float32Array(), "target"),
      ...numbers(truth.latents?.columns ?? [], truth.latents?.values.data ?? new Float32Array(), "truth"),
    ],
    guesses: { environment: [], task: [], target: [], truth: [], rowId: [] },
    ...parts,
    memoryBytes: inputs.data.byteLength,
    problems: targets === undefined ? [] : withoutTarget(config, targets),
    notes: [],
    command: [
      "disentangle fit",
      `--method ${method ?? methodFor(parts.tasks !== undefined)}`,
      `--data ${quoted(placeOf(config.data))}`,
    ].join(" "),
  };
}

/** The roles; a table without any input column is described all the same. */
function rolesOrProblem(keys: RoleKeys, description: SourceDescription, found: Found, problems: Failure[]): Roles {
  try {
    const roles = resolveRoles(keys, description);
    const { doubtful } = roles;
    if (doubtful === undefined) return roles;
    const { survey, numbers } = found;
    const at = numbers.indexOf(doubtful);
    const values = Float32Array.from({ length: survey.rows }, (_, i) => survey.numeric[i * numbers.length + at]!);
    return numbersRows(doubtful, values, survey.parts) ? withoutRowNumbers(roles, doubtful) : roles;
  } catch (error) {
    if (!isDisentangleError(error) || error.code !== "DATA_EMPTY") throw error;
    problems.push(error.toJSON());
    return { inputs: [], chosenBy: "default", labels: {}, targets: [], truth: [], indexes: [], ignored: [] };
  }
}

function rolesByColumn(roles: Roles): ReadonlyMap<string, string> {
  return new Map([
    ...roles.inputs.map((name) => [name, "inputs"] as const),
    ...roles.truth.map((name) => [name, "truth"] as const),
    ...roles.targets.map((name) => [name, "target"] as const),
    ...Object.entries(roles.labels).map(([role, name]) => [name, role] as const),
    ...(roles.rowId === undefined ? [] : [[roles.rowId, "rowId"] as const]),
  ]);
}
