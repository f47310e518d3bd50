// What a sweep has found so far, and its report.
import { join } from "node:path";
import { writeFileAtomic } from "../files.js";
import { readSweepFile } from "./folder.js";
import { openLedger } from "./ledger.js";
import { resultOf, type SweepResult } from "./result.js";

/** What the sweep in a folder has found so far, written to its report. */
export async function sweepResult(dir: string, { report = true } = {}): Promise<SweepResult> {
  const file = (await readSweepFile(dir))!;
  const ledger = await openLedger(dir, "reader");
  await ledger.close();
  const result = await resultOf(dir, file, ledger);
  if (report) {
    const { sweepReport } = await import("./report.js");
    const { html, markdown, json } = await sweepReport(result, file);
    await writeFileAtomic(join(dir, "report.html"), html);
    await writeFileAtomic(join(dir, "report.md"), markdown);
    await writeFileAtomic(join(dir, "report.json"), json);
  }
  return result;
}
