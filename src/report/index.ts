import { fail } from "../errors.js";
import type { RunRecord } from "../record.js";
import { loadPens } from "./context.js";
import { json } from "./json.js";
import { markdown } from "./markdown.js";
import { modelOf } from "./model.js";
import type { ReportOptions } from "./options.js";
import { page } from "./page.js";

export type { Agreement, AgreementPair, Remark, ReportOptions } from "./options.js";

/** One report in three forms. Equal records give equal bytes. */
export interface Report {
  /** One self-contained page: no script, nothing fetched. */
  readonly html: string;
  readonly markdown: string;
  /** A JSON document, `format` 1. */
  readonly json: string;
}

/**
 * A report on runs, made from their records alone: nothing is trained or scored.
 *
 * Runs on the same data set and target are compared with each other; the method of the first record is the one the
 * report is about unless `options.method` says otherwise. Details are shown for its lowest seed that gave a result.
 */
export async function report(records: readonly RunRecord[], options: ReportOptions = {}): Promise<Report> {
  if (records.length === 0)
    fail("RUN_NOT_FOUND", "report: got no run, needs at least one", {
      hint: "give models, or records that readRun and readRuns give",
    });
  const model = modelOf(records, options);
  return { html: await page(model, await loadPens()), markdown: markdown(model), json: json(model) };
}
