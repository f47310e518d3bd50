import type { StageHistory } from "../../generated/types.js";
import { isLogarithmic, lineLook, linesChart, thinned } from "../charts/lines.js";
import { constraintQuantities, lossLines, type NamedLine } from "../charts/loss.js";
import type { SectionInput } from "../context.js";
import { type Column, chartFigure, defined, legend, type Span, table } from "../figure.js";
import { count, counted, finite, significant } from "../format.js";
import { type Html, html } from "../markup.js";
import { focusName, type Section } from "./section.js";

/** Stages shown at once; the others are folded away. */
const SHOWN = 4;
/** Steps in the table behind a chart. */
const TABLE_ROWS = 25;

/** Loss terms over steps, stage by stage, and the constraints that were held beside them. */
export async function trainingSection(input: SectionInput): Promise<Section | undefined> {
  const stages = input.study.focus.history.stages.filter(({ steps, terms, validation }) => {
    const drawn = Object.keys(terms).length > 0 || validation !== undefined;
    return steps.length > 0 && drawn;
  });
  if (stages.length === 0) return undefined;
  const alone = stages.length === 1 && constraintQuantities(stages[0]!).length === 0;
  const blocks: Html[] = [];
  for (const [i, stage] of stages.entries()) {
    blocks.push(await lossFigure(input, stage, i + 1, alone ? "page" : "half"));
    blocks.push(...(await constraintFigures(input, stage, i + 1)));
  }
  const folded = blocks.slice(SHOWN);
  return {
    id: "training",
    title: "Training",
    lead: `Loss by its terms (${focusName(input)}).`,
    body: html`${alone ? blocks : html`<div class="grid">${blocks.slice(0, SHOWN)}</div>`}${
      folded.length > 0 &&
      html`<details class="more"><summary>${counted(folded.length, "more picture")}</summary><div class="grid">${folded}</div></details>`
    }`,
  };
}

async function lossFigure(
  { study, pens }: SectionInput,
  stage: StageHistory,
  place: number,
  span: Span,
): Promise<Html> {
  const lines = lossLines(stage);
  const figure = {
    id: `${study.id}-stage-${place}`,
    title: `Stage ${place}: ${stage.name}`,
    description: `Weighted loss terms over ${count(stage.steps.at(-1)!)} steps, ${isLogarithmic(lines) ? "logarithmic" : "linear"} axis.`,
    legend: lineLegend(lines),
    table: lossTable(stage),
  };
  return chartFigure(figure, linesChart(lines), span, pens);
}

async function constraintFigures({ study, pens }: SectionInput, stage: StageHistory, place: number): Promise<Html[]> {
  const figures: Html[] = [];
  for (const { id, title, description, lines } of constraintQuantities(stage)) {
    // A multiplier or a penalty that was never finite has nothing to show.
    if (lines.every(({ values }) => values.every((value) => finite(value) === null))) continue;
    const figure = {
      id: `${study.id}-stage-${place}-${id}`,
      title: `${title}, stage ${place}`,
      description,
      legend: lineLegend(lines),
      table: lineTable(lines, `${title} at`),
    };
    figures.push(await chartFigure(figure, linesChart(lines), "half", pens));
  }
  return figures;
}

function lineLegend(lines: readonly NamedLine[]): Html {
  return legend(
    lines.map(({ label }, line) => {
      const { color, dash } = lineLook(line);
      return { label, look: { color, dash } };
    }),
  );
}

function lossTable(stage: StageHistory): Html {
  const lines = lossLines(stage);
  const validation = lines.filter(({ label }) => stage.validation !== undefined && label === "validation");
  const terms = lines.filter((line) => !validation.includes(line));
  return html`${terms.length > 0 && lineTable(terms, "Loss at")}${validation.length > 0 && lineTable(validation, "Loss on the validation rows at")}`;
}

/** Lines that share their steps, as numbers. */
function lineTable(lines: readonly NamedLine[], what: string): Html {
  const steps = lines[0]?.steps ?? [];
  const places = thinned(steps.length, TABLE_ROWS);
  const caption =
    places.length < steps.length
      ? `${what} ${places.length} of ${count(steps.length)} recorded steps.`
      : `${what} all recorded steps.`;
  const columns: Column[] = [
    { label: "Step", numeric: true },
    ...lines.map(({ label }) => ({ label, numeric: true as const })),
  ];
  return table(
    caption,
    columns,
    places.map((i) => [count(steps[i]!), ...lines.map(({ values }) => defined(significant(values[i])))]),
  );
}
