// Columns that lie far from zero, such as dates in seconds: 32 bits would make many of their values one. They are read again with
// 64 bits, and kept as differences from one number per column.
import { askedOf, native } from "../native.js";
import type { Roles } from "./roles.js";
import type { Source, SourceDescription } from "./source.js";

/** What a column would lose, and the number it is kept relative to. */
export interface Offset {
  readonly offset: number;
  /** Different values, and how many of them 32 bits tell apart; absent where a model names the offset. */
  readonly distinct?: number;
  readonly kept?: number;
}

/** Columns of numbers that were read. */
interface Numbers {
  readonly rows: number;
  readonly names: readonly string[];
  /** Row-major. */
  readonly values: Float32Array;
}

/**
 * The same numbers with the columns that rounding would collapse as differences from an offset.
 *
 * @param among columns that may be kept so
 * @param fixed offsets that a model was fitted with
 */
export async function withOffsets(
  source: Pick<Source, "exact">,
  { rows, names, values }: Numbers,
  among: ReadonlySet<string>,
  fixed: ReadonlyMap<string, number> = new Map(),
): Promise<{ readonly values: Float32Array; readonly offsets: ReadonlyMap<string, Offset> }> {
  const cols = names.length;
  if (cols === 0 || rows === 0) return { values, offsets: new Map() };
  const found = await askedOf(values.length).suspects({ data: values, rows, cols });
  const all = Array.from(found, (column) => names[column]!);
  const suspects = all.filter((name) => among.has(name));
  const wanted = [...new Set([...names.filter((name) => fixed.has(name)), ...suspects])];
  if (wanted.length === 0) return { values, offsets: new Map() };
  const offsets = new Map<string, Offset>();
  const out = values.slice();
  const exact = await source.exact(wanted);
  const columns = new Map(names.map((name, column) => [name, column]));
  for (const [k, name] of wanted.entries()) {
    const column = columns.get(name)!;
    const own = Float64Array.from({ length: rows }, (_, i) => {
      const value = exact[i * wanted.length + k]!;
      // What is no number there, such as a word for true, is what it was read as.
      return Number.isNaN(value) ? values[i * cols + column]! : value;
    });
    const known = fixed.get(name);
    const found = known === undefined ? (JSON.parse(native().collapse(own)) as Offset | null) : { offset: known };
    if (found === null || found.offset === 0) continue;
    offsets.set(name, found);
    for (let i = 0; i < rows; i++) out[i * cols + column] = own[i]! - found.offset;
  }
  return { values: out, offsets };
}

/** Columns that may be kept relative to an offset: inputs and targets; pixels are of one kind, and the inputs beside them too. */
export function relativeColumns(
  { inputs, targets, truth }: Roles,
  { columns }: SourceDescription,
): ReadonlySet<string> {
  const pictures = new Set(columns.filter(({ kind }) => kind === "image").map(({ name }) => name));
  return new Set(inputs.some((name) => pictures.has(name)) ? targets : [...inputs, ...targets, ...truth]);
}

/** What is said of columns with an offset. */
export function offsetNotes(offsets: ReadonlyMap<string, Offset>): readonly string[] {
  return [...offsets].map(([name, { offset, distinct, kept }]) =>
    kept === undefined
      ? `${JSON.stringify(name)} is kept relative to ${offset}, as in the fit`
      : `${JSON.stringify(name)} has ${distinct} different values, of which 32-bit numbers would keep ${kept}: it is kept relative to ${offset}`,
  );
}
