// What every place that data can lie in looks like to the rest: names first, then the chosen columns.
import { type Failure, failure, isDisentangleError } from "../errors.js";
import type { NativeImage } from "../native.js";
import type { FoundReading } from "./reading.js";

/** What is known of a column without reading all of it. */
export interface SourceColumn {
  readonly name: string;
  /** What its values are; `unknown` where only a reading would tell. */
  readonly kind: "number" | "text" | "unknown" | "image";
  /** The part of the file it comes from: "var" and "obs" in AnnData, the array's name in NPZ, the view where there are several. */
  readonly group?: string;
  /** It has no name of its own and is called by its place. */
  readonly unnamed?: boolean;
  /** The file itself says that it is the index of the rows. */
  readonly index?: boolean;
  /** It is a column of a bare matrix, called by its number. */
  readonly positional?: boolean;
  /** The view that it belongs to as an input, where the source has views. */
  readonly view?: string;
  /** Where an input has to be named to be one. */
  readonly byNameOnly?: boolean;
  /** The shape, of a column of images: one name for all their pixels. */
  readonly image?: NativeImage;
}

/** What a source holds. */
export interface SourceDescription {
  /** For example "csv", "h5ad". */
  readonly format: string;
  readonly columns: readonly SourceColumn[];
  /** Whether the source names its rows itself. */
  readonly hasRowIds?: boolean;
  /** Number of rows, where it is known before reading. */
  readonly rows?: number;
  /** The group whose columns are the inputs when none are named; all groups where absent. */
  readonly inputGroup?: string;
  /** What to do where no inputs are named and there are none by default. */
  readonly inputsHint?: string;
  /** What was found out about how a text table is written. */
  readonly reading?: FoundReading;
  /** What was decided or left out on the way, for people. */
  readonly notes?: readonly string[];
  /** How rows of several tables were joined. */
  readonly joined?: JoinReport;
}

/** How rows of several tables were joined. */
export interface JoinReport {
  /** The column with the ids, or "obs names". */
  readonly by: string;
  /** Rows in common; all of them where those that lack a table are kept. */
  readonly rows: number;
  readonly tables: readonly {
    readonly view: string;
    readonly rows: number;
    /** Rows left out: their id stands in no other table, or they have none. */
    readonly dropped: number;
    /** Rows that this table lacks, where they are kept. */
    readonly lacking?: number;
  }[];
}

/** Words that were read as missing, with how often. */
export type Words = Readonly<Record<string, number>>;

/** All that a source holds, in one pass: what cannot be read as it looks is a problem and stops nothing. */
export interface Survey {
  readonly description: SourceDescription;
  readonly rows: number;
  /** Row-major, all number columns in order; NaN where there is no number, infinities as they are. */
  readonly numeric: Float32Array;
  /** All text columns in order. */
  readonly text: readonly (readonly string[])[];
  /** Nothing where the source does not know. */
  readonly words: readonly (Words | undefined)[];
  readonly parts?: readonly number[];
  readonly problems: readonly Failure[];
}

/** Which columns to read, each name once. */
export interface ColumnChoice {
  readonly numeric: readonly string[];
  readonly text: readonly string[];
  /** Columns of images; none where absent. */
  readonly images?: readonly string[];
}

/** The chosen columns, rows in file order. */
export interface Selection {
  readonly rows: number;
  /** Row-major, `rows` x `numeric.length`; NaN marks a missing number. */
  readonly numeric: Float32Array;
  /** `text[column][row]`; "" marks missing text. */
  readonly text: string[][];
  /** One matrix per column of images, row-major, one image per row; as many as were chosen. */
  readonly images?: readonly Float32Array[];
  /** Identifiers of the rows, where the source has its own. */
  readonly rowIds?: string[];
  /** Of each text column the words that were read as missing; nothing where the source does not know. */
  readonly words?: readonly (Words | undefined)[];
  /** Rows of each file, where several are stacked. */
  readonly parts?: readonly number[];
}

