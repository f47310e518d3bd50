// Delimited text. The native reader parses headers, says what columns look like, reads cells and places errors.
import type { Failure } from "../errors.js";
import { later } from "../native.js";
import { type FoundReading, foundNotes, type Numbers } from "./reading.js";
import type { Source, SourceColumn, Survey, Words } from "./source.js";

/** How a text table is cut and which cells are empty. */
export interface CsvOptions {
  /** One character, a blank for runs of blanks; found from the first lines where absent. */
  readonly delimiter?: string | undefined;
  /** One character, or "none". Default: `"`. */
  readonly quote?: string | undefined;
  /** The decimal mark; the other one separates thousands. Found from the first rows where absent. */
  readonly decimal?: "." | "," | undefined;
  /** Cells that stand for no value, compared without surrounding blanks; default: empty, NA, NaN, null and the like. */
  readonly missingValues?: readonly string[] | undefined;
  /** How a table of the same origin was written. */
  readonly likely?: FoundReading | undefined;
}

/** Opens a delimited text file with a header. */
export async function openCsv(file: string, options: CsvOptions = {}): Promise<Source> {
  const { delimiter: given, quote, decimal, missingValues: missing, likely } = options;
  const said = decimal && (decimal === "," ? "comma" : "point");
  // JSON leaves out what is undefined, and the reader then takes its defaults.
  const cut = { delimiter: given, quote: quote === "none" ? null : quote, numbers: said, likely };
  const found = JSON.parse(await later().csvColumns(file, JSON.stringify(cut))) as {
    readonly columns: readonly string[];
    readonly unnamed: readonly string[];
    readonly delimiter: string;
    readonly numbers: Numbers;
    readonly otherwise: readonly string[];
  };
  const { columns, delimiter, numbers, otherwise } = found;
  const unnamed = new Set(found.unnamed);
  const settled = { ...cut, likely: undefined, delimiter, numbers, missing };
  const described = (kinds: readonly SourceColumn["kind"][]) => {
    const reading: FoundReading = {
      ...(given === undefined && { delimiter }),
      ...(said === undefined && { numbers }),
    };
    return {
      format: delimiter === "\t" ? "tsv" : "csv",
      columns: columns.map((name, j) => ({
        name,
        kind: kinds[j] ?? ("unknown" as const),
        ...(unnamed.has(name) && { unnamed: true }),
      })),
      reading,
      notes: foundNotes(reading, otherwise),
    };
  };
  return {
    describe: async (detail) =>
      described(detail === "kinds" ? JSON.parse(await later().csvKinds(file, JSON.stringify(settled))) : []),
    read: async ({ numeric, text }) => {
      const selection = await later().csvRead(file, JSON.stringify({ ...settled, numeric, text }));
      const words = JSON.parse(selection.words) as Words[];
      return { rows: selection.rows, numeric: selection.numeric.data, text: selection.text, words };
    },
    exact: async (numeric) => later().csvReadExact(file, JSON.stringify({ ...settled, numeric })),
    survey: async (): Promise<Survey> => {
      const { rows, kinds, numeric, text, words, problems } = await later().csvSurvey(file, JSON.stringify(settled));
      const description = described(JSON.parse(kinds) as SourceColumn["kind"][]);
      const found = JSON.parse(problems) as Failure[];
      return { description, rows, numeric: numeric.data, text, words: JSON.parse(words) as Words[], problems: found };
    },
    close: async () => {},
  };
}
