// What a file holds and what its columns look like they are for: plain data, nothing printed, nothing decided for `fit`.
import { quoted } from "../command-line.js";
import { type Failure, isDisentangleError } from "../errors.js";
import type { NativeImage, NativeLabels, NativeTable } from "../native.js";
import { atOnce, byTurns } from "../turns.js";
import { type ColumnStatistics, type Found, readStatistics, statisticsOf } from "./column-statistics.js";
import { pick, placing } from "./columns.js";
import { type DataConfig, parseDataConfig } from "./config.js";
import { encodeLabels } from "./encode-labels.js";
import { readFolder } from "./folder.js";
import { infinite, notesOf } from "./inspect-notes.js";
import { refuseIdle } from "./modalities.js";
import { offsetNotes, relativeColumns, withOffsets } from "./offsets.js";
import { datasetFolder, locateAll } from "./open-source.js";
import { isPaths } from "./paths.js";
import { columnKeys, type Dataset, type Given, takeGiven } from "./read.js";
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
import type { JoinReport, Source, SourceColumn, SourceDescription } from "./source.js";
import { openSource, placeOf, takeSources } from "./sources.js";
import { commandFor, methodFor, methodsFor, rolesToShow } from "./suggestion.js";
import { rowsWithoutTarget, type TaskSize, tasksOf } from "./tasks.js";
import { inputColumns, pixels, placesOf, viewOf } from "./views.js";

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
  /** Infinite cells, where there are any. */
  readonly infinite?: number;
  /** Values that look like words for "no value": frequent, and far outside of the others. */
  readonly sentinels?: readonly { readonly value: number; readonly count: number }[];
  /** An earlier column of which this one is a copy, up to scale, offset and rounding. */
  readonly copyOf?: string;
  /** Smallest and largest number, of a column of numbers. */
  readonly min?: number;
  readonly max?: number;
  /** The shape, of a column of images. */
  readonly image?: NativeImage;
}

/** One view of the inputs: a modality, or images. */
export interface ViewReport {
  readonly name: string;
  /** Number of input columns, pixels included. */
  readonly columns: number;
  /** The shape of its images. */
  readonly image?: NativeImage;
  /** Smallest and largest number; absent where there is none. */
  readonly min?: number;
  readonly max?: number;
  /** Cells without a value. */
  readonly missing: number;
}

