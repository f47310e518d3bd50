import test from "ava";
import { resultText } from "../../src/cli/run-text.js";
import { styleOf } from "../../src/cli/terminal.js";
import type { Conditioned } from "../../src/generated/types.js";
import type { Run } from "../../src/results.js";
import { altered, record } from "../report/records.js";
import { taskRecord } from "../report/task-records.js";

const said = (run: ReturnType<typeof record>) =>
  resultText(run as Run, run.scores, "runs/a", false, styleOf({ isTTY: false }));

test("a fit of tasks says what causes them, the rank, how many starts agree, and what is right of it", (t) => {
  const run = taskRecord();
  const facts = [{ id: "effectiveRank", label: "effective rank", value: 4 }];
  const text = said({ ...run, summary: { ...run.summary, facts } });
  t.regex(text, /^causes +8 in 8 tasks, 4 of them certain$/m);
  t.regex(text, /^ {2}t1 +z1$/m);
  t.regex(text, /^ {2}t2 +z2\?$/m);
  t.regex(text, /^ {2}t5 +z1\n {2}\.\.\.$/m);
  t.regex(text, /^rank of the representation +4$/m);
  t.regex(text, /^restarts that agree +3 of 5$/m);
  t.regex(text, /^MCC, each task on its own +0\.98$/m);
  t.regex(text, /^tasks with the exact set of causes +0\.75$/m);
});

test("a fit without tasks says nothing of them", (t) => {
  t.notRegex(said(record()), /task|causes|restarts/);
});

test("a fit that finds a graph and can decode says which edges, and how much comes back", (t) => {
  const base = record({ latents: 2 });
  const graph = {
    names: ["z1", "z2"],
    weights: [
      [0, 0.8],
      [0, 0],
    ],
    basis: "by hand",
  };
  const reconstruction = [{ split: "test", rows: 9, mse: 0.1, explained: 0.9 }];
  const text = said({ ...base, summary: { ...base.summary, graph, reconstruction } });
  t.regex(text, /^causal graph +z1 -> z2$/m);
  const certainty = [
    [0, 0.975],
    [0, 0],
  ];
  const sure = said({ ...base, summary: { ...base.summary, graph: { ...graph, certainty } } });
  t.regex(sure, /^causal graph +z1 -> z2 \(certainty 0\.9[78]\)$/m);
  t.regex(text, /^inputs decoded again \(test rows\) +90 % of their variance$/m);
  t.regex(said({ ...base, summary: { ...base.summary, graph: { ...graph, undecided: [[0, 1]] } } }), /z1 -> z2\?/);
  const leftOut = said({ ...base, summary: { ...base.summary, graph: { ...graph, undecided: [[1, 0]] } } });
  t.regex(leftOut, /^causal graph +z1 -> z2$/m);
  t.regex(leftOut, /^ {2}left out, not decided +z2 -> z1\?$/m);
});

test("where the inputs are several views a fit says what kernel ridge regression explains of the truth", (t) => {
  const kernelR2 = { value: 0.91, outOfSample: 0.82, perLatent: [0.91], perLatentOutOfSample: [0.82], rows: 100 };
  t.regex(said(altered(record(), { scores: { kernelR2 } })), /^R2 of kernel ridge, out of sample +0\.82$/m);
  t.notRegex(said(record()), /kernel/);
});

test("a method that takes no gradient steps is solved, or reaches its limit of iterations", (t) => {
  const ended = (kind: "converged" | "step-limit" | "rising" | "cancelled", steps: number, term?: string) => {
    const outcome = { kind, step: steps, ...(term !== undefined && { term }) };
    return said(altered(record(), { manifest: { outcome, steps } })).split("\n")[0]!;
  };
  t.regex(ended("converged", 0), /^tbr solved, /);
  t.regex(ended("step-limit", 0), /^tbr reached its limit of iterations, /);
  t.regex(ended("cancelled", 0), /^tbr was stopped, /);
  t.regex(ended("converged", 80), /^tbr converged after 80 steps, /);
  t.regex(ended("rising", 80, "step 20"), /^tbr took 80 steps, validation loss lowest at step 20, /);
  t.regex(
    ended("step-limit", 25, "budget of steps"),
    /^tbr reached its step limit \(budget of steps\) after 25 steps, /,
  );
});

test("a fit says what the prior of its latents is conditioned on", (t) => {
  const on = (conditioned: Conditioned) => said(altered(record(), { summary: { conditioned } }));
  const site = { on: "environment", columns: ["site"], environments: 12 };
  t.regex(on(site), /^conditioned on +the 12 environments in site$/m);
  const target = { on: "target", columns: ["y"], unused: "site" };
  t.regex(on(target), /^conditioned on +target y, not the environments in site$/m);
  t.regex(on({ on: "target", columns: ["y1", "y2"] }), /^conditioned on +targets y1, y2$/m);
  t.notRegex(said(record()), /conditioned/);
});
