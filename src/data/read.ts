// A configuration in, one data set out: labels coded, roles resolved, rows in file order.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DisentangleError, fail, isDisentangleError } from "../errors.js";
import { later, type NativeDataset, type NativeImage, type NativeTable, type NativeTree, native } from "../native.js";
import { byTurns } from "../turns.js";
import { picked } from "./columns.js";
import { type DataConfig, parseDataConfig, type TreeData } from "./config.js";
import { encodeLabels } from "./encode-labels.js";
import { readFolder } from "./folder.js";
import { copyLabels, copyTargets } from "./memory.js";
import { wordNotes } from "./missing-values.js";
import { refuseIdle } from "./modalities.js";
import { type Offset, offsetNotes, relativeColumns, withOffsets } from "./offsets.js";
import { notFound } from "./open.js";
import { datasetFolder, locateAll, openAll, type SourceOptions } from "./open-source.js";
import { isPaths } from "./paths.js";
import { askLater, placedAt } from "./place.js";
import { type FoundReading, readingOf } from "./reading.js";
import {
  isNames,
  LABEL_ROLES,
  type LabelRole,
  needsKinds,
  type RoleKeys,
  type Roles,
  resolveRoles,
  withoutRowNumbers,
} from "./roles.js";
import { indexNote, numbersRows } from "./row-index.js";
import type { ColumnChoice, Selection, Source, SourceColumn, SourceDescription } from "./source.js";
import { openSource, placeOf, refuseParts, takeSources } from "./sources.js";
import { isStdin } from "./unpacked.js";
import { type Block, joinBlocks, viewOf } from "./views.js";

/** A data set in memory, as plain data: what `simulate` and `readDataset` give, and what `fit` accepts as `data`. */
export type Dataset = NativeDataset;

/**
 * Reads the columns that a configuration gives a role to; all others are ignored. Arrays in memory are copied before the
 * first `await`: what the caller does with them afterwards changes nothing.
 *
 * @param remembered what is known from data of the same origin
 * @throws `DisentangleError` with one of the `CONFIG_*`, `DATA_*` and `TREE_*` codes
 */
export async function readDataset(
  config: DataConfig,
  remembered: Remembered = {},
  { leavesInputs = false }: Leave = {},
): Promise<Dataset> {
  const checked = parseDataConfig(config);
  const given = takeGiven(checked);
  const taken = takeSources(checked, remembered);
  const { data } = checked;
  const located = isPaths(data) ? await locateAll(data) : [];
  const folder = datasetFolder(located);
  const { model, likely, offsets } = remembered;
  if (folder !== undefined) {
    refuseParts(checked, located[0]!.given);
    const keys = { ...columnKeys(checked), ...(model && { inputs: [...model.inputs] }) };
    const dataset = await readFolder(folder, keys, leavesInputs);
    return withTree(await withTruth(dataset, checked), checked);
  }
  const source = await openSource(checked, taken, located, { likely, called: model?.inputs });
  try {
    const description = await source.describe(needsKinds(checked) ? "kinds" : "names");
    const keys: RoleKeys = { ...columnKeys(checked), ...columnsOf(model, description) };
    const found = await readRoles(source, description, keys, offsets);
    const dataset = await assemble(checked, description, found, given);
    return await withTree(await withTruth(dataset, checked, description.reading), checked);
  } finally {
    await source.close();
  }
}

/** What need not be read yet. */
export interface Leave {
  /** All inputs of a data set folder, which the core reads there when it needs them. */
  readonly leavesInputs?: boolean;
}

/** What is known from data of the same origin that were read before. */
export interface Remembered {
  /** How they were written. */
  readonly likely?: FoundReading;
  /** What their columns were kept relative to. */
  readonly offsets?: ReadonlyMap<string, number>;
  /** Reads new rows for a model: they need its inputs, and no others are taken. */
  readonly model?: ModelColumns;
}

/** Columns with their roles, as they were read. */
interface FoundRoles {
  readonly roles: Roles;
  readonly selection: Selection;
  readonly offsets: ReadonlyMap<string, Offset>;
}

/** Reads what has a role. Whether the first column counts the rows shows only now. */
async function readRoles(
  source: Source,
  description: SourceDescription,
  keys: RoleKeys,
  fixed?: ReadonlyMap<string, number>,
): Promise<FoundRoles> {
  const before = resolveRoles(keys, description);
  refuseIdle(description, before);
  const choice = choiceOf(before, description);
  if (description.rows !== undefined) claim(description.rows, choice.numeric.length);
  const { roles, selection } = await settled(before, await source.read(choice), choice.numeric);
  const needed = choiceOf(roles, description).numeric;
  const numbers = await byTurns(picked(selection.numeric, choice.numeric, needed));
  const { values, offsets } = await withOffsets(
    source,
    { rows: selection.rows, names: needed, values: numbers },
    relativeColumns(roles, description),
    fixed,
  );
  return { roles, offsets, selection: { ...selection, numeric: values } };
}

