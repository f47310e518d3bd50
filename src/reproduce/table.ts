// The table of a reproduction, for files and for terminals.
import { type SeedsRun, seedList } from "./coverage.js";
import type { ReproducedRow } from "./judge.js";
import type { Band, EarlierBand, Published } from "./preset.js";
import type { Provenance } from "./provenance.js";
import type { Reproduction } from "./reproduction.js";

/** The headings of the table. */
export const HEADINGS = ["data", "fit", "measure", "mean ± sd", "n", "published", "band", "verdict"] as const;

/** A row as cells of text, one per heading. */
export function cellsOf({ experiment, fit, title, mean, sd, values, missing, ...row }: ReproducedRow): string[] {
  const n = missing.length === 0 ? String(values.length) : `${values.length} of ${values.length + missing.length}`;
  const { published, band } = row;
  return [experiment, fit, title, spreadText(mean, sd), n, publishedText(published), bandText(band), verdictsText(row)];
}

/** The whole table as Markdown: what it repeats, its rows, the value of every seed, and what failed. */
export function markdownOf({ preset, title, repeats, paper, remark, scale, ...result }: Reproduction): string {
  const { rows, part, seeds, command } = result;
  const bySeed = rows.map((row) => [row.experiment, row.fit, row.title, seedsText(row)]);
  return `${[
    `# ${preset}, ${scale} scale`,
    `${title} Repeats ${repeats} (${paper}).`,
    ...(remark === undefined ? [] : [remark]),
    ...(part === undefined ? [] : [`**Incomplete**: ${part}. Rows in band, of those that were run: ${inBand(rows)}.`]),
    table([...HEADINGS], rows.map(cellsOf)),
    'Spread: standard deviation with divisor n. A band holds on every seed unless it says "mean".',
    ...bandsChanged(rows),
    ...reliability(rows),
    "## By seed",
    table(["data", "fit", "measure", "value (seed)"], bySeed),
    "## Seeds",
    table([...SEED_HEADINGS], seeds.map(seedCells)),
    `\`${command}\`; ${madeByText(result)}.`,
  ].join("\n\n")}\n`;
}

/** Rows in their bands, of those that have one. */
export function inBand(rows: readonly ReproducedRow[]): string {
  const banded = rows.filter(({ band }) => band !== undefined);
  return `${banded.filter(({ verdict }) => verdict === "in band").length} of ${banded.length}`;
}

/** The verdict in a few words: with what was run, where that is not all. */
export function verdictText({ verdict, part }: Pick<Reproduction, "verdict" | "part">): string {
  return part === undefined ? verdict : `${verdict}: ${part}`;
}

/** The bands that were changed after they had been missed, as a heading and a list; those that many rows had stand there once. */
export function bandsChanged(rows: readonly ReproducedRow[]): readonly string[] {
  const groups = new Map<string, EarlierBand[]>();
  for (const { title, before } of rows) {
    if (before === undefined) continue;
    const words = `${title}, ${bandText(before.band)} until ${before.date}`;
    groups.set(words, [...(groups.get(words) ?? []), before]);
  }
  const lines = [...groups].map(([words, bands]) => {
    const outside = bands.filter(({ verdict }) => verdict === "outside").length;
    return `- ${words}: ${outside} of ${bands.length} rows outside. ${[...new Set(bands.map(({ reason }) => reason))].join(" ")}`;
  });
  return lines.length === 0
    ? []
    : ["Bands that were changed after they had been missed, and what they gave:", lines.join("\n")];
}

/** The reliability curves that the table has, bin by bin. */
function reliability(rows: readonly ReproducedRow[]): readonly string[] {
  const curves = new Map(rows.map((row) => [[row.experiment, row.fit, row.measure].join("\n"), row]));
  const bins = [...curves.values()].flatMap(({ experiment, fit, measure, curve }) =>
    (curve?.bins ?? []).map(({ from, entries, probability, share }) => [
      experiment,
      fit,
      measure.split(":")[1] ?? "",
      `${number(from)} to ${number(from + 0.1)}`,
      String(entries),
      number(probability),
      number(share),
    ]),
  );
  const headings = ["data", "fit", "of", "probability", "entries", "their mean probability", "share that is true"];
  return bins.length === 0 ? [] : ["## Reliability", table(headings, bins)];
}

/** The headings of the seeds. */
export const SEED_HEADINGS = ["data", "seeds declared", "seeds run"] as const;

/** The seeds of an experiment as cells of text, one per heading. */
export function seedCells({ experiment, declared, run }: SeedsRun): string[] {
  return [experiment, seedList(declared), seedList(run)];
}

/** Code and machine in one line. */
export function madeByText({ version, commit, addon, sources, machine }: Provenance): string {
  return [
    `disentangle ${version}`,
    ...(commit === undefined ? [] : [`commit ${commit}`]),
    ...(addon === undefined ? [] : [`addon ${addon}`]),
    `sources ${sources}`,
    `node ${machine.node}`,
    machine.platform,
    `${machine.cores} cores of ${machine.model}`,
  ].join(", ");
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

/** The verdict, and that of the band before. */
function verdictsText({ verdict, before }: Pick<ReproducedRow, "verdict" | "before">): string {
  return [
    ...(verdict === undefined ? [] : [verdict]),
    ...(before === undefined ? [] : [`${bandText(before.band)} before: ${before.verdict}`]),
  ].join("; ");
}

/** Rows under headings as Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
