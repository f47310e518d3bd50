// Parquet files, through DuckDB.

import {
  identifier,
  pathLiteral,
  type Relation,
  readExact,
  readRelation,
  translateDuckdb,
  withDuckdb,
} from "./duckdb.js";
import { pandasIndexes } from "./pandas-index.js";
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
  const indexes = async (): Promise<ReadonlySet<string>> =>
    withDuckdb(async (connection) => {
      const query = `SELECT decode(value) FROM parquet_kv_metadata(${pathLiteral(file)}) WHERE decode(key) = 'pandas'`;
      const [row] = (await connection.runAndReadAll(query)).getRows();
      return pandasIndexes(row === undefined ? undefined : String(row[0]));
    });
  const source: Source = {
    describe: async () => {
      const known = await indexes();
      return {
        format: "parquet",
        columns: [...(await columnTypes())].map(
          ([name, type]): SourceColumn => ({
            name,
            kind: kindOf(type),
            ...(known.has(name) && { index: true }),
          }),
        ),
      };
    },
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
    exact: async (names) => {
      const known = await columnTypes();
      const isNumeric = (name: string): boolean => NUMERIC.test(known.get(name) ?? "");
      return readExact({ file, from, column: identifier, isNumeric }, names);
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
