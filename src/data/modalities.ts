// Several modalities as one source: tables joined by the ids of their rows, or parts of one table.
import { nearest } from "../config-keys.js";
import { DisentangleError, fail, failAll, failure, failuresOf, isDisentangleError } from "../errors.js";
import { gathered, gatheredExact, type Share, type Table } from "./columns.js";
import type { ModalityConfig } from "./config.js";
import { type Joined, joinRows, joinText } from "./join.js";
import { indexColumns } from "./patterns.js";
import type { FoundReading } from "./reading.js";
import { type RoleKeys, type Roles, resolveRoles } from "./roles.js";
import { closeAll, type Source, type SourceColumn, type SourceDescription } from "./source.js";

/** A table that is one modality. */
export interface Part {
  readonly view: string;
  readonly source: Source;
  /** Its input columns; all that it would take by itself where absent. */
  readonly inputs?: string | readonly string[] | undefined;
}

/** How tables are joined. */
export interface JoinedBy {
  /** Column with the ids; the names of the rows where a table has no such column. */
  readonly join?: string | undefined;
  /** Whether rows that some tables lack are kept. */
  readonly unmatched?: "drop" | "keep" | undefined;
  /** The ids in words. */
  readonly by?: string;
}

/** The table and its columns. */
interface Opened extends Part {
  /** The column with the ids, where they are not names of the rows. */
  readonly idColumn?: string;
  /** By their public names. */
  readonly columns: ReadonlyMap<string, SourceColumn>;
  readonly description: SourceDescription;
}

/**
 * Joins tables: column `c` of the table `v` is called `v.c`, its images `v`. Rows are those that all tables have, or all, in the order of
 * the first, and their ids are the ids of the rows.
 */
export function joinedSource(parts: readonly Part[], { join, unmatched, by = join ?? "row names" }: JoinedBy): Source {
  let keyed: Promise<Joined> | undefined;
  const joined = (): Promise<Joined> => {
    keyed ??= joinParts(parts, join, by, unmatched === "keep");
    return keyed;
  };
  let opened: Promise<readonly Opened[]> | undefined;
  const open = (): Promise<readonly Opened[]> => {
    opened ??= Promise.all(parts.map((part) => openPart(part, join)));
    return opened;
  };
  const table = async (): Promise<Table> => {
    const [all, { ids, rows }] = [await open(), await joined()];
    const shares = all.map((part, p) => {
      const source = placedSource(part.view, part.source);
      return { source, own: (name: string) => ownName(part, name), rows: rows[p] };
    });
    return { shares, rows: ids.length, rowIds: ids };
  };
  return {
    describe: async () => {
      const all = await open();
      const { report } = await joined();
      return {
        format: [...new Set(all.map(({ description }) => description.format))].join(", "),
        columns: all.flatMap(({ columns }) => [...columns].map(([name, column]) => ({ ...column, name }))),
        rows: report.rows,
        hasRowIds: true,
        joined: report,
        ...readingOfParts(all),
        notes: [joinText(report), ...all.flatMap(({ description }) => description.notes ?? [])],
      };
    },
    read: async (choice) => gathered(await table(), choice),
    exact: async (names) => gatheredExact(await table(), names),
    close: () => closeAll(parts.map(({ source }) => source)),
  };
}

/**
 * Cuts one table into views; its columns keep their names.
 *
 * @throws `DATA_MISSING_COLUMN` (nothing of a modality's name), `CONFIG_CONFLICT` (views that overlap)
 */
