// Further columns of the same rows from a file of their own: labels of images, by file name or in order.
import { fail } from "../errors.js";
import type { Source, SourceDescription } from "./source.js";

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
      return { ...own, columns: [...own.columns, ...columns], notes: [...(own.notes ?? []), ...notes] };
    },
    read: async ({ numeric, text, images = [] }) => {
      const { names, rows } = await opened();
      const mine = (columns: readonly string[]) => columns.filter((name) => !names.has(name));
      const theirs = (columns: readonly string[]) => columns.filter((name) => names.has(name));
      const own = await data.read({ numeric: mine(numeric), text: mine(text), images });
      const table = await labels.read({ numeric: theirs(numeric), text: theirs(text) });
      const width = theirs(numeric).length;
      const out = new Float32Array(own.rows * numeric.length);
      const [left, right] = [new Map(mine(numeric).map((name, j) => [name, j])), theirs(numeric)];
      numeric.forEach((name, j) => {
        const at = left.get(name);
        for (let i = 0; i < own.rows; i++) {
          out[i * numeric.length + j] =
            at === undefined
              ? table.numeric[rows[i]! * width + right.indexOf(name)]!
              : own.numeric[i * left.size + at]!;
        }
      });
      const texts = text.map((name) => {
        if (!names.has(name)) return own.text[mine(text).indexOf(name)]!;
        const column = table.text[theirs(text).indexOf(name)]!;
        return Array.from(rows, (row) => column[row]!);
      });
      return { ...own, numeric: out, text: texts };
    },
    close: async () => {
      await data.close();
      await labels.close();
    },
  };
}

interface Known {
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
    return { names, rows: Int32Array.from({ length: rows }, (_, i) => i), notes: [] };
  }
  const by = keyOf(description, place, key);
  const [ids] = (await labels.read({ numeric: [], text: [by] })).text;
  const places = new Map<string, number>();
  ids!.forEach((id, row) => {
    if (places.has(id)) {
      fail("DATA_JOIN", `${place}: ${JSON.stringify(id)} stands twice in column ${JSON.stringify(by)}`, {
        path: place,
        hint: "keep one row of labels for each",
        context: { id },
      });
    }
    places.set(id, row);
  });
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
  return { names, rows: Int32Array.from(own.rowIds, (id) => places.get(id)!), notes };
}

function keyOf({ columns }: SourceDescription, place: string, key: string | undefined): string {
  const by = key ?? columns[0]?.name;
  if (by !== undefined && columns.some(({ name }) => name === by)) return by;
  return fail("DATA_MISSING_COLUMN", `${place} has no column ${JSON.stringify(by)} to find rows by`, {
    path: "join",
    hint: `name the column with the names of the files: ${columns.map(({ name }) => name).join(", ")}`,
  });
}
