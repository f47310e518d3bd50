// Which columns play which role: pure functions on names and kinds.
import { nearest } from "../config-keys.js";
import { type Failure, failAll, failure } from "../errors.js";
import type { DataConfig } from "./config.js";
import type { SourceColumn, SourceDescription } from "./source.js";

/** The label roles. */
export const LABEL_ROLES = ["environment", "task", "segment"] as const;
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
export type RoleKeys = Pick<DataConfig, "inputs" | "environment" | "task" | "segment" | "target" | "truth" | "rowId">;

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
  const { columns } = description;
  const failures: Failure[] = [];
  const one = (key: "rowId" | LabelRole): string | undefined => {
    const name = keys[key];
    if (typeof name !== "string") return undefined;
    if (!columns.some((column) => column.name === name)) failures.push(missingColumn(key, name, columns));
    return name;
  };
  const many = (key: "target" | "truth"): readonly string[] => {
    const value = keys[key];
    if (!isNames(value)) return [];
    const { names, unmatched } = matchColumns(listOf(value, columns), columns);
    failures.push(...unmatched.map((name) => missingColumn(key, name, columns)));
    return names;
  };
  const labels = Object.fromEntries(
    LABEL_ROLES.flatMap((role) => {
      const name = one(role);
      return name === undefined ? [] : [[role, name]];
    }),
  );
  const rowId = one("rowId");
  const targets = many("target");
  const truth = many("truth");
  const taken = new Map<string, string>([
    ...truth.map((name) => [name, "truth"] as const),
    ...targets.map((name) => [name, "target"] as const),
    ...Object.entries(labels).map(([role, name]) => [name as string, role] as const),
    ...(rowId === undefined ? [] : [[rowId, "rowId"] as const]),
  ]);
  const inputs = resolveInputs(keys.inputs, description, taken, failures);
  failAll(failures);
  const used = new Set([...inputs, ...taken.keys()]);
  const ignored = columns.map(({ name }) => name).filter((name) => !used.has(name));
  const chosenBy = keys.inputs === undefined ? "default" : "name";
  return { inputs, chosenBy, labels, targets, truth, ignored, ...(rowId !== undefined && { rowId }) };
}

/** The parts of a comma list; a name that is a column as it stands is not cut. */
export function listOf(names: string | readonly string[], columns: readonly SourceColumn[] = []): readonly string[] {
  if (typeof names !== "string") return names;
  if (columns.some(({ name }) => name === names)) return [names];
  return names
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/**
 * Columns that patterns choose, each once: in the order of the patterns, and in file order within one. A name that is a
 * column stands for itself even with a `*` in it; then the name of a group stands for its columns (an array of an .npz);
 * `!pattern` takes away from what came before it.
 */
export function matchColumns(
  patterns: readonly string[],
  columns: readonly SourceColumn[],
): { readonly names: readonly string[]; readonly unmatched: readonly string[] } {
  const chosen = new Set<string>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    const isColumn = columns.some(({ name }) => name === pattern);
    const isNegative = !isColumn && pattern.startsWith("!");
    const matches = columnsOf(isNegative ? pattern.slice(1) : pattern, columns);
    if (matches.length === 0) unmatched.push(pattern);
    for (const name of matches) {
      if (isNegative) chosen.delete(name);
      else chosen.add(name);
    }
  }
  return { names: [...chosen], unmatched };
}

/** What columns look like they are for. Guesses, shown by `inspect` and never used by `fit`. */
export function guessRoles(
  columns: readonly SourceColumn[],
  levels: ReadonlyMap<string, number>,
  rows: number,
): Guesses {
  const isLabel = ({ name }: SourceColumn): boolean => {
    const count = levels.get(name) ?? 0;
    return count >= 2 && count <= Math.max(2, Math.min(100, rows / 2));
  };
  const text = columns.filter(({ kind }) => kind === "text");
  const byName = (pattern: RegExp) => (a: SourceColumn, b: SourceColumn) =>
    Number(pattern.test(b.name)) - Number(pattern.test(a.name));
  return {
    environment: text
      .filter(isLabel)
      .sort(byName(ENVIRONMENT))
      .map(({ name }) => name),
    target: columns.filter(({ kind, name }) => kind === "number" && TARGET.test(name)).map(({ name }) => name),
    truth: columns.filter(({ kind, name }) => kind === "number" && TRUTH.test(name)).map(({ name }) => name),
    rowId: text.filter(({ name }) => rows > 1 && levels.get(name) === rows).map(({ name }) => name),
  };
}

