// Tables of latents written out, in whatever format the file's extension names; in bounded memory, whole or not at all.
import { open } from "node:fs/promises";
import { extname } from "node:path";
import type { Rows } from "./data/rows.js";
import { fail } from "./errors.js";
import { replaceFile } from "./files.js";
import { native } from "./native.js";

/** Tables that are written together: the latents, and what belongs to them. */
export interface Tables {
  readonly latents: Rows;
  readonly others: Readonly<Record<string, Rows>>;
}

/** The formats, by extension. */
const OUTPUTS = [".npy", ".csv", ".parquet", ".arrow", ".feather", ".h5ad", ".zarr"] as const;
type Output = (typeof OUTPUTS)[number];

/** Whether a format is a copy of the data with the latents in it. */
export function isCopy(out: string): boolean {
  return [".h5ad", ".zarr"].includes(extname(out));
}

/** The format that a file's name asks for; throws `CONFIG_USAGE`. */
export function outputOf(out: string): Output {
  const end = OUTPUTS.find((known) => extname(out) === known);
  if (end !== undefined) return end;
  return fail(
    "CONFIG_USAGE",
    `--out ${out}: expected a file that ends in ${OUTPUTS.slice(0, -1).join(", ")} or ${OUTPUTS.at(-1)}`,
    {
      path: out,
      hint: "for example --out latents.npy",
    },
  );
}

/** Throws `CONFIG_USAGE` where a file's name asks for no table: `what` cannot be put into a copy of the data. */
export function checkTable(out: string, what: string): void {
  outputOf(out);
  if (!isCopy(out)) return;
  fail("CONFIG_USAGE", `--out ${out}: ${what} are written as a table, no copy of the data`, {
    path: out,
    hint: "write .npy, .csv, .parquet or .arrow",
  });
}

/** Writes a table as the file its name asks for, which is no copy of the data; throws `FILE_WRITE`. */
export async function writeRows(out: string, rows: Rows): Promise<void> {
  switch (outputOf(out)) {
    case ".npy":
      return replaceFile(out, (partial) => native().npyWrite(partial, { shape: [...rows.shape], data: rows.data }));
    case ".csv":
      return writeText(out, csvChunks(rows));
    case ".parquet": {
      const { writeParquet } = await import("./data/parquet-out.js");
      return replaceFile(out, (partial) => writeParquet(partial, rows));
    }
    default: {
      const { arrowBytes } = await import("./data/arrow-out.js");
      return writeText(out, [arrowBytes(rows)]);
    }
  }
}

/** Writes a file piece by piece; throws `FILE_WRITE`. */
export function writeText(out: string, chunks: Iterable<string | Uint8Array>): Promise<void> {
  return replaceFile(out, async (partial) => {
    const file = await open(partial, "w");
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

// Numbers made into text at a time.
const CELLS = 1 << 17;

/** Ranges that cover so many rows, each of about as many cells as are made into text at a time. */
function* blocks(rows: number, cols: number): Generator<readonly [from: number, to: number]> {
  const step = Math.max(1, Math.floor(CELLS / Math.max(1, cols)));
  for (let from = 0; from < rows; from += step) yield [from, Math.min(rows, from + step)];
}

/** One after the other. */
export function* chain<T>(...parts: readonly Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}

/** Lines of text, some thousands at a time. */
export function* lineChunks(rows: number, line: (row: number) => string): Generator<string> {
  for (const [from, to] of blocks(rows, 1)) yield Array.from({ length: to - from }, (_, i) => line(from + i)).join("");
}

/** The lines of a CSV table, some thousands at a time: a header, then rows; identifiers stand first, in a column without a name. */
export function* csvChunks({ data, shape: [rows, cols], columns, rowIds }: Rows): Generator<Uint8Array> {
  const header = [...(rowIds === undefined ? [] : [""]), ...columns].map(quoted).join(",");
  yield new TextEncoder().encode(`${header}\n`);
  for (const [from, to] of blocks(rows, cols)) {
    const block = data.subarray(from * cols, to * cols);
    const values = { data: block instanceof Float32Array ? block : Float32Array.from(block), rows: to - from, cols };
    yield native().csvLines(values, rowIds?.slice(from, to));
  }
}

/** A field of a CSV table. */
export function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** The text of a JSON array of rows, some thousands at a time. */
export function* jsonChunks({ data, shape: [rows, cols] }: Rows): Generator<string> {
  yield "[";
  for (const [from, to] of blocks(rows, cols)) {
    const lines = Array.from({ length: to - from }, (_, i) =>
      JSON.stringify([...data.subarray((from + i) * cols, (from + i + 1) * cols)]),
    );
    yield `${from === 0 ? "" : ","}\n    ${lines.join(",\n    ")}`;
  }
  yield "\n  ]";
}

/** The text of a JSON array of numbers or words, some thousands at a time. */
export function* jsonList(values: ArrayLike<number | string>): Generator<string> {
  yield "[";
  for (const [from, to] of blocks(values.length, 1)) {
    const words = Array.from({ length: to - from }, (_, i) => JSON.stringify(values[from + i]));
    yield `${from === 0 ? "" : ", "}${words.join(", ")}`;
  }
  yield "]";
}

/** The text of a JSON object, some of whose values are text already. */
export function* jsonObject(entries: Readonly<Record<string, unknown>>): Generator<string> {
  let before = "{";
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) continue;
    yield `${before}\n  ${JSON.stringify(key)}: `;
    if (isChunks(value)) yield* value;
    else yield JSON.stringify(value);
    before = ",";
  }
  yield "\n}\n";
}

function isChunks(value: unknown): value is Generator<string> {
  return typeof value === "object" && value !== null && Symbol.iterator in value && "next" in value;
}
