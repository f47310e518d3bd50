// Where data lie and which columns play which role: the one declaration, shared by the API, the flags and config files.
import { z } from "zod";
import type { JsonSchema } from "../config-keys.js";
import { type Failure, failAll, failuresOf, isDisentangleError } from "../errors.js";
import { jsonSchemaOf, parseKeys } from "./parse-keys.js";

/** A dense row-major matrix with its shape `[rows, columns]`; without `columns` they are called x0, x1, ... */
export interface MatrixData {
  readonly data: NumberArray;
  readonly shape: readonly number[];
  readonly columns?: readonly string[];
}
/** A typed array of numbers. 64-bit values are narrowed to 32 bits. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
/** What apache-arrow's `Table` and its kin look like from outside. */
export interface ArrowLike {
  readonly schema: {
    readonly fields: readonly { readonly name: string; readonly type?: unknown }[];
    readonly metadata?: { get(key: string): string | undefined };
  };
  readonly numRows: number;
  getChild(name: string): { get(row: number): unknown } | null;
}
/** One array per column: numbers, or text for labels; `null` is a missing value. */
export type ColumnsData = Readonly<Record<string, NumberArray | readonly (number | string | boolean | null)[]>>;
/** Data that are already in memory. They are copied once, before anything is awaited. */
export type InMemoryData = MatrixData | readonly (readonly number[])[] | ArrowLike | ColumnsData;
/** Targets given beside the data, rows in the same order: one number per row, or a table with a column per task. */
export type TargetData = NumberArray | readonly (number | null)[] | InMemoryData;

/** A rooted tree over environments: one entry per node, parent -1 for the root; lengths are 1 where none are given. */
export interface TreeData {
  readonly names: readonly string[];
  readonly parents: readonly number[];
  readonly lengths?: readonly number[];
}

