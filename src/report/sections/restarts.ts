import { type Restarts, restartsOf } from "../causes.js";
import { restartsChart } from "../charts/restarts.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, table } from "../figure.js";
import { count, counted, percent, significant } from "../format.js";
import { focusName, type Section } from "./section.js";

/** Starts in the table. */
const ROWS = 50;

/** How far the starts of a closed-form stage agree on the best likelihood. */
export async function restartsSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const restarts = restartsOf(study.focus.summary);
  if (restarts === undefined || restarts.likelihoods.length < 2) return undefined;
  const figure = {
    id: `${study.id}-restarts`,
    title: `Likelihood at the end of each start (${focusName(input)})`,
    description:
      "One dot per start. Dots on the dashed line found the best likelihood, those below it ended in a worse optimum.",
    table: startTable(restarts),
  };
  const known = restarts.likelihoods.filter((value) => value !== null);
  return {
    id: "restarts",
    title: "Restarts",
    lead: agreementText(restarts),
    body: await chartFigure(figure, restartsChart(known), "page", pens),
  };
}

/** "All 5 starts ended at the best likelihood." */
export function agreementText({ likelihoods, agreement }: Restarts): string {
  const starts = counted(likelihoods.length, "start");
  if (agreement === null) return `The best of ${starts} was taken.`;
  return agreement === 1
    ? `All ${starts} ended at the best likelihood: the solution does not depend on where the search begins.`
    : `${percent(agreement)} of ${starts} ended at the best likelihood, which was taken; the others ended in a worse one.`;
}

function startTable({ likelihoods, best }: Restarts) {
  const shown = likelihoods.slice(0, ROWS);
  return table(
    `Mean log density of a row, without constants${shown.length < likelihoods.length ? `, of the first ${ROWS} of ${count(likelihoods.length)} starts` : ""}.`,
    [{ label: "Start" }, { label: "Log density", numeric: true }, { label: "Below the best", numeric: true }],
    shown.map((value, i) => [
      String(i + 1),
      defined(significant(value, 7)),
      value === null ? defined(significant(null)) : significant(best - value),
    ]),
  );
}