/** Candidates for each role, the likeliest first. */
export interface Guesses {
  readonly environment: readonly string[];
  readonly target: readonly string[];
  readonly truth: readonly string[];
  readonly rowId: readonly string[];
}

const ENVIRONMENT = /env|domain|site|batch|cell.?type|cluster|label|group|donor|lineage|tissue|condition/i;
const TARGET = /^(y|y\d+|targets?|pheno(type)?s?|outcome|response)$/i;
const TRUTH = /^(z|z_?\d+|latents?_?\d*|true_z_?\d*)$/i;

function isNames(value: unknown): value is string | readonly string[] {
  return typeof value === "string" || (Array.isArray(value) && typeof value[0] === "string");
}

function resolveInputs(
  inputs: RoleKeys["inputs"],
  { columns, inputGroup }: SourceDescription,
  taken: ReadonlyMap<string, string>,
  failures: Failure[],
): readonly string[] {
  const free = columns.filter(({ name }) => !taken.has(name));
  const standard = free.filter(
    ({ kind, group }) => kind === "number" && (inputGroup === undefined || group === inputGroup),
  );
  const patterns = inputs === undefined ? [] : listOf(inputs, columns);
  const isSubtraction = patterns.every(
    (pattern) => pattern.startsWith("!") && !columns.some(({ name }) => name === pattern),
  );
  if (isSubtraction) {
    const removed = matchColumns(
      patterns.map((pattern) => pattern.slice(1)),
      columns,
    );
    failures.push(...removed.unmatched.map((name) => missingColumn("inputs", name, columns)));
    return refuseNone(
      standard.map(({ name }) => name).filter((name) => !removed.names.includes(name)),
      failures,
    );
  }
  for (const pattern of patterns) {
    const role = taken.get(pattern);
    if (role === undefined || role === "truth") continue;
    const message = `inputs: column ${JSON.stringify(pattern)} already is the ${role}`;
    const hint = "a column has one role; leave it out of the inputs";
    failures.push({ code: "CONFIG_CONFLICT", message, path: "inputs", hint, context: { column: pattern, role } });
  }
  const { names, unmatched } = matchColumns(patterns, columns);
  failures.push(...unmatched.map((name) => missingColumn("inputs", name, columns)));
  return refuseNone(
    names.filter((name) => !taken.has(name)),
    failures,
  );
}

function refuseNone(names: readonly string[], failures: readonly Failure[]): readonly string[] {
  if (names.length > 0 || failures.length > 0) return names;
  throw failure("DATA_EMPTY", "inputs: no column is left", {
    path: "inputs",
    hint: "name the input columns, for example inputs: 'gene*'",
  });
}

function columnsOf(pattern: string, columns: readonly SourceColumn[]): readonly string[] {
  const exact = columns.filter(({ name }) => name === pattern);
  if (exact.length > 0) return [pattern];
  const grouped = columns.filter(({ group }) => group === pattern);
  if (grouped.length > 0) return grouped.map(({ name }) => name);
  if (!/[*?]/.test(pattern)) return [];
  const expression = globExpression(pattern);
  return columns.filter(({ name }) => expression.test(name)).map(({ name }) => name);
}

function globExpression(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "su");
}

function missingColumn(key: string, name: string, columns: readonly SourceColumn[]): Failure {
  const isPattern = /[*?]/.test(name);
  const near = isPattern
    ? undefined
    : nearest(
        name,
        columns.map((column) => column.name),
      );
  const some = columns
    .slice(0, 8)
    .map((column) => column.name)
    .join(", ");
  return {
    code: "DATA_MISSING_COLUMN",
    message: `${key}: no column ${isPattern ? "matches" : "is called"} ${JSON.stringify(name)}`,
    path: key,
    hint:
      near === undefined
        ? `the columns are ${some}${columns.length > 8 ? `, and ${columns.length - 8} more` : ""}`
        : `did you mean ${JSON.stringify(near)}?`,
    context: { column: name, ...(near !== undefined && { nearest: near }) },
  };
}
