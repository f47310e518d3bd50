import type { Silence } from "../../generated/types.js";
import type { SilenceDigest } from "../../record.js";
import { ACTIVE, HISTOGRAM_LEGEND, histogramsChart, patternChart } from "../charts/silence.js";
import type { SectionInput } from "../context.js";
import { chartFigure, legend, name, table } from "../figure.js";
import { count, counted, percent, score, significant } from "../format.js";
import { type Html, html } from "../markup.js";
import { focusName, type Section } from "./section.js";

/** Latents whose histograms are drawn; the table has them all. */
const DRAWN = 20;

/** Which latents are switched off how often, together with which others, and how clear that is. */
export async function silenceSection(input: SectionInput): Promise<Section | undefined> {
  const { study } = input;
  const { summary, silence: digest, scores } = study.focus;
  const { silence } = summary;
  if (silence === undefined || silence.latents.length === 0) return undefined;
  const found = scores?.silence;
  const pictures =
    digest && html`${await patternFigure(input, silence, digest)}${await histogramFigure(input, silence, digest)}`;
  return {
    id: "silence",
    title: "When latents are silent",
    lead: `${summed(silence, digest)} ${found === undefined ? "" : againstTruth(found)}`.trim(),
    body: html`${blockTable(silence)}${silenceTable(silence)}${pictures}`,
  };
}

/** "On average 5.0 of 10 latents are silent in a row: ... a call is right with probability 0.980 on average." */
function summed({ latents, blocks = [] }: Silence, digest: SilenceDigest | undefined): string {
  // Of a latent in a block the block decides.
  const units = blocks.length > 0 ? blocks.flatMap((block) => block.names.map(() => block)) : latents;
  const silent = units.reduce((sum, { share }) => sum + share, 0);
  const certainty = units.reduce((sum, { certainty }) => sum + certainty, 0) / units.length;
  const patterns =
    digest === undefined
      ? ""
      : ` ${counted(digest.rows, "row")} ${digest.rows === 1 ? "has" : "have"} ${counted(digest.different, "different pattern")}.`;
  return (
    `On average ${silent.toFixed(1)} of ${counted(latents.length, "latent")} are silent in a row: within the threshold of their silent value. ` +
    `By the two parts fitted to the values of each ${blocks.length > 0 ? "block" : "latent"}, a call is right with probability ${score(certainty)} on average.${patterns}`
  );
}

type Found = NonNullable<NonNullable<SectionInput["study"]["focus"]["scores"]>["silence"]>;

function againstTruth({ f1, reason, precision, recall, f1OfAll }: Found): string {
  if (f1 === null) return `Against the truth the calls have no score: ${reason ?? "no reason was recorded"}.`;
  return (
    `Of what is silent in truth ${percent(recall)} was found, and ${percent(precision)} of the calls are true ` +
    `(F1 ${score(f1)}; calling everything silent would reach ${score(f1OfAll)}).`
  );
}

/** Latents that are silent together: their block decides. */
function blockTable({ blocks = [] }: Silence): Html | undefined {
  if (blocks.length === 0) return undefined;
  const numeric = ["Radius", "Silent rows", "Certainty", "Spike sd", "Active sd"];
  return table(
    "Latents that are silent together, in units of the latents. A block is silent in a row whose point is within the radius of the place at which it is silent. This decides for its latents; the next table looks at each alone.",
    [{ label: "Block" }, { label: "Silent at" }, ...numeric.map((label) => ({ label, numeric: true as const }))],
    blocks.map(({ names, value, threshold, share, certainty, spike, slab }) => [
      names.join(", "),
      value.map((at) => significant(at)).join(", "),
      significant(threshold),
      percent(share),
      score(certainty),
      significant(spike.sd),
      significant(slab.sd),
    ]),
  );
}

function silenceTable({ latents }: Silence): Html {
  const numeric = ["Silent at", "Threshold", "Silent rows", "Certainty", "Spike sd", "Active mean", "Active sd"];
  return table(
    "In units of the latents, which have standard deviation 1. Silent rows: share of the training rows. Certainty: mean probability that a call, silent or not, is right.",
    [{ label: "Latent" }, ...numeric.map((label) => ({ label, numeric: true as const }))],
    latents.map(({ name: latent, value, threshold, share, certainty, spike, slab }) => [
      name(latent),
      significant(value),
      significant(threshold),
      percent(share),
      score(certainty),
      significant(spike.sd),
      significant(slab.mean),
      significant(slab.sd),
    ]),
  );
}

function patternFigure(input: SectionInput, { latents }: Silence, digest: SilenceDigest): Promise<Html> {
  const names = latents.map((latent) => latent.name);
  const drawn =
    digest.sample.length < digest.rows
      ? `${count(digest.sample.length)} rows, taken evenly from ${count(digest.rows)}`
      : counted(digest.rows, "row");
  const figure = {
    id: `${input.study.id}-patterns`,
    title: `Patterns of silence (${focusName(input)})`,
    description: `${drawn}, one below the other, those with the same pattern together. Colored: the latent is active in the row; empty: silent. Latents that are always silent together cannot be told apart.`,
    legend: legend([
      { label: "active", look: { color: ACTIVE, shape: "square" } },
      { label: "silent", look: { color: "var(--undefined)", shape: "square" } },
    ]),
    table: table(
      `The ${digest.most.length} most frequent of ${counted(digest.different, "pattern")}.`,
      [{ label: "Active latents" }, { label: "Rows", numeric: true }, { label: "Share", numeric: true }],
      digest.most.map(({ pattern, rows }) => [
        names.filter((_, j) => pattern[j] !== "1").join(", ") || "none",
        count(rows),
        percent(rows / digest.rows),
      ]),
    ),
  };
  return chartFigure(figure, patternChart(digest.sample, names), "page", input.pens);
}

function histogramFigure(input: SectionInput, { latents }: Silence, digest: SilenceDigest): Promise<Html> {
  const all = latents.map((latent, j) => ({ latent, histogram: digest.histograms[j]!, rows: digest.rows }));
  const drawn = all.slice(0, DRAWN);
  const part = drawn.length < all.length ? `The first ${drawn.length} of ${all.length} latents. ` : "";
  const figure = {
    id: `${input.study.id}-silent-values`,
    title: "Values of each latent",
    description:
      `${part}Rows by value, heights on a square-root scale. A latent that is switched off piles up at its silent value, within the threshold; ` +
      "without such a pile there is nothing to recognize it by.",
    legend: legend(HISTOGRAM_LEGEND),
    table: table(
      "Rows at the silent value and beside it.",
      [{ label: "Latent" }, { label: "Tallest bar", numeric: true }, { label: "Its rows", numeric: true }],
      drawn.map(({ latent, histogram: { from, width, counts } }) => {
        const tallest = counts.indexOf(Math.max(...counts));
        return [name(latent.name), significant(from + (tallest + 0.5) * width), count(counts[tallest] ?? 0)];
      }),
    ),
  };
  return chartFigure(figure, histogramsChart(drawn), "page", input.pens);
}
