// Draft of what `cargo xtask gen` writes from the Rust structs (serde camelCase + schemars). Replaced by the generator.

/** How a fit ended. Not converging is an outcome, not an error. */
export interface Outcome {
  kind: "converged" | "step-limit" | "early-stop" | "diverged" | "non-finite" | "cancelled";
  /** Step at which it ended. */
  step: number;
  /** The loss term or parameter behind `diverged` and `non-finite`. */
  term?: string;
}

/** Loss terms over steps. All arrays of one stage have equal length. */
export interface History {
  stages: StageHistory[];
}
export interface StageHistory {
  /** For example "joint", "rotation", "latentDim=3". */
  name: string;
  /** Step numbers (of this stage) at which terms were recorded. */
  steps: number[];
  /** Weighted loss terms by name ("fit", "changes"), and "total". */
  terms: Record<string, number[]>;
  /** Loss on the validation rows, recorded at its own steps. */
  validation?: { steps: number[]; values: number[] };
}

/** What a fit found, in numbers that every method has, plus the parts only some have. */
export interface Summary {
  method: string;
  latents: { names: string[]; mean: number[]; sd: number[] };
  /** Error of the prediction of the target by split, over all rows (`environment` absent) and per environment. */
  errors: ErrorRow[];
  /** Linear heads, one row per environment node. Only methods with heads. */
  heads?: NamedMatrix;
  /** The tree with the change on the edge above each node. Only methods with a tree. */
  tree?: TreeSummary;
  /** How a hyper-parameter was chosen without truth. */
  choices: Choice[];
  assumptions: Assumption[];
  warnings: Warning[];
  /** Further single numbers by name with their meaning. */
  facts: Fact[];
}
export interface ErrorRow {
  split: "train" | "validation" | "test";
  environment?: string;
  rows: number;
  /** Mean squared error in squared units of the target. */
  mse: number;
  /** Mean squared error of predicting the training mean. */
  meanMse: number;
}
export interface NamedMatrix {
  rows: string[];
  columns: string[];
  values: number[][];
}
export interface TreeSummary {
  names: string[];
  /** Index of the parent, -1 for the root. */
  parents: number[];
  lengths: number[];
  /** Training rows at each node. */
  rows: number[];
  /** Change of the head on the edge above each node, per latent of unit standard deviation; zeros at the root. */
  changes: number[][];
  /** Whether each entry of `changes` is called real. */
  real: boolean[][];
  /** Whether the change on the edge above the node can be observed (both ends estimated). */
  observed: boolean[];
}
export interface Choice {
  /** For example "latentDim". */
  parameter: string;
  chosen: number;
  /** The rule in one sentence. */
  rule: string;
  curve: { value: number; validation: number }[];
}
export interface Assumption {
  /** For example "environments". */
  id: string;
  /** The question in plain words: "Are there enough environments?" */
  question: string;
  status: "ok" | "warning" | "violated" | "unknown";
  /** The answer in one or two sentences, with the numbers. */
  finding: string;
}
export interface Warning {
  code: string;
  message: string;
  hint?: string;
}
export interface Fact {
  id: string;
  label: string;
  value: number | null;
}

/** A distribution of a score under a null. */
export interface NullScore {
  mean: number;
  sd: number;
  /** 95 % quantile. */
  q95: number;
  draws: number;
  explanation: string;
}
/** Mean correlation coefficient. `value` is null where it is not defined, and then `reason` says why. */
export interface Mcc {
  value: number | null;
  reason?: string;
  kind: "pearson" | "spearman";
  /** |correlation| of each true latent with its match; null for a constant column. */
  perLatent: (number | null)[];
  /** matching[i] = column of the estimate matched to true latent i; null where there is none. */
  matching: (number | null)[];
  /** Bootstrap 95 % interval over rows. */
  interval: [number, number] | null;
  /** Matching found on one half of the rows, scored on the other. */
  outOfSample: number | null;
  /** |correlation|, true latents x estimated latents. null where a column is constant. */
  correlation: (number | null)[][];
  nulls: { unrelated: NullScore | null; rotation: NullScore | null; linear: NullScore | null };
}
export interface Scores {
  rows: { split: "train" | "validation" | "test" | "all"; count: number };
  truth: string[];
  latents: string[];
  mcc: Mcc;
  mccSpearman: Mcc;
  r2: { value: number | null; reason?: string; perLatent: (number | null)[] };
  /** MCC of the best possible predictor E[z|x], where the simulator knows it. */
  oracle?: { value: number | null; explanation: string };
  /** Recovered changes on the tree's edges. */
  changes?: { f1: number | null; precision: number | null; recall: number | null; truePositives: number; falsePositives: number; falseNegatives: number; reason?: string };
  /** Error of the effects of the latents on the target. */
  ate?: { value: number | null; perEnvironment: { environment: string; value: number | null }[]; reason?: string };
  /** A metric that is stricter than what the method identifies, and the like. */
  notes: string[];
}

/** One method of the catalogue. */
export interface MethodInfo {
  name: string;
  title: string;
  /** One sentence. */
  summary: string;
  needs: string[];
  gives: string[];
  identifies: string;
  reference: { title: string; authors: string; year: number; url: string };
  baselineOf?: string;
}

/**
 * The function between the mixed inputs and the latents.
 * - `tanh`: phi(u) = tanh(u).
 * - `linear`: phi(u) = u.
 */
export type LatentMap = "tanh" | "linear";
/**
 * How the number `noise` is meant.
 * - `standardDeviation`: In units of the latents and the target.
 * - `variance`: In squared units.
 */
export type NoiseUnit = "standardDeviation" | "variance";

/**
 * Configuration of the simulator `tree-world`. The defaults are the paper's.
 */
export interface TreeWorldConfig {
  /**
   * Seed of every random number.
   *
   * Default: 0. At least 0.
   */
  seed?: number;
  /**
   * Edges between the root and each leaf; the tree has 2^(depth + 1) - 1 nodes.
   *
   * Default: 7. Range: 1 to 14.
   */
  depth?: number;
  /**
   * Whether only the leaves have rows; otherwise all nodes but the root have.
   *
   * Default: false.
   */
  leavesOnly?: boolean;
  /**
   * Rows in each observed environment.
   *
   * Default: 3000. Range: 1 to 1000000.
   */
  pointsPerEnvironment?: number;
  /**
   * Number of input columns.
   *
   * Default: 16. Range: 1 to 10000.
   */
  inputs?: number;
  /**
   * Number of latents.
   *
   * Default: 5. Range: 1 to 1000.
   */
  latents?: number;
  /**
   * Non-zero changes on each edge, at most `latents`; 0 is the negative control. Default 1.
   *
   * Range: 0 to 1000.
   */
  changes?: number;
  /**
   * Instead of `changes`: the probability with which each entry on each edge changes.
   *
   * Range: 0.0 to 1.0.
   */
  changeProbability?: number;
  /**
   * Standard deviation of the non-zero changes.
   *
   * Default: 0.5. Range: 0.0 to 1000000.0.
   */
  changeSd?: number;
  /**
   * The function between the mixed inputs and the latents.
   *
   * Default: "tanh".
   */
  map?: "tanh" | "linear";
  /**
   * Noise of the latents and of the target.
   *
   * Default: 0.1. Range: 0.0 to 1000000.0.
   */
  noise?: number;
  /**
   * Whether `noise` is a standard deviation or a variance.
   *
   * Default: "standardDeviation".
   */
  noiseUnit?: "standardDeviation" | "variance";
}
