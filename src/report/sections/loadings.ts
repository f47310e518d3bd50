import type { Loadings } from "../../generated/types.js";
import { heatmapChart } from "../charts/heatmap.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, name, rampLegend, table } from "../figure.js";
import { count, finite, percent, significant } from "../format.js";
import { DIVERGING } from "../theme.js";
import { focusName, type Section } from "./section.js";

/** Inputs that are shown; the run folder has them all. */
const SHOWN = 40;

/** How inputs depend on latents, and what part of each is noise of its own. */
export async function loadingsSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const { loadings } = study.focus.summary;
  if (loadings === undefined || loadings.values.rows.length === 0) return undefined;
  const { columns } = loadings.values;
  const shown = largestShared(loadings);
  const rows = shown.map((j) => loadings.values.rows[j]!);
  const values = shown.map((j) => loadings.values.values[j]!.map((value) => finite(value)));
  const limit = values.flat().reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  const numbers = table(
    "Loading of each input on each latent, and the share of its variance that is noise of its own.",
    [
      { label: "Input" },
      ...columns.map((label) => ({ label, numeric: true as const })),
      { label: "Noise", numeric: true },
    ],
    shown.map((j, i) => [
      name(rows[i]!),
      ...columns.map((_, f) => defined(significant(values[i]![f]))),
      percent(noiseShare(loadings, j)),
    ]),
  );
  const all = loadings.values.rows.length;
  const some = all > shown.length ? ` The ${count(shown.length)} of ${count(all)} inputs with the least noise.` : "";
  const figure = {
    id: `${study.id}-loadings`,
    title: `Loadings (${focusName(input)})`,
    description: `One row per input: how much it changes, in its own units of the fit, with one unit of each latent.${some}`,
    legend: rampLegend(DIVERGING.colors, significant(-limit), significant(limit)),
    table: numbers,
  };
  const chart = heatmapChart({
    rows,
    columns,
    rowTitle: "",
    columnTitle: "latents",
    values,
    scale: "diverging",
    limit,
    text: (value) => significant(value, 2),
  });
  const body = limit === 0 ? numbers : await chartFigure(figure, chart, "natural", pens);
  return { id: "loadings", title: "Inputs by latent", body };
}

/** Share of an input's variance that no latent explains. */
export function noiseShare({ noise, variances }: Loadings, input: number): number {
  return noise[input]! / variances[input]!;
}

/** The inputs to show, in their own order: those with the least noise where there are many. */
export function largestShared(loadings: Loadings): readonly number[] {
  const all = loadings.noise.map((_, j) => j);
  if (all.length <= SHOWN) return all;
  const sorted = [...all].sort((a, b) => noiseShare(loadings, a) - noiseShare(loadings, b));
  return sorted.slice(0, SHOWN).sort((a, b) => a - b);
}
