// Columns that lie far from zero, such as dates in seconds: 32 bits would make many of their values one. They are read again with
// 64 bits, and kept as differences from one number per column.
import { isDisentangleError } from "../errors.js";
import { native } from "../native.js";
import type { Selection, Source } from "./source.js";

/** What a column would lose, and the number it is kept relative to. */
export interface Offset {
  readonly offset: number;
  /** Different values, and how many of them 32 bits tell apart; absent where a model names the offset. */
  readonly distinct?: number;
  readonly kept?: number;
}

/**
 * The same selection with the columns that rounding would collapse as differences from an offset.
 *
 * @param among columns that may be kept so
 * @param fixed offsets that a model was fitted with
 */
export async function withOffsets(
  source: Source,
  names: readonly string[],
  selection: Selection,
  among: ReadonlySet<string>,
  fixed: ReadonlyMap<string, number> = new Map(),
): Promise<{ readonly selection: Selection; readonly offsets: ReadonlyMap<string, Offset> }> {
  const { rows, numeric } = selection;
  const cols = names.length;
  if (cols === 0 || rows === 0) return { selection, offsets: new Map() };
  const all = [...native().suspects({ data: numeric, rows, cols })].map((column) => names[column]!);
  const suspects = all.filter((name) => among.has(name));
  const wanted = [...new Set([...names.filter((name) => fixed.has(name)), ...suspects])];
  if (wanted.length === 0) return { selection, offsets: new Map() };
  const offsets = new Map<string, Offset>();
  const out = numeric.slice();
  for (const [name, values] of await exactColumns(source, wanted, rows)) {
    const known = fixed.get(name);
    const found = known === undefined ? (JSON.parse(native().collapse(values)) as Offset | null) : { offset: known };
    if (found === null || found.offset === 0) continue;
    offsets.set(name, found);
    const column = names.indexOf(name);
    for (let i = 0; i < rows; i++) out[i * cols + column] = values[i]! - found.offset;
  }
  return { selection: { ...selection, numeric: out }, offsets };
}

/**
 * Columns with 64 bits. A source without a reading of its own for them gives them as labels, which are exact; a column that it
 * cannot give so is left out.
 */
export async function exactColumns(
  source: Source,
  names: readonly string[],
  rows: number,
): Promise<ReadonlyMap<string, Float64Array>> {
  const columns = new Map<string, Float64Array>();
  if (source.exact !== undefined) {
    const all = await source.exact(names);
    names.forEach((name, k) => {
      columns.set(
        name,
        Float64Array.from({ length: rows }, (_, i) => all[i * names.length + k]!),
      );
    });
    return columns;
  }
  for (const name of names) {
    try {
      const [labels = []] = (await source.read({ numeric: [], text: [name] })).text;
      columns.set(
        name,
        Float64Array.from(labels, (label) => (label === "" ? Number.NaN : Number(label))),
      );
    } catch (error) {
      if (!isDisentangleError(error)) throw error;
    }
  }
  return columns;
}

/** What is said of columns with an offset. */
export function offsetNotes(offsets: ReadonlyMap<string, Offset>): readonly string[] {
  return [...offsets].map(([name, { offset, distinct, kept }]) =>
    kept === undefined
      ? `${JSON.stringify(name)} is kept relative to ${offset}, as in the fit`
      : `${JSON.stringify(name)} has ${distinct} different values, of which 32-bit numbers would keep ${kept}: it is kept relative to ${offset}`,
  );
}
