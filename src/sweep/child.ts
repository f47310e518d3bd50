// A process that runs trials, one after the other, for the coordinator that started it. It ends with it.
import { setTimeout as sleep } from "node:timers/promises";
import { errorJson } from "../errors.js";
import type { Assignment, Ended, TrialProgress } from "./assignment.js";
import { newShelf, runTrial } from "./trial.js";

/** What the coordinator says. */
export type ToChild = { readonly run: Assignment } | { readonly stop: true };

/** What the child says. */
export type FromChild =
  /** First of all: what is said to a process before it listens may be lost. */
  | { readonly ready: true }
  | { readonly progress: TrialProgress }
  | { readonly ended: Ended }
  | { readonly broken: ReturnType<typeof errorJson>["error"] };

/** Between two lines of progress: the coordinator shows a few a second, of all children together. */
const TELL_EVERY_MS = 250;
/** How long a checkpoint may take once nobody waits for it any more. */
const LAST_WORDS_MS = 900;

const shelf = newShelf();
let controller = new AbortController();
let running = false;

function tell(message: FromChild): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}

async function run(assignment: Assignment): Promise<void> {
  running = true;
  controller = new AbortController();
  let told = Number.NEGATIVE_INFINITY;
  try {
    const ended = await runTrial(assignment, shelf, controller.signal, (progress) => {
      if (performance.now() - told < TELL_EVERY_MS) return;
      told = performance.now();
      tell({ progress });
    });
    running = false;
    tell({ ended });
  } catch (error) {
    running = false;
    tell({ broken: errorJson(error).error });
  }
}

async function end(): Promise<void> {
  controller.abort();
  const until = performance.now() + LAST_WORDS_MS;
  while (running && performance.now() < until) await sleep(10);
  process.exit(0);
}

process.on("message", (message: ToChild) => {
  if ("run" in message) void run(message.run);
  else controller.abort();
});
process.on("disconnect", () => void end());
tell({ ready: true });
// The coordinator was gone before this process could listen.
if (!process.connected) void end();
// A terminal and a scheduler signal all processes of a job: the coordinator says what is to be done about it.
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM", "SIGUSR1"] as const) process.on(signal, () => {});
