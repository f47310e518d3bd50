import test from "ava";
import { bySimilarity, causesOf, countsOf, restartsOf } from "../../src/report/causes.js";
import { constraintQuantities } from "../../src/report/charts/loss.js";
import { report } from "../../src/report/index.js";
import { figure, sections, text } from "./page.js";
import { record } from "./records.js";
import { heldStage, taskRecord } from "./task-records.js";

test("a report on tasks reads as before", async (t) => {
  const { html, markdown, json } = await report([taskRecord()]);
  t.snapshot(markdown, "markdown");
  t.snapshot(JSON.parse(json).studies[0].runs[0].tasks, "json");
  t.snapshot(sections(html), "sections");
});

test("the causes of a task are the latents that are more probably causal than not, the heaviest first", (t) => {
  const roles = taskRecord().summary.tasks!;
  const heavier = { ...roles, probabilities: [[0.9, 0.6, 0.4, 0]], weights: [[0.1, -2, 0, 0]] };
  t.deepEqual(causesOf({ ...heavier, names: ["t1"] })[0]!.causes, [
    { latent: 1, weight: -2, certain: true },
    { latent: 0, weight: 0.1, certain: true },
  ]);
  const all = causesOf(roles);
  t.deepEqual(all[3]!.causes, [{ latent: 3, weight: null, certain: false }]);
  t.is(all[3]!.explained, null);
  t.deepEqual(countsOf(all), { tasks: 8, causes: 8, certain: 4, fewest: 1, most: 1, without: 0 });
});

test("tasks with the same causes stand together", (t) => {
  const all = causesOf(taskRecord().summary.tasks!);
  t.deepEqual(bySimilarity(all, 4), [0, 4, 1, 5, 2, 6, 3, 7]);
});

test("likelihoods are minus the objectives, and one that is not finite is no best one", (t) => {
  const { tasks, map } = taskRecord().summary;
  const restarts = restartsOf({ tasks: { ...tasks!, objectives: [-1, Number.NaN, 2] }, map: map! });
  t.deepEqual(restarts, { likelihoods: [1, null, -2], best: 1, agreement: 0.6 });
  t.is(restartsOf({}), undefined);
});

test("every cell of the heat map is drawn, and only certain causes carry a dot", async (t) => {
  const { html } = await report([taskRecord()]);
  const picture = figure(html, "tasks").match(/<svg[^>]*role="img"[\s\S]*?<\/svg>/)![0];
  t.is(picture.match(/fill="var\(--seq-\d\)"/g)!.length, 32);
  t.is(picture.match(/fill="var\(--seq-ink-\d\)"/g)!.length, 4);
  t.true(figure(html, "tasks").includes("0.990*"), "certain in the table too");
  t.true(text(html).includes("z4 ?"), "a call that is not certain, of a task without weights");
});

test("of many tasks the first sixty are drawn, which is said, and the tables have all", async (t) => {
  const { html } = await report([taskRecord({ tasks: 75 })]);
  const whole = figure(html, "tasks");
  const picture = whole.match(/<svg[^>]*role="img"[\s\S]*?<\/svg>/)![0];
  t.is(picture.match(/>t\d+<\/text>/g)!.length, 60);
  t.regex(whole, /The first 60 of 75 tasks/);
  t.is(whole.match(/<th scope="row">/g)!.length, 75);
});

test("how many starts agree is said, and every start is a dot", async (t) => {
  const { html } = await report([taskRecord()]);
  t.regex(text(html), /60 % of 5 starts ended at the best likelihood/);
  const picture = figure(html, "restarts").match(/<svg[^>]*role="img"[\s\S]*?<\/svg>/)![0];
  t.is(picture.match(/fill="var\(--series-1\)"/g)!.length, 5);
});

test("scores of tasks stand beside the global one", async (t) => {
  const { html, json } = await report([taskRecord(), taskRecord({ method: "pca" })]);
  const read = text(html);
  t.regex(read, /Recovered causes/);
  t.regex(read, /1 task with too few rows is left out/);
  t.regex(read, /It found 8 true ones, missed 0 and called 2 that are none; 75 % of the tasks/);
  const [main, other] = JSON.parse(json).studies[0].methods;
  t.is(main.measures["mcc-task"].mean, 0.98);
  t.is(main.measures.causes.mean, 0.75);
  t.is(other.measures.causes, undefined);
});

test("held constraints are drawn below the loss, one picture per quantity", async (t) => {
  const quantities = constraintQuantities(heldStage);
  t.deepEqual(
    quantities.map(({ id, lines }) => [id, lines.map(({ label }) => label)]),
    [
      ["violation", ["acyclic", "unit norm"]],
      ["multiplier", ["acyclic", "unit norm"]],
    ],
  );
  t.deepEqual(quantities[0]!.lines[1]!.values, [-0.2, 0.1, 0, 0]);
  const { html } = await report([taskRecord()]);
  for (const id of ["violation", "multiplier"]) t.true(figure(html, `stage-1-${id}`).includes("<svg"), id);
  t.deepEqual(constraintQuantities(record().history.stages[0]!), []);
});

test("a report on tasks has no word of trees and environments", async (t) => {
  const runs = ["mtlcm", "pca", "ivae"].flatMap((method) => [0, 1].map((seed) => taskRecord({ method, seed })));
  const { html, markdown } = await report(runs.map((run) => ({ ...run, summary: { ...run.summary, facts: [] } })));
  for (const form of [text(html), markdown])
    t.deepEqual(
      form.match(/.{20}\b(?:environments?|trees?|edges?|heads?|tbr|branch(?:es)?|changes|sparse)\b.{20}/gi),
      null,
    );
});

test("seeds of several methods agree beside each other, strong beside weak", async (t) => {
  const runs = ["mtlcm", "pca"].flatMap((method) => [0, 1].map((seed) => taskRecord({ method, seed })));
  const agreement = ["mtlcm", "pca"].map((method) => ({
    method,
    pairs: [{ a: "seed 0", b: "seed 1", mcc: method === "pca" ? 0.4 : 0.9, weak: 0.95 }],
    mean: method === "pca" ? 0.4 : 0.9,
    sd: null,
    weak: 0.95,
    null: null,
  }));
  const { html, json } = await report(runs, { agreement });
  const picture = figure(html, "agreement");
  for (const label of ["mtlcm, strong", "mtlcm, weak", "pca, strong", "pca, weak"])
    t.true(picture.includes(`>${label}</text>`), label);
  t.deepEqual(JSON.parse(json).studies[0].agreements, [
    { label: "mtlcm", pairs: 1, mean: 0.9, weak: 0.95 },
    { label: "pca", pairs: 1, mean: 0.4, weak: 0.95 },
  ]);
});
