// Runs a sweep: claims trials in the ledger, hands them to processes, commits what they give. Several coordinators may do so at once.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail, failure } from "../errors.js";
import { checkWritable } from "../files.js";
import { writeDataset } from "../simulate.js";
import { throwIfAborted } from "../train.js";
import { type CheckedSweep, checkSweep, type SweepConfig } from "./config.js";
import {
  attemptsIn,
  checkSweepTarget,
  clearAttempts,
  finishedIn,
  knownIn,
  makeSweepFolder,
  readSweepFile,
  type SweepFile,
  settleTrial,
  trialFolder,
  workFolder,
  writeSweepFile,
} from "./folder.js";
import { type Rule, stageOf } from "./halving.js";
import { ENDED, type Entry, type Ledger, openLedger, stateOf, type TrialState } from "./ledger.js";
import { type Merge, mergeInto } from "./merge.js";
import { newOwner, type Owner, STALE_MS, type Watch, watchOwners } from "./owners.js";
import { codeText, planOf, runConfigOf, type SweepPlan, type SweepTrial } from "./plan.js";
import { newWorker, type Worker } from "./pool.js";
import { resultIn, type TrialProgress } from "./trial.js";

/** How to run a sweep. */
export interface SweepOptions {
  /** Folder of the sweep. Default: `sweeps/` and the name of the sweep, or `sweeps/sweep`. */
  readonly out?: string;
  /** Fits at once, each in a process of its own. Default: 1. */
  readonly jobs?: number;
  /** Only these of all trials: those whose place leaves `index` when divided by `of`. Default: all. */
  readonly shard?: Shard;
  /** Trials that get another chance. Default: none. */
  readonly retry?: readonly ("failed" | "parked")[];
  /** Whether trials that other code has computed are computed again, beside the old ones. Default: false, which refuses. */
  readonly rerun?: boolean;
  /** Stops with `FIT_CANCELLED`; trials under way leave a checkpoint, and the same call goes on. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: SweepEvent) => void;
  /** Milliseconds after which an owner that is not heard of has lost its trials. Default: 60 000. */
  readonly staleMs?: number;
}

/** A part of the trials of a sweep. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** What is told while a sweep runs. */
export type SweepEvent =
  | {
      readonly kind: "start";
      readonly dir: string;
      readonly trials: number;
      readonly done: number;
      readonly jobs: number;
      readonly threads: number;
    }
  | { readonly kind: "progress"; readonly trial: SweepTrial; readonly progress: TrialProgress }
  /** `lost`: another owner had taken the trial over; what was computed here counts for nothing. */
  | {
      readonly kind: "ended";
      readonly trial: SweepTrial;
      readonly how: TrialState["state"] | "lost";
      readonly state: TrialState;
    };

/** A sweep whose trials have been worked through as far as they can be. */
export interface RanSweep {
  readonly dir: string;
  readonly file: SweepFile;
  readonly mine: readonly SweepTrial[];
}

/** How often somebody else's trials are looked at where there is nothing else to do. */
const LOOK_EVERY_MS = 200;

/** Threads of each of so many fits at once. */
export function threadsFor(jobs: number): number {
  return Math.max(1, Math.floor(availableParallelism() / jobs));
}

/** The folder of a sweep that names none. */
export function defaultFolder({ name }: Pick<SweepConfig, "name">, shard?: Shard): string {
  const stem = (name ?? "sweep").replace(/[^\w.-]+/g, "-");
  return join("sweeps", shard === undefined ? stem : `${stem}.shard-${shard.index}-of-${shard.of}`);
}

/** A sweep whose folder says what it is. */
interface Prepared {
  readonly dir: string;
  readonly checked: CheckedSweep;
  readonly file: SweepFile;
  readonly mine: readonly SweepTrial[];
  readonly ledger: Ledger;
}

