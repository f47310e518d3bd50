import type { SeedsRun } from "./coverage.js";
import type { ReproducedRow, Verdict } from "./judge.js";
import type { Scale } from "./preset.js";
import type { Provenance } from "./provenance.js";
import type { TrialPlace } from "./trials.js";

/** What a reproduction found. */
export interface Reproduction extends Provenance {
  readonly preset: string;
  readonly title: string;
  readonly repeats: string;
  readonly paper: string;
  readonly remark?: string;
  readonly scale: Scale;
  /**
   * `in band` when no trial failed and every row that has a band lies in it; `incomplete` when not exactly the experiments and seeds
   * that the preset declares were run, whatever the rows say.
   */
  readonly verdict: Verdict;
  /** What of the preset was run, in words, where the verdict is `incomplete`. */
  readonly part?: string;
  /** Of every experiment of the preset the seeds that it declares, and those that were run. */
  readonly seeds: readonly SeedsRun[];
  readonly rows: readonly ReproducedRow[];
  /** How many trials there are, how many of them an earlier run left, and which failed. */
  readonly trials: { readonly total: number; readonly kept: number; readonly failed: readonly TrialFailure[] };
  /** Where the table was written. */
  readonly files: { readonly json: string; readonly markdown: string };
  /** The command that gives this table. */
  readonly command: string;
}

/** A trial without a result. */
export interface TrialFailure extends TrialPlace {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}
