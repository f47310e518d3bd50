// Parquet files written, through DuckDB.
import { type Connection, withDuckdb } from "./database.js";
import { identifier, literal } from "./duckdb.js";
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

async function append({ library, handle }: Connection, { data, shape: [rows, cols], rowIds }: Rows): Promise<void> {
  const { FLOAT, UTINYINT, VARCHAR } = library.Type;
  const type = data instanceof Float32Array ? FLOAT : UTINYINT;
  const types = [...(rowIds === undefined ? [] : [VARCHAR]), ...Array.from({ length: cols }, () => type)];
  const chunk = library.create_data_chunk(types.map((one) => library.create_logical_type(one)));
  const appender = library.appender_create(handle, null, "latents");
  const most = library.vector_size();
  for (let from = 0; from < rows; from += most) {
    const size = Math.min(most, rows - from);
    library.data_chunk_reset(chunk);
    library.data_chunk_set_size(chunk, size);
    if (rowIds !== undefined) {
      const ids = library.data_chunk_get_vector(chunk, 0);
      for (let i = 0; i < size; i++) library.vector_assign_string_element(ids, i, rowIds[from + i]!);
    }
    const column = data instanceof Float32Array ? new Float32Array(size) : new Uint8Array(size);
    for (let j = 0; j < cols; j++) {
      for (let i = 0, at = from * cols + j; i < size; i++, at += cols) column[i] = data[at]!;
      const vector = library.data_chunk_get_vector(chunk, types.length - cols + j);
      library.copy_data_to_vector(vector, 0, column.buffer, 0, column.byteLength);
    }
    library.append_data_chunk(appender, chunk);
  }
  library.appender_flush_sync(appender);
  library.appender_close_sync(appender);
}
