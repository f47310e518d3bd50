import type { RunRecord } from "./record.js";
import type { Agreement, Remark, Report, ReportOptions } from "./report/index.js";

export type { Agreement, Remark, Report, ReportOptions };

/** A run, or anything that can say what it is: a model. */
export type ReportInput = RunRecord | { record(): RunRecord };

/**
 * One report on runs, in three forms: a self-contained page, Markdown, and JSON.
 *
 * Runs on the same data are compared with each other; the method of the first one is what the report is about.
 *
 * @param runs models, or records that `readRun` and `readRuns` give
 * @throws `RUN_NOT_FOUND` when there is no run
 */
export async function report(runs: readonly ReportInput[], options: ReportOptions = {}): Promise<Report> {
  const records = runs.map((run) => ("record" in run ? run.record() : run));
  return (await import("./report/index.js")).report(records, options);
}
