// Delimited text. DuckDB reads tall tables on all cores; above WIDE columns its planning costs more than the reading, so
// the native reader takes over. The native reader alone parses headers and places errors: what DuckDB stumbles over is
// read again natively, which either succeeds or says file, line and column.
import { closeSync, openSync, readSync } from "node:fs";
import { fail } from "../errors.js";
import { native } from "../native.js";
import { literal, loadDuckdb, pathLiteral, type Relation, readRelation, sampleRelation } from "./duckdb.js";
import type { Source, SourceColumn } from "./source.js";

/** Number of columns from which on a table is wide. */
export const WIDE = 500;
/** Cells that stand for no value, compared without surrounding blanks. */
export const MISSING_WORDS = [
  "",
  "NA",
  "N/A",
  "#N/A",
  "n/a",
  "NaN",
  "nan",
  "NULL",
  "Null",
  "null",
  "None",
  "<NA>",
] as const;
// The kinds of columns are only needed to choose inputs when none are named; the reading itself checks every cell.
const SAMPLE_CELLS = 500_000;

/** How a text table is cut and which cells are empty. */
export interface CsvOptions {
  /** One character; found from the header where absent. */
  readonly delimiter?: string | undefined;
  /** Cells that stand for no value; default `MISSING_WORDS`. */
  readonly missingValues?: readonly string[] | undefined;
}

/** Opens a delimited text file with a header. */
export function openCsv(file: string, options: CsvOptions = {}): Source {
  const missing = options.missingValues ?? MISSING_WORDS;
  const given = options.delimiter === undefined ? {} : { delimiter: options.delimiter };
  const { columns, delimiter } = JSON.parse(native().csvColumns(file, JSON.stringify(given))) as {
    readonly columns: readonly string[];
    readonly delimiter: string;
  };
  // A blank line is no row to the native reader; to DuckDB it is a missing cell where there is but one column, and the
  // header where it comes first.
  const isPlain = columns.length > 1 && !beginsBlank(file);
  const notes: string[] = [];
  let duckdb: boolean | undefined;
  const hasDuckdb = async (): Promise<boolean> => {
    if (!isPlain) return false;
    duckdb ??= await loadDuckdb().then(
      () => true,
      () => {
        notes.push("DuckDB could not be loaded; the native reader read the table");
        return false;
      },
    );
    return duckdb;
  };
  const relation = csvRelation(file, columns, delimiter, missing);
  const readNative: Source["read"] = async ({ numeric, text }) => {
    const selection = native().csvRead(file, JSON.stringify({ delimiter, numeric, text, missing }));
    return { rows: selection.rows, numeric: selection.numeric.data, text: selection.text };
  };
  const sample = async (): Promise<readonly (readonly (string | null)[])[]> => {
    const rows = Math.ceil(SAMPLE_CELLS / columns.length);
    if (await hasDuckdb()) {
      const cells = await sampleRelation(relation, columns, rows).catch(() => undefined);
      // Without a row there are no columns either, and the native reader says that.
      if (cells?.length === columns.length) return cells;
    }
    if (columns.length <= WIDE) return (await readNative({ numeric: [], text: columns })).text;
    // A damaged file is the likelier reason that there is no sample, and this says so.
    await readNative({ numeric: [], text: columns.slice(0, 1) });
    return fail("CONFIG_MISSING", `inputs: not given, and ${file} is too wide to look for its numeric columns`, {
      path: "inputs",
      hint: "name the input columns, for example inputs: 'gene*'",
    });
  };
  const describeKinds = async (): Promise<readonly SourceColumn[]> => {
    const cells = await sample();
    return columns.map((name, j) => ({ name, kind: kindOfCells(cells[j]!, missing) }));
  };
  return {
    describe: async (detail) => ({
      format: delimiter === "\t" ? "tsv" : "csv",
      columns: detail === "kinds" ? await describeKinds() : columns.map((name) => ({ name, kind: "unknown" })),
      notes,
    }),
    read: async (choice) => {
      if (columns.length > WIDE || !(await hasDuckdb())) return readNative(choice);
      const selection = await readRelation(relation, choice).catch(() => undefined);
      return selection === undefined || selection.rows === 0 ? readNative(choice) : selection;
    },
    close: async () => {},
  };
}

const NUMBER = /^[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf|infinity)$/i;

function beginsBlank(file: string): boolean {
  const descriptor = openSync(file, "r");
  try {
    const head = Buffer.alloc(4);
    return /^(\ufeff)?[\r\n]/.test(head.toString("utf8", 0, readSync(descriptor, head)));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * What a column's cells look like: unknown where all are missing. Where nine in ten are numbers the others are taken for
 * mistakes, which the reading then names: a measurement that is left out in silence would be worse.
 */
export function kindOfCells(
  cells: readonly (string | null)[],
  missing: readonly string[] = MISSING_WORDS,
): SourceColumn["kind"] {
  const counts = { number: 0, text: 0 };
  for (const cell of cells) {
    const text = cell?.trim() ?? "";
    if (text !== "" && !missing.includes(text)) counts[NUMBER.test(text) ? "number" : "text"]++;
  }
  if (counts.number + counts.text === 0) return "unknown";
  return counts.number >= 9 * counts.text ? "number" : "text";
}

/** The relation behind a text table: all columns as text. */
export function csvRelation(
  file: string,
  columns: readonly string[],
  delimiter: string,
  missingWords: readonly string[],
): Relation {
  // By position: SQL names ignore case.
  const position = new Map(columns.map((name, j) => [name, `c${j}`]));
  const types = columns.map((_, j) => `'c${j}': 'VARCHAR'`).join(", ");
  const dialect = `auto_detect=false, header=true, delim=${literal(delimiter)}, quote='"', escape='"', strict_mode=true`;
  return {
    file,
    from: `read_csv(${pathLiteral(file)}, ${dialect}, columns={${types}})`,
    column: (name) =>
      position.get(name) ?? fail("DATA_MISSING_COLUMN", `${file} has no column ${JSON.stringify(name)}`),
    isNumeric: () => false,
    missingWords,
  };
}
