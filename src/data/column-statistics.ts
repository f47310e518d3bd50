// What the columns of a source hold, read once: numbers in passes, labels as a whole.
import { type Failure, isDisentangleError } from "../errors.js";
import type { Source, SourceColumn, SourceDescription } from "./source.js";

/** What was counted in one column. */
export interface ColumnStatistics {
  /** Cells without a value. */
  readonly missing: number;
  /** Whether all cells that have a value have the same. */
  readonly constant: boolean;
  /** Smallest and largest number; absent where there is none. */
  readonly min?: number;
  readonly max?: number;
  /** Distinct labels of a text column. */
  readonly levels?: number;
}

/** What was found in a source. */
export interface Found {
  readonly rows: number;
  readonly statistics: ReadonlyMap<string, ColumnStatistics>;
  /** Rows per label of each text column. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Columns that look numeric and are not. */
  readonly refused: ReadonlySet<string>;
  readonly problems: readonly Failure[];
}

// Numbers held at a time: a wide file is read in several passes rather than held in memory as a whole.
const CELLS = 1 << 26;

/** Reads all columns of known kind. */
export async function readStatistics(source: Source, description: SourceDescription): Promise<Found> {
  const names = (kind: SourceColumn["kind"]) =>
    description.columns.filter((c) => c.kind === kind).map(({ name }) => name);
  const text = names("text");
  const statistics = new Map<string, ColumnStatistics>();
  const refused = new Set<string>();
  const problems: Failure[] = [];
  const first = await source.read({ numeric: [], text });
  const labels = new Map(text.map((name, j) => [name, countLabels(first.text[j]!)]));
  const { rows } = first;
  for (const [name, counts] of labels) {
    const missing = counts.get("") ?? 0;
    const levels = counts.size - Number(missing > 0);
    statistics.set(name, { missing, constant: levels < 2, levels });
  }
  let waiting = names("number");
  const width = Math.max(1, Math.floor(CELLS / Math.max(1, rows)));
  while (waiting.length > 0) {
    const batch = waiting.slice(0, width);
    try {
      const { numeric } = await source.read({ numeric: batch, text: [] });
      for (const [j, name] of batch.entries()) statistics.set(name, statisticsOf(numeric, j, batch.length));
      waiting = waiting.slice(width);
    } catch (error) {
      const column = isDisentangleError(error) ? error.context.column : undefined;
      if (!isDisentangleError(error) || typeof column !== "string" || !batch.includes(column)) throw error;
      problems.push(error.toJSON());
      refused.add(column);
      waiting = waiting.filter((name) => name !== column);
    }
  }
  for (const { name, kind } of description.columns) {
    if (kind !== "image") continue;
    const { images = [] } = await source.read({ numeric: [], text: [], images: [name] });
    statistics.set(name, statisticsOf(images[0]!, 0, 1));
  }
  return { rows, statistics, labels, refused, problems };
}

/** Missing cells of one column of a row-major matrix, whether the others are all the same, and between which they lie. */
export function statisticsOf(values: Float32Array, column: number, width: number): ColumnStatistics {
  let missing = 0;
  let first = Number.NaN;
  let constant = true;
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = column; at < values.length; at += width) {
    const value = values[at]!;
    if (Number.isNaN(value)) missing++;
    else if (Number.isNaN(first)) first = value;
    else if (value !== first) constant = false;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { missing, constant, ...(min <= max && { min, max }) };
}

/** Rows of each label, in order of first appearance; "" counts the rows without one. */
export function countLabels(labels: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
