// A preset from its name to its table. Its trials are those of a sweep: the same processes, the same ledger, the same ways to other
// machines.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DataSource } from "../dataset.js";
import { fail, failure, isDisentangleError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import type { Progress } from "../progress.js";
import { type SweepFile, trialFolder } from "../sweep/folder.js";
import { type Ledger, stateOf } from "../sweep/ledger.js";
import { type Merge, mergeInto } from "../sweep/merge.js";
import { checkSweepFolder, openSweep } from "../sweep/open.js";
import { codeHere, putWhole } from "../sweep/plan.js";
import type { SweepTrial } from "../sweep/planned.js";
import { checkNumbers, putDataset, type SweepOptions, workOn } from "../sweep/run.js";
import type { SweepEvent } from "../sweep/work.js";
import { throwIfAborted } from "../train.js";
import { studyOf } from "./check.js";
import { partOf, seedsRun } from "./coverage.js";
import { givenData } from "./given.js";
import { judged, type ReproducedRow, worstOf } from "./judge.js";
import { readStudy, type Trial } from "./kept.js";
import type { Preset, Scale, Study } from "./preset.js";
import { presetOf } from "./presets.js";
import { commandOf, type Provenance, provenance } from "./provenance.js";
import type { Reproduction, TrialFailure } from "./reproduction.js";
import { markdownOf } from "./table.js";
import { failedTrial } from "./trial.js";
import { type GivenFolder, type PlannedTrial, plannedTrials, sweepTrials, type TrialPlace } from "./trials.js";

/** How to run a preset. */
export interface ReproduceOptions
  extends Pick<SweepOptions, "shard" | "rerun" | "redis" | "shared" | "redisLimit" | "staleMs"> {
  /** Default: `paper`. */
  readonly scale?: Scale;
  /** Folder of the trials and of the table. Presets and scales may share it. Default: `reproduce`. */
  readonly out?: string;
  /** Seeds of every experiment; with others than those of the preset the verdict is `incomplete`. Default: those of the preset. */
  readonly seeds?: readonly number[];
  /** Only the experiments whose names contain this; where the table lacks others, its verdict is `incomplete`. Default: all. */
  readonly only?: string;
  /** Fits at once, each in a process of its own. With more than one, times say little. Default: 1, and 0 with `redis`. */
  readonly jobs?: number;
  /** Real data, for presets that ask for some. */
  readonly data?: DataSource;
  /** Stops with `FIT_CANCELLED`; trials that were done are kept, those under way leave a checkpoint. */
  readonly signal?: AbortSignal;
  /** Called when it is known how many trials there are and how many of them are kept, then after each trial. */
  readonly onTrial?: (event: TrialEvent) => void;
  /** Called a few times a second while fits run. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called with what a person should know, such as which way data travel. */
  readonly onNotice?: (text: string) => void;
}

/** How far the trials are. */
export interface TrialEvent {
  readonly done: number;
  readonly total: number;
  /** The trial that has just ended; absent at the beginning. */
  readonly last?: TrialPlace & { readonly trial: Trial };
}

/** A preset at a scale, as far as it is asked for. */
interface Chosen {
  readonly preset: Preset;
  readonly study: Study;
  readonly planned: readonly PlannedTrial[];
}

/** Presets before their trials are run. */
interface Work {
  readonly chosen: readonly Chosen[];
  /** Data set folders of trials on given data, by their id. */
  readonly folders: ReadonlyMap<string, string>;
  /** As it was before the first trial: a run takes hours, and the checkout may move on meanwhile. */
  readonly madeBy: Provenance;
}

/** Several presets in one sweep: trials that they share are run once, and all of them keep the processes busy. */
export async function reproduceAll(
  presets: readonly (string | Preset)[],
  options: ReproduceOptions = {},
): Promise<readonly Reproduction[]> {
  const { out = "reproduce" } = options;
  const work = await plannedIn(presets, options);
  const open = await opened(work.chosen, options, work.folders);
  const { ledger, mine, dir } = open;
  try {
    const places = new Map(
      work.chosen
        .flatMap(({ planned }) => planned)
        .map((one) => [one.id, one] as const)
        .reverse(),
    );
    const kept = new Set(mine.filter(({ id }) => stateOf(ledger, id).state === "done").map(({ id }) => id));
    const watch = watcher(dir, mine, kept.size, places, options);
    await workOn(
      open,
      { halving: undefined, metric: METRIC },
      { ...options, retry: ["failed", "parked"], onEvent: watch.event },
    ).catch(async (error: unknown) => {
      await watch.told();
      throw isCancellation(error) ? cancelled(out, error) : error;
    });
    await watch.told();
    return await judgedAll(work, dir, ledger, kept, options);
  } finally {
    await ledger.close();
  }
}

/** Brings what other folders of the same presets have finished into `out`, then judges what is there. */
export async function mergeReproductions(
  presets: readonly (string | Preset)[],
  others: readonly string[],
  options: ReproduceOptions = {},
): Promise<{ readonly merges: readonly Merge[]; readonly results: readonly Reproduction[] }> {
  const work = await plannedIn(presets, options);
  const { chosen, folders } = work;
  const { dir, file, ledger: first } = await opened(chosen, options, folders);
  await first.close();
  const merges = await mergeInto(
    dir,
    file,
    others.map((other) => join(other, "trials")),
  );
  const { ledger } = await opened(chosen, options, folders);
  try {
    const kept = new Set(file.trials.filter(({ id }) => stateOf(ledger, id).state === "done").map(({ id }) => id));
    return { merges, results: await judgedAll(work, dir, ledger, kept, options) };
  } finally {
    await ledger.close();
  }
}

/** What the sweep of a reproduction says of itself; nothing is chosen by it. */
const METRIC: SweepFile["metric"] = { name: "held-out", goal: "minimize", truth: false };

async function plannedIn(presets: readonly (string | Preset)[], options: ReproduceOptions): Promise<Work> {
  const { scale = "paper", out = "reproduce", signal } = options;
  const studies = presets.map((one) => {
    const preset = typeof one === "string" ? presetOf(one) : one;
    return { preset, study: studyOf(preset, scale, options) };
  });
  checkNumbers(options);
  throwIfAborted(signal);
  const code = codeHere();
  const chosen: Chosen[] = [];
  const folders = new Map<string, string>();
  for (const { preset, study } of studies) {
    const data = await givenData(study, options.data);
    // A mistake of the preset is told before anything is written.
    await plannedTrials(study, code, data && { fingerprint: data.fingerprint, path: "later" });
    await checkSweepFolder(join(out, "trials"));
    const given: GivenFolder | undefined = data && {
      fingerprint: data.fingerprint,
      path: await putWhole(data.dataset, (dataset, name) => putDataset(join(out, "trials"), dataset, name)),
    };
    const planned = await plannedTrials(study, code, given);
    for (const { id } of planned) if (given !== undefined) folders.set(id, given.path);
    chosen.push({ preset, study, planned });
  }
  return { chosen, folders, madeBy: await provenance(code) };
}

async function opened(
  chosen: readonly Chosen[],
  { out = "reproduce", shard, rerun }: ReproduceOptions,
  folders: ReadonlyMap<string, string>,
): ReturnType<typeof openSweep> {
  const dir = join(out, "trials");
  const trials = sweepTrials(chosen.flatMap(({ planned }) => planned));
  // What nobody had asked for, or cannot be read, is run again: the ledger says so of what is not there.
  for (const { id, study } of trials) {
    const there = await readStudy(trialFolder(dir, id));
    const lacks = there === undefined || (study.before && there.before === undefined && there.scores !== undefined);
    if (lacks) await rm(trialFolder(dir, id), { recursive: true, force: true });
  }
  const about = { name: "reproduce", metric: METRIC, seeds: [], axes: ["experiment", "fit"] };
  return openSweep(dir, about, { trials, code: codeHere(), folders }, { shard, rerun });
}

/** Tells of trials as they end; what is told of them is read from their folders, one after the other. */
function watcher(
  dir: string,
  mine: readonly SweepTrial[],
  kept: number,
  places: ReadonlyMap<string, PlannedTrial>,
  { onTrial, onProgress, onNotice }: ReproduceOptions,
): { readonly event: (event: SweepEvent) => void; told(): Promise<void> } {
  let done = kept;
  let telling: Promise<void> = Promise.resolve();
  let thrown: { readonly error: unknown } | undefined;
  const total = mine.length;
  const check = (): void => {
    if (thrown !== undefined) throw thrown.error;
  };
  return {
    event(event) {
      check();
      if (event.kind === "start") onTrial?.({ done, total });
      if (event.kind === "notice") onNotice?.(event.text);
      if (event.kind === "progress") onProgress?.(event.progress);
      if (event.kind !== "ended" || !ENDINGS.has(event.how)) return;
      const { experiment, fit, seed, trial } = places.get(event.trial.id)!;
      telling = telling.then(async () => {
        const last = { experiment, fit, seed, trial: await trialIn(dir, trial, event.state) };
        done++;
        try {
          onTrial?.({ done, total, last });
        } catch (error) {
          thrown ??= { error };
        }
      });
    },
    async told() {
      await telling;
      check();
    },
  };
}

const ENDINGS: ReadonlySet<string> = new Set(["done", "failed", "parked"]);

/** A trial that has ended, from its folder or from what the ledger says of it. */
async function trialIn(
  dir: string,
  { id, study, config: { data: _, ...config } }: PlannedTrial["trial"],
  { state, failure: reason, crash }: ReturnType<typeof stateOf>,
): Promise<Trial> {
  const found = state === "done" ? await readStudy(trialFolder(dir, id)) : undefined;
  if (found !== undefined) return found;
  const parked = { code: "INTERNAL_PANIC", message: `its process crashed again and again: ${crash}` } as const;
  return failedTrial(study, config, reason ?? parked);
}

async function judgedAll(
  { chosen, madeBy }: Work,
  dir: string,
  ledger: Ledger,
  kept: ReadonlySet<string>,
  options: ReproduceOptions,
): Promise<readonly Reproduction[]> {
  const all = new Set(chosen.flatMap(({ planned }) => planned.map(({ id }) => id)));
  const lacking = [...all].filter((id) => !ENDINGS.has(stateOf(ledger, id).state));
  if (lacking.length > 0) {
    fail("RUN_NOT_FOUND", `${lacking.length} of ${all.size} trials are not there yet, and the table lacks them`, {
      path: options.out ?? "reproduce",
      hint: "run the other shards, then --merge their folders; the command without --shard and --merge runs the rest",
      context: { done: all.size - lacking.length, total: all.size },
    });
  }
  const results: Reproduction[] = [];
  for (const one of chosen) results.push(await judgedOne(one, dir, ledger, kept, madeBy, options));
  return results;
}

async function judgedOne(
  { preset, study, planned }: Chosen,
  dir: string,
  ledger: Ledger,
  kept: ReadonlySet<string>,
  madeBy: Provenance,
  { scale = "paper", out = "reproduce", ...asked }: ReproduceOptions,
): Promise<Reproduction> {
  const trials = new Map<string, Trial>();
  for (const { id, trial } of planned)
    if (!trials.has(id)) trials.set(id, await trialIn(dir, trial, stateOf(ledger, id)));
  const trialOf = finder(planned, trials);
  const rows: ReproducedRow[] = [];
  for (const experiment of study.experiments) rows.push(...(await judged(experiment, trialOf, dir)));
  const { name, title, repeats, paper, remark } = preset;
  const seeds = seedsRun(preset, scale, study);
  const part = partOf(seeds);
  // A part never takes the place of a whole table.
  const base = join(out, `${name.replaceAll("/", "-")}.${scale}${part === undefined ? "" : ".part"}`);
  const result: Reproduction = {
    preset: name,
    title,
    repeats,
    paper,
    ...(remark !== undefined && { remark }),
    scale,
    verdict: part === undefined ? worstOf(rows) : "incomplete",
    ...(part !== undefined && { part }),
    seeds,
    rows,
    trials: {
      total: trials.size,
      kept: [...trials.keys()].filter((id) => kept.has(id)).length,
      failed: failuresIn(planned, trials),
    },
    files: { json: `${base}.json`, markdown: `${base}.md` },
    command: commandOf(name, scale, asked, study),
    ...madeBy,
  };
  await writeFileAtomic(result.files.json, `${JSON.stringify(result, null, 2)}\n`);
  await writeFileAtomic(result.files.markdown, markdownOf(result));
  return result;
}

function finder(
  planned: readonly PlannedTrial[],
  trials: ReadonlyMap<string, Trial>,
): (experiment: string, fit: string, seed: number) => Trial {
  const key = (...parts: readonly (string | number)[]): string => parts.join("\n");
  const ids = new Map(planned.map(({ experiment, fit, seed, id }) => [key(experiment, fit, seed), id]));
  return (experiment, fit, seed) => trials.get(ids.get(key(experiment, fit, seed))!)!;
}

function failuresIn(planned: readonly PlannedTrial[], trials: ReadonlyMap<string, Trial>): readonly TrialFailure[] {
  return planned.flatMap(({ id, experiment, fit, seed }) => {
    const trial = trials.get(id)!;
    return "error" in trial
      ? [{ id, experiment, fit, seed, code: trial.error.code, message: trial.error.message }]
      : [];
  });
}

function isCancellation(error: unknown): boolean {
  return isDisentangleError(error) && error.code === "FIT_CANCELLED";
}

function cancelled(out: string, cause: unknown): Error {
  return failure("FIT_CANCELLED", "the reproduction was stopped before its table was complete", {
    hint: `the trials that were done are kept in ${join(out, "trials")}; the same call goes on from there`,
    context: { out },
    cause,
  });
}
