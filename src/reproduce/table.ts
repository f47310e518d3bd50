// The table of a reproduction, for files and for terminals.
import type { ReproducedRow } from "./judge.js";
import type { Band, Published } from "./preset.js";
import type { Reproduction } from "./reproduction.js";

/** The headings of the table. */
export const HEADINGS = ["data", "fit", "measure", "mean ± sd", "n", "published", "band", "verdict"] as const;

/** A row as cells of text, one per heading. */
export function cellsOf({ experiment, fit, title, mean, sd, values, missing, ...row }: ReproducedRow): string[] {
  const n = missing.length === 0 ? String(values.length) : `${values.length} of ${values.length + missing.length}`;
  const { published, band, verdict } = row;
  return [experiment, fit, title, spreadText(mean, sd), n, publishedText(published), bandText(band), verdict ?? ""];
}

/** The whole table as Markdown: what it repeats, its rows, the value of every seed, and what failed. */
export function markdownOf({ preset, title, repeats, paper, remark, scale, ...result }: Reproduction): string {
  const { rows, part, version, sources, machine } = result;
  const bySeed = rows.map((row) => [row.experiment, row.fit, row.title, seedsText(row)]);
  return `${[
    `# ${preset}, ${scale} scale`,
    `${title} Repeats ${repeats} of ${paper}.`,
    ...(remark === undefined ? [] : [remark]),
    ...(part === undefined ? [] : [`A part of the preset: ${part}.`]),
    table([...HEADINGS], rows.map(cellsOf)),
    'Spread: standard deviation with divisor n. A band holds on every seed unless it says "mean".',
    "## By seed",
    table(["data", "fit", "measure", "value (seed)"], bySeed),
    `\`disentangle reproduce ${preset} --scale ${scale}\`; disentangle ${version}, sources ${sources}, node ${machine.node}, ${machine.platform}, ${machine.cores} cores of ${machine.model}.`,
  ].join("\n\n")}\n`;
}

/** The values of a row, each with its seed, and what is missing with its reason. */
export function seedsText({ values, missing }: ReproducedRow): string {
  return [
    ...values.map(({ seed, value }) => `${number(value)} (${seed})`),
    ...missing.map(({ seed, reason }) => `- (${seed}: ${reason})`),
  ].join(", ");
}

/** Four significant digits, or fewer. */
function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function spreadText(mean: number | null, sd: number | null): string {
  if (mean === null) return "-";
  return sd === null ? number(mean) : `${number(mean)} ± ${Number(sd.toPrecision(2))}`;
}

function publishedText({ mean, sd, note }: Published = {}): string {
  const value = mean === undefined ? "" : sd === undefined ? String(mean) : `${mean} ± ${sd}`;
  return note === undefined ? value : value === "" ? note : `${value} (${note})`;
}

function bandText({ atLeast, atMost, on }: Band = {}): string {
  const bounds = [
    ...(atLeast !== undefined && atLeast === atMost ? [`= ${atLeast}`] : []),
    ...(atLeast !== undefined && atLeast !== atMost ? [`>= ${atLeast}`] : []),
    ...(atMost !== undefined && atLeast !== atMost ? [`<= ${atMost}`] : []),
  ].join(", ");
  return on === "mean" ? `mean ${bounds}` : bounds;
}

/** Rows under headings as Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
