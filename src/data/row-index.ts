// Row indexes: columns that number or name the rows. Tables bring them along from pandas, R and spreadsheets; as an input they
// would tell a model the order of the file. They name the rows, and are an input only where somebody asks for them by name.
import type { SourceColumn, SourceDescription } from "./source.js";

/** Names that only a row index has, also behind that of a modality: pandas' for columns without a name, Arrow's for an index, R's. */
const INDEX_NAME = /^(.+\.)?(Unnamed: \d+(\.\d+)*|\.\.\.1|row[._ ]?names?|__index_level_\d+__)$/i;

/** Names of columns that usually number the rows: few rows are enough to believe it. */
const ID_NAME =
  /^(ids?|idx|index|nr|no\.?|num|number|obs|observation|rows?|(row|case|sample|subject|record)[._ ]?(id|nr|no|num|number)|case|key|#)$/i;

/** So many rows are not numbered by chance. */
const ENOUGH = 10;

/** Whether a column is a row index by what is known without its values. */
export function isRowIndex({ name, unnamed, index }: SourceColumn): boolean {
  return unnamed === true || index === true || INDEX_NAME.test(name);
}

/** The first column, where its values could show that it numbers the rows; columns of a bare matrix have no names and never do. */
export function mayNumberRows({ columns, inputGroup, hasRowIds, joined }: SourceDescription): string | undefined {
  const [first] = columns;
  if (hasRowIds === true || joined !== undefined) return undefined;
  if (first === undefined || first.kind === "text" || isRowIndex(first) || first.positional === true) return undefined;
  return inputGroup === undefined || first.group !== inputGroup || first.group === first.name ? first.name : undefined;
}

/**
 * Whether values count the rows: 0, 1, 2, ... or 1, 2, 3, ..., each once.
 *
 * @param parts rows of the files that are stacked, each of which may count its own
 */
export function numbersRows(name: string, values: Float32Array, parts: readonly number[] = []): boolean {
  if (counts(values, ID_NAME.test(name) ? 2 : ENOUGH)) return true;
  let from = 0;
  return (
    parts.length > 1 &&
    parts.every((rows) => {
      from += rows;
      return counts(values.subarray(from - rows, from), ID_NAME.test(name) ? 2 : ENOUGH);
    })
  );
}

function counts(values: Float32Array, enough: number): boolean {
  const start = values[0];
  if ((start !== 0 && start !== 1) || values.length < enough) return false;
  for (let i = 0; i < values.length; i++) if (values[i] !== Math.fround(start + i)) return false;
  return true;
}

/** What is said of an index that was left out of the inputs. */
export function indexNote(names: readonly string[], rowId: string | undefined): string {
  const [first = ""] = names;
  const quoted = names.map((name) => JSON.stringify(name)).join(", ");
  const role = names.includes(rowId ?? "") ? `${JSON.stringify(rowId)} names the rows` : "";
  return `${quoted} ${names.length === 1 ? "is a row index" : "are row indexes"} and no input${role && `; ${role}`} (to use it: inputs ${JSON.stringify(first)}, or --row-id false)`;
}
