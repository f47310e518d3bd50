// Parquet files, through DuckDB.
import { fail } from "../errors.js";
import { identifier, pathLiteral, type Relation, readRelation, rowsOf, translateDuckdb } from "./duckdb.js";
import { guarded, type Source, type SourceColumn } from "./source.js";

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;
const TEXT = /^(VARCHAR|ENUM|BOOLEAN|DATE|TIME|TIMESTAMP|UUID)/;

interface Column {
  readonly name: string;
  /** As DuckDB calls it, to whom names that differ in case are the same. */
  readonly sql: string;
  readonly type: string;
  /** Whether the file counts nanoseconds where DuckDB counts microseconds. */
  readonly isFiner: boolean;
}

/** Opens a Parquet file. */
export function openParquet(file: string): Source {
  // A folder called year=2020 is no column of the file.
  const from = `read_parquet(${pathLiteral(file)}, hive_partitioning=false)`;
  let opened: Promise<readonly Column[]> | undefined;
  const columns = (): Promise<readonly Column[]> => {
    opened ??= openColumns(file, from);
    return opened;
  };
  const source: Source = {
    describe: async () => ({
      format: "parquet",
      columns: (await columns()).map(({ name, type, isFiner }): SourceColumn => {
        return { name, kind: isFiner ? "unknown" : kindOf(type) };
      }),
    }),
    read: async (choice) => {
      const known = new Map((await columns()).map((column) => [column.name, column]));
      for (const name of choice.text) if (known.get(name)?.isFiner) refuseFiner(file, name);
      const relation: Relation = {
        file,
        from,
        column: (name) => identifier(known.get(name)?.sql ?? name),
        isNumeric: (name) => /^BOOLEAN/.test(known.get(name)?.type ?? "") || NUMERIC.test(known.get(name)?.type ?? ""),
      };
      return readRelation(relation, choice);
    },
    close: async () => {},
  };
  return guarded(source, (error) => translateDuckdb(file, "Parquet", error));
}

/** The columns with the names that the file gives them: DuckDB numbers those it takes to be the same. */
async function openColumns(file: string, from: string): Promise<readonly Column[]> {
  const described = await rowsOf(`DESCRIBE SELECT * FROM ${from}`);
  const schema = topLevel(
    await rowsOf(`SELECT name, num_children, logical_type FROM parquet_schema(${pathLiteral(file)})`),
  );
  const columns = described.map(([sql, type], j): Column => {
    // DuckDB may add columns of its own behind those of the file.
    const { name, logical } = schema[j] ?? { name: String(sql), logical: "" };
    const isFiner = /^TIME/.test(String(type)) && !/^TIMESTAMP_NS/.test(String(type)) && /NANO/.test(logical);
    return { name, sql: String(sql), type: String(type), isFiner };
  });
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name)) {
      fail("DATA_DUPLICATE_COLUMN", `two columns are called ${JSON.stringify(name)}`, {
        path: file,
        hint: "rename or remove one of them",
        context: { column: name },
      });
    }
    names.add(name);
  }
  return columns;
}

/** The columns of a schema, which lists its elements with their parts behind them; the first is the table itself. */
function topLevel(elements: readonly (readonly unknown[])[]): readonly { name: string; logical: string }[] {
  const found: { name: string; logical: string }[] = [];
  let at = 1;
  const skip = (): void => {
    const parts = Number(elements[at++]?.[1] ?? 0);
    for (let part = 0; part < parts && at < elements.length; part++) skip();
  };
  while (at < elements.length) {
    const [name, , logical] = elements[at]!;
    found.push({ name: String(name), logical: String(logical ?? "") });
    skip();
  }
  return found;
}

/** Nanoseconds that DuckDB would cut off: labels that differ in them would become one. */
function refuseFiner(file: string, name: string): never {
  return fail(
    "DATA_UNSUPPORTED",
    `column ${JSON.stringify(name)} holds nanoseconds with a time zone or times of day in nanoseconds, which are read to the microsecond`,
    {
      path: file,
      hint: `write it without a time zone, frame[${JSON.stringify(name)}].dt.tz_localize(None), or as text, .astype(str)`,
      context: { column: name },
    },
  );
}

/** What values an SQL type holds. */
export function kindOf(type: string): SourceColumn["kind"] {
  if (type.endsWith("]")) return "unknown";
  return NUMERIC.test(type) ? "number" : TEXT.test(type) ? "text" : "unknown";
}
