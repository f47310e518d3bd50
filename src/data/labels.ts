// Further columns of the same rows from a file of their own: labels of images, by file name or in order.
import { fail } from "../errors.js";
import { gathered, gatheredExact, type Table } from "./columns.js";
import { placesOfIds } from "./join.js";
import { closeAll, type Selection, type Source, type SourceDescription } from "./source.js";

/**
 * The columns of both. Where the rows of `data` have names of their own, such as files of a folder, the rows of the table are found
 * by its column `key`, or by its first column; elsewhere both have the same rows in the same order.
 *
 * @throws `DATA_JOIN` (a name twice), `DATA_SHAPE` (another number of rows, or an image without a row), `DATA_DUPLICATE_COLUMN`
 */
export function withLabels(data: Source, labels: Source, place: string, key?: string): Source {
  let known: Promise<Known> | undefined;
  const opened = (): Promise<Known> => {
    known ??= align(data, labels, place, key);
    return known;
  };
  const table = async (): Promise<Table> => {
    const { names, rows, rowIds, parts } = await opened();
    const shares = [
      { source: labels, own: (name: string) => (names.has(name) ? name : undefined), rows },
      { source: data, own: (name: string) => name },
    ];
    return { shares, rows: rows.length, rowIds, parts };
  };
  return {
    describe: async (detail) => {
      const [own, table, { names, notes }] = [
        await data.describe(detail),
        await labels.describe(detail),
        await opened(),
      ];
      // The column that rows were found by has nothing to add.
      const further = table.columns.filter(({ name }) => names.has(name));
      const twice = further.find(({ name }) => own.columns.some((column) => column.name === name));
      if (twice !== undefined) {
        fail("DATA_DUPLICATE_COLUMN", `${place}: the data have a column ${JSON.stringify(twice.name)} already`, {
          path: place,
          hint: "rename the column of the table of labels",
          context: { column: twice.name },
        });
      }
      const columns = further.map((column) => ({ ...column, group: "labels", byNameOnly: true }));
      const reading = { ...own.reading, ...(table.reading && { labels: table.reading }) };
      return { ...own, columns: [...own.columns, ...columns], reading, notes: [...(own.notes ?? []), ...notes] };
    },
    read: async (choice) => gathered(await table(), choice),
    exact: async (names) => gatheredExact(await table(), names),
    close: () => closeAll([data, labels]),
  };
}

interface Known extends Pick<Selection, "rowIds" | "parts"> {
  /** Columns of the table, without the one that rows were found by. */
  readonly names: ReadonlySet<string>;
  /** Row of the table for each row of the data. */
  readonly rows: Int32Array;
  readonly notes: readonly string[];
}

async function align(data: Source, labels: Source, place: string, key: string | undefined): Promise<Known> {
  const description = await labels.describe("names");
  const names = new Set(description.columns.map(({ name }) => name));
  const own = await data.read({ numeric: [], text: [] });
  if (own.rowIds === undefined) {
    const { rows } = await labels.read({ numeric: [], text: [] });
    if (rows !== own.rows) {
      fail("DATA_SHAPE", `${place} has ${rows} rows, the data have ${own.rows}`, {
        path: place,
        hint: "give one row of labels per row of the data, in the same order",
        context: { got: rows, expected: own.rows },
      });
    }
    const { parts } = own;
    return { names, rows: Int32Array.from({ length: rows }, (_, i) => i), notes: [], ...(parts && { parts }) };
  }
  const by = keyOf(description, place, key);
  const [ids] = (await labels.read({ numeric: [], text: [by] })).text;
  const { places, repeated } = placesOfIds(ids!);
  const [twice] = repeated;
  if (twice !== undefined) {
    fail("DATA_JOIN", `${place}: ${JSON.stringify(twice)} stands twice in column ${JSON.stringify(by)}`, {
      path: place,
      hint: "keep one row of labels for each",
      context: { id: twice },
    });
  }
  const missing = own.rowIds.filter((id) => !places.has(id));
  if (missing.length > 0) {
    const [first] = ids!;
    fail(
      "DATA_JOIN",
      `${place}: ${missing.length} of ${own.rows} rows have no labels, the first is ${JSON.stringify(missing[0])}`,
      {
        path: place,
        hint: `column ${JSON.stringify(by)} holds names such as ${JSON.stringify(first)}; they are compared as text, with folder and ending`,
        context: { missing: missing.slice(0, 20) },
      },
    );
  }
  const left = places.size - own.rows;
  const notes = left > 0 ? [`${left} rows of ${place} name nothing in the data and were left out`] : [];
  names.delete(by);
  const { rowIds, parts } = own;
  const rows = Int32Array.from(rowIds, (id) => places.get(id)!);
  return { names, rows, notes, rowIds, ...(parts && { parts }) };
}

function keyOf({ columns }: SourceDescription, place: string, key: string | undefined): string {
  const by = key ?? columns[0]?.name;
  if (by !== undefined && columns.some(({ name }) => name === by)) return by;
  return fail("DATA_MISSING_COLUMN", `${place} has no column ${JSON.stringify(by)} to find rows by`, {
    path: "join",
    hint: `name the column with the names of the files: ${columns.map(({ name }) => name).join(", ")}`,
  });
}
