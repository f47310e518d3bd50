import {
  CALIBRATION_KINDS,
  type CalibrationKind,
  LOST,
  pooledCurve,
  type ReliabilityCurve,
} from "../../calibration.js";
import type { Scores } from "../../generated/types.js";
import { reliabilityChart } from "../charts/reliability.js";
import type { SectionInput } from "../context.js";
import { chartFigure, legend, name, table } from "../figure.js";
import { count, score } from "../format.js";
import { type Html, html } from "../markup.js";
import type { MethodRuns, Study } from "../studies.js";
import { series } from "../theme.js";
import type { Section } from "./section.js";

interface Curve extends ReliabilityCurve {
  readonly label: string;
  readonly method: string;
  /** Runs that are pooled. */
  readonly seeds: number;
}

/** Whether the probabilities that the methods give come true as often as they say. */
export async function calibrationSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const curves = curvesOf(study);
  if (curves.length === 0) return undefined;
  const figure = {
    id: `${study.id}-calibration`,
    title: "Reliability of the probabilities",
    description:
      "Each mark stands for the entries of similar probability; larger marks have more of them. " +
      "Sound probabilities lie on the dashed line: marks below it are true less often than the method says, marks above it more often.",
    legend: legend(curves.map(({ label }, i) => ({ label, look: series(i) }))),
    table: binTable(curves),
  };
  const notes = notesOf(study, curves);
  const chart = reliabilityChart(curves.map(({ bins }) => bins));
  return {
    id: "calibration",
    title: "Calibration",
    lead: sentencesOf(curves).join(" "),
    body: html`${await chartFigure(figure, chart, "page", pens)}${
      notes.length > 0 && html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>\n`
    }`,
  };
}

/** One curve for each method and kind, over all seeds of the method. */
export function curvesOf({ methods }: Study): readonly Curve[] {
  return methods.flatMap(({ label, runs }) =>
    Object.entries(CALIBRATION_KINDS).flatMap(([kind, words]) => {
      const bins = runs.flatMap(({ scores }) => {
        const found = scores?.calibration?.[kind as CalibrationKind]?.bins;
        return found === undefined ? [] : [found];
      });
      const curve = pooledCurve(bins);
      return curve === undefined ? [] : [{ label: `${label}, ${words}`, method: label, seeds: bins.length, ...curve }];
    }),
  );
}

/** The error of each curve beside what chance would give. */
export function sentencesOf(curves: readonly Curve[]): readonly string[] {
  return curves.map(
    ({ label, error, byChance, entries, seeds }) =>
      `${label}: the calibration error is ${score(error)} over ${count(entries)} entries` +
      `${seeds > 1 ? ` of ${seeds} seeds together` : ""}; with so many, sound probabilities would have about ${score(byChance)}.`,
  );
}

/** What the error does not show: latents that no truth stands against, and those that were never found. */
export function notesOf({ methods }: Study, curves: readonly Curve[]): readonly string[] {
  return methods
    .filter(({ label }) => curves.some(({ method }) => method === label))
    .flatMap((method) => methodNotes(method).map((note) => `${method.label}: ${note}`));
}

function methodNotes({ runs }: MethodRuns): readonly string[] {
  const scored = runs.flatMap(({ scores }) => scores ?? []);
  const judgedIn = ({ mcc }: Scores): number => mcc.matching.filter((match) => match !== null).length;
  const fewest = scored.reduce((least, one) => (judgedIn(one) < judgedIn(least) ? one : least));
  const [judged, { latents, truth }] = [judgedIn(fewest), fewest];
  const lowest = Math.min(...scored.flatMap(({ mcc: { perLatent } }) => perLatent.filter((one) => one !== null)));
  return [
    ...(judged < latents.length
      ? [`${judged} of ${latents.length} latents match a true one; what is said of the others is not judged.`]
      : []),
    ...(judged < truth.length ? [`${truth.length - judged} of ${truth.length} true latents have no match.`] : []),
    ...(lowest < LOST
      ? [
          `the lowest correlation of a latent with its true one is ${score(lowest)}. What is said of a latent that was not found is ` +
            "compared with the wrong truth, and the error contains that.",
        ]
      : []),
  ];
}

/** The headings of the bins. */
export const BIN_COLUMNS = ["Of", "Probability", "Entries", "Their mean probability", "Share that is true"] as const;

/** The bins of all curves as cells of text, one per heading. */
export function binCells(curves: readonly Curve[]): readonly (readonly [string, ...string[]])[] {
  return curves.flatMap(({ label, bins }) =>
    bins.map(({ from, entries, probability, share }): [string, ...string[]] => [
      label,
      `${from.toFixed(1)} to ${(from + 0.1).toFixed(1)}`,
      count(entries),
      score(probability),
      score(share),
    ]),
  );
}

function binTable(curves: readonly Curve[]): Html {
  return table(
    "Entries of similar probability, of all seeds together.",
    BIN_COLUMNS.map((label, i) => (i < 2 ? { label } : { label, numeric: true as const })),
    binCells(curves).map(([of, ...cells]) => [name(of), ...cells]),
  );
}
