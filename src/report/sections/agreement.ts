import { stripChart } from "../charts/dots.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, name, table } from "../figure.js";
import { finite, score } from "../format.js";
import { html } from "../markup.js";
import type { Section } from "./section.js";

/** How far runs that differ only in their seed found the same latents. */
export async function agreementSection({ study, agreement, pens }: SectionInput): Promise<Section | undefined> {
  if (agreement === undefined || agreement.pairs.length === 0) return undefined;
  const label = agreement.method ?? study.methods[0]!.label;
  const values = agreement.pairs.flatMap(({ mcc }) => finite(mcc) ?? []);
  const unrelated = agreement.null;
  const limit = finite(unrelated?.q95);
  const numbers = html`${table(
    "Score between each pair of runs.",
    [{ label: "Run" }, { label: "Run" }, { label: "MCC", numeric: true }],
    agreement.pairs.map(({ a, b, mcc }) => [name(a), name(b), defined(score(mcc))]),
  )}${
    unrelated &&
    table(
      unrelated.explanation,
      [
        { label: "Chance" },
        ...["Mean", "Sd", "95\u00a0% quantile", "Draws"].map((head) => ({ label: head, numeric: true as const })),
      ],
      [["Unrelated latents", score(unrelated.mean), score(unrelated.sd), score(unrelated.q95), unrelated.draws]],
    )
  }`;
  const figure = {
    id: `${study.id}-agreement`,
    title: `Agreement between seeds of ${label}`,
    description:
      "Every ring is the MCC between the latents of two runs; the filled mark is the mean. " +
      (limit === null ? "" : "Pairs of unrelated latents stay left of the dashed line in 95\u00a0% of draws."),
    table: numbers,
  };
  const strip = {
    axis: "MCC between two runs",
    domain: [0, 1] as const,
    rows: [{ label, values, mean: finite(agreement.mean) }],
    ...(limit === null ? {} : { reference: limit }),
  };
  return {
    id: "agreement",
    title: "Agreement over seeds",
    lead: "Runs that start from different random numbers should find the same latents. Agreement is necessary, not sufficient: all runs can be wrong in the same way.",
    body: values.length === 0 ? numbers : await chartFigure(figure, stripChart(strip), "page", pens),
  };
}
