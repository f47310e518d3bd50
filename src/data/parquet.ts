// Parquet files, through DuckDB.
import { fail } from "../errors.js";
import { openSession, type Session } from "./database.js";
import { identifier, pathLiteral, type Relation, readExact, readRelation, translateDuckdb } from "./duckdb.js";
import { pandasIndexes } from "./pandas-index.js";
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

/** What the end of a file says. */
interface Footer {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** The columns that pandas wrote as index. */
  readonly indexes: ReadonlySet<string>;
}

/** Opens a Parquet file. */
export function openParquet(file: string): Source {
  // A folder called year=2020 is no column of the file.
  const from = `read_parquet(${pathLiteral(file)}, hive_partitioning=false)`;
  const session = openSession();
  let opened: Promise<Footer> | undefined;
  const footer = (): Promise<Footer> => {
    opened ??= readFooter(session, file, from);
    return opened;
  };
  const relation = async (): Promise<Relation> => {
    const { columns, rows } = await footer();
    const known = new Map(columns.map((column) => [column.name, column]));
    return {
      file,
      from,
      rows,
      column: (name) => identifier(known.get(name)?.sql ?? name),
      isNumeric: (name) => /^BOOLEAN/.test(known.get(name)?.type ?? "") || NUMERIC.test(known.get(name)?.type ?? ""),
    };
  };
  const source: Source = {
    describe: async () => {
      const { columns, rows, indexes } = await footer();
      return {
        format: "parquet",
        rows,
        columns: columns.map(({ name, type, isFiner }): SourceColumn => {
          return { name, kind: isFiner ? "unknown" : kindOf(type), ...(indexes.has(name) && { index: true }) };
        }),
      };
    },
    read: async (choice) => {
      const { columns } = await footer();
      const finer = new Set(columns.filter(({ isFiner }) => isFiner).map(({ name }) => name));
      for (const name of choice.text) if (finer.has(name)) refuseFiner(file, name);
      const table = await relation();
      return session.use((connection) => readRelation(connection, table, choice));
    },
    exact: async (names) => {
      const table = await relation();
      return session.use((connection) => readExact(connection, table, names));
    },
    close: () => session.close(),
  };
  return guarded(source, (error) => translateDuckdb(file, "Parquet", error));
}

/** Columns have the names that the file gives them: DuckDB numbers those it takes to be the same. */
async function readFooter(session: Session, file: string, from: string): Promise<Footer> {
  const path = pathLiteral(file);
  const { described, elements, counted, pandas } = await session.use(async (connection) => ({
    described: await connection.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${from})`),
    elements: await connection.rows(
      `SELECT name, coalesce(num_children, 0)::VARCHAR, coalesce(logical_type, '') FROM parquet_schema(${path})`,
    ),
    counted: await connection.rows(`SELECT count(*)::VARCHAR FROM ${from}`),
    pandas: await connection.rows(
      `SELECT decode(value) FROM parquet_kv_metadata(${path}) WHERE decode(key) = 'pandas' AND value IS NOT NULL`,
    ),
  }));
  const schema = topLevel(elements);
  const columns = described.map(([sql = "", type = ""], j): Column => {
    // DuckDB may add columns of its own behind those of the file.
    const { name, logical } = schema[j] ?? { name: sql, logical: "" };
    const isFiner = /^TIME/.test(type) && !/^TIMESTAMP_NS/.test(type) && /NANO/.test(logical);
    return { name, sql, type, isFiner };
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
  return { columns, rows: Number(counted[0]?.[0] ?? 0), indexes: pandasIndexes(pandas[0]?.[0]) };
}

/** The columns of a schema, which lists its elements with their parts behind them; the first is the table itself. */
function topLevel(elements: readonly (readonly string[])[]): readonly { name: string; logical: string }[] {
  const found: { name: string; logical: string }[] = [];
  let at = 1;
  const skip = (): void => {
    const parts = Number(elements[at++]?.[1] ?? 0);
    for (let part = 0; part < parts && at < elements.length; part++) skip();
  };
  while (at < elements.length) {
    const [name = "", , logical = ""] = elements[at]!;
    found.push({ name, logical });
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
