// `manifest.json` of a run folder: what makes a run of it.
import { join } from "node:path";
import type { Outcome } from "./generated/types.js";
import type { Manifest } from "./record.js";

/** Where the model lies in its run folder. */
export const MODEL = join("model", "model.bin");

/** All that a run folder can hold, at its top. */
export const RUN_ENTRIES: ReadonlySet<string> = new Set([
  "checkpoint",
  ".replaced",
  "config.json",
  "manifest.json",
  "metrics.jsonl",
  "summary.json",
  "model",
  "latents.npy",
  "private.npy",
  "silent.npy",
  "silence-probability.npy",
  "rows.npy",
  "split.npy",
  "scores.json",
  "graph.json",
  "pc-graph.json",
  "report.html",
  "report.md",
  "report.json",
]);

/** What `manifest.json` holds: it alone of all files of a run says anything about time. */
export interface RunManifest extends Manifest {
  /** ISO 8601, UTC: when it began, also where it was resumed. */
  readonly createdAt: string;
  /** Milliseconds of training; those of a process that was killed are not known and not counted. */
  readonly elapsedMs: number;
}

/** What is known of a run before it has trained. */
export type RunStart = Omit<RunManifest, "outcome" | "steps">;

/** What is needed to resume a run, and not once it has finished. */
export interface Unfinished {
  /** The folder in which the fit was started: relative paths of the configuration begin there. */
  readonly startedIn: string;
  /** The configuration as it was then; `config.json` must still say the same. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Gradient steps between checkpoints, where a number was given. */
  readonly checkpointEvery?: number;
  /** Whether a report is wanted. */
  readonly report: boolean;
}

/** `manifest.json` of a run that has not ended by itself: with an outcome it was stopped, without it runs or was killed. */
export interface UnfinishedManifest extends RunStart {
  readonly outcome?: Outcome;
  readonly steps?: number;
  readonly unfinished: Unfinished;
}

/** A manifest as the folder has it: with the digests of the files that belong to it, and a name for this version of them. */
export type Versioned = (RunManifest | UnfinishedManifest) & {
  readonly files?: Readonly<Record<string, string>>;
  /** Different for each save, also of the same run: what was read before and after another one must not look the same. */
  readonly save?: string;
};

/** Whether a manifest is that of a run that has not ended by itself. */
export function isUnfinished(manifest: RunManifest | UnfinishedManifest): manifest is UnfinishedManifest {
  return "unfinished" in manifest;
}