/** Reads the data, writes what the sweep is, and brings ledger and folders together. The ledger is the caller's to close. */
async function prepared(config: SweepConfig, options: SweepOptions): Promise<Prepared> {
  const { shard, signal, rerun = false } = options;
  const checked = checkSweep(config);
  if (shard !== undefined && checked.halving !== undefined) {
    fail("CONFIG_CONFLICT", "early_terminate compares all trials, and a shard sees only its own", {
      path: "early_terminate",
      hint: "run it with --jobs on one machine, or leave early_terminate out",
    });
  }
  const dir = options.out ?? defaultFolder(config, shard);
  throwIfAborted(signal);
  await checkSweepTarget(dir);
  await checkWritable(dir);
  const plan = await plannedIn(checked, dir, signal);
  const previous = await readSweepFile(dir);
  await makeSweepFolder(dir);
  const ledger = await openLedger(dir, "writer");
  try {
    refuseOtherCode(dir, plan, previous, ledger, rerun);
    const file = fileOf(checked, plan, previous);
    if (JSON.stringify(file) !== JSON.stringify(previous)) await writeSweepFile(dir, file);
    const mine = plan.trials.filter((_, place) => shard === undefined || place % shard.of === shard.index);
    await recover(dir, mine, ledger);
    return { dir, checked, file, mine, ledger };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

/** Begins a sweep or goes on with it, and works until nothing is left to do. */
export async function runSweep(config: SweepConfig, options: SweepOptions = {}): Promise<RanSweep> {
  const { jobs = 1, shard, retry = [], signal, onEvent, staleMs = STALE_MS } = options;
  checkNumbers(jobs, shard);
  const { dir, checked: rule, file, mine, ledger } = await prepared(config, options);
  try {
    const again = mine.filter(({ id }) => (retry as readonly string[]).includes(stateOf(ledger, id).state));
    await ledger.commit(...again.map(({ id }) => retryOf(id, ledger)));
    const done = mine.filter(({ id }) => stateOf(ledger, id).state === "done").length;
    onEvent?.({ kind: "start", dir, trials: mine.length, done, jobs, threads: threadsFor(jobs) });
    const owner = await newOwner(dir);
    try {
      const watch = watchOwners(dir, staleMs);
      await coordinate({ dir, mine, rule, ledger, owner, watch, jobs, signal, onEvent });
    } finally {
      await owner.retire().catch(() => {});
    }
    return { dir, file, mine };
  } finally {
    await ledger.close();
  }
}

/** Brings what other sweep folders have finished into that of a sweep, which is made where it is not there yet. */
export async function mergeSweep(
  config: SweepConfig,
  others: readonly string[],
  options: Pick<SweepOptions, "out" | "signal" | "rerun"> = {},
): Promise<{ readonly dir: string; readonly merges: readonly Merge[] }> {
  const { dir, file, ledger } = await prepared(config, options);
  await ledger.close();
  return { dir, merges: await mergeInto(dir, file, others) };
}

function retryOf(trial: string, ledger: Ledger): Entry {
  return { kind: "retry", trial, epoch: stateOf(ledger, trial).epoch };
}

function checkNumbers(jobs: number, shard: Shard | undefined): void {
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    fail("CONFIG_OUT_OF_RANGE", `jobs: ${jobs} is not a whole number from 1`, { path: "jobs" });
  if (shard === undefined) return;
  const { index, of } = shard;
  if (Number.isSafeInteger(index) && Number.isSafeInteger(of) && index >= 0 && index < of) return;
  fail("CONFIG_OUT_OF_RANGE", `shard: ${index} of ${of} is none of 0 to ${of - 1}`, {
    path: "shard",
    hint: "shards count from 0: 0/4, 1/4, 2/4, 3/4",
  });
}

/** The trials of a sweep; data in memory are put into its folder. */
export function plannedIn(checked: CheckedSweep, dir: string, signal?: AbortSignal): Promise<SweepPlan> {
  return planOf(
    checked,
    async (dataset, fingerprint) => {
      const path = resolve(dir, "data", `${dataset.name.replace(/[^\w-]+/g, "-")}-${fingerprint.slice(0, 12)}`);
      if (!existsSync(path)) await writeDataset(path, dataset);
      return path;
    },
    signal,
  );
}

/** Other code may give other numbers: that is told, and neither mixed nor computed again unasked. */
function refuseOtherCode(
  dir: string,
  { trials, code }: SweepPlan,
  previous: SweepFile | undefined,
  ledger: Ledger,
  rerun: boolean,
): void {
  if (rerun || previous === undefined) return;
  const ids = new Set(trials.map(({ id }) => id));
  const fresh = new Set(trials.filter(({ id }) => stateOf(ledger, id).state !== "done").map(({ key }) => key));
  const others = knownIn(previous).filter(
    ({ id, key }) => !ids.has(id) && fresh.has(key) && stateOf(ledger, id).state === "done",
  );
  const [first] = others;
  if (first === undefined) return;
  const then = codeText(first.code);
  fail(
    "CONFIG_CONFLICT",
    `${dir}: ${others.length} trials were computed by other code, ${then}; this is ${codeText(code)}`,
    {
      path: dir,
      hint: "--rerun computes them again and keeps the old ones beside them; --out names another folder",
      context: { trials: others.length, there: first.code, here: code },
    },
  );
}

function fileOf(checked: CheckedSweep, { trials, code }: SweepPlan, previous: SweepFile | undefined): SweepFile {
  const ids = new Set(trials.map(({ id }) => id));
  const earlier = previous === undefined ? [] : knownIn(previous).filter(({ id }) => !ids.has(id));
  return {
    format: 1,
    ...(checked.name !== undefined && { name: checked.name }),
    metric: checked.metric,
    ...(checked.halving && { halving: checked.halving }),
    seeds: checked.seeds,
    axes: checked.axes.map(({ path }) => path),
    code,
    startedIn: process.cwd(),
    trials,
    earlier,
  };
}

/** Brings ledger and folders together, whatever was cut off or lost: finished runs count, and nothing else does. */
async function recover(dir: string, mine: readonly SweepTrial[], ledger: Ledger): Promise<void> {
  const attempts = await attemptsIn(dir);
  for (const { id } of mine) {
    const { state, epoch } = stateOf(ledger, id);
    const left = attempts.get(id) ?? [];
    if (state === "done" && left.includes(epoch)) await settleTrial(dir, id, epoch);
    if (ENDED.has(state) && left.length > 0) await clearAttempts(dir, id, left);
  }
  const names = new Set(await readdir(dir));
  const states = mine.map(({ id }) => ({ id, ...stateOf(ledger, id) }));
  const gone = states.filter(({ id, state }) => state === "done" && !names.has(id));
  await ledger.commit(...gone.map(({ id }) => retryOf(id, ledger)));
  const open = new Set(states.filter(({ state, id }) => state !== "done" && names.has(id)).map(({ id }) => id));
  for (const id of await finishedIn(dir, open)) {
    const result = await resultIn(trialFolder(dir, id));
    await ledger.commit({ kind: "merged", trial: id, epoch: stateOf(ledger, id).epoch + 1, ...result });
  }
}

interface Work {
  readonly dir: string;
  readonly mine: readonly SweepTrial[];
  readonly rule: Rule;
  readonly ledger: Ledger;
  readonly owner: Owner;
  readonly watch: Watch;
  readonly jobs: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: SweepOptions["onEvent"];
}

interface Claimed {
  readonly trial: SweepTrial;
  readonly epoch: number;
  readonly rung: number;
  readonly steps: number | undefined;
}

async function coordinate(work: Work): Promise<void> {
  const { jobs, signal } = work;
  const workers = Array.from({ length: jobs }, newWorker);
  const inner = new AbortController();
  const stopping = signal === undefined ? inner.signal : AbortSignal.any([signal, inner.signal]);
  const stop = (): void => {
    for (const worker of workers) worker.stop();
  };
  stopping.addEventListener("abort", stop, { once: true });
  const errors: unknown[] = [];
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
      errors.push(error);
      inner.abort(error);
    }
  };
  try {
    await Promise.all(workers.map(loop));
  } finally {
    stopping.removeEventListener("abort", stop);
    await Promise.all(workers.map((worker) => worker.close()));
  }
  if (errors.length > 0) throw errors[0];
  if (signal?.aborted) {
    throw failure("FIT_CANCELLED", "the sweep was stopped before all of its trials were done", {
      hint: `what was done is kept in ${work.dir}; the same call goes on from there`,
      context: { dir: work.dir },
      cause: signal.reason,
    });
  }
}

/** Claims one trial after the other: no two of this process at once. */
function claimer({ mine, rule, ledger, owner, watch }: Work): () => Promise<Claimed | "wait" | "finished"> {
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
      const { state, epoch, owner: holder } = stateOf(ledger, trial.id);
      if (ENDED.has(state)) continue;
      const stage = ready === undefined ? { rung: -1, steps: undefined } : ready.get(trial.id);
      if (stage === undefined) continue;
      if (state === "running" && (holder === owner.id || !(await watch.isGone(holder!)))) {
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
  work: Work,
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
    trial: id,
    dir: own,
    ...(before[0] !== undefined && { from: workFolder(dir, id, before[0]) }),
    config: runConfigOf(trial),
    ...(trial.config.threads === undefined && { threads: threadsFor(jobs) }),
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
      await settleTrial(dir, id, epoch);
      await clearAttempts(dir, id, before);
      return tell("done");
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
async function checkpointIn(folder: string): Promise<number> {
  const names = await readdir(join(folder, "checkpoint")).catch(() => []);
  return Math.max(0, ...names.map((name) => Number(/^step-(\d+)\.dsn$/.exec(basename(name))?.[1] ?? 0)));
}
