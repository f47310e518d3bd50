// Which columns play which role: pure functions on names and kinds.
import { type Failure, failAll, failure } from "../errors.js";
import type { DataConfig } from "./config.js";
import { type ColumnIndex, indexColumns, isNegative, listOf, matchColumns, missingColumns } from "./patterns.js";
import type { SourceColumn, SourceDescription } from "./source.js";

/** The label roles. */
export const LABEL_ROLES = ["environment", "task"] as const;
/** A role whose column holds labels. */
export type LabelRole = (typeof LABEL_ROLES)[number];

/** The columns by role. Roles whose values were given per row are absent. */
export interface Roles {
  readonly inputs: readonly string[];
  /** Whether the inputs were named, or all numeric columns taken. */
  readonly chosenBy: "name" | "default";
  readonly labels: Readonly<Partial<Record<LabelRole, string>>>;
  readonly targets: readonly string[];
  readonly truth: readonly string[];
  readonly rowId?: string;
  /** Columns without a role. */
  readonly ignored: readonly string[];
}

/** The keys of a configuration that name columns. */
export type RoleKeys = Pick<DataConfig, "inputs" | "environment" | "task" | "target" | "truth" | "rowId">;

/** Whether choosing the inputs needs the kinds of the columns: none are named, or only ones to leave out. */
export function needsKinds(keys: RoleKeys): boolean {
  return keys.inputs === undefined || listOf(keys.inputs).every((pattern) => pattern.startsWith("!"));
}

/**
 * Resolves names and patterns against the columns of a source; all missing names at once.
 *
 * @throws `DATA_MISSING_COLUMN`, `CONFIG_CONFLICT` (an input with another role), `DATA_EMPTY` (no input is left)
 */
export function resolveRoles(keys: RoleKeys, description: SourceDescription): Roles {
  const index = indexColumns(description.columns);
  const failures: Failure[] = [];
  const one = (key: "rowId" | LabelRole): string | undefined => {
    const name = keys[key];
    if (typeof name !== "string") return undefined;
    if (!index.names.has(name)) failures.push(...missingColumns(key, [name], index));
    return name;
  };
  const many = (key: "target" | "truth"): readonly string[] => {
    const value = keys[key];
    if (!isNames(value)) return [];
    const { names, unmatched } = matchColumns(listOf(value, index), index);
    failures.push(...missingColumns(key, unmatched, index));
    return names;
  };
  const labels: Partial<Record<LabelRole, string>> = {};
  for (const role of LABEL_ROLES) {
    const name = one(role);
    if (name !== undefined) labels[role] = name;
  }
  const rowId = one("rowId");
  const targets = many("target");
  const truth = many("truth");
  const taken = new Map<string, string>([
    ...truth.map((name) => [name, "truth"] as const),
    ...targets.map((name) => [name, "target"] as const),
    ...Object.entries(labels).map(([role, name]) => [name, role] as const),
    ...(rowId === undefined ? [] : [[rowId, "rowId"] as const]),
  ]);
  failures.push(...quarrels({ target: targets, truth, label: Object.values(labels) }));
  const inputs = resolveInputs(keys.inputs, description, index, taken, failures);
  failAll(failures);
  if (inputs.length === 0) {
    throw failure("DATA_EMPTY", "inputs: no column of numbers is left to learn from", {
      path: "inputs",
      hint:
        description.inputsHint ??
        "name the input columns, for example inputs: 'gene*'; numbers need a decimal point, not a comma",
    });
  }
  const used = new Set([...inputs, ...taken.keys()]);
  const ignored = [...index.names].filter((name) => !used.has(name));
  const chosenBy = keys.inputs === undefined ? "default" : "name";
  return { inputs, chosenBy, labels, targets, truth, ignored, ...(rowId !== undefined && { rowId }) };
}

