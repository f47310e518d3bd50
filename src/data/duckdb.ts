// Tables through DuckDB: a relation in SQL, columns of it as 32-bit floats and text.
import type { DuckDBConnection, DuckDBDataChunk, DuckDBVector } from "@duckdb/node-api";
import { failure } from "../errors.js";
import { concatenated } from "./columns.js";
import { type ColumnChoice, corrupt, notNumeric, overflow, type Selection } from "./source.js";

/** A table in SQL. */
export interface Relation {
  /** The path as the user gave it. */
  readonly file: string;
  /** What stands after FROM. */
  readonly from: string;
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

/** Runs `work` on a fresh in-memory database that loads no extension and writes nothing. */
export async function withDuckdb<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const { DuckDBInstance } = await loadDuckdb();
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  try {
    const connection = await instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** DuckDB's module, loaded at first use; throws `DATA_UNSUPPORTED` where it has no build for the platform. */
async function loadDuckdb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw failure("DATA_UNSUPPORTED", `DuckDB could not be loaded on ${process.platform}-${process.arch}`, {
      hint: "write the table as CSV: reading that needs no DuckDB",
      cause,
    });
  }
}

/** The rows of a query. */
export function rowsOf(query: string): Promise<readonly (readonly unknown[])[]> {
  return withDuckdb(async (connection) => (await connection.runAndReadAll(query)).getRows());
}

/** Visits the texts of a query with one column, in row order. */
export function forEachText(query: string, visit: (text: string, row: number) => void): Promise<void> {
  return withDuckdb(async (connection) => {
    await forEachChunk(connection, query, (chunk, count, from) => {
      const vector = chunk.getColumnVector(0);
      for (let i = 0; i < count; i++) visit(vector.getItem(i) as string, from + i);
    });
  });
}

/** Reads columns of a relation, in row order. */
export function readRelation(relation: Relation, choice: ColumnChoice): Promise<Selection> {
  return withDuckdb(async (connection) => {
    const expressions = [
      ...choice.numeric.map((name) => `coalesce(${numberExpression(relation, name)}, 'inf'::FLOAT)`),
      ...choice.text.map((name) => textExpression(relation, name)),
      // A choice without columns still has rows.
      ...(choice.numeric.length + choice.text.length === 0 ? ["1"] : []),
    ];
    const width = choice.numeric.length;
    const blocks: Float32Array[] = [];
    const text: string[][] = choice.text.map(() => []);
    const query = `SELECT ${expressions.join(", ")} FROM ${relation.from}`;
    const rows = await forEachChunk(connection, query, async (chunk, count, from) => {
      const block = new Float32Array(count * width);
      for (let j = 0; j < width; j++) {
        const values = floatsOf(chunk.getColumnVector(j), count);
        for (let i = 0; i < count; i++) {
          const value = values[i]!;
          if (value === Infinity || value === -Infinity) {
            throw await badCell(connection, relation, choice.numeric[j]!, from + i);
          }
          block[i * width + j] = value;
        }
      }
      choice.text.forEach((_, j) => {
        const vector = chunk.getColumnVector(width + j);
        for (let i = 0; i < count; i++) text[j]!.push(vector.getItem(i) as string);
      });
      blocks.push(block);
    });
    return { rows, numeric: concatenated(Float32Array, blocks), text };
  });
}

/** Visits the chunks of a query in row order, each with its rows and the row it begins with; gives the number of all rows. */
async function forEachChunk(
  connection: DuckDBConnection,
  query: string,
  visit: (chunk: DuckDBDataChunk, count: number, from: number) => void | Promise<void>,
): Promise<number> {
  const result = await connection.stream(query);
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    // A call into the library each time that it is asked for.
    const count = chunk?.rowCount ?? 0;
    if (chunk === null || count === 0) return rows;
    await visit(chunk, count, rows);
    rows += count;
  }
}

/** The numbers of a column of floats without NULL: at once where the library holds them so, which its types do not say. */
function floatsOf(vector: DuckDBVector, count: number): ArrayLike<number> {
  const { items } = vector as unknown as { readonly items?: unknown };
  if (items instanceof Float32Array && items.length >= count) return items;
  return Float32Array.from({ length: count }, (_, i) => vector.getItem(i) as number);
}

/** Reads number columns of a relation with 64 bits, row-major; NaN where there is no number. */
export function readExact(relation: Relation, names: readonly string[]): Promise<Float64Array> {
  return withDuckdb(async (connection) => {
    const expressions = names.map((name) => `coalesce(TRY_CAST(${relation.column(name)} AS DOUBLE), 'nan'::DOUBLE)`);
    const reader = await connection.runAndReadAll(`SELECT ${expressions.join(", ")} FROM ${relation.from}`);
    return Float64Array.from(reader.getRows().flat(), Number);
  });
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

async function badCell(connection: DuckDBConnection, relation: Relation, name: string, row: number): Promise<Error> {
  const cell = `SELECT ${asText(relation.column(name))} FROM ${relation.from} LIMIT 1 OFFSET ${row}`;
  const got = String((await connection.runAndReadAll(cell)).getRows()[0]?.[0]);
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
