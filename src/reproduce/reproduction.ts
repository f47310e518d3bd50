import type { ReproducedRow, Verdict } from "./judge.js";
import type { Scale } from "./preset.js";
import type { TrialPlace } from "./trials.js";

/** What a reproduction found. */
export interface Reproduction {
  readonly preset: string;
  readonly title: string;
  readonly repeats: string;
  readonly paper: string;
  readonly remark?: string;
  readonly scale: Scale;
  /** `in band` when no trial failed and every row that has a band lies in it. */
  readonly verdict: Verdict;
  /** What of the preset was run, where that is not all of it: the verdict is about this part. */
  readonly part?: string;
  readonly rows: readonly ReproducedRow[];
  /** How many trials there are, how many of them an earlier run left, and which failed. */
  readonly trials: { readonly total: number; readonly kept: number; readonly failed: readonly TrialFailure[] };
  /** Where the table was written. */
  readonly files: { readonly json: string; readonly markdown: string };
  readonly version: string;
  /** Hash of the sources of the numerical code that computed the trials. */
  readonly sources: string;
  /** What the times were measured on. */
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly cores: number;
    readonly model: string;
  };
}

/** A trial without a result. */
export interface TrialFailure extends TrialPlace {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}
