// What the columns of a source hold: everything is read once, then counted.
import { type Failure, isDisentangleError } from "../errors.js";
import { askedOf } from "../native.js";
import { byTurns } from "../turns.js";
import { placing } from "./columns.js";
import type { Source, SourceColumn, Survey } from "./source.js";

/** What was counted in one column. */
export interface ColumnStatistics {
  /** Cells without a value. */
  readonly missing: number;
  /** Infinite cells of a number column, where there are any. */
  readonly infinite?: number;
  /** Whether all cells that have a value have the same. */
  readonly constant: boolean;
  /** Smallest and largest finite number; absent where there is none. */
  readonly min?: number;
  readonly max?: number;
  /** Distinct labels of a text column. */
  readonly levels?: number;
  /** Values of a number column that look like words for "no value": frequent, and far outside of the others. */
  readonly sentinels?: readonly { readonly value: number; readonly count: number }[];
  /** An earlier column of which this one is a copy, up to scale, offset and rounding. */
  readonly copyOf?: string;
}

/** What was found in a source. */
export interface Found {
  readonly survey: Survey;
  /** Names of the number columns and of the text columns, in the order of the survey. */
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
  readonly statistics: ReadonlyMap<string, ColumnStatistics>;
  /** Columns that look numeric and are not. */
  readonly refused: ReadonlySet<string>;
}

/** Reads all columns of known kind. */
export async function readStatistics(source: Source): Promise<Found> {
  const survey = await (source.survey?.() ?? surveyed(source));
  const { columns } = survey.description;
  const names = (kind: SourceColumn["kind"]) =>
    columns.filter((column) => column.kind === kind).map(({ name }) => name);
  const [numbers, texts] = [names("number"), names("text")];
  const statistics = new Map<string, ColumnStatistics>();
  for (const [j, facts] of (await factsOf(survey.numeric, survey.rows, numbers)).entries())
    statistics.set(numbers[j]!, facts);
  texts.forEach((name, j) => {
    const counts = countLabels(survey.text[j]!);
    const missing = counts.get("") ?? 0;
    const levels = counts.size - Number(missing > 0);
    statistics.set(name, { missing, constant: levels < 2, levels });
  });
  for (const { name, kind } of columns) {
    if (kind !== "image") continue;
    const { images = [] } = await source.read({ numeric: [], text: [], images: [name] });
    statistics.set(name, statisticsOf(images[0]!, 0, 1));
  }
  const refused = survey.problems.map(({ context }) => context?.column).filter((name) => typeof name === "string");
  return { survey, numbers, texts, statistics, refused: new Set(refused) };
}

/** Facts of the columns of a row-major matrix. */
async function factsOf(
  data: Float32Array,
  rows: number,
  names: readonly string[],
): Promise<readonly ColumnStatistics[]> {
  if (rows === 0 || names.length === 0) return [];
  type Facts = Omit<ColumnStatistics, "copyOf"> & { readonly infinite: number; readonly copyOf?: number };
  const all = JSON.parse(
    await askedOf(data.length).columnFacts({ data, rows, cols: names.length }),
  ) as readonly Facts[];
  return all.map(({ infinite, copyOf, ...facts }) => ({
    ...facts,
    ...(infinite > 0 && { infinite }),
    ...(copyOf !== undefined && { copyOf: names[copyOf]! }),
  }));
}

/** A survey of a source that has none of its own: a column that looks numeric and is not is read as missing. */
async function surveyed(source: Source): Promise<Survey> {
  const description = await source.describe("kinds");
  const text = description.columns.filter(({ kind }) => kind === "text").map(({ name }) => name);
  const all = description.columns.filter(({ kind }) => kind === "number").map(({ name }) => name);
  const problems: Failure[] = [];
  let numeric = all;
  for (;;) {
    try {
      const selection = await source.read({ numeric, text });
      const { rows, words = [], parts } = selection;
      // A column that is refused is one of gaps.
      const values = numeric.length === all.length ? selection.numeric : new Float32Array(rows * all.length).fill(NaN);
      if (values !== selection.numeric) await byTurns(placing(values, all, selection.numeric, numeric));
      const described = { ...description, rows };
      const found = { description: described, rows, numeric: values, text: selection.text, words, problems };
      return { ...found, ...(parts && { parts }) };
    } catch (error) {
      const column = isDisentangleError(error) ? error.context.column : undefined;
      if (!isDisentangleError(error) || typeof column !== "string" || !numeric.includes(column)) throw error;
      problems.push(error.toJSON());
      numeric = numeric.filter((name) => name !== column);
    }
  }
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
function countLabels(labels: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