export function cutSource(source: Source, modalities: Readonly<Record<string, ModalityConfig>>): Source {
  const entries = Object.entries(modalities);
  failAll(
    entries.flatMap(([view, { matrix }]) =>
      matrix === undefined
        ? []
        : [
            {
              code: "CONFIG_CONFLICT" as const,
              path: `modalities.${view}.matrix`,
              message: `modalities.${view}.matrix: only a MuData file has a matrix for each modality`,
              hint: "leave it out, or give --matrix for the whole file",
            },
          ],
    ),
  );
  return {
    describe: async () => {
      const description = await source.describe("kinds");
      const views = viewsByColumn(entries, description);
      const columns = description.columns.map(({ view: _, ...column }): SourceColumn => {
        const view = views.get(column.name);
        return view === undefined ? { ...column, byNameOnly: true } : { ...column, view, group: view };
      });
      // Views in the order of the modalities, whatever the order in the file.
      const inOrder = entries.flatMap(([name]) => columns.filter(({ view }) => view === name));
      const { inputGroup: _, ...rest } = description;
      return { ...rest, columns: [...inOrder, ...columns.filter(({ view }) => view === undefined)] };
    },
    read: (choice) => source.read(choice),
    exact: (names) => source.exact(names),
    close: () => source.close(),
  };
}

/** Every modality gives an input, or a column with a role. Throws `DATA_EMPTY`. */
export function refuseIdle({ columns, joined }: SourceDescription, roles: Roles): void {
  if (joined === undefined) return;
  const used = new Set([
    ...roles.inputs,
    ...roles.targets,
    ...roles.truth,
    ...Object.values(roles.labels),
    ...(roles.rowId === undefined ? [] : [roles.rowId]),
  ]);
  for (const { view } of joined.tables) {
    const own = columns.filter(({ name }) => name === view || name.startsWith(`${view}.`));
    if (own.length > 0 && own.some(({ name }) => used.has(name))) continue;
    fail("DATA_EMPTY", `modality ${JSON.stringify(view)}: no column of numbers to learn from, and none with a role`, {
      path: `modalities.${view}`,
      hint: `leave it out, or name its columns: --modality ${view}.inputs=NAMES, or a role such as --environment ${view}.NAME`,
      context: { view },
    });
  }
}

/** How each table was read: the next ones are read in the same way. */
function readingOfParts(parts: readonly Opened[]): { readonly reading?: FoundReading } {
  const views = parts.flatMap(({ view, description: { reading } }) => (reading === undefined ? [] : [[view, reading]]));
  return views.length === 0 ? {} : { reading: { views: Object.fromEntries(views) as Record<string, FoundReading> } };
}

async function openPart(part: Part, join: string | undefined): Promise<Opened> {
  const { view, source, inputs } = part;
  // Which columns are inputs is a matter of their kinds.
  const description = await source.describe("kinds");
  const idColumn = description.columns.some(({ name }) => name === join) ? join : undefined;
  const chosen = new Set(inputsOf(part, description, idColumn));
  const images = description.columns.filter(({ name, kind }) => kind === "image" && chosen.has(name));
  const columns = new Map<string, SourceColumn>();
  for (const column of description.columns) {
    if (column.name === idColumn) continue;
    const name = column.kind === "image" && images.length === 1 ? view : `${view}.${column.name}`;
    const { view: _, group: __, ...rest } = column;
    const own = column.kind === "image" ? name : images.length === 0 ? view : `${view}.table`;
    columns.set(name, {
      ...rest,
      ...(chosen.has(column.name) ? { group: view, view: own } : { byNameOnly: true, view: own }),
    });
  }
  return { view, source, inputs, columns, description, ...(idColumn !== undefined && { idColumn }) };
}

/** The inputs that the table has by itself. A table without any may still have columns with a role. */
function inputsOf(part: Part, description: SourceDescription, idColumn: string | undefined): readonly string[] {
  const keys: RoleKeys = {
    ...(part.inputs !== undefined && { inputs: part.inputs as NonNullable<RoleKeys["inputs"]> }),
    ...(idColumn !== undefined && { rowId: idColumn }),
  };
  try {
    return resolveRoles(keys, description).inputs;
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    if (part.inputs === undefined && error.code === "DATA_EMPTY") return [];
    const path = `modalities.${part.view}.inputs`;
    failAll(failuresOf(error).map((one) => ({ ...one, path, message: `${part.view}: ${one.message}` })));
    throw error;
  }
}

