// What is asked of a process that runs a trial, and what comes of it.
import type { RunConfig } from "../config.js";
import type { Failure } from "../errors.js";
import type { Progress } from "../progress.js";
import type { StudyTask } from "../reproduce/kept.js";
import type { Result } from "./ledger.js";

/** What a child process is asked to do. */
export interface Assignment {
  readonly trial: string;
  /** Where this attempt works. */
  readonly dir: string;
  /** Where an earlier attempt left a checkpoint; nobody may write there, and it stays as it is. */
  readonly from?: string | undefined;
  readonly config: RunConfig;
  /** Where the data are, if not where the configuration says: a data set folder that was brought here, or a world to simulate. */
  readonly source?: Source | undefined;
  /** What of the trial is kept, where that is not its run folder. */
  readonly study?: StudyTask | undefined;
  readonly threads?: number | undefined;
  /** Gradient steps at which it pauses. */
  readonly steps?: number | undefined;
}

/** Where data are. */
export type Source = { readonly folder: string } | { readonly world: Readonly<Record<string, unknown>> };

/** What came of it. */
export type Ended =
  | { readonly kind: "done" | "paused"; readonly result: Result }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "stopped"; readonly step: number };

/** What is told on the way. */
export type TrialProgress = Progress;
