// Works through the trials of an open sweep with processes of this machine: claims them in the ledger, hands them over, commits what they
// give. Several coordinators may do so at once.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failure, messageOf } from "../errors.js";
import type { TrialProgress } from "./assignment.js";
import { clearAttempts, settleDone, settleTrial, workFolder } from "./folder.js";
import { type Rule, stageOf } from "./halving.js";
import { ENDED, type Ledger, stateOf, type TrialState } from "./ledger.js";
import { newOwner, type Owner, SERVER, STALE_MS, type Watch, watchOwners } from "./owners.js";
import { assignmentOf } from "./plan.js";
import type { SweepTrial } from "./planned.js";
import { newWorker, type Worker } from "./pool.js";

/** What is told while a sweep runs. */
export type SweepEvent =
  | {
      readonly kind: "start";
      readonly dir: string;
      readonly trials: number;
      readonly done: number;
      /** Fits at once on this machine. */
      readonly jobs: number;
      readonly threads: number;
    }
  /** What a person should know, such as which way data travel to other machines. */
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "progress"; readonly trial: SweepTrial; readonly progress: TrialProgress }
  /** `lost`: another owner had taken the trial over; what was computed here counts for nothing. */
  | {
      readonly kind: "ended";
      readonly trial: SweepTrial;
      readonly how: TrialState["state"] | "lost";
      readonly state: TrialState;
    };

/** An open sweep with how it is to be worked on. */
export interface Work {
  readonly dir: string;
  readonly mine: readonly SweepTrial[];
  readonly rule: Rule;
  readonly ledger: Ledger;
  readonly jobs: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: SweepEvent) => void) | undefined;
  /** Milliseconds after which an owner that is not heard of has lost its trials. */
  readonly staleMs?: number | undefined;
}

interface Owned extends Work {
  readonly owner: Owner;
  readonly watch: Watch;
}

/** Takes what the next trial need not wait for. */
interface Aside {
  readonly aside: (moving: Promise<void>) => void;
}

interface Claimed {
  readonly trial: SweepTrial;
  readonly epoch: number;
  readonly rung: number;
  readonly steps: number | undefined;
}

/** How often somebody else's trials are looked at where there is nothing else to do. */
const LOOK_EVERY_MS = 200;

/** Threads of each of so many fits at once. */
export function threadsFor(jobs: number): number {
  return Math.max(1, Math.floor(availableParallelism() / Math.max(1, jobs)));
}

/** Works until nothing is left to do; throws `FIT_CANCELLED`, `CALLBACK_THREW`, `FILE_WRITE`. */
export async function workThrough(work: Work): Promise<void> {
  const owner = await newOwner(work.dir);
  try {
    await coordinate({ ...work, owner, watch: watchOwners(work.dir, work.staleMs ?? STALE_MS) });
  } finally {
    await owner.retire().catch(() => {});
  }
}

/** What is thrown where a sweep was stopped. */
export function stopped(dir: string, signal: AbortSignal): Error {
  return failure("FIT_CANCELLED", "the sweep was stopped before all of its trials were done", {
    hint: `what was done is kept in ${dir}; the same call goes on from there`,
    context: { dir },
    cause: signal.reason,
  });
}

/** A listener that throws stops the sweep, and not the process. */
export function guarded(onEvent: Work["onEvent"], onThrow: (error: Error) => void): (event: SweepEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch (cause) {
      onThrow(
        failure("CALLBACK_THREW", `onEvent threw, the sweep was stopped: ${messageOf(cause)}`, {
          hint: "catch errors inside onEvent; the error it threw is `cause`",
          cause,
        }),
      );
    }
  };
}

async function coordinate(given: Owned): Promise<void> {
  const { jobs, signal, dir } = given;
  const workers = Array.from({ length: jobs }, newWorker);
  const inner = new AbortController();
  const stopping = signal === undefined ? inner.signal : AbortSignal.any([signal, inner.signal]);
  const stop = (): void => {
    for (const worker of workers) worker.stop();
  };
  stopping.addEventListener("abort", stop, { once: true });
  const errors: unknown[] = [];
  const broken = (error: unknown): void => {
    errors.push(error);
    inner.abort(error);
  };
  const settling: Promise<void>[] = [];
  const work = {
    ...given,
    onEvent: guarded(given.onEvent, broken),
    aside: (moving: Promise<void>) => void settling.push(moving.catch(broken)),
  };
  const claim = claimer(work);
  const loop = async (worker: Worker): Promise<void> => {
    try {
      while (!stopping.aborted) {
        const next = await claim();
        if (next === "finished") return;
        if (next === "wait") await sleep(LOOK_EVERY_MS, undefined, { signal: stopping }).catch(() => {});
        else await runOne(work, worker, next, stopping);
      }
    } catch (error) {
      broken(error);
    }
  };
  try {
    await Promise.all(workers.map(loop));
  } finally {
    await Promise.all(settling);
    stopping.removeEventListener("abort", stop);
    await Promise.all(workers.map((worker) => worker.close()));
  }
  if (errors.length > 0) throw errors[0];
  if (signal?.aborted) throw stopped(dir, signal);
  await settleDone(dir, given.mine, given.ledger);
}

