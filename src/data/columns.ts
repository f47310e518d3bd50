// Columns of row-major matrices: chosen, put together, one block below the other.
import { fail } from "../errors.js";
import { atOnce, byTurns, inRanges, inTurns, rowsATurn, type Work } from "../turns.js";
import type { ColumnChoice, Selection, Source, Words } from "./source.js";

type Numbers = Float32Array | Float64Array;
type Made<T extends Numbers> = new (length: number) => T;

/** Columns of a row-major matrix; the matrix itself where they are all of it, in order. */
export function pick<T extends Numbers>(data: T, all: readonly string[], columns: readonly string[]): T {
  return atOnce(picked(data, all, columns));
}

/** As `pick`, in pieces. */
export function* picked<T extends Numbers>(data: T, all: readonly string[], columns: readonly string[]): Work<T> {
  if (all.length === columns.length && all.every((name, j) => name === columns[j])) return data;
  const rows = all.length === 0 ? 0 : data.length / all.length;
  const out = new (data.constructor as Made<T>)(rows * columns.length);
  yield* placing(out, columns, data, all);
  return out;
}

/**
 * Copies the columns of one row-major matrix to those of another that have the same names.
 *
 * @param rows row of `data` for each row of `out`, -1 for one of missing numbers; the same rows where absent
 */
export function* placing<T extends Numbers>(
  out: T,
  columns: readonly string[],
  data: Numbers,
  all: readonly string[],
  rows?: Int32Array,
): Work<void> {
  const position = new Map(all.map((name, j) => [name, j]));
  const shared = columns.map((_, j) => j).filter((j) => position.has(columns[j]!));
  const to = Int32Array.from(shared);
  const from = Int32Array.from(shared, (j) => position.get(columns[j]!)!);
  // Row by row: both matrices are walked as they lie in memory.
  const width = columns.length;
  yield* inRanges(width === 0 ? 0 : out.length / width, rowsATurn(width), (first, end) => {
    for (let i = first; i < end; i++) {
      const [at, row] = [i * width, rows === undefined ? i : rows[i]!];
      if (row < 0) {
        for (let k = 0; k < to.length; k++) out[at + to[k]!] = Number.NaN;
        continue;
      }
      const start = row * all.length;
      for (let k = 0; k < to.length; k++) out[at + to[k]!] = data[start + from[k]!]!;
    }
  });
}

/** Blocks of whole rows, one below the other. */
export function concatenated<T extends Numbers>(of: Made<T>, blocks: readonly T[]): T {
  const [only] = blocks;
  if (blocks.length === 1 && only !== undefined) return only;
  const all = new of(blocks.reduce((length, block) => length + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    all.set(block, offset);
    offset += block.length;
  }
  return all;
}

/** What one source gives to a table that is put together from several. */
export interface Share {
  readonly source: Pick<Source, "read" | "exact">;
  /** The name that a column of the table has in this source; nothing where it has no such column. */
  readonly own: (name: string) => string | undefined;
  /** The row of the source for each row of the table, -1 where it has none; the same rows where absent. */
  readonly rows?: Int32Array | undefined;
}

/** A source of columns of several sources, each column of the first that has it: `rows` of them, by which ids. */
export interface Table {
  readonly shares: readonly Share[];
  readonly rows: number;
  readonly rowIds?: readonly string[] | undefined;
  /** Rows of each file, where several are stacked. */
  readonly parts?: readonly number[] | undefined;
}

/** Reads chosen columns of a table that is put together. */
export async function gathered({ shares, rows, rowIds, parts }: Table, choice: ColumnChoice): Promise<Selection> {
  const { numeric, text, images = [] } = choice;
  refuseUnknown(shares, [...numeric, ...text, ...images]);
  const out = new Float32Array(rows * numeric.length);
  const texts = new Map<string, string[]>();
  const words = new Map<string, Words | undefined>();
  const pictures = new Map<string, Float32Array>();
  for (const [s, share] of shares.entries()) {
    const mine = (names: readonly string[]) => names.filter((name) => ownerOf(shares, name) === s);
    const own = (names: readonly string[]) => names.map((name) => share.own(name)!);
    const [numbers, labels, shown] = [mine(numeric), mine(text), mine(images)];
    if (numbers.length + labels.length + shown.length === 0) continue;
    const found = await share.source.read({ numeric: own(numbers), text: own(labels), images: own(shown) });
    await byTurns(placing(out, numeric, found.numeric, numbers, share.rows));
    labels.forEach((name, j) => {
      const column = found.text[j]!;
      texts.set(name, share.rows === undefined ? column : Array.from(share.rows, (row) => column[row] ?? ""));
      words.set(name, found.words?.[j]);
    });
    for (const [j, name] of shown.entries()) {
      const data = found.images![j]!;
      pictures.set(name, share.rows === undefined ? data : await rowsOf(data, share.rows, found.rows));
    }
  }
  return {
    rows,
    numeric: out,
    text: text.map((name) => texts.get(name)!),
    words: text.map((name) => words.get(name)),
    images: images.map((name) => pictures.get(name)!),
    ...(rowIds !== undefined && { rowIds: [...rowIds] }),
    ...(parts !== undefined && { parts }),
  };
}

/** Reads number columns of a table that is put together, with 64 bits. */
export async function gatheredExact({ shares, rows }: Table, names: readonly string[]): Promise<Float64Array> {
  refuseUnknown(shares, names);
  const out = new Float64Array(rows * names.length);
  for (const [s, share] of shares.entries()) {
    const mine = names.filter((name) => ownerOf(shares, name) === s);
    if (mine.length === 0) continue;
    const found = await share.source.exact(mine.map((name) => share.own(name)!));
    await byTurns(placing(out, names, found, mine, share.rows));
  }
  return out;
}

function ownerOf(shares: readonly Share[], name: string): number {
  return shares.findIndex(({ own }) => own(name) !== undefined);
}

function refuseUnknown(shares: readonly Share[], names: readonly string[]): void {
  const unknown = names.find((name) => ownerOf(shares, name) < 0);
  if (unknown !== undefined) fail("DATA_MISSING_COLUMN", `no column is called ${JSON.stringify(unknown)}`);
}

async function rowsOf(data: Float32Array, rows: Int32Array, all: number): Promise<Float32Array> {
  const width = data.length / all;
  const out = new Float32Array(rows.length * width);
  await inTurns(rows.length, rowsATurn(width), (from, to) => {
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      if (row < 0) out.fill(Number.NaN, i * width, (i + 1) * width);
      else out.set(data.subarray(row * width, (row + 1) * width), i * width);
    }
  });
  return out;
}
