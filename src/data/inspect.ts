// What a file holds and what its columns look like they are for: plain data, nothing printed, nothing decided for `fit`.
import { type Failure, isDisentangleError } from "../errors.js";
import { type DataConfig, type InMemoryData, parseDataConfig } from "./config.js";
import { readFolder } from "./folder.js";
import { openMemory } from "./memory.js";
import { formatOf } from "./open.js";
import { columnKeys, type Dataset, openPath } from "./read.js";
import { type Guesses, guessRoles, type RoleKeys, type Roles, resolveRoles } from "./roles.js";
import type { Source, SourceColumn, SourceDescription } from "./source.js";

export { formatInspection } from "./inspection-text.js";

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
  /** Bytes that the input matrix takes as 32-bit floats. */
  readonly memoryBytes: number;
  /** What would stop a fit: columns that look numeric and hold something else. */
  readonly problems: readonly Failure[];
  /** A command to begin with; NAME and NAMES stand where nothing could be guessed. */
  readonly command: string;
}

/** The default of `inspect`'s method. */
const METHOD = "tbr";

/**
 * Reads all of a source and describes it.
 *
 * @param method the method that the suggested command names
 * @throws `DisentangleError` where the source cannot be read at all
 */
export async function inspect(config: DataConfig, method: string = METHOD): Promise<InspectReport> {
  const checked = parseDataConfig(config);
  const { data } = checked;
  if (typeof data === "string" && (await formatOf(data)) === "dataset-folder") {
    return inspectFolder(checked, readFolder(data, {}), method);
  }
  const source = typeof data === "string" ? await openPath(checked) : openMemory(data as InMemoryData);
  try {
    return await inspectSource(checked, source, method);
  } finally {
    await source.close();
  }
}

async function inspectSource(config: DataConfig, source: Source, method: string): Promise<InspectReport> {
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
  const environment = roles.labels.environment;
  const counts = environment === undefined ? undefined : found.labels.get(environment);
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
    ...(environment !== undefined &&
      counts !== undefined && { environment: { column: environment, sizes: sizesOf(counts) } }),
    memoryBytes: found.rows * roles.inputs.length * Float32Array.BYTES_PER_ELEMENT,
    problems,
    command: commandFor(config, isWide ? { ...named, inputs: "NAMES" } : named, method),
  };
}

function tooWide({ data }: DataConfig, rows: number, inputs: number): Failure {
  return {
    code: "DATA_TOO_FEW_ROWS",
    message: `${rows} rows are too few for ${inputs} inputs`,
    ...(typeof data === "string" && { path: data }),
    hint: "name at most as many inputs as there are rows, for example --inputs 'gene*'",
  };
}

function inspectFolder(config: DataConfig, dataset: Dataset, method: string): InspectReport {
  const { inputs, inputNames, labels, targets, truth } = dataset;
  const { rows } = inputs;
  const numbers = (names: readonly string[], values: Float32Array, role: string): ColumnReport[] =>
    names.map((name, j) => ({ name, kind: "number", role, ...statisticsOf(values, j, names.length) }));
  const texts = Object.entries(labels).map(([role, { column, levels }]): ColumnReport => {
    return { name: column, kind: "text", role, missing: 0, constant: levels.length < 2, levels: levels.length };
  });
  const { environment } = labels;
  const counts = new Map(environment?.levels.map((level) => [level, 0]));
  for (const code of environment?.codes ?? [])
    counts.set(environment!.levels[code]!, counts.get(environment!.levels[code]!)! + 1);
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
    guesses: { environment: [], target: [], truth: [], rowId: [] },
    ...(environment !== undefined && { environment: { column: environment.column, sizes: sizesOf(counts) } }),
    memoryBytes: inputs.data.byteLength,
    problems: [],
    command: ["disentangle fit", `--method ${method}`, `--data ${quote(config.data as string)}`].join(" "),
  };
}

