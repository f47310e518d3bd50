import type { Mcc, NullScore } from "../../generated/types.js";
import { dotsChart } from "../charts/dots.js";
import { type ScoreRow, scoresChart } from "../charts/scores.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, legend, name, table } from "../figure.js";
import { counted, finite, score } from "../format.js";
import { type Content, type Html, html } from "../markup.js";
import { MEASURES, spread } from "../measures.js";
import { series } from "../theme.js";
import { chance } from "../verdict.js";
import { focusName, type Section } from "./section.js";
import { taskScores } from "./task-scores.js";

/** Scores against what chance and the best case reach, and the score of each latent. */
export async function scoresSection(input: SectionInput): Promise<Section | undefined> {
  const { study } = input;
  const scored = study.methods.filter(({ runs }) => runs.some((run) => run.scores !== undefined));
  const focus = scored[0]?.runs.find((run) => run.scores !== undefined);
  if (focus?.scores === undefined) return undefined;
  const { scores } = focus;
  const rows = { train: "training rows", validation: "validation rows", test: "test rows", all: "rows" }[
    scores.rows.split
  ];
  return {
    id: "scores",
    title: "Scores against chance",
    lead:
      `Each true latent is matched with one estimated latent; the score is their mean absolute correlation, over ` +
      `${counted(scores.rows.count, "row")}${scores.rows.split === "all" ? "" : ` (${rows})`}. ` +
      "Gray bands show what the same score reaches by chance on the same truth.",
    body: html`${await overview(input, focus.scores.mcc)}${await perLatent(input)}${await taskScores(input)}${notes(scores.notes)}`,
  };
}

async function overview(input: SectionInput, mcc: Mcc): Promise<Html> {
  const { study, pens } = input;
  const scores = study.methods.flatMap(({ runs }) => runs).find((run) => run.scores !== undefined)!.scores!;
  const rows: ScoreRow[] = study.methods.flatMap(({ label, runs }): ScoreRow[] => {
    const all = spread(MEASURES[0]!, runs);
    if (all?.mean === undefined || all.mean === null) return [];
    const intervals = runs.flatMap((run) => (run.scores?.mcc.interval ? [run.scores.mcc.interval] : []));
    return [
      {
        kind: "method",
        label,
        mean: all.mean,
        interval:
          intervals.length === 0
            ? null
            : [Math.min(...intervals.map(([low]) => low)), Math.max(...intervals.map(([, high]) => high))],
        seeds: all.values.map(({ value }) => value),
      },
    ];
  });
  const oracle = finite(scores.oracle?.value);
  if (oracle !== null) rows.push({ kind: "ceiling", label: "best possible predictor", mean: oracle });
  if (mcc.nulls.linear) rows.push({ kind: "ceiling", label: "best linear map", mean: mcc.nulls.linear.mean });
  for (const [label, found] of [
    ["random rotation of the truth", mcc.nulls.rotation],
    ["unrelated latents", mcc.nulls.unrelated],
  ] as const)
    if (found)
      rows.push({
        kind: "null",
        label,
        mean: found.mean,
        low: Math.max(0, found.mean - 2 * found.sd),
        high: found.q95,
      });
  const description =
    "Filled marks: the mean over seeds; rings: single seeds; thick lines: what the 95\u00a0% bootstrap intervals of all seeds cover. " +
    "Bands: chance, from two standard deviations below its mean to its 95\u00a0% quantile. Dashed line: scores to the left of it are no evidence.";
  const numbers = html`${methodTable(input)}${nullTable(scores.oracle, mcc)}`;
  const figure = { id: `${study.id}-scores`, title: "Mean correlation coefficient", description, table: numbers };
  return rows.length === 0 ? numbers : chartFigure(figure, scoresChart(rows, chance(mcc)), "page", pens);
}

