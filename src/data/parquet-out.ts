// Parquet files written, through DuckDB.
import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, literal, withDuckdb } from "./duckdb.js";
import type { Rows } from "./rows.js";

/** What pandas calls the column of an index without a name. */
export const INDEX = "__index_level_0__";

/** Writes a table; identifiers of the rows are a column that pandas takes for the index again. */
export async function writeParquet(path: string, rows: Rows): Promise<void> {
  await withDuckdb(async (connection) => {
    const { data, columns, rowIds } = rows;
    const type = data instanceof Float32Array ? "FLOAT" : "UTINYINT";
    const fields = [...(rowIds === undefined ? [] : [[INDEX, "VARCHAR"]]), ...columns.map((name) => [name, type])];
    const declared = fields.map(([name, sql]) => `${identifier(name!)} ${sql}`).join(", ");
    await connection.run(`CREATE TABLE latents (${declared})`);
    await append(connection, rows);
    const index = rowIds === undefined ? [] : [INDEX];
    const described = index.map((name) => {
      return { name: null, field_name: name, pandas_type: "unicode", numpy_type: "object", metadata: null };
    });
    const pandas = { index_columns: index, column_indexes: [], columns: described, pandas_version: "2.0.0" };
    await connection.run(
      `COPY latents TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {pandas: ${literal(JSON.stringify(pandas))}})`,
    );
  });
}

// DuckDB's own size of a block.
const BLOCK = 2048;

async function append(connection: DuckDBConnection, { data, shape: [rows, cols], rowIds }: Rows): Promise<void> {
  const { DuckDBDataChunk, FLOAT, UTINYINT, VARCHAR } = await import("@duckdb/node-api");
  const type = data instanceof Float32Array ? FLOAT : UTINYINT;
  const types = [...(rowIds === undefined ? [] : [VARCHAR]), ...Array.from({ length: cols }, () => type)];
  const appender = await connection.createAppender("latents");
  for (let from = 0; from < rows; from += BLOCK) {
    const size = Math.min(BLOCK, rows - from);
    const chunk = DuckDBDataChunk.create(types, size);
    const values = Array.from({ length: cols }, (_, j) =>
      Array.from({ length: size }, (_, i) => data[(from + i) * cols + j]!),
    );
    chunk.setColumns(rowIds === undefined ? values : [rowIds.slice(from, from + size), ...values]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
