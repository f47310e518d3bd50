import { brief, checkArgument, checkParts, FUNCTION, type Kind, type Kinds, OBJECT } from "./arguments.js";
import type { NamedArray, RunRecord } from "./record.js";
import type { Agreement, AgreementPair, Remark, Report, ReportOptions } from "./report/index.js";
import { checkReportOptions } from "./report/options.js";
import { byTurns, type Work } from "./turns.js";

export type { Agreement, AgreementPair, Remark, Report, ReportOptions };

/** A run, or anything that can say what it is: a model. */
export type ReportInput = RunRecord | ReportedModel;

/** What a report takes of a model. */
export interface ReportedModel {
  record(): RunRecord;
  /** @internal As `record`, in pieces. */
  recordWork?(): Work<RunRecord>;
  /** Its latents, for the agreement between seeds. Default: those in the run folder of its record. */
  readonly latents?: NamedArray;
  /** Places of the latents' rows in the data set. */
  readonly rows?: Uint32Array;
}

/**
 * One report on runs, in three forms: a self-contained page, Markdown, and JSON. It is drawn on a thread of its own.
 *
 * Runs on the same data are compared with each other; the method of the first one is what the report is about. Where
 * runs differ only in their seed and their latents are at hand, the report also says how far they agree.
 *
 * @param runs models, or records that `readRun` and `readRuns` give
 * @throws `RUN_NOT_FOUND` when there is no run; `CONFIG_MISSING`, `CONFIG_WRONG_TYPE`, `CONFIG_UNKNOWN_KEY`; what reading the latents of a run folder throws
 */
export async function report(runs: readonly ReportInput[], options: ReportOptions = {}): Promise<Report> {
  const inputs: { readonly record: RunRecord; readonly model?: ReportedModel }[] = [];
  checkArgument("runs", runs, RUNS, isRun(runs) ? "give an array: report([run])" : RUNS_HINT);
  checkReportOptions(options);
  for (const [i, run] of [...runs].entries()) {
    checkRun(`runs[${i}]`, run);
    const input = "record" in run ? { record: await recordOf(run), model: run } : { record: run };
    checkParts(`runs[${i}]`, input.record, RECORD, RUNS_HINT);
    checkParts(`runs[${i}].manifest`, input.record.manifest, { dataset: OBJECT }, RUNS_HINT);
    inputs.push(input);
  }
  const records = inputs.map(({ record }) => record);
  const { reportOnThread } = await import("./report/thread.js");
  const drawn = records.map(plainRecord);
  if (options.agreement !== undefined || records.length < 2) return reportOnThread(drawn, options);
  const { agreementsOf, latentsInFolder } = await import("./agreement.js");
  const agreement = await agreementsOf(records, async (record) => {
    const { latents, rows } = inputs.find((input) => input.record === record)?.model ?? {};
    return latents !== undefined && rows !== undefined ? { latents, rows } : latentsInFolder(record);
  });
  return reportOnThread(drawn, { ...options, agreement });
}

const RUNS_HINT = "give models, or records that readRun and readRuns give";
const RUNS: Kind = {
  expected: "an array of models or records",
  is: (value) => typeof value === "object" && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value),
};
const RUN: Kind = { ...OBJECT, expected: "a model or a record" };
/** What is read of every record before it is drawn. */
const RECORD: Kinds<Pick<RunRecord, "config" | "manifest" | "history" | "summary">> = {
  config: OBJECT,
  manifest: OBJECT,
  history: OBJECT,
  summary: OBJECT,
};

/** Folders are read before a report: what is reported is in memory. */
function checkRun(path: string, run: unknown): void {
  const hint =
    typeof run === "string"
      ? `read the folder: report([await readRun(${brief(run)})]), or on the command line: disentangle report ${run}`
      : RUNS_HINT;
  checkArgument(path, run, RUN, hint);
  const { record = () => {} } = run as { readonly record?: unknown };
  checkArgument(`${path}.record`, record, FUNCTION, hint);
}

/** Whether something looks like one run, without an array around it. */
function isRun(value: unknown): boolean {
  return OBJECT.is(value) && ("record" in (value as object) || "manifest" in (value as object));
}

async function recordOf(model: ReportedModel): Promise<RunRecord> {
  return model.recordWork === undefined ? model.record() : byTurns(model.recordWork());
}

/** What a report reads of a record, which may be a whole run. */
function plainRecord({ dir, config, manifest, history, summary, scores, silence }: RunRecord): RunRecord {
  return {
    config,
    manifest,
    history,
    summary,
    ...(dir !== undefined && { dir }),
    ...(scores !== undefined && { scores }),
    ...(silence !== undefined && { silence }),
  };
}
