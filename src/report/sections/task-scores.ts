import type { TaskMcc } from "../../generated/types.js";
import { stripChart } from "../charts/dots.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, name, table } from "../figure.js";
import { count, counted, finite, percent, score } from "../format.js";
import { type Content, type Html, html } from "../markup.js";
import { focusName } from "./section.js";

/** The scores that only tasks have: of each task on its own, and of the causes called in it. */
export async function taskScores(input: SectionInput): Promise<Html> {
  return html`${await withinTasks(input)}${recoveredCauses(input)}`;
}

/** The MCC of each task beside the one over all rows. */
async function withinTasks(input: SectionInput): Promise<Html | undefined> {
  const { study, pens } = input;
  const { mcc, mccTask, mccTaskSpearman } = study.focus.scores ?? {};
  if (mcc === undefined || mccTask === undefined || mccTask.perTask.length === 0) return undefined;
  const values = mccTask.perTask.flatMap(({ value }) => finite(value) ?? []);
  const limit = finite(mccTask.unrelated);
  const numbers = taskTable(mccTask, mccTaskSpearman);
  if (values.length === 0) return numbers;
  const left =
    mccTask.leftOut === 0
      ? ""
      : ` ${counted(mccTask.leftOut, "task")} with too few rows ${mccTask.leftOut === 1 ? "is" : "are"} left out.`;
  const figure = {
    id: `${study.id}-task-scores`,
    title: `MCC of each task beside that over all rows (${focusName(input)})`,
    description:
      "Every ring is one task, matched and scored on its own rows; the filled mark is their mean. " +
      (limit === null ? "" : "Dashed line: what unrelated latents reach on as few rows.") +
      left,
    table: numbers,
  };
  const strip = {
    axis: "MCC",
    domain: [0, 1] as const,
    rows: [
      { label: "over all rows", values: [], mean: finite(mcc.value) },
      { label: "each task on its own", values, mean: finite(mccTask.value) },
    ],
    ...(limit === null ? {} : { reference: limit }),
  };
  return chartFigure(figure, stripChart(strip), "page", pens);
}

function taskTable(linear: TaskMcc, rank: TaskMcc | undefined): Html {
  const ranks = new Map(rank?.perTask.map(({ task, value }) => [task, value]));
  return table(
    "MCC of each task with its own matching.",
    [{ label: "Task" }, ...["Rows", "MCC", "MCC, rank"].map((label) => ({ label, numeric: true as const }))],
    linear.perTask.map(({ task, rows, value }) => [
      name(task),
      count(rows),
      defined(score(value), "a latent is constant in it"),
      defined(score(ranks.get(task))),
    ]),
  );
}

/** How many causes were found, missed and called without being true, of every run that says so. */
function recoveredCauses({ study }: SectionInput): Html | undefined {
  const rows = study.methods.flatMap(({ label, runs }) =>
    runs.flatMap(({ scores, manifest }): Content[][] => {
      const found = scores?.indicators;
      if (found === undefined) return [];
      return [
        [
          name(label),
          manifest.seed,
          count(found.tasks),
          defined(percent(found.exact), found.reason),
          defined(score(found.accuracy), found.reason),
          defined(score(found.precision), found.reason),
          defined(score(found.recall), found.reason),
          `${count(found.truePositives)}, ${count(found.falseNegatives)}, ${count(found.falsePositives)}`,
        ],
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  const numeric = ["Seed", "Tasks", "Exact sets", "Accuracy", "Precision", "Recall", "Found, missed, false"];
  return table(
    "Recovered causes. Exact sets: tasks in which every latent has its true role. Precision: called causes that are true. Recall: true causes that are called.",
    [{ label: "Method" }, ...numeric.map((label) => ({ label, numeric: true as const }))],
    rows,
  );
}