/** Less than this the core never refuses; asking reads several files of the system, which a single row must not wait for. */
const ASKED_FROM = 2 ** 20;

/** Asks for the numbers of a table whose size is known before it is read. */
function claim(rows: number, columns: number): void {
  const bytes = rows * columns * Float32Array.BYTES_PER_ELEMENT;
  if (bytes >= ASKED_FROM) native().claimMemory(bytes, `reading ${rows} rows of ${columns} columns`);
}

async function settled(
  roles: Roles,
  selection: Selection,
  numeric: readonly string[],
): Promise<{ readonly roles: Roles; readonly selection: Selection }> {
  const { doubtful } = roles;
  if (doubtful === undefined) return { roles, selection };
  const values = await byTurns(picked(selection.numeric, numeric, [doubtful]));
  if (!numbersRows(doubtful, values, selection.parts)) return { roles, selection };
  const found = withoutRowNumbers(roles, doubtful);
  if (found.rowId !== doubtful) return { roles: found, selection };
  const ids = Array.from(values, String);
  const words = selection.words && [...selection.words, undefined];
  return { roles: found, selection: { ...selection, text: [...selection.text, ids], ...(words && { words }) } };
}

/** What a model asks of new rows. */
export interface ModelColumns {
  /** Its inputs, in order. */
  readonly inputs: readonly string[];
  /** The column with the identifiers of the rows: new rows may have none. */
  readonly rowId?: string;
}

/** The columns that a model asks for: by name, or all of a matrix that has no names and other columns than the model. */
function columnsOf(model: ModelColumns | undefined, { columns }: SourceDescription): RoleKeys {
  if (model === undefined) return {};
  const { inputs, rowId } = model;
  const known = new Set(columns.map(({ name }) => name));
  const isBare = columns.every(({ positional }) => positional === true);
  const isOther = isBare && inputs.some((name) => !known.has(name));
  return { ...(!isOther && { inputs: [...inputs] }), ...(rowId !== undefined && known.has(rowId) && { rowId }) };
}

/** The name that a data set has when none is given: that of its file. */
export function nameOf(config: DataConfig): string {
  if (config.name !== undefined) return config.name;
  const { data, modalities } = config;
  if (data === undefined && modalities !== undefined) return Object.keys(modalities).join("+");
  if (!isPaths(data)) return "in memory";
  const [first = ""] = [data].flat();
  if (isStdin(first)) return "stdin";
  return basename(first).replace(/(?<=.)(\.[a-z0-9]+(\.(gz|zst|zip))?)$/i, "");
}

/** Values given per row instead of a column's name, copied. */
export interface Given {
  readonly labels: Readonly<Partial<Record<LabelRole, string[]>>>;
  readonly targets?: NativeTable;
}

/** Copies what was given per row, at once. */
export function takeGiven(config: DataConfig): Given {
  const labels = LABEL_ROLES.flatMap((role) => {
    const value = config[role];
    return value === undefined || typeof value === "string" ? [] : [[role, copyLabels(role, value)] as const];
  });
  const { target } = config;
  if (target === undefined || isNames(target)) return { labels: Object.fromEntries(labels) };
  return { labels: Object.fromEntries(labels), targets: placedAt("target", () => copyTargets(target)) };
}

const DATA_FILE =
  /\.(csv|tsv|tab|txt|parquet|pq|jsonl?|ndjson|npy|npz|mtx|h5ad|h5|zarr)(\.(gz|zst|zip))?$|^(-|\/dev\/(stdin|fd\/\d+))$/i;

/** The configuration without a truth that is a file. */
export function columnKeys(config: DataConfig): DataConfig {
  const { truth, ...rest } = config;
  return truth === undefined || isFile(truth) ? rest : config;
}

function isFile(truth: NonNullable<DataConfig["truth"]>): truth is string {
  return typeof truth === "string" && DATA_FILE.test(truth);
}

function choiceOf(roles: Roles, { columns }: SourceDescription): Required<ColumnChoice> {
  // Row ids come last: those that count the rows are known only when all else is read.
  const text = [...Object.values(roles.labels), ...(roles.rowId === undefined ? [] : [roles.rowId])];
  const pictures = new Set(columns.filter(({ kind }) => kind === "image").map(({ name }) => name));
  const numbers = [...roles.inputs.filter((name) => !pictures.has(name)), ...roles.targets, ...roles.truth];
  return {
    numeric: [...new Set(numbers)],
    text: [...new Set(text)],
    images: roles.inputs.filter((name) => pictures.has(name)),
  };
}

