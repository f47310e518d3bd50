import type { Scores, StageHistory, TaskRoles } from "../../src/generated/types.js";
import type { RunRecord } from "../../src/record.js";
import { record } from "./records.js";

/** What varies between runs on tasks. */
export interface TaskWorld {
  readonly method?: string;
  readonly seed?: number;
  readonly tasks?: number;
  readonly latents?: number;
}

/** A record that looks like a run on tasks: latent i causes the tasks t with t % latents = i, with certainty where t is even. */
export function taskRecord({ method = "mtlcm", seed = 0, tasks = 8, latents = 4 }: TaskWorld = {}): RunRecord {
  const base = record({ method, seed, latents });
  const names = Array.from({ length: tasks }, (_, t) => `t${t + 1}`);
  const { environments: _, ...dataset } = base.manifest.dataset;
  const { changes: _changes, ate: _ate, oracle: _oracle, ...scores } = base.scores!;
  const summary = {
    ...base.summary,
    errors: [],
    assumptions: [],
    tasks: rolesOf(names, latents),
    map: { stage: "joint diagonalization", values: [[1]], agreement: 0.6 },
  };
  return {
    ...base,
    config: { method, seed },
    manifest: {
      ...base.manifest,
      dataset: { ...dataset, name: "task world", tasks: names.map((name) => ({ name, rows: 100 })), provenance: {} },
      command: `disentangle fit --method ${method} --data tasks --seed ${seed}`,
    },
    history: { stages: [heldStage] },
    summary: method === "mtlcm" ? summary : { ...summary, tasks: undefined, map: undefined },
    scores: method === "mtlcm" ? { ...scores, ...taskScores(names) } : scores,
  } as RunRecord;
}

function rolesOf(names: readonly string[], latents: number): TaskRoles {
  const grid = <T>(value: (t: number, i: number) => T) =>
    names.map((_, t) => Array.from({ length: latents }, (_, i) => value(t, i)));
  const isCause = (t: number, i: number) => t % latents === i;
  const certain = (t: number) => t % 2 === 0;
  return {
    names: [...names],
    rows: names.map(() => 50),
    indicators: grid((t, i) => (isCause(t, i) ? 1 : 0)),
    probabilities: grid((t, i) => (isCause(t, i) ? (certain(t) ? 0.99 : 0.7) : 0.001)),
    logRatios: grid((t, i) => (isCause(t, i) ? 100 : -100)),
    real: grid((t, i) => !isCause(t, i) || certain(t)),
    weights: names.map((_, t) =>
      t === 3 ? null : Array.from({ length: latents }, (_, i) => (isCause(t, i) ? -0.5 : 0)),
    ),
    effects: grid((t, i) => (isCause(t, i) ? 0 : 1.2)),
    explained: names.map((_, t) => (t === 3 ? null : 0.25)),
    explainedTest: names.map((_, t) => (t === 3 ? null : 0.2)),
    objectives: [-7.8561, -7.8561, -7.1, -7.8561, -6.4],
    tests: {
      rows: "all",
      tasks: names.length,
      skipped: 1,
      decision: { alpha: 0.05, correction: "benjamini-hochberg" },
      least: 0.21,
      givenTarget: { dependent: 0, dependentAgree: 0, independent: 48, independentAgree: 45 },
      givenNothing: { dependent: 48, dependentAgree: 40, independent: 0, independentAgree: 0 },
      comparable: 4,
      sameSet: 3,
    },
  };
}

function taskScores(names: readonly string[]): Pick<Scores, "mccTask" | "mccTaskSpearman" | "indicators"> {
  const perTask = names.map((task, t) => ({ task, rows: 25, value: t === 3 ? null : 0.98 }));
  const mccTask = { value: 0.98, kind: "pearson" as const, unrelated: 0.21, perTask, leftOut: 1 };
  return {
    mccTask,
    mccTaskSpearman: { ...mccTask, kind: "spearman", value: 0.97 },
    indicators: {
      exact: 0.75,
      accuracy: 0.96,
      precision: 0.8,
      recall: 1,
      truePositives: 8,
      falsePositives: 2,
      falseNegatives: 0,
      trueNegatives: 22,
      tasks: names.length,
    },
  };
}

const steps = [1, 2, 3, 4];
/** A stage that holds two constraints. */
export const heldStage: StageHistory = {
  name: "held",
  steps,
  terms: { total: [4, 3, 2, 1] },
  constraints: [
    { name: "acyclic", violations: [1, 0.5, 0.1, 0.01], multipliers: [0, 1, 2, 2.5] },
    { name: "unit norm", violations: [-0.2, 0.1, 0, 0], multipliers: [0, 0.1, 0.1, 0.1] },
  ],
};
