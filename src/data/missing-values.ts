// Words and numbers that mean "no value", in formats that have a missing value of their own; text tables know them natively.
import type { Selection, Source, Words } from "./source.js";

/** The words of a configuration: a comma list or an array; nothing where the defaults hold. */
export function wordsOf(missingValues: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof missingValues === "string" ? missingValues.split(",") : missingValues;
}

/** The source with `words` read as missing: numbers by their value (-999 is -999.0), text by its spelling or its value. */
export function withMissingValues(source: Source, words: readonly string[] | undefined): Source {
  const texts = new Set((words ?? []).map((word) => word.trim()).filter((word) => word !== ""));
  const values = new Set([...texts].map(Number).filter(Number.isFinite));
  if (texts.size === 0) return source;
  const isMissing = (label: string): boolean => {
    const text = label.trim();
    return texts.has(text) || (values.size > 0 && isPlainNumber(text) && values.has(Number(text)));
  };
  const rounded = new Set([...values].map(Math.fround));
  const clear = (numbers: Float32Array | Float64Array, among: ReadonlySet<number>): void => {
    if (among.size === 0) return;
    for (let i = 0; i < numbers.length; i++) if (among.has(numbers[i]!)) numbers[i] = Number.NaN;
  };
  const read = async (choice: Parameters<Source["read"]>[0]): Promise<Selection> => {
    const selection = await source.read(choice);
    // What a source gives may be its own.
    const numeric = selection.numeric.slice();
    clear(numeric, rounded);
    const found: Record<string, number>[] = selection.text.map(() => ({}));
    const text = selection.text.map((column, j) =>
      column.map((label) => {
        if (label === "" || !isMissing(label)) return label;
        found[j]![label] = (found[j]![label] ?? 0) + 1;
        return "";
      }),
    );
    return { ...selection, numeric, text, words: found };
  };
  return {
    ...source,
    read,
    exact: async (names) => {
      const numbers = (await source.exact(names)).slice();
      clear(numbers, values);
      return numbers;
    },
  };
}

/**
 * What is said of a column of labels: words that were read as missing, and labels that are words for "no value" elsewhere.
 *
 * @param words nothing where the format has missing values of its own, and no word stands for one
 */
export function wordNotes(name: string, words: Words | undefined, labels: readonly string[]): readonly string[] {
  if (words === undefined) return [];
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

/** A number as people write it; with leading zeros it is a label: 007 is not 7. */
function isPlainNumber(text: string): boolean {
  return /^[+-]?(0|[1-9]\d*)?(\.\d*)?(e[+-]?\d+)?$/i.test(text) && /\d/.test(text);
}
