// Which columns of a Parquet file or an Arrow table pandas wrote as the index of its rows.

/** Their names, from the metadata under the key `pandas`; an index that is a range takes no column. */
export function pandasIndexes(metadata: string | undefined): ReadonlySet<string> {
  if (metadata === undefined) return new Set();
  try {
    const { index_columns: columns } = JSON.parse(metadata) as { readonly index_columns?: unknown };
    return new Set(Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : []);
  } catch {
    return new Set();
  }
}
