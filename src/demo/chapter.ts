// What a chapter of the demo is: a data set and the fits to it.
import type { RunConfig } from "../config.js";
import type { Dataset } from "../dataset.js";
import type { RunRecord } from "../record.js";

/** A data set, what is fitted to it, and what a reader should know before believing any of it. */
export interface Chapter {
  readonly name: string;
  readonly remark: string;
  /** Whether runs of one method are compared with each other, for want of a truth. */
  readonly agreement: boolean;
  /** Environments whose rows are scored, where not all are. */
  readonly scored?: readonly string[];
  /** What the first run says of itself that a reader must not miss. */
  readonly said?: (run: RunRecord) => readonly string[];
  readonly runs: readonly DemoRun[];
}

/** One fit. */
export interface DemoRun {
  readonly id: string;
  readonly config: RunConfig & { readonly data: Dataset };
}