/** What `inspect` found. */
export interface InspectReport {
  readonly source: string;
  readonly format: string;
  readonly rows: number;
  /** Images are one column each. */
  readonly columns: readonly ColumnReport[];
  /** The views of the inputs, where there are modalities or images. */
  readonly views?: readonly ViewReport[];
  /** How the rows of several tables were joined. */
  readonly joined?: JoinReport;
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
  /** What stops no fit and is worth knowing: how the data are read, row indexes, words for "no value", copies. */
  readonly notes: readonly string[];
  /** The methods that have all they need in these data, with the roles of `command`. */
  readonly methods: readonly string[];
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
  const taken = takeSources(checked);
  const { data } = checked;
  const located = isPaths(data) ? await locateAll(data) : [];
  const folder = datasetFolder(located);
  if (folder !== undefined) return inspectFolder(checked, await readFolder(folder, {}), method);
  const source = await openSource(checked, taken, located);
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
  const measured = columns.filter((column) => !isRowIndex(column));
  const guesses = guessRoles(measured, levels, rows);
  const chosen = rolesToShow(config, guesses);
  const problems = [...found.survey.problems, ...infinite(found, placeOf(config))];
  const keys = columnKeys({ data: config.data, ...chosen, ...(config.rowId === false && { rowId: false }) });
  const roles = rolesOrProblem(keys, { ...description, columns }, found, problems);
  const views = viewsOf(roles.inputs, columns, found.statistics);
  const width = views.reduce((sum, view) => sum + view.columns, 0);
  const isWide = rows < width;
  if (isWide) problems.push(tooWide(config, rows, width));
  const isPlain = views.every(({ name, image }) => name === "inputs" && image === undefined);
  const roleOf = rolesByColumn(roles);
  const told = await readTold(source, found, roles, given, problems);
  const { tasks, environment } = partsOf(told);
  if (told.targets !== undefined) problems.push(...withoutTarget(config, told.targets));
  const { numbers, survey } = found;
  // What stops a fit is told as a problem, and not read again.
  const isReadable = (name: string) => !found.refused.has(name) && found.statistics.get(name)?.infinite === undefined;
  const readable = new Set(numbers.filter(isReadable));
  const { offsets } = await withOffsets(source, { rows, names: numbers, values: survey.numeric }, readable);
  const relative = relativeColumns(roles, description);
  const kept = new Map([...offsets].filter(([name]) => relative.has(name)));
  const holdings = {
    tasks: tasks !== undefined,
    target: chosen.target !== undefined,
    environment: chosen.environment !== undefined,
    tree: config.tree !== undefined,
    modalities: views.length,
  };
  const notes = [...notesOf(found, roles, config.missingValues, environment?.sizes ?? []), ...offsetNotes(kept)];
  return {
    source: placeOf(config),
    format: description.format,
    rows,
    columns: columns.map(({ name, kind, group, image }): ColumnReport => {
      const role = roleOf.get(name);
      return {
        name,
        kind,
        ...(group !== undefined && { group }),
        ...(role !== undefined && { role }),
        ...found.statistics.get(name),
        // What is one value once it is rounded need not be constant.
        ...(offsets.has(name) && { constant: false }),
        ...(image !== undefined && { image }),
      };
    }),
    ...(!isPlain && { views }),
    ...(description.joined !== undefined && { joined: description.joined }),
    notes,
    guesses,
    ...partsOf(told),
    memoryBytes: rows * width * Float32Array.BYTES_PER_ELEMENT,
    problems,
    methods: methodsFor(holdings),
    command: commandFor(
      config,
      isWide && isPlain ? { ...chosen, inputs: "NAMES" } : chosen,
      method ?? (isWide && !isPlain ? WIDE : methodFor(holdings)),
    ),
  };
}

/** The views of the inputs, in order of their first column. */
function viewsOf(
  inputs: readonly string[],
  columns: readonly SourceColumn[],
  statistics: ReadonlyMap<string, ColumnStatistics>,
): readonly ViewReport[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const views = new Map<string, ViewReport>();
  for (const name of inputs) {
    const column = byName.get(name)!;
    const { image } = column;
    const { missing = 0, min, max } = statistics.get(name) ?? {};
    const view = viewOf(column);
    const known = views.get(view) ?? { name: view, columns: 0, missing: 0, ...(image !== undefined && { image }) };
    const [least, most] = [
      [known.min, min],
      [known.max, max],
    ].map((pair) => pair.filter((value) => value !== undefined));
    views.set(view, {
      ...known,
      columns: known.columns + (image === undefined ? 1 : pixels(image)),
      missing: known.missing + missing,
      ...(least!.length > 0 && { min: Math.min(...least!), max: Math.max(...most!) }),
    });
  }
  return [...views.values()];
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
      if (values !== undefined) labels[role] = await byTurns(encodeLabels(column ?? role, values));
    }
    if (given.targets !== undefined) return { labels, targets: given.targets };
    if (roles.targets.length === 0) return { labels };
    const cols = roles.targets.length;
    const data = new Float32Array(rows * cols);
    atOnce(placing(data, roles.targets, survey.numeric, numbers));
    atOnce(placing(data, roles.targets, again.numeric, numeric));
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
      ...(isPaths(data) && { path: [data].flat().join(", ") }),
      hint: 'set `missingTarget` to "drop" to leave such rows out (--missing-target drop)',
      context: { row: first + 1, count },
    },
  ];
}

// The method to begin with where images or modalities have more columns than rows.
const WIDE = "pca";

