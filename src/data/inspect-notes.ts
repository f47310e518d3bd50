// What `inspect` points out: things that stop no fit, and that a user would want to know before one.
import type { Failure } from "../errors.js";
import { native } from "../native.js";
import type { ColumnStatistics, Found } from "./column-statistics.js";
import { exactColumns, type Offset } from "./offsets.js";
import type { Roles } from "./roles.js";
import { indexNote } from "./row-index.js";
import type { Source } from "./source.js";

// Of many columns with the same flaw the first ones are named.
const SHOWN = 5;

/** Values that look like words for "no value", copies, labels of one row, and what a reading decides by itself. */
export function notesOf(
  { survey, statistics, texts }: Found,
  roles: Roles,
  missingValues: unknown,
  sizes: readonly { readonly label: string; readonly rows: number }[],
): readonly string[] {
  const { rowId, indexes } = roles;
  const index = [...new Set([...(rowId === undefined ? [] : [rowId]), ...indexes])];
  const used = new Set([...roles.inputs, ...roles.targets, ...roles.truth]);
  const facts = [...statistics].filter(([name]) => used.has(name));
  const ones = sizes.filter(({ rows }) => rows === 1).map(({ label }) => JSON.stringify(label));
  return [
    ...(survey.description.notes ?? []),
    ...(index.length > 0 ? [indexNote(index, rowId)] : []),
    ...sentinelNotes(facts),
    ...some(
      facts.filter(([, { copyOf }]) => copyOf !== undefined),
      ([name, { copyOf }]) =>
        `${JSON.stringify(name)} is ${JSON.stringify(copyOf)} again, up to scale, offset and rounding`,
    ),
    ...(ones.length > 0 ? [`labels of a single row: ${ones.slice(0, SHOWN).join(", ")}${more(ones.length)}`] : []),
    ...(missingValues === undefined
      ? texts.flatMap((name, j) => wordNotes(name, survey.words[j] ?? {}, survey.text[j]!))
      : []),
  ];
}

function sentinelNotes(facts: readonly (readonly [string, ColumnStatistics])[]): readonly string[] {
  return some(
    facts.filter(([, { sentinels = [] }]) => sentinels.length > 0),
    ([name, { sentinels = [] }]) => {
      const values = sentinels.map(({ value, count }) => `${shown(value)} (${count} cells)`).join(" and ");
      const words = sentinels.map(({ value }) => shown(value)).join(",");
      return `${JSON.stringify(name)} holds ${values}, far from all others: if that means no value, --missing-values=${words}`;
    },
  );
}

function wordNotes(
  name: string,
  words: Readonly<Record<string, number>>,
  labels: readonly string[],
): readonly string[] {
  const nones = labels.filter((label) => label === "None").length;
  return [
    ...Object.entries(words).map(
      ([word, rows]) =>
        `${JSON.stringify(name)}: ${JSON.stringify(word)} is read as missing in ${rows} rows (a label: --missing-values '')`,
    ),
    ...(nones > 0
      ? [`${JSON.stringify(name)}: "None" is a label of ${nones} rows (missing: --missing-values 'None,NA,')`]
      : []),
  ];
}

/** What rounding to 32 bits would lose, found by reading such columns again with 64. */
export async function collapsed(source: Source, { survey, numbers }: Found): Promise<ReadonlyMap<string, Offset>> {
  const { rows, numeric: data } = survey;
  const found = new Map<string, Offset>();
  if (rows === 0 || numbers.length === 0) return found;
  const names = [...native().suspects({ data, rows, cols: numbers.length })].map((column) => numbers[column]!);
  if (names.length === 0) return found;
  // A column that holds something else is a problem, which is told elsewhere.
  const exact = await exactColumns(source, names, rows).catch(() => new Map<string, Float64Array>());
  for (const [name, column] of exact) {
    const loss = JSON.parse(native().collapse(column)) as Offset | null;
    if (loss !== null) found.set(name, loss);
  }
  return found;
}

/** Columns with infinities, which stop every fit. */
export function infinite({ statistics, refused }: Found, source: string): readonly Failure[] {
  return [...statistics].flatMap(([name, { infinite = 0 }]): readonly Failure[] => {
    if (infinite === 0 || refused.has(name)) return [];
    return [
      {
        code: "DATA_NOT_FINITE",
        message: `column ${JSON.stringify(name)}: ${infinite} infinite ${infinite === 1 ? "value" : "values"}`,
        path: source,
        hint: `correct them, or leave the column out with '!${name}'`,
        context: { column: name, count: infinite },
      },
    ];
  });
}

function some<T>(all: readonly T[], text: (one: T) => string): readonly string[] {
  const told = all.slice(0, SHOWN).map(text);
  return all.length > SHOWN ? [...told, `and ${all.length - SHOWN} further columns like that`] : told;
}

function more(count: number): string {
  return count > SHOWN ? ` and ${count - SHOWN} more` : "";
}

/** A 32-bit number as people write it. */
function shown(value: number): string {
  return String(Number(value.toPrecision(7)));
}
