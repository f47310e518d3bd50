// Results go to stdout, everything else to stderr.
import { styleText } from "node:util";

/** How text is marked for people; plain without a terminal and under NO_COLOR. */
export interface Style {
  strong(text: string): string;
  weak(text: string): string;
  good(text: string): string;
}

/** The style of a stream. */
export function styleOf(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Style {
  const color = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const mark = (format: "bold" | "dim" | "green") => (text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text;
  return { strong: mark("bold"), weak: mark("dim"), good: mark("green") };
}

/** Prints a result: one JSON object under `--json`, text for people otherwise. */
export function print(json: boolean | undefined, value: unknown, text: (style: Style) => string): void {
  const body = json ? JSON.stringify(value, null, 2) : text(styleOf(process.stdout));
  process.stdout.write(`${body}\n`);
}

/** Prints much, piece by piece as the reader takes it; it ends early where the reader has gone. */
export async function printChunks(chunks: Iterable<string | Uint8Array>): Promise<void> {
  for (const chunk of chunks) {
    const error = await new Promise((resolve) => process.stdout.write(chunk, resolve));
    // What it was is told at the end, for all commands alike.
    if (error !== null && error !== undefined) return;
  }
}

let isQuiet = false;

/** From now on `inform` is silent. */
export function beQuiet(): void {
  isQuiet = true;
}

/** Prints a line on stderr that nobody has to read: what is going on. */
export function inform(line: string): void {
  if (!isQuiet) note(line);
}

/** Prints a line for people on stderr: what they should know. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Columns of text, aligned; a cell that is a number stands right. */
export function columns(rows: readonly (readonly (string | number)[])[]): string {
  const text = rows.map((row) => row.map(String));
  const widths = (text[0] ?? []).map((_, j) => Math.max(...text.map((row) => (row[j] ?? "").length)));
  return text
    .map((row, i) =>
      row
        .map((cell, j) => (typeof rows[i]?.[j] === "number" ? cell.padStart(widths[j]!) : cell.padEnd(widths[j]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A number for people: four significant digits, or a dash where there is none. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "-";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** A time span for people. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** A size for people. */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)));
  return `${number(Number((size / 1000 ** power).toPrecision(3)))} ${units[power]}`;
}
