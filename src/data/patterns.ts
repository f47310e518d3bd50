// Names, patterns and groups matched against the columns of a source.
import { nearest } from "../config-keys.js";
import type { Failure } from "../errors.js";
import type { SourceColumn } from "./source.js";

/** Columns for look-ups: lists of names may be as long as the file is wide. */
export interface ColumnIndex {
  /** In file order. */
  readonly names: ReadonlySet<string>;
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/** Indexes columns by name and by group. */
export function indexColumns(columns: readonly SourceColumn[]): ColumnIndex {
  const groups = new Map<string, string[]>();
  for (const { name, group } of columns) {
    if (group === undefined) continue;
    const members = groups.get(group) ?? [];
    members.push(name);
    groups.set(group, members);
  }
  return { names: new Set(columns.map(({ name }) => name)), groups };
}

/** The parts of a comma list; a name that is a column as it stands is not cut. */
export function listOf(names: string | readonly string[], index?: ColumnIndex): readonly string[] {
  if (typeof names !== "string") return names;
  if (index?.names.has(names)) return [names];
  const parts = names.split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "");
}

/** Whether a pattern takes columns away: it begins with `!` and is not itself the name of a column. */
export function isNegative(pattern: string, index: ColumnIndex): boolean {
  return pattern.startsWith("!") && !index.names.has(pattern);
}

/**
 * Columns that patterns choose, each once: in the order of the patterns, and in file order within one. A name that is a
 * column stands for itself even with a `*` in it; then the name of a group stands for its columns (an array of an .npz);
 * `!pattern` takes away from what came before it.
 */
export function matchColumns(
  patterns: readonly string[],
  index: ColumnIndex,
): { readonly names: readonly string[]; readonly unmatched: readonly string[] } {
  const chosen = new Set<string>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    const negative = isNegative(pattern, index);
    const matches = columnsOf(negative ? pattern.slice(1) : pattern, index);
    if (matches.length === 0) unmatched.push(pattern);
    for (const name of matches) {
      if (negative) chosen.delete(name);
      else chosen.add(name);
    }
  }
  return { names: [...chosen], unmatched };
}

// Looking for the nearest of 20,000 names for each of 20,000 wrong ones would take longer than any reading.
const OFFERS = 20;

/** One failure per name or pattern that no column has; `key` is the configuration key that asked for it. */
export function missingColumns(key: string, missing: readonly string[], { names }: ColumnIndex): readonly Failure[] {
  const [...known] = names;
  const some =
    known
      .slice(0, 8)
      .map((name) => JSON.stringify(name))
      .join(", ") + (known.length > 8 ? `, and ${known.length - 8} more` : "");
  const offer = known.length === 1 ? `there is one column, ${some}: check the delimiter` : `the columns are ${some}`;
  return missing.map((name, i) => {
    const [mark, wanted] = name.startsWith("!") ? ["!", name.slice(1)] : ["", name];
    const excludes = mark === "" ? "" : `${JSON.stringify(name)} leaves nothing out, `;
    const isPattern = /[*?]/.test(wanted);
    // A name of two parts of a file is told apart by theirs: "var:score", "obs:score".
    const apart = i >= OFFERS ? [] : known.filter((one) => one.endsWith(`:${wanted}`)).map((one) => `${mark}${one}`);
    const found = isPattern || apart.length > 0 || i >= OFFERS ? undefined : nearest(wanted, known);
    const near = found === undefined ? undefined : `${mark}${found}`;
    return {
      code: "DATA_MISSING_COLUMN",
      message: `${key}: ${excludes}no column ${isPattern ? "matches" : "is called"} ${JSON.stringify(wanted)}`,
      path: key,
      hint:
        apart.length > 0
          ? `several parts of the file have that name: write ${apart.map((one) => JSON.stringify(one)).join(" or ")}`
          : near === undefined
            ? offer
            : `did you mean ${JSON.stringify(near)}?`,
      context: { column: name, ...(near !== undefined && { nearest: near }) },
    };
  });
}

function columnsOf(pattern: string, { names, groups }: ColumnIndex): readonly string[] {
  if (names.has(pattern)) return [pattern];
  const members = groups.get(pattern);
  if (members !== undefined) return members;
  if (!/[*?]/.test(pattern)) return [];
  const expression = globExpression(pattern);
  return [...names].filter((name) => expression.test(name));
}

function globExpression(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "su");
}
