// What a file holds and what its columns look like they are for: plain data, nothing printed, nothing decided for `fit`.
import { quoted } from "../command-line.js";
import { type Failure, isDisentangleError } from "../errors.js";
import type { NativeLabels, NativeTable } from "../native.js";
import { readStatistics, statisticsOf } from "./column-statistics.js";
import { type DataConfig, type InMemoryData, parseDataConfig } from "./config.js";
import { readFolder } from "./folder.js";
import { openMemory } from "./memory.js";
import { locate } from "./open.js";
import { columnKeys, type Dataset, encodeLabels, type Given, openPlace, takeGiven } from "./read.js";
import { type Guesses, guessRoles, LABEL_ROLES, type RoleKeys, type Roles, resolveRoles } from "./roles.js";
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
  /** Distinct labels of a text column. */
  readonly levels?: number;
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
  const located = typeof data === "string" ? await locate(data) : undefined;
  if (located?.format === "dataset-folder") return inspectFolder(checked, await readFolder(located.path, {}), method);
  const source = located === undefined ? openMemory(data as InMemoryData) : await openPlace(located, checked);
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
  const description = await source.describe("kinds");
  const found = await readStatistics(source, description);
  const columns = description.columns.map((column) =>
    found.refused.has(column.name) ? { ...column, kind: "text" as const } : column,
  );
  const levels = new Map([...found.statistics].map(([name, { levels }]) => [name, levels ?? 0]));
  const guesses = guessRoles(columns, levels, found.rows);
  const named = rolesToShow(config, guesses);
  const problems = [...found.problems];
  const roles = rolesOrProblem(columnKeys({ data: config.data, ...named }), { ...description, columns }, problems);
  const isWide = found.rows < roles.inputs.length;
  if (isWide) problems.push(tooWide(config, found.rows, roles.inputs.length));
  const roleOf = rolesByColumn(roles);
  const told = await readTold(source, roles, given, problems);
  const { tasks } = partsOf(told);
  if (told.targets !== undefined) problems.push(...withoutTarget(config, told.targets));
  return {
    source: typeof config.data === "string" ? config.data : "in memory",
    format: description.format,
    rows: found.rows,
    columns: columns.map(({ name, kind, group }): ColumnReport => {
      const role = roleOf.get(name);
      return {
        name,
        kind,
        ...(group !== undefined && { group }),
        ...(role !== undefined && { role }),
        ...found.statistics.get(name),
      };
    }),
    guesses,
    ...partsOf(told),
    memoryBytes: found.rows * roles.inputs.length * Float32Array.BYTES_PER_ELEMENT,
    problems,
    command: commandFor(
      config,
      isWide ? { ...named, inputs: "NAMES" } : named,
      method ?? methodFor(tasks !== undefined),
    ),
  };
}

/** What rows say about themselves: their labels and targets. */
type Told = Pick<Dataset, "labels" | "targets">;

/** Reads labels and targets; a column that cannot be read is one problem more. */
async function readTold(source: Source, roles: Roles, given: Given, problems: Failure[]): Promise<Told> {
  const text = [...new Set(Object.values(roles.labels))];
  try {
    const selection = await source.read({ numeric: roles.targets, text });
    const labels: Told["labels"] = {};
    for (const role of LABEL_ROLES) {
      const column = roles.labels[role];
      const values = given.labels[role] ?? (column === undefined ? undefined : selection.text[text.indexOf(column)]);
      if (values !== undefined) labels[role] = encodeLabels(column ?? role, values);
    }
    if (given.targets !== undefined) return { labels, targets: given.targets };
    if (roles.targets.length === 0) return { labels };
    const { rows, numeric } = selection;
    return {
      labels,
      targets: { columns: [...roles.targets], values: { data: numeric, rows, cols: roles.targets.length } },
    };
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
      ...(typeof data === "string" && { path: data }),
      hint: 'set `missingTarget` to "drop" to leave such rows out (--missing-target drop)',
      context: { row: first + 1, count },
    },
  ];
}

function tooWide({ data }: DataConfig, rows: number, inputs: number): Failure {
  return {
    code: "DATA_TOO_FEW_ROWS",
    message: `${rows} rows are too few for ${inputs} inputs`,
    ...(typeof data === "string" && { path: data }),
    hint: "name at most as many inputs as there are rows, for example --inputs 'gene*'",
  };
}

function inspectFolder(config: DataConfig, dataset: Dataset, method: string | undefined): InspectReport {
  const { inputs, inputNames, labels, targets, truth } = dataset;
  const { rows } = inputs;
  const numbers = (names: readonly string[], values: Float32Array, role: string): ColumnReport[] =>
    names.map((name, j) => ({ name, kind: "number", role, ...statisticsOf(values, j, names.length) }));
  const texts = Object.entries(labels).map(([role, { column, levels }]): ColumnReport => {
    return { name: column, kind: "text", role, missing: 0, constant: levels.length < 2, levels: levels.length };
  });
  const parts = partsOf(dataset);
  return {
    source: config.data as string,
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
    command: [
      "disentangle fit",
      `--method ${method ?? methodFor(parts.tasks !== undefined)}`,
      `--data ${quoted(config.data)}`,
    ].join(" "),
  };
}

/** The roles; a table without any input column is described all the same. */
function rolesOrProblem(keys: RoleKeys, description: SourceDescription, problems: Failure[]): Roles {
  try {
    return resolveRoles(keys, description);
  } catch (error) {
    if (!isDisentangleError(error) || error.code !== "DATA_EMPTY") throw error;
    problems.push(error.toJSON());
    return { inputs: [], chosenBy: "default", labels: {}, targets: [], truth: [], ignored: [] };
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
