import test from "ava";
import type { Loadings } from "../../src/generated/types.js";
import { conditionedText } from "../../src/report/conditioned.js";
import { report } from "../../src/report/index.js";
import { largestShared, noiseShare } from "../../src/report/sections/loadings.js";
import { ended } from "../../src/report/verdict.js";
import { altered, record } from "./records.js";

const inputs = (count: number): Loadings => ({
  values: {
    rows: Array.from({ length: count }, (_, j) => `<x${j}>`),
    columns: ["z1", "z2"],
    values: Array.from({ length: count }, (_, j) => [j / count, -0.5]),
  },
  noise: Array.from({ length: count }, (_, j) => 0.1 + j / count),
  variances: Array.from({ length: count }, () => 2),
});

test("the inputs with the least noise are shown, in their own order", (t) => {
  t.deepEqual(largestShared(inputs(3)), [0, 1, 2]);
  const many = inputs(100);
  const turned = { ...many, noise: [...many.noise].reverse() };
  t.deepEqual([largestShared(turned)[0], largestShared(turned).length], [60, 40]);
  t.is(noiseShare(inputs(2), 0), 0.05);
});

test("loadings are drawn in the report and stand in its tables, whatever inputs are called", async (t) => {
  const run = altered(record(), { summary: { loadings: inputs(50) } });
  const { html, markdown } = await report([run]);
  t.regex(html, /id="[^"]*loadings/);
  t.true(html.includes("The 40 of 50 inputs with the least noise.") && !html.includes("<x1>"));
  t.regex(markdown, /Inputs by latent/);
  t.notRegex((await report([record()])).html, /Inputs by latent/);
});

test("what the prior is conditioned on stands beside the latents", async (t) => {
  const conditioned = { on: "environment", columns: ["day"], environments: 3 };
  t.is(conditionedText(conditioned), "the 3 environments in day");
  const { html } = await report([altered(record(), { summary: { conditioned } })]);
  t.true(html.includes("Their prior is conditioned on the 3 environments in day."));
});

test("a run without gradient steps was solved", (t) => {
  t.is(ended({ kind: "converged", step: 0 }), "solved");
  t.is(ended({ kind: "converged", step: 9 }), "converged at step 9");
  t.is(ended({ kind: "step-limit", step: 0 }), "stopped at its limit of iterations");
});
