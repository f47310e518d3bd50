// A configuration in, one data set out: labels coded, roles resolved, rows in file order.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DisentangleError, fail, isDisentangleError } from "../errors.js";
import {
  later,
  type NativeDataset,
  type NativeImage,
  type NativeLabels,
  type NativeTable,
  type NativeTree,
  native,
} from "../native.js";
import { type DataConfig, parseDataConfig, type TreeData } from "./config.js";
import { readFolder } from "./folder.js";
import { copyLabels, copyTargets } from "./memory.js";
import { refuseIdle } from "./modalities.js";
import { locate, notFound, openFile } from "./open.js";
import { askLater, placedAt } from "./place.js";
import { isNames, LABEL_ROLES, type LabelRole, needsKinds, type RoleKeys, type Roles, resolveRoles } from "./roles.js";
import type { ColumnChoice, Selection, SourceColumn, SourceDescription } from "./source.js";
import { openSource, placeOf, refuseParts, takeSources } from "./sources.js";
import { isStdin } from "./unpacked.js";
import { type Block, joinBlocks, viewOf } from "./views.js";

/** A data set in memory, as plain data: what `simulate` and `readDataset` give, and what `fit` accepts as `data`. */
export type Dataset = NativeDataset;

/**
 * Reads the columns that a configuration gives a role to; all others are ignored. Arrays in memory are copied before the
 * first `await`: what the caller does with them afterwards changes nothing.
 *
 * @param model reads new rows for it: they need its inputs, and no others are taken
 * @throws `DisentangleError` with one of the CONFIG_*, DATA_* and TREE_* codes
 */
export async function readDataset(config: DataConfig, model?: ModelColumns): Promise<Dataset> {
  const checked = parseDataConfig(config);
  const given = takeGiven(checked);
  const taken = takeSources(checked);
  const { data } = checked;
  const located = typeof data === "string" ? await locate(data) : undefined;
  if (located?.format === "dataset-folder") {
    refuseParts(checked, located.given);
    const dataset = await readFolder(located.path, {
      ...columnKeys(checked),
      ...(model && { inputs: [...model.inputs] }),
    });
    return withTree(await withTruth(dataset, checked), checked);
  }
  const source = await openSource(checked, taken, located);
  try {
    const description = await source.describe(needsKinds(checked) ? "kinds" : "names");
    const roles = resolveRoles({ ...columnKeys(checked), ...columnsOf(model, description) }, description);
    refuseIdle(description, roles);
    const dataset = assemble(checked, description, roles, await source.read(choiceOf(roles, description)), given);
    return await withTree(await withTruth(dataset, checked), checked);
  } finally {
    await source.close();
  }
}

/** What a model asks of new rows. */
export interface ModelColumns {
  /** Its inputs, in order. */
  readonly inputs: readonly string[];
  /** The column with the identifiers of the rows: new rows may have none. */
  readonly rowId?: string;
}

/** The columns that a model asks for: by name, or all of a matrix that has no names. */
function columnsOf(model: ModelColumns | undefined, { format, columns }: SourceDescription): RoleKeys {
  if (model === undefined) return {};
  const { inputs, rowId } = model;
  const hasId = rowId !== undefined && columns.some(({ name }) => name === rowId);
  return { ...(format !== "npy" && { inputs: [...inputs] }), ...(hasId && { rowId }) };
}

/** The name that a data set has when none is given: that of its file. */
export function nameOf(config: DataConfig): string {
  if (config.name !== undefined) return config.name;
  const { data, modalities } = config;
  if (data === undefined && modalities !== undefined) return Object.keys(modalities).join("+");
  if (typeof data !== "string") return "in memory";
  if (isStdin(data)) return "stdin";
  return basename(data).replace(/(?<=.)(\.[a-z0-9]+(\.(gz|zst|zip))?)$/i, "");
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
  const text = [...Object.values(roles.labels), ...(roles.rowId === undefined ? [] : [roles.rowId])];
  const pictures = new Set(columns.filter(({ kind }) => kind === "image").map(({ name }) => name));
  const numbers = [...roles.inputs.filter((name) => !pictures.has(name)), ...roles.targets, ...roles.truth];
  return {
    numeric: [...new Set(numbers)],
    text: [...new Set(text)],
    images: roles.inputs.filter((name) => pictures.has(name)),
  };
}

