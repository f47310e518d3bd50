// Matrices whose columns have no names of their own: they are numbered.
import { fail } from "../errors.js";
import type { NativeMatrix } from "../native.js";
import { type ColumnChoice, labelTexts, type Selection, type Source, type SourceColumn } from "./source.js";

// A header can claim any shape; names are only made for one that a table could have.
const MOST_COLUMNS = 1 << 23;

/** Names of numbered columns: `prefix`0, `prefix`1, ... */
export function numbered(file: string, prefix: string, width: number): readonly string[] {
  if (width > MOST_COLUMNS) {
    fail("DATA_CORRUPT", `${file}: ${prefix} claims to have ${width} columns`, {
      path: file,
      hint: "the file is damaged, or its rows and columns are exchanged: save the array again",
    });
  }
  return Array.from({ length: width }, (_, column) => `${prefix}${column}`);
}

/** A matrix of which columns can be read alone. */
export interface ColumnMatrix {
  readonly format: string;
  readonly rows: number;
  /** In order, unique. */
  readonly columns: readonly SourceColumn[];
  readonly inputGroup?: string;
  readonly rowIds?: readonly string[];
  /** Reads columns by their places. */
  read(places: Uint32Array): NativeMatrix;
}

/** A source of one matrix. */
export function matrixSource(file: string, matrix: ColumnMatrix): Source {
  const places = new Map(matrix.columns.map(({ name }, place) => [name, place]));
  const placeOf = (name: string): number =>
    places.get(name) ?? fail("DATA_MISSING_COLUMN", `${file} has no column ${JSON.stringify(name)}`, { path: file });
  return {
    describe: async () => {
      const { format, rows, columns, inputGroup } = matrix;
      const own = matrix.rowIds !== undefined;
      return { format, rows, columns, hasRowIds: own, ...(inputGroup !== undefined && { inputGroup }) };
    },
    read: async ({ numeric, text }: ColumnChoice): Promise<Selection> => {
      const { data } = matrix.read(Uint32Array.from(numeric, placeOf));
      const texts = text.map((name) => labelTexts(matrix.read(Uint32Array.of(placeOf(name))).data));
      return {
        rows: matrix.rows,
        numeric: data,
        text: texts,
        ...(matrix.rowIds !== undefined && { rowIds: [...matrix.rowIds] }),
      };
    },
    close: async () => {},
  };
}
