// Rows with names, as commands print and write them.
import { extname } from "node:path";
import { fail } from "../errors.js";
import { replaceFile, writeFileAtomic } from "../files.js";
import { native } from "../native.js";

/** Rows x columns, with names. */
export interface Rows {
  readonly data: Float32Array | Uint8Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly columns: readonly string[];
}

/** Writes rows as `.npy` or `.csv`, whole or not at all. */
export async function writeRows(out: string, rows: Rows): Promise<void> {
  if (extname(out) === ".csv") return writeFileAtomic(out, csv(rows));
  await replaceFile(out, (partial) => native().npyWrite(partial, { shape: [...rows.shape], data: rows.data }));
}

/** Before anything is computed: another format than its name says would be a riddle to whoever opens it. */
export function checkRowsFormat(out: string): void {
  if ([".npy", ".csv"].includes(extname(out))) return;
  fail("CONFIG_USAGE", `--out ${out}: expected a file that ends in .npy or .csv`, {
    path: out,
    hint: "for example --out latents.npy",
  });
}

/** Rows as CSV, with a header. */
export function csv(rows: Rows): string {
  return [rows.columns.map(quoted).join(","), ...rowsOf(rows).map((row) => row.map(shortest).join(","))]
    .map((line) => `${line}\n`)
    .join("");
}

/** Rows as nested arrays. */
export function rowsOf({ data, shape: [rows, columns] }: Rows): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
}

/** A name that a reader of CSV gives back as it is. */
function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** The shortest text that reads back as the same 32-bit number. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}
