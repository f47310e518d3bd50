// JSON lines, or one JSON array of objects, through DuckDB.
import { identifier, literal, pathLiteral, type Relation, readExact, readRelation, translateDuckdb } from "./duckdb.js";
import { describeTypes, kindOf } from "./parquet.js";
import { guarded, type Source, type SourceColumn } from "./source.js";

/** Opens a file of JSON objects, one per row. */
export function openJson(file: string): Source {
  const path = pathLiteral(file);
  let columns: readonly SourceColumn[] | undefined;
  const describeColumns = async (): Promise<readonly SourceColumn[]> => {
    columns ??= [...(await describeTypes(`read_json(${path}, format='auto', sample_size=-1)`))].map(([name, type]) => ({
      name,
      kind: kindOf(type),
    }));
    return columns;
  };
  const source: Source = {
    describe: async () => ({ format: "json", columns: await describeColumns() }),
    read: async (choice) => {
      // As text throughout: DuckDB would turn labels that look like dates into dates and write them differently.
      const fields = (await describeColumns()).map(({ name }) => `${literal(name)}: 'VARCHAR'`).join(", ");
      const relation: Relation = {
        file,
        from: `read_json(${path}, format='auto', columns={${fields}})`,
        column: identifier,
        isNumeric: () => false,
      };
      return readRelation(relation, choice);
    },
    exact: async (names) => {
      const fields = (await describeColumns()).map(({ name }) => `${literal(name)}: 'VARCHAR'`).join(", ");
      const from = `read_json(${path}, format='auto', columns={${fields}})`;
      return readExact({ file, from, column: identifier, isNumeric: () => false }, names);
    },
    close: async () => {},
  };
  return guarded(source, (error) => translateDuckdb(file, "JSON", error));
}