async function assemble(
  config: DataConfig,
  description: SourceDescription,
  found: FoundRoles,
  given: Given,
): Promise<Dataset> {
  const { roles, selection, offsets } = found;
  const { rows } = selection;
  if (rows === 0) {
    fail("DATA_EMPTY", `${placeOf(config)} has no rows`, { path: placeOf(config), hint: "give at least one row" });
  }
  const { numeric, text, images } = choiceOf(roles, description);
  const table = async (columns: readonly string[]): Promise<NativeTable> => ({
    columns: [...columns],
    values: { data: await byTurns(picked(selection.numeric, numeric, columns)), rows, cols: columns.length },
  });
  const labels: Dataset["labels"] = {};
  for (const role of LABEL_ROLES) {
    const column = roles.labels[role];
    const values = given.labels[role] ?? (column === undefined ? undefined : selection.text[text.indexOf(column)]!);
    if (values === undefined) continue;
    refuseLength(role, values.length, rows);
    labels[role] = await byTurns(encodeLabels(column ?? role, values));
  }
  const targets = given.targets ?? (roles.targets.length > 0 ? await table(roles.targets) : undefined);
  if (targets !== undefined) refuseLength("target", targets.values.rows, rows);
  const byName = new Map(description.columns.map((column) => [column.name, column]));
  const blocks: Block[] = [];
  for (const { view, names, image } of runsOf(roles.inputs, byName)) {
    const data = image === undefined ? (await table(names)).values.data : selection.images![images.indexOf(names[0]!)]!;
    blocks.push({
      view,
      data,
      width: data.length / rows,
      names: image === undefined ? names : [],
      ...(image && { image }),
    });
  }
  const joined = await byTurns(joinBlocks(blocks, rows));
  return {
    name: nameOf(config),
    ...joined,
    rowIds: roles.rowId === undefined ? (selection.rowIds ?? []) : selection.text[text.indexOf(roles.rowId)]!,
    labels,
    ...(targets !== undefined && { targets }),
    truth: roles.truth.length > 0 ? { latents: await table(roles.truth) } : {},
    provenance: JSON.stringify(provenanceOf(config, description, found)),
    ...(offsets.size > 0 && {
      offsets: offsetsOf(offsets, joined.inputNames, given.targets === undefined ? roles.targets : []),
    }),
  };
}

function offsetsOf(
  offsets: ReadonlyMap<string, Offset>,
  inputs: readonly string[],
  targets: readonly string[],
): NonNullable<Dataset["offsets"]> {
  const of = (names: readonly string[]): number[] => names.map((name) => offsets.get(name)?.offset ?? 0);
  const has = (names: readonly string[]): boolean => names.some((name) => offsets.has(name));
  return { ...(has(inputs) && { inputs: of(inputs) }), ...(has(targets) && { targets: of(targets) }) };
}

/** Inputs that follow each other and lie in one view; an image stands alone. */
function runsOf(
  inputs: readonly string[],
  columns: ReadonlyMap<string, SourceColumn>,
): readonly { readonly view: string; readonly names: string[]; readonly image?: NativeImage }[] {
  const runs: { view: string; names: string[]; image?: NativeImage }[] = [];
  for (const name of inputs) {
    const { image } = columns.get(name)!;
    const view = viewOf(columns.get(name)!);
    const last = runs.at(-1);
    if (image === undefined && last?.view === view && last.image === undefined) last.names.push(name);
    else runs.push({ view, names: [name], ...(image !== undefined && { image }) });
  }
  return runs;
}

