// What `inspect` points out: things that stop no fit, and that a user would want to know before one.
import type { Failure } from "../errors.js";
import type { ColumnStatistics, Found } from "./column-statistics.js";
import { wordNotes } from "./missing-values.js";
import type { Roles } from "./roles.js";
import { indexNote } from "./row-index.js";

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
      ? texts.flatMap((name, j) => wordNotes(name, survey.words[j], survey.text[j]!))
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
