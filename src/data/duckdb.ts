// Tables through DuckDB: a relation in SQL, columns of it as 32-bit floats and text.
import { failure } from "../errors.js";
import type { Connection } from "./database.js";
import { type ColumnChoice, corrupt, notNumeric, overflow, type Selection } from "./source.js";

/** A table in SQL. */
export interface Relation {
  /** The path as the user gave it. */
  readonly file: string;
  /** What stands after FROM. */
  readonly from: string;
  /** How many rows there are, as far as is known. */
  readonly rows: number;
  /** SQL of a column's name. */
  readonly column: (name: string) => string;
  /** Whether a column has a numeric SQL type; other columns are parsed from their text. */
  readonly isNumeric: (name: string) => boolean;
  /** Whether the text NaN stands for no value, as Python writes it into JSON. */
  readonly isNanMissing?: boolean;
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path as an SQL literal in which nothing is a wildcard. */
export function pathLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}

/** Reads columns of a relation, in row order. */
export async function readRelation(
  connection: Connection,
  relation: Relation,
  choice: ColumnChoice,
): Promise<Selection> {
  const expressions = [
    ...choice.numeric.map((name) => `coalesce(${numberExpression(relation, name)}, 'inf'::FLOAT)`),
    ...choice.text.map((name) => textExpression(relation, name)),
    // A choice without columns still has rows.
    ...(choice.numeric.length + choice.text.length === 0 ? ["1"] : []),
  ];
  const width = choice.numeric.length;
  const numeric = new Matrix<Float32Array>(Float32Array, relation.rows, width);
  const text: string[][] = choice.text.map(() => []);
  let rows = 0;
  let bad: { readonly row: number; readonly column: number } | undefined;
  await connection.forEachChunk(`SELECT ${expressions.join(", ")} FROM ${relation.from}`, (chunk, from) => {
    const columns = choice.numeric.map((_, j) => chunk.floats(j));
    const column = columns.findIndex((values) => indexOfInfinite(values) >= 0);
    if (column >= 0) {
      bad = { row: from + indexOfInfinite(columns[column]!), column };
      return false;
    }
    numeric.append(columns, chunk.rows);
    for (const [j, into] of text.entries()) chunk.texts(width + j, into);
    rows = from + chunk.rows;
    return true;
  });
  if (bad !== undefined) throw await badCell(connection, relation, choice.numeric[bad.column]!, bad.row);
  return { rows, numeric: numeric.values(), text };
}

/** Reads number columns of a relation with 64 bits, row-major; NaN where there is no number. */
export async function readExact(
  connection: Connection,
  relation: Relation,
  names: readonly string[],
): Promise<Float64Array> {
  const expressions = names.map((name) => `coalesce(TRY_CAST(${relation.column(name)} AS DOUBLE), 'nan'::DOUBLE)`);
  const numeric = new Matrix<Float64Array>(Float64Array, relation.rows, names.length);
  if (names.length === 0) return numeric.values();
  await connection.forEachChunk(`SELECT ${expressions.join(", ")} FROM ${relation.from}`, (chunk) => {
    numeric.append(
      names.map((_, j) => chunk.doubles(j)),
      chunk.rows,
    );
    return true;
  });
  return numeric.values();
}

/** A NULL stands as an infinity: infinities of the table itself are no numbers to learn from either. */
function indexOfInfinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) === Infinity) return i;
  return -1;
}

type Numbers = Float32Array | Float64Array;

/** Rows that are copied together: few enough for their places in a wide matrix to stay in the cache. */
const TILE = 64;

/** A row-major matrix that is filled from columns, block by block. */
class Matrix<T extends Numbers> {
  private data: T;
  private rows = 0;
  private readonly of: new (
    length: number,
  ) => T;
  private readonly width: number;

  /** @param likely how many rows there will be: room that is not needed is given back, and missing room is made */
  constructor(of: new (length: number) => T, likely: number, width: number) {
    this.of = of;
    this.width = width;
    this.data = new of(likely * width);
  }