/** Claims one trial after the other: no two of this process at once. */
function claimer({ mine, rule, ledger, owner, watch }: Owned): () => Promise<Claimed | "wait" | "finished"> {
  let turn: Promise<unknown> = Promise.resolve();
  /** Trials before this place have ended: they are not looked at again. */
  let first = 0;
  const claimNext = async (): Promise<Claimed | "wait" | "finished"> => {
    await ledger.refresh();
    const { ready } = rule.halving === undefined ? { ready: undefined } : stageOf(mine, rule, ledger);
    let others = false;
    while (first < mine.length && ENDED.has(stateOf(ledger, mine[first]!.id).state)) first++;
    for (let place = first; place < mine.length; place++) {
      const trial = mine[place]!;
      const { state, epoch, owner: holder, via } = stateOf(ledger, trial.id);
      if (ENDED.has(state)) continue;
      const stage = ready === undefined ? { rung: -1, steps: undefined } : ready.get(trial.id);
      if (stage === undefined) continue;
      if (state === "running" && (holder === owner.id || !(await watch.isGone(via === undefined ? holder! : SERVER)))) {
        others = true;
        continue;
      }
      const next = epoch + 1;
      const [mineNow] = await ledger.commit({
        kind: "claim",
        trial: trial.id,
        epoch: next,
        owner: owner.id,
        ...(owner.job && { job: owner.job }),
      });
      if (mineNow) return { trial, epoch: next, ...stage };
      others = true;
    }
    return others ? "wait" : "finished";
  };
  return () => {
    const next = turn.then(claimNext);
    turn = next.catch(() => {});
    return next;
  };
}

async function runOne(
  work: Owned & Aside,
  worker: Worker,
  { trial, epoch, rung, steps }: Claimed,
  stopping: AbortSignal,
): Promise<void> {
  const { dir, ledger, owner, jobs, onEvent } = work;
  const { id } = trial;
  const mark = { trial: id, epoch, owner: owner.id };
  const tell = (how: Extract<SweepEvent, { kind: "ended" }>["how"]): void =>
    onEvent?.({ kind: "ended", trial, how, state: stateOf(ledger, id) });
  const before = Array.from({ length: epoch - 1 }, (_, i) => epoch - 1 - i).filter((one) =>
    existsSync(workFolder(dir, id, one)),
  );
  const own = workFolder(dir, id, epoch);
  if (stopping.aborted) {
    await ledger.commit({ kind: "released", ...mark });
    return;
  }
  const assignment = {
    dir: own,
    ...(before[0] !== undefined && { from: workFolder(dir, id, before[0]) }),
    ...assignmentOf(trial, threadsFor(jobs)),
    steps,
  };
  const lost = async (): Promise<void> => {
    await clearAttempts(dir, id, [epoch]);
    tell("lost");
  };
  let ended: Awaited<ReturnType<Worker["run"]>>;
  try {
    ended = await worker.run(assignment, (progress) => onEvent?.({ kind: "progress", trial, progress }));
  } catch (error) {
    // Where not even this can be written, the owner is gone in a moment, which says the same.
    const [counts] = await ledger.commit({ kind: "released", ...mark }).catch(() => [true]);
    // Whoever has taken the trial over has cleared this attempt away under it.
    if (!counts) return lost();
    throw error;
  }
  switch (ended.kind) {
    case "done": {
      const [counts] = await ledger.commit({ kind: "done", ...mark, ...ended.result });
      if (!counts) return lost();
      const settled = async (): Promise<void> => {
        await settleTrial(dir, id, own);
        await clearAttempts(dir, id, before);
        tell("done");
      };
      return work.aside(settled());
    }
    case "paused": {
      const [counts] = await ledger.commit({ kind: "paused", ...mark, rung, ...ended.result });
      if (!counts) return lost();
      await clearAttempts(dir, id, before);
      return tell("paused");
    }
    case "failed": {
      const [counts] = await ledger.commit({ kind: "failed", ...mark, failure: ended.failure });
      if (!counts) return lost();
      await clearAttempts(dir, id, [epoch, ...before]);
      return tell("failed");
    }
    case "stopped": {
      const [counts] = await ledger.commit({ kind: "released", ...mark, step: ended.step });
      if (!counts) return lost();
      await clearAttempts(dir, id, before);
      return;
    }
    case "crashed": {
      const { how, what } = ended;
      const step = await checkpointIn(own);
      const [counts] = await ledger.commit({ kind: "crashed", ...mark, how, what, step });
      if (!counts) return lost();
      return tell(stateOf(ledger, id).state);
    }
  }
}

/** The step of the newest checkpoint of an attempt. */
export async function checkpointIn(folder: string): Promise<number> {
  const names = await readdir(join(folder, "checkpoint")).catch(() => []);
  return Math.max(0, ...names.map((name) => Number(/^step-(\d+)\.dsn$/.exec(basename(name))?.[1] ?? 0)));
}
