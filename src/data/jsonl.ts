// JSON lines, or one JSON array of objects, through DuckDB.
import { fail } from "../errors.js";
import {
  forEachText,
  literal,
  pathLiteral,
  type Relation,
  readExact,
  readRelation,
  rowsOf,
  translateDuckdb,
} from "./duckdb.js";
import { guarded, type Source, type SourceColumn } from "./source.js";

/** Opens a file of JSON objects, one per row. */
export function openJson(file: string): Source {
  // Objects as they stand: DuckDB's own columns take names that differ in case to be the same, and turn text that looks like dates
  // into dates.
  const from = `read_json_objects(${pathLiteral(file)}, format='auto')`;
  let opened: Promise<readonly SourceColumn[]> | undefined;
  const columns = (): Promise<readonly SourceColumn[]> => {
    opened ??= openColumns(file, from);
    return opened;
  };
  const relationOf = (names: readonly string[]): Relation => {
    const place = new Map(names.map((name, i) => [name, i + 1]));
    // All fields are taken out in one pass over each object.
    const paths = names.map((name) => literal(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)).join(", ");
    const fields = names.length === 0 ? "[]" : `json_extract_string(json, [${paths}])`;
    return {
      file,
      from: `(SELECT ${fields} AS fields FROM ${from})`,
      column: (name) => `fields[${place.get(name)}]`,
      isNumeric: () => false,
      isNanMissing: true,
    };
  };
  const source: Source = {
    describe: async () => ({ format: "json", columns: await columns() }),
    read: async (choice) => {
      const kinds = new Map((await columns()).map(({ name, kind }) => [name, kind]));
      const selection = await readRelation(relationOf([...new Set([...choice.numeric, ...choice.text])]), choice);
      const numbers = choice.text.filter((name) => kinds.get(name) !== "text");
      if (numbers.length > 0) await writeNumbers(from, numbers, (name) => selection.text[choice.text.indexOf(name)]!);
      return selection;
    },
    exact: async (names) => {
      await columns();
      return readExact(relationOf(names), names);
    },
    close: async () => {},
  };
  return guarded(source, (error) => translateDuckdb(file, "JSON", error));
}

// A string, or a number outside of strings.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?(?:\d[\d.eE+-]*|nan|inf(?:inity)?)/gi;

/** Puts numbers among labels as they are written: as JSON values they would lose zeros at the end and digits beyond 64 bits. */
async function writeNumbers(
  from: string,
  names: readonly string[],
  columnOf: (name: string) => string[],
): Promise<void> {
  const columns = names.map((name) => [name, columnOf(name)] as const);
  await forEachText(`SELECT CAST(json AS VARCHAR) FROM ${from}`, (text, row) => {
    const quoted = text.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`));
    const object = JSON.parse(quoted) as Readonly<Record<string, unknown>>;
    for (const [name, column] of columns) {
      const value = object[name];
      if (typeof value === "string" && column[row] !== "") column[row] = value;
    }
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

async function openColumns(file: string, from: string): Promise<readonly SourceColumn[]> {
  const [[structure, rows, repeated] = []] = await rowsOf(
    `SELECT json_group_structure(json), count(*), list(DISTINCT key) FILTER (key IS NOT NULL) FROM (SELECT json, ${REPEATED} AS key FROM ${from})`,
  );
  const known: unknown = structure === null || structure === undefined ? {} : JSON.parse(String(structure));
  if (typeof known !== "object" || known === null || Array.isArray(known)) {
    fail("DATA_UNSUPPORTED", `${file}: rows are ${Array.isArray(known) ? "arrays" : "plain values"}, not objects`, {
      path: file,
      hint: RECORDS,
    });
  }
  const entries = Object.entries(known as Record<string, unknown>);
  if (Number(rows ?? 0) === 1) refuseColumnwise(file, entries);
  const key = (repeated as { items?: readonly unknown[] } | null)?.items?.[0];
  if (key !== undefined) {
    fail("DATA_DUPLICATE_COLUMN", `an object has the key ${JSON.stringify(String(key))} twice`, {
      path: file,
      hint: "rename or remove one of them",
      context: { column: String(key) },
    });
  }
  return entries.map(([name, type]) => ({ name, kind: KINDS[String(type)] ?? "unknown" }));
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
