import type { StageHistory } from "../../generated/types.js";
import { isLogarithmic, lineLook, linesOf, lossChart, thinned } from "../charts/loss.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, legend, table } from "../figure.js";
import { count, counted, significant } from "../format.js";
import { type Html, html } from "../markup.js";
import { focusName, type Section } from "./section.js";

/** Stages shown at once; the others are folded away. */
const SHOWN = 4;
/** Steps in the table behind a chart. */
const TABLE_ROWS = 25;

/** Loss terms over steps, stage by stage. */
export async function trainingSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const stages = study.focus.history.stages.filter((stage) => stage.steps.length > 0 && linesOf(stage).length > 0);
  if (stages.length === 0) return undefined;
  const figures: Html[] = [];
  for (const [i, stage] of stages.entries()) {
    const figure = {
      id: `${study.id}-stage-${i + 1}`,
      title: `Stage ${i + 1}: ${stage.name}`,
      description: `Weighted loss terms over ${count(stage.steps.at(-1)!)} steps, ${isLogarithmic(stage) ? "logarithmic" : "linear"} axis.`,
      legend: legend(
        linesOf(stage).map((label, line) => {
          const { color, dash } = lineLook(line);
          return { label, look: { color, dash } };
        }),
      ),
      table: lossTable(stage),
    };
    figures.push(await chartFigure(figure, lossChart(stage), stages.length === 1 ? "page" : "half", pens));
  }
  const folded = figures.slice(SHOWN);
  return {
    id: "training",
    title: "Training",
    lead: `Loss by its terms (${focusName(input)}).`,
    body: html`<div class="grid">${figures.slice(0, SHOWN)}</div>${
      folded.length > 0 &&
      html`<details class="more"><summary>${counted(folded.length, "more stage")}</summary><div class="grid">${folded}</div></details>`
    }`,
  };
}

function lossTable(stage: StageHistory): Html {
  const terms = linesOf(stage).filter((line) => line in stage.terms);
  const places = thinned(stage.steps.length, TABLE_ROWS);
  const caption =
    places.length < stage.steps.length
      ? `${places.length} of ${count(stage.steps.length)} recorded steps.`
      : "All recorded steps.";
  const losses = table(
    caption,
    [{ label: "Step", numeric: true }, ...terms.map((label) => ({ label, numeric: true as const }))],
    places.map((i) => [count(stage.steps[i]!), ...terms.map((term) => defined(significant(stage.terms[term]![i])))]),
  );
  const { validation } = stage;
  if (validation === undefined) return losses;
  const checked = thinned(validation.steps.length, TABLE_ROWS);
  return html`${losses}${table(
    "Loss on the validation rows.",
    [
      { label: "Step", numeric: true },
      { label: "validation", numeric: true },
    ],
    checked.map((i) => [count(validation.steps[i]!), defined(significant(validation.values[i]))]),
  )}`;
}
