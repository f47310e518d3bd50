import type { Summary, TaskRoles } from "../generated/types.js";
import { finite } from "./format.js";

/** From this probability on a latent is called a cause: the rule by which methods give it a weight. */
const CALLED = 0.5;

/** A latent that is called a cause of a task's target. */
export interface Cause {
  /** Its column. */
  readonly latent: number;
  /** Units of the target per standard deviation of the latent; null where there are too few rows for it. */
  readonly weight: number | null;
  /** Whether the call is certain enough. */
  readonly certain: boolean;
}

/** What is said of one task. */
export interface TaskCauses {
  readonly name: string;
  /** Training rows. */
  readonly rows: number;
  /** The heaviest first; those without a weight in order of the columns. */
  readonly causes: readonly Cause[];
  /** Share of the target's variance that the causes explain, on training and on test rows. */
  readonly explained: number | null;
  readonly explainedTest: number | null;
}

/** The causes of every task, in the order of the data. */
export function causesOf(tasks: TaskRoles): TaskCauses[] {
  return tasks.names.map((name, t) => ({
    name,
    rows: tasks.rows[t] ?? 0,
    causes: (tasks.probabilities[t] ?? [])
      .flatMap((probability, latent) =>
        probability >= CALLED
          ? [{ latent, weight: finite(tasks.weights[t]?.[latent]), certain: tasks.real[t]?.[latent] === true }]
          : [],
      )
      .sort((a, b) => Math.abs(b.weight ?? 0) - Math.abs(a.weight ?? 0)),
    explained: finite(tasks.explained[t]),
    explainedTest: finite(tasks.explainedTest[t]),
  }));
}

/** Places of the tasks so that those with the same causes stand together, in the order of their first causes. */
export function bySimilarity(all: readonly TaskCauses[], latents: number): number[] {
  const pattern = ({ causes }: TaskCauses): string => {
    const flags = new Array<string>(latents).fill("0");
    for (const { latent } of causes) flags[latent] = "1";
    return flags.join("");
  };
  const patterns = all.map(pattern);
  return all
    .map((_, t) => t)
    .sort((a, b) => (patterns[a]! < patterns[b]! ? 1 : patterns[a]! > patterns[b]! ? -1 : a - b));
}

/** How many causes the tasks have, and how many of them are certain. */
export interface CauseCounts {
  readonly tasks: number;
  readonly causes: number;
  /** Causes whose call is certain. */
  readonly certain: number;
  /** Fewest and most causes of a task. */
  readonly fewest: number;
  readonly most: number;
  /** Tasks without any cause. */
  readonly without: number;
}

export function countsOf(all: readonly TaskCauses[]): CauseCounts {
  const numbers = all.map(({ causes }) => causes.length);
  return {
    tasks: all.length,
    causes: numbers.reduce((sum, n) => sum + n, 0),
    certain: all.reduce((sum, { causes }) => sum + causes.filter(({ certain }) => certain).length, 0),
    fewest: numbers.reduce((low, n) => Math.min(low, n), Number.POSITIVE_INFINITY),
    most: numbers.reduce((top, n) => Math.max(top, n), 0),
    without: numbers.filter((n) => n === 0).length,
  };
}

/** Ends of all starts of a closed-form stage. */
export interface Restarts {
  /** Mean log density of a row, without constants, at the end of each start; null where it is not finite. */
  readonly likelihoods: readonly (number | null)[];
  readonly best: number;
  /** Share of starts that reached the best; null where the run does not say. */
  readonly agreement: number | null;
}

/** The starts of a run, where it had any that ended. */
export function restartsOf({ tasks, map }: Pick<Summary, "tasks" | "map">): Restarts | undefined {
  const likelihoods = tasks?.objectives.map((objective) => (finite(objective) === null ? null : -objective)) ?? [];
  const known = likelihoods.filter((value) => value !== null);
  if (known.length === 0) return undefined;
  return {
    likelihoods,
    best: known.reduce((top, value) => Math.max(top, value)),
    agreement: finite(map?.agreement),
  };
}
