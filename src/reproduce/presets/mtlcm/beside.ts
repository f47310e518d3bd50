// What the presets of MTLCM have in common: the paper, its baselines, yardsticks, and how they are shown.
import type { Experiment, FitConfig, Published, Row } from "../../preset.js";

/** The paper. */
export const PAPER =
  "Leveraging task structures for improved identifiability in neural network representations, https://arxiv.org/abs/2306.14861";

/** Its seeds. */
export const FIVE = [1, 2, 3, 4, 5];

const BASELINES = ["ivae", "icarl", "mt-ivae", "mt-icarl"] as const;
const YARDSTICKS = ["pca", "fast-ica", "random-encoder"] as const;

/** The baselines of the paper, with the same number of latents, and what needs no training. */
export function othersWith(
  latentDim: number,
  options: { readonly decoder?: "linear"; readonly steps?: number },
  split: FitConfig["split"],
): Readonly<Record<string, FitConfig>> {
  const shared = { latentDim, ...(split && { split }) };
  return Object.fromEntries([
    ...BASELINES.map((method) => [method, { method, ...shared, ...options }]),
    ...YARDSTICKS.map((method) => [method, { method, ...shared }]),
  ]);
}

/** The same rows for every other method; `published` is said of the baselines. */
export function othersRows(rows: readonly Omit<Row, "fit">[], published: Published): readonly Row[] {
  return [
    ...BASELINES.flatMap((fit) => rows.map((row, i) => ({ fit, ...row, ...(i === 0 && { published }) }))),
    ...YARDSTICKS.flatMap((fit) => rows.map((row) => ({ fit, ...row }))),
  ];
}

/** MCC of each task with its own matching, averaged. */
export const WITHIN_TASKS = { measure: "scores:mccTask.value", title: "strong MCC within tasks" };

/** What was published holds for data of the paper's size. */
export function withoutPublished(experiment: Experiment): Experiment {
  return { ...experiment, rows: experiment.rows.map(({ published: _, ...row }) => row) };
}