/** One of several modalities of the same rows. */
export interface ModalityConfig {
  /** Its table; absent where `data` names a file that holds all of them. */
  readonly data?: string | InMemoryData | undefined;
  /** Its input columns. Default: all numeric columns without another role, or the array of its name. */
  readonly inputs?: string | readonly string[] | undefined;
  /** Its matrix in an AnnData or MuData file. */
  readonly matrix?: string | undefined;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isPerRow = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || ArrayBuffer.isView(value);

const inMemory = z.custom<InMemoryData>(isObject);
const labelsPerRow = z.custom<readonly (string | number)[]>(isPerRow);
const targetsPerRow = z.custom<TargetData>(
  (value) => isObject(value) && !(Array.isArray(value) && typeof value[0] === "string"),
);
const text = (error: string) => z.string({ error }).min(1, { error });
const names = (what: string) => {
  const error = `expected ${what}: a name, a pattern such as 'gene*', a comma list, or an array of these`;
  return z.union([text(error), z.array(text(error)).min(1, { error })], { error });
};
const labels = (what: string) => {
  const error = `expected the name of the column with the ${what}, or one label per row`;
  return z.union([z.string({ error }), labelsPerRow], { error });
};
const treeError = "expected the path of a tree, 'dendrogram', or { names, parents, lengths }";

const DATA = "expected a path, or data in memory";
const MODALITIES = "expected an object with a table for each name, such as rna: { data: 'rna.csv' }";
const viewName = z.string().regex(/^[^.=,\s][^.=,]*$/, {
  error: "expected a name without dot, comma and equals sign",
});
const matrixError = "expected 'X', 'raw', the name of a layer, an embedding such as 'obsm/X_pca', or a genome";
const modality = z.strictObject(
  {
    data: z.union([text("expected a path"), inMemory], { error: DATA }).optional(),
    inputs: names("input columns").optional(),
    matrix: text(matrixError).optional(),
  },
  { error: "expected an object with data, inputs or matrix" },
);

/** All data keys. Every other key is an error. */
const dataConfigSchema = z.strictObject({
  data: z
    .union([text("expected a path"), z.array(text("expected a path")).min(1), inMemory], {
      error: "expected a path, several paths, or data in memory",
    })
    .optional()
    .describe(
      "Table or matrix to learn from: CSV, TSV, Parquet, JSON lines, NPY, NPZ, Matrix Market, h5ad, h5mu, zarr (folder or zip), 10x (.h5 or folder), IDX, a folder of PNG or JPEG images, or a dataset folder; each file also in .gz, .zst or .zip. - is standard input. Several files, or a pattern ('cells/*.csv'), are stacked; the column `origin` says which file a row is from.",
    ),
  modalities: z
    .record(viewName, modality, { error: MODALITIES })
    .optional()
    .describe(
      "Several measurements of the same rows, each a view of the inputs. On the command line one flag each: NAME=FILE, NAME.inputs=COLUMNS, NAME.matrix=MATRIX; NAME alone chooses a part of --data.",
    ),
  join: text("expected the name of a column")
    .optional()
    .describe(
      "Column with the ids by which rows of the modalities are joined, as exact text; rows that are not in all of them are left out and counted. Default: the row names that files such as AnnData bring.",
    ),
  unmatched: z
    .enum(["drop", "keep"], { error: "expected drop or keep" })
    .optional()
    .describe(
      "Rows that are not in all modalities: left out, or kept, with missing numbers where they lack a modality. Kept rows come after those of the first table, in the order of theirs. Default: drop.",
    ),
  labels: z
    .union([text("expected a path"), inMemory], { error: "expected the path of a table, or a table in memory" })
    .optional()
    .describe(
      "Table with further columns of the same rows: of a folder of images by file name (its column `join`, or its first), elsewhere in the order of the rows.",
    ),
  channels: z
    .enum(["first", "last"], { error: "expected first or last" })
    .optional()
    .describe(
      "Where an array of four dimensions has the channels of its images. Default: last where the last axis has at most 4 entries and the second more, else first.",
    ),
  inputs: names("input columns")
    .optional()
    .describe(
      "Input columns: names, patterns ('gene*'), '!name' to leave out. Default: all numeric columns without another role.",
    ),
  environment: labels("environments")
    .optional()
    .describe("Column with the environment of each row (cell type, site, batch, subject, time window)."),
  task: labels("tasks").optional().describe("Column with the task that the target of each row belongs to."),
  target: z
    // Numbers first: a union tries its members in turn, and the other would report every number as a wrong name.
    .union([targetsPerRow, names("target columns")], {
      error: "expected names or patterns of columns, one number per row, or a table with a column per task",
    })
    .optional()
    .describe(
      "Column to predict; several, or a pattern ('y*'), where each is a task of its own. Some of them may be missing.",
    ),
  truth: names("columns with the true latents, or the path of a file that holds them")
    .optional()
    .describe("True latents, for scoring only: columns of the data, or a file with as many rows."),
  tree: z
    .union(
      [text(treeError), z.custom<TreeData>((value) => isObject(value) && "names" in value && "parents" in value)],
      { error: treeError },
    )
    .optional()
    .describe(
      "Tree over the environments: a Newick file, a parent-child-length table, or 'dendrogram' (from the data).",
    ),
  rowId: z
    .union([z.string(), z.literal(false)], { error: "expected the name of a column, or false" })
    .optional()
    .describe(
      "Column with the identifiers of the rows; false: none, and row indexes are inputs like other columns. Default: the row index of the table, if it has one.",
    ),
  matrix: text(matrixError)
    .optional()
    .describe(
      "Matrix of an AnnData or MuData file: 'X' (default), 'raw', the name of a layer, or an embedding such as 'obsm/X_pca'; of a 10x Genomics file with several genomes: the genome.",
    ),
  delimiter: z
    .string({ error: "expected one character" })
    .length(1, { error: "expected one character" })
    .optional()
    .describe(
      "Character between the fields of a text table; a blank: runs of blanks. Default: found from the first lines.",
    ),
  quote: z
    .string({ error: "expected one character, or none" })
    .regex(/^(.|none)$/, { error: "expected one character, or none" })
    .optional()
    .describe("Character around the fields of a text table, or `none`. Default: the double quote."),
  decimal: z
    .enum([".", ","], { error: "expected '.' or ','" })
    .optional()
    .describe(
      "Decimal mark of a text table; the other mark separates thousands. Default: found from the first rows, and said.",
    ),
  missingValues: z
    .union([z.string(), z.array(z.string())], { error: "expected a comma list, or an array of texts" })
    .optional()
    .describe(
      "Words and numbers that mean no value, in every format; numbers by their value: -999 is -999.0. Default, in text tables: empty, NA, NaN, null and their usual spellings.",
    ),
  name: text("expected a text")
    .optional()
    .describe("Short name of the data set, for the report. Default: the file's name."),
});

/** Where data lie and which columns play which role; `disentangle schema` says what each key means. */
export type DataConfig = {
  readonly data?: string | string[] | InMemoryData | undefined;
  readonly modalities?:
    | Record<
        string,
        {
          data?: string | InMemoryData | undefined;
          inputs?: string | string[] | undefined;
          matrix?: string | undefined;
        }
      >
    | undefined;
  readonly join?: string | undefined;
  readonly unmatched?: "drop" | "keep" | undefined;
  readonly labels?: string | InMemoryData | undefined;
  readonly channels?: "first" | "last" | undefined;
  readonly inputs?: string | string[] | undefined;
  readonly environment?: string | readonly (string | number)[] | undefined;
  readonly task?: string | readonly (string | number)[] | undefined;
  readonly target?: TargetData | string | string[] | undefined;
  readonly truth?: string | string[] | undefined;
  readonly tree?: string | TreeData | undefined;
  readonly rowId?: string | false | undefined;
  readonly matrix?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly missingValues?: string | string[] | undefined;
  readonly name?: string | undefined;
};

// The compiler of a user need not read zod's types, so the interface stands beside the schema. Both say the same, or this does
// not compile: each key of the one is a key of the other, and each value of the one is a value of the other.
type Inferred = z.infer<typeof dataConfigSchema>;
const keys: readonly (keyof DataConfig & keyof Inferred)[] = Object.keys(dataConfigSchema.shape) as (
  | keyof DataConfig
  | keyof Inferred
)[];

/** The keys of `DataConfig`, in the order of the documentation. */
export const dataKeys: readonly string[] = keys;

/** The JSON Schema of the data keys: what a config file can say (data in memory are left out). */
export function dataJsonSchema(): JsonSchema {
  return jsonSchemaOf(dataConfigSchema);
}

/**
 * Checks the data keys of a configuration; all failures at once.
 *
 * @param known further keys that exist but belong elsewhere, offered when a key is misspelt
 * @throws `CONFIG_UNKNOWN_KEY`, `CONFIG_WRONG_TYPE`, `CONFIG_MISSING`, or `CONFIG_INVALID` with several of them
 */
export function parseDataConfig(value: unknown, known: readonly string[] = []): DataConfig {
  const hints = {
    data: "for example data: cells.csv (--data cells.csv); `disentangle inspect FILE` shows what a file holds",
  };
  const missing = isObject(value) ? missingData(value as Readonly<Record<string, unknown>>, hints.data) : [];
  const config: DataConfig = allOrNothing(missing, () =>
    parseKeys(dataConfigSchema, value, { about: "data", known, hints }),
  );
  failAll(missing);
  return config satisfies Inferred;
}

/** What `parse` gives; its mistakes are told with the others, all at once. */
function allOrNothing<T>(others: readonly Failure[], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (isDisentangleError(error)) failAll([...others, ...failuresOf(error)]);
    throw error;
  }
}

/** Data lie in `data`, or in every one of the modalities. */
function missingData({ data, modalities }: Readonly<Record<string, unknown>>, hint: string): readonly Failure[] {
  if (modalities === undefined || !isObject(modalities)) {
    return data === undefined
      ? [{ code: "CONFIG_MISSING", path: "data", message: `data is missing: ${DATA}`, hint }]
      : [];
  }
  return Object.entries(modalities as Readonly<Record<string, unknown>>).flatMap(([name, one]): Failure[] => {
    const own = isObject(one) ? (one as { readonly data?: unknown }).data : undefined;
    const path = `modalities.${name}.data`;
    if (data === undefined && own === undefined) {
      const message = `${path} is missing: ${DATA}`;
      return [
        {
          code: "CONFIG_MISSING",
          path,
          message,
          hint: `for example --modality ${name}=${name}.csv, or --data FILE for all`,
        },
      ];
    }
    if (data === undefined || own === undefined) return [];
    const message = `${path}: the data lie in \`data\` already`;
    return [
      {
        code: "CONFIG_CONFLICT",
        path,
        message,
        hint: "give `data` for one file with all modalities, or a file for each",
      },
    ];
  });
}
