// JSON lines, or one JSON array of objects, through DuckDB.
import { fail } from "../errors.js";
import { type Connection, openSession, type Session } from "./database.js";
import { literal, pathLiteral, type Relation, readExact, readRelation, translateDuckdb } from "./duckdb.js";
import { guarded, type Source, type SourceColumn } from "./source.js";

/** Opens a file of JSON objects, one per row. */
export function openJson(file: string): Source {
  // Objects as they stand: DuckDB's own columns take names that differ in case to be the same, and turn text that looks like dates
  // into dates.
  const from = `read_json_objects(${pathLiteral(file)}, format='auto')`;
  const session = openSession();
  let opened: Promise<Structure> | undefined;
  const structure = (): Promise<Structure> => {
    opened ??= readStructure(session, file, from);
    return opened;
  };
  const relationOf = async (names: readonly string[]): Promise<Relation> => {
    const place = new Map(names.map((name, i) => [name, i + 1]));
    // All fields are taken out in one pass over each object.
    const paths = names.map((name) => literal(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)).join(", ");
    const fields = names.length === 0 ? "[]" : `json_extract_string(json, [${paths}])`;
    return {
      file,
      from: `(SELECT ${fields} AS fields FROM ${from})`,
      rows: (await structure()).rows,
      column: (name) => `fields[${place.get(name)}]`,
      isNumeric: () => false,
      isNanMissing: true,
    };
  };
  const source: Source = {
    describe: async () => ({ format: "json", ...(await structure()) }),
    read: async (choice) => {
      const kinds = new Map((await structure()).columns.map(({ name, kind }) => [name, kind]));
      const table = await relationOf([...new Set([...choice.numeric, ...choice.text])]);
      const numbers = choice.text.filter((name) => kinds.get(name) !== "text");
      return session.use(async (connection) => {
        const selection = await readRelation(connection, table, choice);
        const columns = numbers.map((name) => [name, selection.text[choice.text.indexOf(name)]!] as const);
        if (numbers.length > 0) await writeNumbers(connection, from, columns);
        return selection;
      });
    },
    exact: async (names) => {
      const table = await relationOf(names);
      return session.use((connection) => readExact(connection, table, names));
    },
    close: () => session.close(),
  };
  return guarded(source, (error) => translateDuckdb(file, "JSON", error));
}

// A string, or a number outside of strings.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?(?:\d[\d.eE+-]*|nan|inf(?:inity)?)/gi;

/** Puts numbers among labels as they are written: as JSON values they would lose zeros at the end and digits beyond 64 bits. */
async function writeNumbers(
  connection: Connection,
  from: string,
  columns: readonly (readonly [name: string, column: string[]])[],
): Promise<void> {
  await connection.forEachChunk(`SELECT CAST(json AS VARCHAR) FROM ${from}`, (chunk, first) => {
    const texts: string[] = [];
    chunk.texts(0, texts);
    for (const [i, text] of texts.entries()) {
      const quoted = text.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`));
      const object = JSON.parse(quoted) as Readonly<Record<string, unknown>>;
      for (const [name, column] of columns) {
        const value = object[name];
        if (typeof value === "string" && column[first + i] !== "") column[first + i] = value;
      }
    }
    return true;
  });
}

const KINDS: Readonly<Record<string, SourceColumn["kind"]>> = {
  UBIGINT: "number",
  BIGINT: "number",
  HUGEINT: "number",
  UHUGEINT: "number",
  DOUBLE: "number",
  VARCHAR: "text",
  BOOLEAN: "text",
};

interface Structure {
  readonly columns: readonly SourceColumn[];
  readonly rows: number;
}

async function readStructure(session: Session, file: string, from: string): Promise<Structure> {
  const query = `SELECT coalesce(json_group_structure(json)::VARCHAR, '{}'), count(*)::VARCHAR, count(key)::VARCHAR, coalesce(min(key), '') FROM (SELECT json, ${REPEATED} AS key FROM ${from})`;
  const [[structure = "{}", count = "0", repeated = "0", key = ""] = []] = await session.use((connection) =>
    connection.rows(query),
  );
  const rows = Number(count);
  const known: unknown = JSON.parse(structure);
  if (typeof known !== "object" || known === null || Array.isArray(known)) {
    fail("DATA_UNSUPPORTED", `${file}: rows are ${Array.isArray(known) ? "arrays" : "plain values"}, not objects`, {
      path: file,
      hint: RECORDS,
    });
  }
  const entries = Object.entries(known as Record<string, unknown>);
  if (rows === 1) refuseColumnwise(file, entries);
  if (repeated !== "0") {
    fail("DATA_DUPLICATE_COLUMN", `an object has the key ${JSON.stringify(key)} twice`, {
      path: file,
      hint: "rename or remove one of them",
      context: { column: key },
    });
  }
  return { columns: entries.map(([name, type]) => ({ name, kind: KINDS[String(type)] ?? "unknown" })), rows };
}

/** A key that an object has twice. */
const REPEATED =
  "CASE WHEN len(json_keys(json)) > len(list_distinct(json_keys(json))) THEN list_filter(json_keys(json), (k, i) -> list_position(json_keys(json), k) < i)[1] END";

const RECORDS = 'write one object per row: frame.to_json(path, orient="records", lines=True)';

/** One object that holds a whole table is how pandas writes all orientations but `records`. */
function refuseColumnwise(file: string, entries: readonly (readonly [string, unknown])[]): void {
  const nested = entries.filter(([, type]) => typeof type === "object" && type !== null);
  if (entries.length === 0 || nested.length === 0) return;
  const has = (...names: readonly string[]) => names.every((name) => entries.some(([key]) => key === name));
  const orientation = has("columns", "data")
    ? "split"
    : has("schema", "data")
      ? "table"
      : nested.length < entries.length
        ? undefined
        : nested.every(([, type]) => Array.isArray(type))
          ? "list"
          : "columns";
  if (orientation === undefined) return;
  const what =
    orientation === "columns"
      ? 'column by column (or row by row: orient "columns" or "index")'
      : `as orient ${JSON.stringify(orientation)}`;
  fail("DATA_UNSUPPORTED", `${file}: one object holds the whole table, written ${what}, as pandas to_json does`, {
    path: file,
    hint: RECORDS,
    context: { orientation },
  });
}
