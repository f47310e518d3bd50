// Where a sweep stands, and why a trial is new: read from its folder, nothing is computed and no data are read.
import { differences } from "../differences.js";
import { fail } from "../errors.js";
import { knownIn, knownSweep, type SweepFile } from "./folder.js";
import { openLedger, stateOf } from "./ledger.js";
import { placeOf, signOf } from "./owners.js";
import { codeText, type SweepTrial } from "./planned.js";
import { type SweptTrial, sweptTrials } from "./swept.js";

/** Where a sweep stands. */
export interface SweepStatus {
  readonly dir: string;
  readonly code: string;
  /** Trials by state. */
  readonly counts: Readonly<Record<SweptTrial["state"], number>>;
  readonly total: number;
  /** Trials in the folder that the sweep does not ask for any more. */
  readonly earlier: number;
  /** Milliseconds of fitting that are left, guessed from what was done; null before the first is done. */
  readonly leftMs: number | null;
  /** Who works there. */
  readonly owners: readonly {
    readonly id: string;
    readonly host: string;
    readonly pid: number;
    readonly trials: number;
    readonly job?: Readonly<Record<string, string>>;
  }[];
  readonly trials: readonly SweptTrial[];
  /** Lines of the ledger that were cut off or damaged. */
  readonly damaged: number;
}

/** Reads where a sweep stands. */
export async function statusOf(dir: string): Promise<SweepStatus> {
  const file = await knownSweep(dir);
  const ledger = await openLedger(dir, "reader");
  await ledger.close();
  const trials = sweptTrials(dir, file, ledger);
  const counts = { waiting: 0, running: 0, paused: 0, stopped: 0, done: 0, failed: 0, parked: 0 };
  for (const { state } of trials) counts[state]++;
  const held = new Map<string, { count: number; readonly via: "redis" | undefined }>();
  for (const { id } of file.trials) {
    const { state, owner, via } = stateOf(ledger, id);
    if (state !== "running" || owner === undefined) continue;
    const of = held.get(owner) ?? { count: 0, via };
    held.set(owner, of);
    of.count++;
  }
  const owners = [];
  for (const [id, { count, via }] of held) {
    const sign = via === undefined ? await signOf(dir, id) : undefined;
    // Of a worker of a server nothing lies here but its name: the server knows whether it is there.
    const { host, pid } = (via === undefined ? sign : placeOf(id)) ?? { host: "gone", pid: 0 };
    owners.push({
      id,
      host,
      pid,
      trials: count,
      ...(sign?.job && { job: sign.job }),
    });
  }
  return {
    dir,
    code: codeText(file.code),
    counts,
    total: trials.length,
    earlier: file.earlier.length,
    leftMs: leftMs(file.trials, trials),
    owners,
    trials,
    damaged: ledger.damaged,
  };
}

/** Milliseconds of fitting for what is not done, from the mean of what is: of the same method where there is one. */
export function leftMs(plan: readonly SweepTrial[], trials: readonly SweptTrial[]): number | null {
  const byMethod = new Map<string, { sum: number; count: number }>();
  const all = { sum: 0, count: 0 };
  for (const [place, { state, elapsedMs }] of trials.entries()) {
    if (state !== "done" || elapsedMs === undefined) continue;
    const { method } = plan[place]!;
    const of = byMethod.get(method) ?? { sum: 0, count: 0 };
    byMethod.set(method, of);
    for (const one of [of, all]) {
      one.sum += elapsedMs;
      one.count++;
    }
  }
  if (all.count === 0) return null;
  let left = 0;
  for (const [place, { state, elapsedMs = 0 }] of trials.entries()) {
    if (state !== "waiting" && state !== "running" && state !== "paused") continue;
    const { sum, count } = byMethod.get(plan[place]!.method) ?? all;
    left += Math.max(0, sum / count - elapsedMs);
  }
  return left;
}

/** Why a trial is computed, or is not. */
export interface Why {
  readonly trial: string;
  readonly state: SweptTrial["state"];
  readonly reason: string;
  /** The nearest trial that is done, and how it differs. */
  readonly nearest?: {
    readonly trial: string;
    readonly differences: readonly { readonly path: string; readonly there: unknown; readonly here: unknown }[];
  };
}

/** Which key, which data or which code makes a trial new. A trial is named by its id or the beginning of it. */
export async function whyOf(dir: string, name: string): Promise<Why> {
  const file = await knownSweep(dir);
  const ledger = await openLedger(dir, "reader");
  await ledger.close();
  const trials = sweptTrials(dir, file, ledger);
  const named = file.trials.filter(({ id }) => id === name || id.startsWith(name));
  const [trial] = named;
  if (trial === undefined || (named.length > 1 && trial.id !== name)) {
    const what = trial === undefined ? "no trial is called" : `${named.length} trials begin with`;
    fail("CONFIG_OUT_OF_RANGE", `--why: ${what} ${name}`, {
      path: "--why",
      hint: "`--status --json` lists all of them",
    });
  }
  const { state, reason } = trials.find(({ id }) => id === trial.id)!;
  const nearest = nearestTo(trial, file, (id) => stateOf(ledger, id).state === "done");
  return { trial: trial.id, state, reason: reasonOf(state, reason), ...(nearest && { nearest }) };
}

function reasonOf(state: SweptTrial["state"], reason: string | undefined): string {
  switch (state) {
    case "done":
      return "it is done, and not computed again";
    case "failed":
      return `it failed: ${reason ?? "no reason was kept"}; --retry failed tries it again`;
    case "parked":
      return `its process crashed again and again: ${reason ?? "no reason was kept"}; --retry parked tries it again`;
    case "running":
      return "somebody works on it";
    case "paused":
      return "it waits at a step of successive halving for the others";
    case "stopped":
      return "other settings were better at a step of successive halving";
    case "waiting":
      return "nothing that is done has its configuration, its data and this code";
  }
}

function nearestTo(trial: SweepTrial, file: SweepFile, isDone: (id: string) => boolean): Why["nearest"] {
  let best: Why["nearest"];
  for (const other of knownIn(file)) {
    if (other.id === trial.id || !isDone(other.id)) continue;
    const found = [
      ...differences(other.config, trial.config).map(({ path, checkpoint, now }) => ({
        path,
        there: checkpoint,
        here: now,
      })),
      ...(other.data === trial.data ? [] : [{ path: "the content of data", there: other.data, here: trial.data }]),
      ...(codeText(other.code) === codeText(file.code)
        ? []
        : [{ path: "the code", there: codeText(other.code), here: codeText(file.code) }]),
    ];
    if (best === undefined || found.length < best.differences.length) best = { trial: other.id, differences: found };
  }
  return best;
}
