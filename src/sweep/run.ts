// Runs a sweep: its trials from its file, then the work on them, here or through Redis on many machines.
import { join, resolve } from "node:path";
import type { Dataset } from "../dataset.js";
import { fail } from "../errors.js";
import { contentFolder } from "../files.js";
import { writeDataset } from "../simulate.js";
import { throwIfAborted } from "../train.js";
import { type CheckedSweep, checkSweep, type SweepConfig } from "./config.js";
import { clearWork, makeSweepFolder, type SweepFile } from "./folder.js";
import type { Rule } from "./halving.js";
import { stateOf } from "./ledger.js";
import { type Merge, mergeInto } from "./merge.js";
import { checkSweepFolder, type OpenSweep, openSweep, retryOf } from "./open.js";
import { planOf } from "./plan.js";
import type { SweepPlan, SweepTrial } from "./planned.js";
import type { Shard } from "./shard.js";
import { type SweepEvent, threadsFor, workThrough } from "./work.js";

/** How to run a sweep. */
export interface SweepOptions {
  /** Folder of the sweep. Default: `sweeps/` and the name of the sweep, or `sweeps/sweep`. */
  readonly out?: string;
  /** Fits at once, each in a process of its own. Default: 1, and 0 with `redis`. */
  readonly jobs?: number;
  /**
   * Address of a Redis or Valkey server, through which workers on other machines (`disentangle worker`) get the trials; `true` for that
   * in REDIS_URL. Credentials come from the environment: REDIS_USERNAME, REDIS_PASSWORD.
   */
  readonly redis?: string | true;
  /** With `redis`: a folder that all machines see, through which large folders travel. */
  readonly shared?: string;
  /** With `redis`: bytes of a data set, checkpoint or result that travel through Redis at most. Default: 64 MB. */
  readonly redisLimit?: number;
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

/** A sweep whose trials have been worked through as far as they can be. */
export interface RanSweep {
  readonly dir: string;
  readonly file: SweepFile;
  readonly mine: readonly SweepTrial[];
}

/** The folder of a sweep that names none. */
export function defaultFolder({ name }: Pick<SweepConfig, "name">, shard?: Shard): string {
  const stem = (name ?? "sweep").replace(/[^\w.-]+/g, "-");
  return join("sweeps", shard === undefined ? stem : `${stem}.shard-${shard.index}-of-${shard.of}`);
}

/** Reads the data and opens the folder. The ledger is the caller's to close. */
async function prepared(
  config: SweepConfig,
  { shard, signal, rerun, out, redis }: SweepOptions,
): Promise<OpenSweep & { readonly checked: CheckedSweep }> {
  const checked = checkSweep(config);
  if (shard !== undefined && checked.halving !== undefined) {
    fail("CONFIG_CONFLICT", "early_terminate compares all trials, and a shard sees only its own", {
      path: "early_terminate",
      hint: "run it with --jobs on one machine or with --redis on many, or leave early_terminate out",
    });
  }
  const dir = out ?? defaultFolder(config, shard);
  throwIfAborted(signal);
  await checkSweepFolder(dir);
  const plan = await plannedIn(checked, dir, { signal, travels: redis !== undefined });
  return { ...(await openSweep(dir, aboutOf(checked), plan, { shard, rerun })), checked };
}

function aboutOf({ name, metric, halving, seeds, axes }: CheckedSweep): Parameters<typeof openSweep>[1] {
  return {
    ...(name !== undefined && { name }),
    metric,
    ...(halving && { halving }),
    seeds,
    axes: axes.map(({ path }) => path),
  };
}

/** Begins a sweep or goes on with it, and works until nothing is left to do. */
export async function runSweep(config: SweepConfig, options: SweepOptions = {}): Promise<RanSweep> {
  checkNumbers(options);
  const { checked, ...open } = await prepared(config, options);
  try {
    await workOn(open, checked, options);
    return { dir: open.dir, file: open.file, mine: open.mine };
  } finally {
    await open.ledger.close();
  }
}

/** How the trials of an open sweep are worked on. */
export type WorkOptions = Pick<
  SweepOptions,
  "jobs" | "retry" | "signal" | "onEvent" | "staleMs" | "redis" | "shared" | "redisLimit"
>;

/** Works on the trials of an open sweep until nothing is left to do. */
export async function workOn(
  { dir, mine, ledger, file, folders }: OpenSweep,
  rule: Rule,
  options: WorkOptions,
): Promise<void> {
  const { redis, shared, redisLimit, retry = [], signal, onEvent, staleMs } = options;
  const jobs = options.jobs ?? (redis === undefined ? 1 : 0);
  const again = mine.filter(({ id }) => (retry as readonly string[]).includes(stateOf(ledger, id).state));
  await ledger.commit(...again.map(({ id }) => retryOf(id, ledger)));
  const done = mine.filter(({ id }) => stateOf(ledger, id).state === "done").length;
  const start: SweepEvent = { kind: "start", dir, trials: mine.length, done, jobs, threads: threadsFor(jobs) };
  const work = { dir, mine, rule, ledger, jobs, signal, onEvent, staleMs };
  try {
    if (redis === undefined) {
      onEvent?.(start);
      await workThrough(work);
      return;
    }
    // Loaded where it is asked for: it needs packages that not everybody has.
    const { workThroughRedis } = await import("./remote/coordinator.js");
    await workThroughRedis({ ...work, start, file, folders }, { address: redis, shared, limit: redisLimit });
  } finally {
    // A fit that was killed while it made a folder has left it, and nobody may begin this sweep again.
    await clearWork(dir);
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

/** Throws where numbers of options are none that can be. */
export function checkNumbers({ jobs, shard, redis }: Pick<SweepOptions, "jobs" | "shard" | "redis">): void {
  const least = redis === undefined ? 1 : 0;
  if (jobs !== undefined && (!Number.isSafeInteger(jobs) || jobs < least))
    fail("CONFIG_OUT_OF_RANGE", `jobs: ${jobs} is not a whole number from ${least}`, { path: "jobs" });
  if (shard === undefined) return;
  const { index, of } = shard;
  if (Number.isSafeInteger(index) && Number.isSafeInteger(of) && index >= 0 && index < of) return;
  fail("CONFIG_OUT_OF_RANGE", `shard: ${index} of ${of} is none of 0 to ${of - 1}`, {
    path: "shard",
    hint: "shards count from 0: 0/4, 1/4, 2/4, 3/4",
  });
}

/** The trials of a sweep; data in memory are put into its folder, and all others too where they travel to other machines. */
export function plannedIn(
  checked: CheckedSweep,
  dir: string,
  { signal, travels = false }: { readonly signal?: AbortSignal | undefined; readonly travels?: boolean } = {},
): Promise<SweepPlan> {
  return planOf(checked, {
    travels,
    signal,
    put: (dataset, fingerprint) => putDataset(dir, dataset, fingerprint),
  });
}

/** Puts a data set into the folder of a sweep, where all of its processes find it. */
export async function putDataset(dir: string, dataset: Dataset, fingerprint: string): Promise<string> {
  const path = resolve(dir, "data", `${dataset.name.replace(/[^\w-]+/g, "-")}-${fingerprint.slice(0, 12)}`);
  await makeSweepFolder(dir);
  await contentFolder(path, (partial) => writeDataset(partial, dataset));
  return path;
}