function tooWide({ data }: DataConfig, rows: number, inputs: number): Failure {
  return {
    code: "DATA_TOO_FEW_ROWS",
    message: `${rows} rows are too few for ${inputs} inputs in most methods`,
    ...(isPaths(data) && { path: [data].flat().join(", ") }),
    hint: "name at most as many inputs as there are rows, for example --inputs 'gene*', or choose a method that takes more: pca, fast-ica or random-encoder",
  };
}

function inspectFolder(config: DataConfig, dataset: Dataset, method: string | undefined): InspectReport {
  const { inputs, labels, targets, truth } = dataset;
  const { rows } = inputs;
  const { columns, statistics } = folderInputs(dataset);
  const views = viewsOf(
    columns.map(({ name }) => name),
    columns,
    statistics,
  );
  const numbers = (names: readonly string[], values: Float32Array, role: string): ColumnReport[] =>
    names.map((name, j) => ({ name, kind: "number", role, ...statisticsOf(values, j, names.length) }));
  const texts = Object.entries(labels).map(([role, { column, levels }]): ColumnReport => {
    return { name: column, kind: "text", role, missing: 0, constant: levels.length < 2, levels: levels.length };
  });
  const parts = partsOf(dataset);
  const holdings = {
    tasks: parts.tasks !== undefined,
    target: targets !== undefined,
    environment: parts.environment !== undefined,
    tree: dataset.tree !== undefined,
    modalities: dataset.views?.length ?? 1,
  };
  const { notes = [] } = JSON.parse(dataset.provenance) as { readonly notes?: readonly string[] };
  return {
    source: placeOf(config),
    format: "dataset-folder",
    rows,
    columns: [
      ...columns.map(({ name, kind, image }): ColumnReport => {
        return { name, kind, role: "inputs", ...statistics.get(name), ...(image !== undefined && { image }) };
      }),
      ...texts,
      ...numbers(targets?.columns ?? [], targets?.values.data ?? new Float32Array(), "target"),
      ...numbers(truth.latents?.columns ?? [], truth.latents?.values.data ?? new Float32Array(), "truth"),
    ],
    ...(dataset.views !== undefined && { views }),
    guesses: { environment: [], task: [], target: [], truth: [], rowId: [] },
    ...parts,
    memoryBytes: inputs.data.byteLength,
    problems: targets === undefined ? [] : withoutTarget(config, targets),
    notes,
    methods: methodsFor(holdings),
    command: ["disentangle fit", `--method ${method ?? methodFor(holdings)}`, `--data ${quoted(placeOf(config))}`].join(
      " ",
    ),
  };
}

function folderInputs(dataset: Dataset): {
  readonly columns: readonly SourceColumn[];
  readonly statistics: ReadonlyMap<string, ColumnStatistics>;
} {
  const columns = inputColumns(dataset);
  const { data, rows, cols } = dataset.inputs;
  const places = placesOf(dataset);
  const statistics = new Map(
    columns.map(({ name, image }) => {
      const { start, end } = places.get(name)!;
      if (image === undefined) return [name, statisticsOf(data, start, cols)] as const;
      const pictures = new Float32Array(rows * (end - start));
      for (let i = 0; i < rows; i++) pictures.set(data.subarray(i * cols + start, i * cols + end), i * (end - start));
      return [name, statisticsOf(pictures, 0, 1)] as const;
    }),
  );
  return { columns, statistics };
}

/** The roles; a table without any input column is described all the same. */
function rolesOrProblem(keys: RoleKeys, description: SourceDescription, found: Found, problems: Failure[]): Roles {
  try {
    const roles = resolveRoles(keys, description);
    refuseIdle(description, roles);
    const { doubtful } = roles;
    if (doubtful === undefined) return roles;
    const { survey, numbers } = found;
    return numbersRows(doubtful, pick(survey.numeric, numbers, [doubtful]), survey.parts)
      ? withoutRowNumbers(roles, doubtful)
      : roles;
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