function provenanceOf(
  config: DataConfig,
  description: SourceDescription,
  { roles, selection, offsets }: FoundRoles,
): Record<string, unknown> {
  const { labels, targets, truth, rowId, ignored, indexes } = roles;
  const { reading, joined } = description;
  const notes: string[] = [...(description.notes ?? [])];
  const index = rowId !== undefined && rowId !== config.rowId ? [...new Set([rowId, ...indexes])] : indexes;
  if (index.length > 0) notes.push(indexNote(index, rowId));
  notes.push(...offsetNotes(offsets));
  const { text } = choiceOf(roles, description);
  const missingWords: Record<string, string> = {};
  // What somebody chose to be missing needs no telling.
  for (const column of config.missingValues === undefined ? new Set(Object.values(labels)) : []) {
    const at = text.indexOf(column);
    const words = selection.words?.[at];
    const [first] = Object.keys(words ?? {});
    if (first !== undefined) missingWords[column] = first;
    notes.push(...wordNotes(column, words, selection.text[at]!));
  }
  if (roles.chosenBy === "default") {
    const others = ignored.filter((name) => !index.includes(name));
    const left = others.length === 0 ? "" : `, not ${listed(others)}`;
    notes.push(`no inputs were named: ${takenText(roles.inputs, description)} without another role were taken${left}`);
  }
  return {
    source: placeOf(config),
    format: description.format,
    ...(config.matrix !== undefined && { matrix: config.matrix }),
    columns: {
      inputs: roles.inputs.length,
      ...labels,
      ...(targets.length > 0 && { targets }),
      ...(truth.length > 0 && { truth }),
      ...(rowId !== undefined && { rowId }),
      ignored: ignored.length,
    },
    inputsChosenBy: roles.chosenBy,
    ...(reading && { reading }),
    ...(Object.keys(missingWords).length > 0 && { missingWords }),
    ...(joined !== undefined && { joined }),
    notes,
  };
}

function takenText(inputs: readonly string[], { columns }: SourceDescription): string {
  const pictures = columns.filter(({ name, kind }) => kind === "image" && inputs.includes(name)).length;
  const numbers = inputs.length - pictures;
  const images = pictures === 1 ? "the images" : `the images of ${pictures} views`;
  if (pictures === 0) return `all ${numbers} numeric columns`;
  return numbers === 0 ? images : `${images} and ${numbers} numeric columns`;
}

function listed(names: readonly string[]): string {
  return names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
}

async function withTruth(dataset: Dataset, config: DataConfig, likely?: FoundReading): Promise<Dataset> {
  const { truth } = config;
  if (truth === undefined || !isFile(truth)) return dataset;
  const { missingValues, decimal } = readingOf(config);
  const latents = await readTruth(truth, dataset.inputs.rows, { missingValues, decimal, likely });
  return { ...dataset, truth: { ...dataset.truth, latents } };
}

/** The number columns of a file with a row for each of the data; its row index is none of them. */
async function readTruth(truth: string, rows: number, options: SourceOptions): Promise<NativeTable> {
  const source = await openAll(await locateAll(truth), { ...options, prefix: "z" });
  try {
    const description = await source.describe("kinds");
    const { roles, selection } = await readRoles(source, description, {});
    if (selection.rows !== rows) {
      fail("DATA_SHAPE", `${truth} has ${selection.rows} rows, the data have ${rows}`, {
        path: truth,
        hint: "give one row of true latents per row of the data, in the same order",
        context: { got: selection.rows, expected: rows },
      });
    }
    const values = await byTurns(picked(selection.numeric, choiceOf(roles, description).numeric, roles.inputs));
    return { columns: [...roles.inputs], values: { data: values, rows, cols: roles.inputs.length } };
  } finally {
    await source.close();
  }
}

async function withTree(dataset: Dataset, { tree }: DataConfig): Promise<Dataset> {
  if (tree === undefined) return dataset;
  if (tree === "dendrogram")
    return { ...dataset, tree: await askLater(dataset, (data) => later().dendrogram(data, "{}")) };
  return { ...dataset, tree: typeof tree === "string" ? await readTree(tree) : copyTree(tree) };
}

const TREE = "tree is the path of a Newick file or of a parent-child-length table, or 'dendrogram'";

async function readTree(path: string): Promise<NativeTree> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") throw notFound(path, ["dendrogram"]);
    const reason = cause.code === "EISDIR" ? "it is a folder" : cause.message;
    return fail("DATA_NOT_FOUND", `cannot read ${path}: ${reason}`, { path, hint: TREE, cause });
  });
  if (text.trim() === "") fail("DATA_EMPTY", `${path} is empty`, { path, hint: TREE });
  try {
    return native().parseTree(text, /^\s*[([]|;\s*$/.test(text) ? "newick" : "table");
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    // The parser knows line and column; only here is the file known.
    throw new DisentangleError({
      ...error.toJSON(),
      path: [path, ...(error.path === undefined ? [] : [error.path])].join(":"),
    });
  }
}

function copyTree({ names, parents, lengths }: TreeData): NativeTree {
  return {
    names: [...names],
    parents: [...parents],
    lengths: lengths === undefined ? parents.map((parent) => (parent < 0 ? 0 : 1)) : [...lengths],
  };
}

function refuseLength(key: string, got: number, expected: number): void {
  if (got === expected) return;
  fail("DATA_SHAPE", `${key}: ${got} values for ${expected} rows`, {
    path: key,
    hint: "give one value per row, in the order of the rows",
    context: { got, expected },
  });
}
