import { stripChart } from "../charts/dots.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, name, table } from "../figure.js";
import { finite, score } from "../format.js";
import { type Content, type Html, html } from "../markup.js";
import type { LabeledAgreement } from "../model.js";
import { series } from "../theme.js";
import type { Section } from "./section.js";

/** How far runs that differ only in their seed found the same latents: one by one, and up to a linear map. */
export async function agreementSection({ study, agreements, pens }: SectionInput): Promise<Section | undefined> {
  const compared = agreements.filter(({ agreement }) => agreement.pairs.length > 0);
  if (compared.length === 0) return undefined;
  const weak = compared.some(({ agreement }) => agreement.weak !== undefined);
  const limit = finite(compared[0]!.agreement.null?.q95);
  const numbers = html`${meanTable(compared)}${pairTable(compared)}${nullTable(compared)}`;
  const figure = {
    id: `${study.id}-agreement`,
    title: "Agreement between seeds",
    description:
      "Every ring is the MCC between the latents of two runs; the filled mark is the mean. " +
      (weak
        ? "Strong: single latents are compared. Weak: after the best linear maps of both sides (CCA), so that mixed axes do not count. " +
          "Weak far above strong: the runs found the same space, but not the same axes. "
        : "") +
      (limit === null ? "" : "Pairs of unrelated latents stay left of the dashed line in 95\u00a0% of draws."),
    table: numbers,
  };
  const rows = compared.flatMap(({ label, agreement: { pairs, mean, weak: weakMean } }, i) => [
    {
      label: weak ? `${label}, strong` : label,
      values: defining(pairs.map(({ mcc }) => mcc)),
      mean: finite(mean),
      look: series(i),
    },
    ...(weakMean === undefined
      ? []
      : [
          {
            label: `${label}, weak`,
            values: defining(pairs.map((pair) => pair.weak)),
            mean: finite(weakMean),
            look: { color: series(i).color, shape: "cross" as const },
          },
        ]),
  ]);
  const strip = {
    axis: "MCC between two runs",
    domain: [0, 1] as const,
    rows,
    ...(limit === null ? {} : { reference: limit }),
  };
  return {
    id: "agreement",
    title: "Agreement over seeds",
    lead: "Runs that start from different random numbers should find the same latents. Agreement is necessary, not sufficient: all runs can be wrong in the same way.",
    body: rows.every(({ values }) => values.length === 0)
      ? numbers
      : await chartFigure(figure, stripChart(strip), "page", pens),
  };
}

function defining(values: readonly (number | null | undefined)[]): number[] {
  return values.flatMap((value) => finite(value) ?? []);
}

const STRONG_WEAK = ["Strong MCC", "Weak MCC"].map((label) => ({ label, numeric: true as const }));

/** A weak score: a dash where it was not computed. */
function weakText(value: number | null | undefined): Content {
  return value === undefined ? "\u2013" : defined(score(value));
}

function meanTable(compared: readonly LabeledAgreement[]): Html {
  return table(
    "Mean over the pairs.",
    [{ label: "Method" }, { label: "Pairs", numeric: true }, ...STRONG_WEAK],
    compared.map(({ label, agreement: { pairs, mean, weak } }) => [
      name(label),
      pairs.length,
      defined(score(mean)),
      weakText(weak),
    ]),
  );
}

function pairTable(compared: readonly LabeledAgreement[]): Html {
  return table(
    "Score between each pair of runs.",
    [{ label: "Method" }, { label: "Run" }, { label: "Run" }, ...STRONG_WEAK],
    compared.flatMap(({ label, agreement }) =>
      agreement.pairs.map(({ a, b, mcc, weak }) => [
        name(label),
        name(a),
        name(b),
        defined(score(mcc)),
        weakText(weak),
      ]),
    ),
  );
}

function nullTable(compared: readonly LabeledAgreement[]): Html | undefined {
  const nulls = compared.flatMap(({ label, agreement }) =>
    agreement.null === null ? [] : [{ label, unrelated: agreement.null }],
  );
  if (nulls.length === 0) return undefined;
  return table(
    nulls[0]!.unrelated.explanation,
    [
      { label: "Unrelated latents" },
      ...["Mean", "Sd", "95\u00a0% quantile", "Draws"].map((label) => ({ label, numeric: true as const })),
    ],
    nulls.map(({ label, unrelated: { mean, sd, q95, draws } }) => [
      name(label),
      score(mean),
      score(sd),
      score(q95),
      draws,
    ]),
  );
}