interface Found {
  readonly rows: number;
  readonly statistics: ReadonlyMap<string, Pick<ColumnReport, "missing" | "constant" | "levels">>;
  /** Rows per label of each text column. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly refused: ReadonlySet<string>;
  readonly problems: readonly Failure[];
}

// Numbers held at a time: a wide file is read in several passes rather than held in memory as a whole.
const CELLS = 1 << 26;

async function readStatistics(source: Source, description: SourceDescription): Promise<Found> {
  const names = (kind: SourceColumn["kind"]) =>
    description.columns.filter((c) => c.kind === kind).map(({ name }) => name);
  const text = names("text");
  const statistics = new Map<string, Pick<ColumnReport, "missing" | "constant" | "levels">>();
  const refused = new Set<string>();
  const problems: Failure[] = [];
  const first = await source.read({ numeric: [], text });
  const labels = new Map(text.map((name, j) => [name, countLabels(first.text[j]!)]));
  const { rows } = first;
  for (const [name, counts] of labels) {
    const missing = counts.get("") ?? 0;
    const levels = counts.size - Number(missing > 0);
    statistics.set(name, { missing, constant: levels < 2, levels });
  }
  let waiting = names("number");
  const width = Math.max(1, Math.floor(CELLS / Math.max(1, rows)));
  while (waiting.length > 0) {
    const batch = waiting.slice(0, width);
    try {
      const { numeric } = await source.read({ numeric: batch, text: [] });
      for (const [j, name] of batch.entries()) statistics.set(name, statisticsOf(numeric, j, batch.length));
      waiting = waiting.slice(width);
    } catch (error) {
      const column = isDisentangleError(error) ? error.context.column : undefined;
      if (!isDisentangleError(error) || typeof column !== "string" || !batch.includes(column)) throw error;
      problems.push(error.toJSON());
      refused.add(column);
      waiting = waiting.filter((name) => name !== column);
    }
  }
  return { rows, statistics, labels, refused, problems };
}

/** Missing cells of one column of a row-major matrix, and whether the others are all the same. */
export function statisticsOf(
  values: Float32Array,
  column: number,
  width: number,
): { missing: number; constant: boolean } {
  let missing = 0;
  let first = Number.NaN;
  let constant = true;
  for (let at = column; at < values.length; at += width) {
    const value = values[at]!;
    if (Number.isNaN(value)) missing++;
    else if (Number.isNaN(first)) first = value;
    else if (value !== first) constant = false;
  }
  return { missing, constant };
}

function countLabels(labels: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

function sizesOf(counts: ReadonlyMap<string, number>): readonly { label: string; rows: number }[] {
  return [...counts].filter(([label]) => label !== "").map(([label, rows]) => ({ label, rows }));
}

/** What the user named, and guesses for what he did not; values given per row name nothing. */
function rolesToShow(config: DataConfig, guesses: Guesses): RoleKeys {
  const { inputs, environment = guesses.environment[0], task, segment, rowId } = config;
  const used = new Set([environment, task, segment, rowId].filter((name) => typeof name === "string"));
  const free = (names: readonly string[]) => names.filter((name) => !used.has(name));
  const target = config.target ?? free(guesses.target);
  const truth = config.truth ?? free(guesses.truth);
  return {
    ...(inputs !== undefined && { inputs }),
    ...(environment !== undefined && { environment }),
    ...(task !== undefined && { task }),
    ...(segment !== undefined && { segment }),
    ...(rowId !== undefined && { rowId }),
    ...(target.length > 0 && { target: target as NonNullable<DataConfig["target"]> }),
    ...(truth.length > 0 && { truth }),
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

function commandFor(config: DataConfig, named: RoleKeys, method: string): string {
  const flag = (name: string, value: unknown): readonly string[] => {
    const isWord = typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string"));
    return isWord ? [`--${name} ${quote(String(value))}`] : [];
  };
  return [
    "disentangle fit",
    `--method ${method}`,
    ...flag("data", typeof config.data === "string" ? config.data : "FILE"),
    ...flag("matrix", config.matrix),
    ...flag("inputs", named.inputs),
    ...flag("environment", named.environment ?? "NAME"),
    ...flag("target", named.target ?? "NAME"),
    ...flag("truth", named.truth),
    ...flag("tree", config.tree ?? "dendrogram"),
  ].join(" ");
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