async function joinParts(
  parts: readonly Part[],
  join: string | undefined,
  by: string,
  keepsAll: boolean,
): Promise<Joined> {
  const tables = [];
  for (const { view, source } of parts) tables.push({ view, ids: await placed(view, () => idsOf(view, source, join)) });
  for (const { view, ids } of tables) {
    if (ids.length > 0) continue;
    fail("DATA_EMPTY", `modality ${JSON.stringify(view)} has no rows`, {
      path: `modalities.${view}`,
      hint: "leave it out, or give its rows",
    });
  }
  return joinRows(tables, by, keepsAll);
}

async function idsOf(view: string, source: Source, join: string | undefined): Promise<readonly string[]> {
  const { columns } = await source.describe("names");
  if (join !== undefined && columns.some(({ name }) => name === join)) {
    return (await source.read({ numeric: [], text: [join] })).text[0]!;
  }
  const { rowIds } = await source.read({ numeric: [], text: [] });
  if (rowIds !== undefined) return rowIds;
  if (join === undefined) {
    throw failure("CONFIG_MISSING", `join is missing: the rows of ${view} have no names to join them by`, {
      path: "join",
      hint: "name the column with the ids of the rows: --join COLUMN",
    });
  }
  const names = columns.map(({ name }) => name);
  const near = nearest(join, names);
  const some = names.slice(0, 8).join(", ");
  throw failure("DATA_MISSING_COLUMN", `${view}: no column is called ${JSON.stringify(join)} to join rows by`, {
    path: "join",
    hint: near === undefined ? `its columns are ${some}` : `did you mean ${JSON.stringify(near)}?`,
    context: { view, column: join },
  });
}

/** The name that a column has in its own table, where it is one of that. */
function ownName({ view, columns, description }: Opened, name: string): string | undefined {
  if (!columns.has(name)) return undefined;
  if (name !== view) return name.slice(view.length + 1);
  const chosen = columns.get(name)!;
  return description.columns.find(({ kind, image }) => kind === "image" && image === chosen.image)!.name;
}

function viewsByColumn(
  entries: readonly (readonly [string, ModalityConfig])[],
  description: SourceDescription,
): ReadonlyMap<string, string> {
  const index = indexColumns(description.columns);
  const views = new Map<string, string>();
  for (const [view, { inputs }] of entries) {
    if (inputs === undefined && !index.names.has(view) && !index.groups.has(view)) {
      const groups = [...index.groups.keys()];
      const near = nearest(view, groups);
      fail("DATA_MISSING_COLUMN", `modality ${JSON.stringify(view)}: nothing in the data has this name`, {
        path: `modalities.${view}`,
        hint:
          near === undefined
            ? `name its columns, for example --modality ${view}.inputs='${view}*'${groups.length > 0 ? `; there are ${groups.join(", ")}` : ""}`
            : `did you mean ${JSON.stringify(near)}?`,
      });
    }
    for (const column of inputsOf({ view, source: NOWHERE, inputs: inputs ?? view }, description, undefined)) {
      const other = views.get(column);
      if (other !== undefined) {
        fail(
          "CONFIG_CONFLICT",
          `views ${JSON.stringify(other)} and ${JSON.stringify(view)} overlap: both take ${column}`,
          {
            path: `modalities.${view}.inputs`,
            hint: "a column belongs to one view",
            context: { column },
          },
        );
      }
      views.set(column, view);
    }
  }
  return views;
}

const NOWHERE: Source = {
  describe: () => Promise.reject(new Error("not a source")),
  read: () => Promise.reject(new Error("not a source")),
  exact: () => Promise.reject(new Error("not a source")),
  close: async () => {},
};

/** The table whose failures say which it is. */
function placedSource(view: string, source: Source): Share["source"] {
  return {
    read: (choice) => placed(view, () => source.read(choice)),
    exact: (names) => placed(view, () => source.exact(names)),
  };
}

/** Failures of one table say which it is. */
async function placed<T>(view: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDisentangleError(error) || error.path !== undefined) throw error;
    throw new DisentangleError({ ...error.toJSON(), path: `modalities.${view}` }, error.cause);
  }
}