/** Columns of two roles that exclude each other; labels may share a column, and rows may be called by it. */
function quarrels(roles: Readonly<Record<"target" | "truth" | "label", readonly string[]>>): readonly Failure[] {
  return roles.target.flatMap((column) => {
    const other = (["truth", "label"] as const).find((role) => roles[role].includes(column));
    if (other === undefined) return [];
    const message = `target: column ${JSON.stringify(column)} already has the role ${other}`;
    const hint = "a column is either predicted or known: choose another target";
    return [{ code: "CONFIG_CONFLICT" as const, message, path: "target", hint, context: { column, role: other } }];
  });
}

/** Whether a role was given as names of columns, not as values. */
export function isNames(value: unknown): value is string | readonly string[] {
  return typeof value === "string" || (Array.isArray(value) && typeof value[0] === "string");
}

function resolveInputs(
  inputs: RoleKeys["inputs"],
  { columns, inputGroup }: SourceDescription,
  index: ColumnIndex,
  taken: ReadonlyMap<string, string>,
  failures: Failure[],
): readonly string[] {
  const patterns = inputs === undefined ? [] : listOf(inputs, index);
  const isSubtraction = patterns.every((pattern) => isNegative(pattern, index));
  const usual = columns.filter(
    ({ kind, group, byNameOnly }) =>
      (kind === "number" || kind === "image") && byNameOnly !== true && (inputGroup ?? group) === group,
  );
  const { names, unmatched } = matchColumns(
    isSubtraction ? [...usual.map(({ name }) => name), ...patterns] : patterns,
    index,
  );
  failures.push(...missingColumns("inputs", unmatched, index), ...(isSubtraction ? [] : conflicts(patterns, taken)));
  return names.filter((name) => !taken.has(name));
}

/** Columns that are named as inputs although they have another role; a pattern merely passes them over. */
function conflicts(patterns: readonly string[], taken: ReadonlyMap<string, string>): readonly Failure[] {
  return patterns.flatMap((column) => {
    const role = taken.get(column);
    if (role === undefined) return [];
    const message = `inputs: column ${JSON.stringify(column)} already has the role ${role}`;
    const hint = "a column has one role: leave it out of the inputs";
    return [{ code: "CONFIG_CONFLICT" as const, message, path: "inputs", hint, context: { column, role } }];
  });
}

/** Candidates for each role, the likeliest first. */
export interface Guesses {
  readonly environment: readonly string[];
  readonly task: readonly string[];
  readonly target: readonly string[];
  readonly truth: readonly string[];
  readonly rowId: readonly string[];
}

const ENVIRONMENT = /env|domain|site|batch|cell.?type|cluster|label|group|donor|lineage|tissue|condition/i;
const TASK = /^(tasks?|assays?|endpoints?)([ _.-]?(id|name|label))?$/i;
const TARGET = /^(y|y\d+|targets?|pheno(type)?s?|outcome|response)$/i;
const TRUTH = /^(z|z_?\d+|latents?_?\d*|true_z_?\d*)$/i;

/**
 * What columns look like they are for. Guesses, shown by `inspect` and never used by `fit`.
 *
 * @param levels number of distinct labels of each text column
 */
export function guessRoles(
  columns: readonly SourceColumn[],
  levels: ReadonlyMap<string, number>,
  rows: number,
): Guesses {
  const most = Math.max(2, Math.min(100, rows / 2));
  const text = columns.filter(({ kind }) => kind === "text").map(({ name }) => name);
  const numbers = columns.filter(({ kind }) => kind === "number").map(({ name }) => name);
  const fewLevels = text.filter((name) => (levels.get(name) ?? 0) >= 2 && levels.get(name)! <= most);
  return {
    // However the tasks are numbered, they are labels.
    task: columns
      .filter(({ name, kind }) => TASK.test(name) && (kind === "number" || (levels.get(name) ?? 0) >= 2))
      .map(({ name }) => name),
    environment: fewLevels.sort((a, b) => Number(ENVIRONMENT.test(b)) - Number(ENVIRONMENT.test(a))),
    target: numbers.filter((name) => TARGET.test(name)),
    truth: numbers.filter((name) => TRUTH.test(name)),
    rowId: text.filter((name) => rows > 1 && levels.get(name) === rows),
  };
}
