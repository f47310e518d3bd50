// Delimited text. The native reader parses headers, says what columns look like, reads cells and places errors.
import { later } from "../native.js";
import type { Source, SourceColumn } from "./source.js";

/** How a text table is cut and which cells are empty. */
export interface CsvOptions {
  /** One character; found from the header where absent. */
  readonly delimiter?: string | undefined;
  /** Cells that stand for no value, compared without surrounding blanks; default: empty, NA, NaN, null and the like. */
  readonly missingValues?: readonly string[] | undefined;
}

/** Opens a delimited text file with a header. */
export async function openCsv(
  file: string,
  { delimiter: given, missingValues: missing }: CsvOptions = {},
): Promise<Source> {
  // JSON leaves out what is undefined, and the reader then takes its defaults.
  const { columns, delimiter } = JSON.parse(await later().csvColumns(file, JSON.stringify({ delimiter: given }))) as {
    readonly columns: readonly string[];
    readonly delimiter: string;
  };
  return {
    describe: async (detail) => {
      const kinds: readonly SourceColumn["kind"][] =
        detail === "kinds" ? JSON.parse(await later().csvKinds(file, JSON.stringify({ delimiter, missing }))) : [];
      return {
        format: delimiter === "\t" ? "tsv" : "csv",
        columns: columns.map((name, j) => ({ name, kind: kinds[j] ?? "unknown" })),
      };
    },
    read: async ({ numeric, text }) => {
      const selection = await later().csvRead(file, JSON.stringify({ delimiter, numeric, text, missing }));
      return { rows: selection.rows, numeric: selection.numeric.data, text: selection.text };
    },
    close: async () => {},
  };
}
