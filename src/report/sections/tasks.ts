import { bySimilarity, type CauseCounts, causesOf, countsOf, type TaskCauses } from "../causes.js";
import { heatmapChart } from "../charts/heatmap.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, name, rampLegend, table } from "../figure.js";
import { count, counted, finite, percent, score, signed } from "../format.js";
import { type Content, type Html, html } from "../markup.js";
import { SEQUENTIAL } from "../theme.js";
import { indicatorTests } from "./indicator-tests.js";
import { focusName, type Section } from "./section.js";

/** Tasks drawn; the tables have them all. */
const DRAWN = 60;
/** Tasks whose causes are shown without unfolding. */
const SHOWN = 12;
/** Causes of a task that are named. */
const NAMED = 6;

/** Which latents cause the target of each task, and how much of it they explain. */
export async function tasksSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const { tasks, latents } = study.focus.summary;
  if (tasks === undefined || tasks.names.length === 0 || latents.names.length === 0) return undefined;
  const all = causesOf(tasks);
  const drawn = all.slice(0, DRAWN);
  const order = bySimilarity(drawn, latents.names.length);
  const chart = heatmapChart({
    rows: order.map((t) => tasks.names[t]!),
    columns: latents.names,
    rowTitle: "",
    columnTitle: "latents",
    values: order.map((t) => tasks.probabilities[t]!.map((probability) => finite(probability))),
    scale: "sequential",
    limit: 1,
    marked: order.map((t) => latents.names.map((_, i) => drawn[t]!.causes.some((c) => c.latent === i && c.certain))),
  });
  const part =
    drawn.length < all.length ? `The first ${drawn.length} of ${count(all.length)} tasks; the tables have all. ` : "";
  const figure = {
    id: `${study.id}-tasks`,
    title: `Causal indicators (${focusName(input)})`,
    description:
      `${part}One row per task, those with the same causes together. The color is the probability that the latent causes the target of the task; ` +
      "without it the latent follows the target. A dot marks a cause whose call is certain, a color in between a call that is not.",
    legend: rampLegend(SEQUENTIAL.colors, "follows", "causes"),
    table: indicatorTable(input),
  };
  const causes = causeTable(all, latents.names);
  return {
    id: "tasks",
    title: "What causes each task",
    lead: summed(countsOf(all)),
    body: html`${await chartFigure(figure, chart, "natural", pens)}${
      all.length <= SHOWN
        ? causes
        : html`<details><summary>Causes of ${counted(all.length, "task")}</summary>${causes}</details>`
    }${tasks.tests === undefined ? "" : indicatorTests(tasks.tests)}`,
  };
}

/** "On average 2.2 latents cause the target of a task, from 1 to 3; 87 % of these calls are certain." */
function summed({ tasks, causes, certain, fewest, most, without }: CauseCounts): string {
  if (causes === 0) return `No latent is called a cause in any of ${counted(tasks, "task")}.`;
  const mean = (causes / tasks).toFixed(1);
  const range =
    fewest === most
      ? `In each of ${counted(tasks, "task")} ${counted(most, "latent causes", "latents cause")} the target`
      : `On average over ${counted(tasks, "task")}, ${mean} latents cause the target, from ${fewest} to ${most}`;
  const none = without === 0 || fewest === most ? "" : ` (${counted(without, "task")} without any)`;
  return `${range}${none}; ${percent(certain / causes)} of these calls are certain. All other latents follow the target.`;
}

function causeTable(all: readonly TaskCauses[], latents: readonly string[]): Html {
  return table(
    "Causes with their weights, in units of the target per standard deviation of the latent, the heaviest first; a question mark follows those whose call is not certain. " +
      "Variance explained by them: below 0 they predict worse than the mean.",
    [
      { label: "Task" },
      { label: "Rows", numeric: true },
      { label: "Causes" },
      { label: "Explained, training", numeric: true },
      { label: "Explained, test", numeric: true },
    ],
    all.map((task) => [
      name(task.name),
      count(task.rows),
      inWords(task, latents),
      shareOf(task.explained, "too few rows"),
      shareOf(task.explainedTest, task.explained === null ? "too few rows" : "no test rows"),
    ]),
  );
}

function inWords({ causes }: TaskCauses, latents: readonly string[]): Content {
  if (causes.length === 0) return html`<span class="absent">none</span>`;
  const words = causes.slice(0, NAMED).map(({ latent, weight, certain }, i) => {
    const size = weight === null ? "" : ` ${signed(weight)}`;
    return html`${i > 0 && ", "}${name(latents[latent] ?? `latent ${latent + 1}`)}${size}${!certain && "?"}`;
  });
  return html`${words}${causes.length > NAMED && ` and ${count(causes.length - NAMED)} more`}`;
}

function shareOf(share: number | null, reason: string): Content {
  return share === null ? defined(percent(null), reason) : percent(share);
}

function indicatorTable({ study }: SectionInput): Html {
  const { tasks, latents } = study.focus.summary;
  return table(
    "Probability that the latent causes the target; a star marks calls, either way, that are certain.",
    [{ label: "Task" }, ...latents.names.map((label) => ({ label, numeric: true as const }))],
    tasks!.names.map((task, t) => [
      name(task),
      ...latents.names.map((_, i) => {
        const text = score(tasks!.probabilities[t]?.[i]);
        return tasks!.real[t]?.[i] === true ? `${text}*` : defined(text);
      }),
    ]),
  );
}