  append(columns: readonly T[], rows: number): void {
    const { width } = this;
    const from = this.rows * width;
    this.rows += rows;
    if (this.rows * width > this.data.length) {
      const larger = new this.of(Math.max(this.rows * width, 2 * this.data.length));
      larger.set(this.data);
      this.data = larger;
    }
    const { data } = this;
    for (let top = 0; top < rows; top += TILE) {
      const bottom = Math.min(rows, top + TILE);
      for (let j = 0; j < width; j++) {
        const values = columns[j]!;
        for (let i = top, at = from + top * width + j; i < bottom; i++, at += width) data[at] = values[i]!;
      }
    }
  }

  values(): T {
    const length = this.rows * this.width;
    return this.data.length === length ? this.data : (this.data.slice(0, length) as T);
  }
}

// NULL marks a cell that is no number, NaN one that is missing; what is read has an infinity in place of NULL.
function numberExpression(relation: Relation, name: string): string {
  const column = relation.column(name);
  if (relation.isNumeric(name)) {
    return `CASE WHEN ${column} IS NULL THEN 'nan'::FLOAT ELSE TRY_CAST(${column} AS FLOAT) END`;
  }
  const text = asText(column);
  // DuckDB's own reading of numbers allows 1_000 and NAN, which no other reader here does.
  const nan = relation.isNanMissing ? `WHEN ${text} = 'NaN' THEN 'nan'::FLOAT ` : "";
  const truth = `WHEN ${text} IN ('true', 'True', 'TRUE') THEN 1 WHEN ${text} IN ('false', 'False', 'FALSE') THEN 0 `;
  const parsed = `nullif(TRY_CAST(${text} AS FLOAT), 'nan'::FLOAT)`;
  const number = `CASE ${nan}${truth}WHEN contains(${text}, '_') THEN NULL ELSE ${parsed} END`;
  return `CASE WHEN ${column} IS NULL THEN 'nan'::FLOAT ELSE ${number} END`;
}

function textExpression(relation: Relation, name: string): string {
  const text = asText(relation.column(name));
  const nan = relation.isNumeric(name) ? "'nan'" : relation.isNanMissing ? "'NaN'" : undefined;
  return `coalesce(${nan === undefined ? text : `nullif(${text}, ${nan})`}, '')`;
}

function asText(column: string): string {
  return `CAST(${column} AS VARCHAR)`;
}

async function badCell(connection: Connection, relation: Relation, name: string, row: number): Promise<Error> {
  const cell = `SELECT coalesce(${asText(relation.column(name))}, '') FROM ${relation.from} LIMIT 1 OFFSET ${row}`;
  const got = String((await connection.rows(cell))[0]?.[0]);
  if (/inf/i.test(got)) {
    return failure(
      "DATA_NOT_FINITE",
      `column ${JSON.stringify(name)}, row ${row + 1}: got ${got}, expected a finite number`,
      {
        path: relation.file,
        hint: "correct the cell, or leave it empty and choose a policy with `missing`",
        context: { column: name, row: row + 1, got },
      },
    );
  }
  if (Number.isFinite(Number(got))) return overflow(relation.file, name, row + 1, got);
  return notNumeric(relation.file, name, row + 1, got);
}

/** What DuckDB's message means in our terms: what it does not support is not damaged. */
export function translateDuckdb(file: string, format: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ""] = message.replace(/^[A-Za-z ]*Error: /, "").split("\n", 1);
  const reason = line.replace(/^Failed to read file "[^"]*": /, "");
  if (!/unsupported|not (yet )?(supported|implemented)|encrypt|unknown codec/i.test(message)) {
    return corrupt(file, format, new Error(reason, { cause: error }));
  }
  const hint =
    format === "Parquet"
      ? 'write it again with zstd or snappy and plain types: frame.to_parquet(path, compression="zstd")'
      : "write it again as one object per line";
  return failure("DATA_UNSUPPORTED", `${file}: a ${format} file that cannot be read: ${reason}`, {
    path: file,
    hint,
    cause: error,
  });
}
