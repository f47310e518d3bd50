// Matrices whose columns have no names of their own: they are numbered.
import { fail } from "../errors.js";
import type { NativeMatrix } from "../native.js";
import { type ColumnChoice, labelTexts, type Selection, type Source, type SourceColumn } from "./source.js";

// A header can claim any shape; names are only made for one that a table could have.
const MOST_COLUMNS = 1 << 23;

/** Numbered columns: `prefix`0, `prefix`1, ... */
export function numbered(file: string, prefix: string, width: number): readonly SourceColumn[] {
  return numberedNames(file, prefix, width).map((name) => ({ name, kind: "number", positional: true }));
}

/** Names of numbered columns. */
export function numberedNames(file: string, prefix: string, width: number): readonly string[] {
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
  /** Whether its numbers have 32 bits as they are stored. */
  readonly isSingle?: boolean;
  /** Reads columns by their places. */
  read(places: Uint32Array): Promise<Pick<NativeMatrix, "data">>;
  /** Reads them with 64 bits, row-major. */
  exact(places: Uint32Array): Promise<Float64Array>;
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
      const { data } = await matrix.read(Uint32Array.from(numeric, placeOf));
      const texts: string[][] = [];
      for (const name of text) {
        const exact = await matrix.exact(Uint32Array.of(placeOf(name)));
        texts.push(labelTexts(exact, false, matrix.isSingle));
      }
      return {
        rows: matrix.rows,
        numeric: data,
        text: texts,
        ...(matrix.rowIds !== undefined && { rowIds: [...matrix.rowIds] }),
      };
    },
    exact: async (names) => matrix.exact(Uint32Array.from(names, placeOf)),
    close: async () => {},
  };
}

/** What the columns of a matrix without names are called for a model: by its inputs in order, unless it knows them by their numbers. */
export function calledFor(inputs: readonly string[], own: readonly string[]): readonly string[] {
  if (inputs.length !== own.length) return own;
  const known = new Set(own);
  return inputs.every((name) => known.has(name)) ? own : inputs;
}
