// Parquet files, through DuckDB.
import { identifier, pathLiteral, type Relation, readRelation, translateDuckdb, withDuckdb } from "./duckdb.js";
import { guarded, type Source, type SourceColumn } from "./source.js";

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;
const TEXT = /^(VARCHAR|ENUM|BOOLEAN|DATE|TIME|TIMESTAMP|UUID)/;

/** Opens a Parquet file. */
export function openParquet(file: string): Source {
  const from = `read_parquet(${pathLiteral(file)})`;
  let types: ReadonlyMap<string, string> | undefined;
  const columnTypes = async (): Promise<ReadonlyMap<string, string>> => {
    types ??= await describeTypes(from);
    return types;
  };
  const source: Source = {
    describe: async () => ({
      format: "parquet",
      columns: [...(await columnTypes())].map(([name, type]): SourceColumn => ({ name, kind: kindOf(type) })),
    }),
    read: async (choice) => {
      const known = await columnTypes();
      const relation: Relation = {
        file,
        from,
        column: identifier,
        isNumeric: (name) => /^BOOLEAN/.test(known.get(name) ?? "") || NUMERIC.test(known.get(name) ?? ""),
      };
      return readRelation(relation, choice);
    },
    close: async () => {},
  };
  return guarded(source, (error) => translateDuckdb(file, "Parquet", error));
}

/** Names and SQL types of the columns of a relation. */
export function describeTypes(from: string): Promise<ReadonlyMap<string, string>> {
  return withDuckdb(async (connection) => {
    const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`);
    return new Map(reader.getRows().map((row) => [String(row[0]), String(row[1])]));
  });
}

/** What values an SQL type holds. */
export function kindOf(type: string): SourceColumn["kind"] {
  if (type.endsWith("]")) return "unknown";
  return NUMERIC.test(type) ? "number" : TEXT.test(type) ? "text" : "unknown";
}