function methodTable({ study }: SectionInput): Html {
  const tasks = study.runs.some(({ scores }) => scores?.mccTask !== undefined);
  const views = study.runs.some(({ scores }) => scores?.kernelR2 !== undefined);
  const rows = study.methods.flatMap(({ label, runs }) =>
    runs.flatMap(({ scores, manifest }): Content[][] => {
      if (scores === undefined) return [];
      const { mcc, mccSpearman, mccTask, mccWeak, r2, kernelR2 } = scores;
      return [
        [
          name(label),
          manifest.seed,
          defined(score(mcc.value), mcc.reason),
          mcc.interval ? `${score(mcc.interval[0])} to ${score(mcc.interval[1])}` : defined("not defined"),
          defined(score(mcc.outOfSample), mcc.reason),
          defined(score(mccSpearman.value), mccSpearman.reason),
          ...(tasks ? [defined(score(mccTask?.value), mccTask?.reason)] : []),
          defined(score(mccWeak?.value), mccWeak?.reason),
          defined(score(r2.value), r2.reason),
          ...(views
            ? [kernelR2?.value, kernelR2?.outOfSample].map((value) => defined(score(value), kernelR2?.reason))
            : []),
        ],
      ];
    }),
  );
  const numeric = [
    "Seed",
    "MCC",
    "95\u00a0% interval",
    "Out of sample",
    "MCC, rank",
    ...(tasks ? ["MCC within tasks"] : []),
    "Weak MCC",
    "R\u00b2",
    ...(views ? ["Kernel R\u00b2", "Kernel R\u00b2, out of sample"] : []),
  ];
  return table(
    "Scores of every run. Out of sample: matching found on one half of the rows, scored on the other. Weak: after the best linear maps of both sides." +
      (views
        ? " Kernel: what kernel ridge regression on the latents explains, on the rows it was fitted to and on others."
        : ""),
    [{ label: "Method" }, ...numeric.map((label) => ({ label, numeric: true as const }))],
    rows,
  );
}

function nullTable(oracle: { value: number | null; explanation: string } | undefined, mcc: Mcc): Html {
  const row = (label: string, found: NullScore | null): Content[][] =>
    found === null
      ? []
      : [
          [
            label,
            score(found.mean),
            found.draws > 1 ? score(found.sd) : "",
            found.draws > 1 ? score(found.q95) : "",
            found.draws,
            found.explanation,
          ],
        ];
  const rows = [
    ...(oracle ? [["Best possible predictor", defined(score(oracle.value)), "", "", "", oracle.explanation]] : []),
    ...row("Best linear map", mcc.nulls.linear),
    ...row("Random rotation of the truth", mcc.nulls.rotation),
    ...row("Unrelated latents", mcc.nulls.unrelated),
  ];
  const numeric = ["Mean", "Sd", "95\u00a0% quantile", "Draws"].map((label) => ({ label, numeric: true as const }));
  return table("What the score is compared with.", [{ label: "Comparison" }, ...numeric, { label: "Meaning" }], rows);
}

async function perLatent(input: SectionInput): Promise<Html | undefined> {
  const { study, pens } = input;
  const truth = study.methods.flatMap(({ runs }) => runs).find((run) => run.scores !== undefined)!.scores!.truth;
  const methods = study.methods.flatMap(({ label, runs }) => {
    const comparable = runs.filter(({ scores }) => scores?.truth.join("\0") === truth.join("\0"));
    if (comparable.length === 0) return [];
    const values = truth.map((_, i) => comparable.flatMap(({ scores }) => finite(scores!.mcc.perLatent[i]) ?? []));
    return [{ label, values }];
  });
  if (truth.length === 0 || methods.every(({ values }) => values.every((seeds) => seeds.length === 0)))
    return undefined;
  const reason = study.focus.scores?.mcc.reason ?? "a column is constant";
  const rows = truth.map((latent, i) => [
    name(latent),
    ...methods.map(({ values }) => {
      const seeds = values[i]!;
      return defined(score(seeds.length === 0 ? null : seeds.reduce((a, b) => a + b, 0) / seeds.length), reason);
    }),
  ]);
  const columns = [{ label: "True latent" }, ...methods.map(({ label }) => ({ label, numeric: true as const }))];
  const figure = {
    id: `${study.id}-latents`,
    title: "Score of each true latent",
    description:
      "Absolute correlation with the matched estimate: mean over seeds, with a thin line from the lowest seed to the highest. A row without a mark is not defined.",
    legend: methods.length > 1 ? legend(methods.map(({ label }, i) => ({ label, look: series(i) }))) : undefined,
    table: table(`Mean over seeds. Details below are of ${focusName(input)}.`, columns, rows),
  };
  const dots = { axis: "absolute correlation with its match", domain: [0, 1] as const, rows: truth, series: methods };
  return chartFigure(figure, dotsChart(dots), "page", pens);
}

function notes(texts: readonly string[]): Html | undefined {
  if (texts.length === 0) return undefined;
  return html`<ul class="notes">${texts.map((text) => html`<li>${text}</li>`)}</ul>\n`;
}
