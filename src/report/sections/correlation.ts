import { heatmapChart } from "../charts/heatmap.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, name, rampLegend, table } from "../figure.js";
import { finite, score } from "../format.js";
import { modalitiesOf } from "../modalities.js";
import { SEQUENTIAL } from "../theme.js";
import { focusName, type Section } from "./section.js";

/** Correlations of true and estimated latents with the matching framed. */
export async function correlationSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const { scores } = study.focus;
  if (scores === undefined || scores.mcc.correlation.length === 0) return undefined;
  const { truth, latents, mcc } = scores;
  const values = mcc.correlation.map((row) => row.map((value) => finite(value)));
  const matched = truth.map((_, i) => {
    const column = mcc.matching[i];
    return column === null || column === undefined ? undefined : latents[column];
  });
  const rows = truth.map((latent, i) => [
    name(latent),
    matched[i] === undefined ? defined("not defined", "no match") : name(matched[i]),
    ...latents.map((_, j) => defined(score(values[i]?.[j]))),
  ]);
  const columns = [
    { label: "True latent" },
    { label: "Match" },
    ...latents.map((label) => ({ label, numeric: true as const })),
  ];
  const figure = {
    id: `${study.id}-correlation`,
    title: `Absolute correlation of true and estimated latents (${focusName(input)})`,
    description:
      "One frame per row marks the matching that maximizes the sum. A recovered latent has one strong cell in its row and its column. A dash is not defined: the column is constant.",
    legend: rampLegend(SEQUENTIAL.colors, "0", "1"),
    table: table("Absolute correlations.", columns, rows),
  };
  const chart = heatmapChart({
    rows: truth,
    columns: latents,
    rowTitle: "true latents",
    columnTitle: "estimated latents",
    rowGroups: modalitiesOf(truth, study.focus.manifest.dataset),
    columnGroups: modalitiesOf(latents, study.focus.manifest.dataset),
    values,
    scale: "sequential",
    limit: 1,
    matching: mcc.matching,
    text: (value) => value.toFixed(2),
  });
  return {
    id: "correlation",
    title: "Which latent is which",
    body: await chartFigure(figure, chart, "natural", pens),
  };
}