function assemble(
  config: DataConfig,
  description: SourceDescription,
  roles: Roles,
  selection: Selection,
  given: Given,
): Dataset {
  const { rows } = selection;
  if (rows === 0) {
    fail("DATA_EMPTY", `${placeOf(config)} has no rows`, { path: placeOf(config), hint: "give at least one row" });
  }
  const { numeric, text, images } = choiceOf(roles, description);
  const table = (columns: readonly string[]): NativeTable => ({
    columns: [...columns],
    values: { data: pick(selection.numeric, numeric, columns), rows, cols: columns.length },
  });
  const labels: Dataset["labels"] = {};
  for (const role of LABEL_ROLES) {
    const column = roles.labels[role];
    const values = given.labels[role] ?? (column === undefined ? undefined : selection.text[text.indexOf(column)]!);
    if (values === undefined) continue;
    refuseLength(role, values.length, rows);
    labels[role] = encodeLabels(column ?? role, values);
  }
  const targets = given.targets ?? (roles.targets.length > 0 ? table(roles.targets) : undefined);
  if (targets !== undefined) refuseLength("target", targets.values.rows, rows);
  const byName = new Map(description.columns.map((column) => [column.name, column]));
  const blocks = runsOf(roles.inputs, byName).map(({ view, names, image }): Block => {
    const data = image === undefined ? table(names).values.data : selection.images![images.indexOf(names[0]!)]!;
    return { view, data, width: data.length / rows, names: image === undefined ? names : [], ...(image && { image }) };
  });
  return {
    name: nameOf(config),
    ...joinBlocks(blocks, rows),
    rowIds: roles.rowId === undefined ? (selection.rowIds ?? []) : selection.text[text.indexOf(roles.rowId)]!,
    labels,
    ...(targets !== undefined && { targets }),
    truth: roles.truth.length > 0 ? { latents: table(roles.truth) } : {},
    provenance: JSON.stringify(provenanceOf(config, description, roles)),
  };
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

function provenanceOf(config: DataConfig, description: SourceDescription, roles: Roles): Record<string, unknown> {
  const { labels, targets, truth, rowId, ignored } = roles;
  const { joined, notes: told = [] } = description;
  const notes = [...told];
  if (roles.chosenBy === "default") {
    const left = ignored.length === 0 ? "" : `, not ${listed(ignored)}`;
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

/** Codes labels; levels in order of first appearance. "" stays a level: the core's policy for missing values knows it. */
export function encodeLabels(column: string, labels: readonly string[]): NativeLabels {
  const index = new Map<string, number>();
  const codes = Uint32Array.from(labels, (label) => {
    const code = index.get(label) ?? index.size;
    index.set(label, code);
    return code;
  });
  return { column, levels: [...index.keys()], codes };
}

/** Columns of a row-major matrix; the matrix itself where they are all of it, in order. */
function pick(data: Float32Array, all: readonly string[], columns: readonly string[]): Float32Array {
  if (all.length === columns.length && all.every((name, j) => name === columns[j])) return data;
  const position = new Map(all.map((name, j) => [name, j]));
  const from = columns.map((name) => position.get(name)!);
  const rows = data.length / all.length;
  const out = new Float32Array(rows * columns.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < from.length; j++) out[i * from.length + j] = data[i * all.length + from[j]!]!;
  }
  return out;
}

async function withTruth(dataset: Dataset, { truth }: DataConfig): Promise<Dataset> {
  if (truth === undefined || !isFile(truth)) return dataset;
  return { ...dataset, truth: { ...dataset.truth, latents: await readTruth(truth, dataset.inputs.rows) } };
}

async function readTruth(truth: string, rows: number): Promise<NativeTable> {
  const source = await openFile(truth, { prefix: "z" });
  try {
    const { inputs } = resolveRoles({}, await source.describe("kinds"));
    const selection = await source.read({ numeric: inputs, text: [] });
    if (selection.rows !== rows) {
      fail("DATA_SHAPE", `${truth} has ${selection.rows} rows, the data have ${rows}`, {
        path: truth,
        hint: "give one row of true latents per row of the data, in the same order",
        context: { got: selection.rows, expected: rows },
      });
    }
    return { columns: [...inputs], values: { data: selection.numeric, rows, cols: inputs.length } };
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