/** A place that data lie in. */
export interface Source {
  describe(detail: "names" | "kinds"): Promise<SourceDescription>;
  read(choice: ColumnChoice): Promise<Selection>;
  /** Number columns with 64 bits, row-major; NaN where there is no number. */
  exact(names: readonly string[]): Promise<Float64Array>;
  /** Everything in one pass; absent where describing and reading are one. */
  readonly survey?: () => Promise<Survey>;
  close(): Promise<void>;
}

/** Closes sources, each of them also where another fails to. */
export async function closeAll(sources: readonly Pick<Source, "close">[]): Promise<void> {
  const ended = await Promise.allSettled(sources.map((source) => source.close()));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}

/** The same source, with what its library throws turned into typed failures by `translate`. */
export function guarded(source: Source, translate: (error: unknown) => Error): Source {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw isDisentangleError(error) ? error : translate(error);
    }
  };
  return {
    describe: (detail) => guard(() => source.describe(detail)),
    read: (choice) => guard(() => source.read(choice)),
    exact: (names) => guard(() => source.exact(names)),
    ...(source.survey && { survey: () => guard(() => source.survey!()) }),
    close: () => source.close(),
  };
}

/** `DATA_CORRUPT` for a file whose library gave up on it. */
export function corrupt(file: string, format: string, cause: unknown): Error {
  const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0];
  return failure("DATA_CORRUPT", `${file}: not a readable ${format} file: ${reason}`, {
    path: file,
    hint: "the file is damaged or incomplete; copy or write it again",
    cause,
  });
}

/** `DATA_NOT_NUMERIC` for a cell, rows counted from 1. */
export function notNumeric(file: string, column: string, row: number, got: string): Error {
  const shown = got.length > 40 ? `${got.slice(0, 40)}…` : got;
  return failure(
    "DATA_NOT_NUMERIC",
    `column ${JSON.stringify(column)}, row ${row}: got ${JSON.stringify(shown)}, expected a number`,
    {
      path: file,
      hint: `leave the column out with '!${column}', or correct the cell; a missing number is an empty cell or NA`,
      context: { column, row, got },
    },
  );
}

/** `DATA_OVERFLOW` for a finite number that 32 bits cannot hold, rows counted from 1. */
export function overflow(file: string, column: string, row: number, got: number | string): Error {
  return failure(
    "DATA_OVERFLOW",
    `column ${JSON.stringify(column)}, row ${row}: ${got} is too large for 32-bit floating point (at most 3.4e38)`,
    { path: file, hint: "rescale the column", context: { column, row, got } },
  );
}

/** Whether a finite 64-bit number has no finite 32-bit neighbor. */
export function overflows(value: number): boolean {
  return Math.abs(Math.fround(value)) === Infinity && Math.abs(value) !== Infinity;
}

/** A number as a label; NaN is a missing label. */
export function labelOf(value: number): string {
  return Number.isNaN(value) ? "" : String(value);
}

/** Values as labels, exactly: 64-bit whole numbers digit by digit, floats as the shortest text that reads back as the same value. */
export function labelTexts(
  values: ArrayLike<number | bigint | string> | BigInt64Array | BigUint64Array,
  isBoolean = false,
  isSingle = values instanceof Float32Array,
): string[] {
  return Array.from(values as ArrayLike<number | bigint | string>, (value) => {
    if (typeof value === "string") return value;
    if (isBoolean) return value ? "true" : "false";
    if (typeof value === "bigint") return String(value);
    return isSingle ? shortest(value) : labelOf(value);
  });
}

/** The shortest text that reads back as the same 32-bit number; NaN is a missing label. */
export function shortest(value: number): string {
  if (Number.isInteger(value)) return labelOf(value);
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return Number.isNaN(value) ? "" : String(Number(value.toPrecision(9)));
}

/** A label as a number: true is 1, false is 0, "" is missing; rows counted from 1. Throws `DATA_NOT_NUMERIC`. */
export function numberOfLabel(file: string, column: string, row: number, label: string): number {
  if (label === "") return Number.NaN;
  if (/^(true|True|TRUE)$/.test(label)) return 1;
  if (/^(false|False|FALSE)$/.test(label)) return 0;
  throw notNumeric(file, column, row, label);
}
