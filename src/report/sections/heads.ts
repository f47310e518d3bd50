import { heatmapChart } from "../charts/heatmap.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, name, rampLegend, table } from "../figure.js";
import { finite, significant } from "../format.js";
import { html } from "../markup.js";
import { DIVERGING } from "../theme.js";
import { focusName, type Section } from "./section.js";

/** The effect of each latent on the target in each environment. */
export async function headsSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const { heads } = study.focus.summary;
  if (heads === undefined || heads.rows.length === 0 || heads.columns.length === 0) return undefined;
  const values = heads.values.map((row) => row.map((value) => finite(value)));
  const limit = values.flat().reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  const numbers = table(
    "Weight of each latent in each environment.",
    [{ label: "Environment" }, ...heads.columns.map((label) => ({ label, numeric: true as const }))],
    heads.rows.map((row, i) => [name(row), ...heads.columns.map((_, j) => defined(significant(values[i]?.[j])))]),
  );
  const ate = study.focus.scores?.ate;
  const effects =
    ate !== undefined &&
    ate.perEnvironment.length > 0 &&
    table(
      "Mean squared error of these effects against the true ones.",
      [{ label: "Environment" }, { label: "Effect error", numeric: true }],
      ate.perEnvironment.map(({ environment, value }) => [name(environment), defined(significant(value), ate.reason)]),
    );
  const figure = {
    id: `${study.id}-heads`,
    title: `Effect of each latent on the target (${focusName(input)})`,
    description:
      "One row per environment. Rows that look alike share their effects; a cell that differs from its neighbors is a change.",
    legend: rampLegend(DIVERGING.colors, significant(-limit), significant(limit)),
    table: html`${numbers}${effects}`,
  };
  const chart = heatmapChart({
    rows: heads.rows,
    columns: heads.columns,
    rowTitle: "",
    columnTitle: "latents",
    values,
    scale: "diverging",
    limit,
    text: (value) => significant(value, 2),
  });
  return {
    id: "heads",
    title: "Effects by environment",
    body: limit === 0 ? html`<p>Every effect is 0.</p>${numbers}` : await chartFigure(figure, chart, "natural", pens),
  };
}
