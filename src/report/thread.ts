// Reports on a thread of their own, so that the process answers others meanwhile.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { DisentangleError, type Failure } from "../errors.js";
import type { RunRecord } from "../record.js";
import { currentSignal } from "../signal.js";
import { startThread } from "../thread.js";
import type { Report, ReportOptions } from "./index.js";

/** What the thread is asked for. */
export interface Request {
  readonly records: readonly RunRecord[];
  readonly options: ReportOptions;
}

/** What it answers. */
export type Answer = { readonly made: Report } | { readonly failure: Failure };

/** The thread's module as it is built. */
const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), "worker.js");

let last: Promise<unknown> = Promise.resolve();

/** As `report`, on another thread. Of several at once one is drawn after the other: each takes a processor and its memory. */
export async function reportOnThread(records: readonly RunRecord[], options: ReportOptions): Promise<Report> {
  const turn = last.then(() => answered({ records, options }));
  last = turn.catch(() => {});
  const answer = await turn;
  if (answer === undefined) return (await import("./index.js")).report(records, options);
  if ("failure" in answer) throw new DisentangleError(answer.failure);
  return answer.made;
}

/** Nothing where there can be no thread. */
async function answered(request: Request): Promise<Answer | undefined> {
  const signal = currentSignal();
  signal?.throwIfAborted();
  const worker: Worker | undefined = startThread(SCRIPT);
  if (worker === undefined) return undefined;
  let stop = (): void => {};
  try {
    return await new Promise<Answer>((resolve, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener("abort", stop, { once: true });
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the thread of the report ended with ${code}`)));
      worker.postMessage(request);
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
