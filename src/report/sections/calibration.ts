import { CALIBRATION_KINDS, type CalibrationKind, pooledCurve, type ReliabilityCurve } from "../../calibration.js";
import { reliabilityChart } from "../charts/reliability.js";
import type { SectionInput } from "../context.js";
import { chartFigure, legend, name, table } from "../figure.js";
import { count, score } from "../format.js";
import type { Html } from "../markup.js";
import { series } from "../theme.js";
import type { Section } from "./section.js";

interface Curve extends ReliabilityCurve {
  readonly label: string;
}

/** Whether the probabilities that the methods give come true as often as they say. */
export async function calibrationSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const curves = curvesOf(input);
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
  const chart = reliabilityChart(curves.map(({ bins }) => bins));
  return {
    id: "calibration",
    title: "Calibration",
    lead: curves
      .map(
        ({ label, error, byChance, entries }) =>
          `${label}: the calibration error is ${score(error)} over ${count(entries)} entries; ` +
          `with so many, sound probabilities would have about ${score(byChance)}.`,
      )
      .join(" "),
    body: await chartFigure(figure, chart, "page", pens),
  };
}

/** One curve for each method and kind, over all seeds of the method. */
function curvesOf({ study: { methods } }: SectionInput): readonly Curve[] {
  return methods.flatMap(({ label, runs }) =>
    Object.entries(CALIBRATION_KINDS).flatMap(([kind, words]) => {
      const bins = runs.flatMap(({ scores }) => scores?.calibration?.[kind as CalibrationKind]?.bins ?? []);
      const curve = pooledCurve([bins]);
      return curve === undefined ? [] : [{ label: `${label}, ${words}`, ...curve }];
    }),
  );
}

function binTable(curves: readonly Curve[]): Html {
  const numeric = ["Entries", "Their mean probability", "Share that is true"];
  return table(
    "Entries of similar probability, of all seeds together.",
    [{ label: "Of" }, { label: "Probability" }, ...numeric.map((label) => ({ label, numeric: true as const }))],
    curves.flatMap(({ label, bins }) =>
      bins.map(({ from, entries, probability, share }) => [
        name(label),
        `${from.toFixed(1)} to ${(from + 0.1).toFixed(1)}`,
        count(entries),
        score(probability),
        score(share),
      ]),
    ),
  );
}
