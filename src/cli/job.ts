// A fit with its folder: begun from a configuration, or resumed from the folder alone.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { RunConfig } from "../config.js";
import { pathsOfData } from "../data/paths.js";
import { type Difference, differences, pathsOf } from "../differences.js";
import { failure } from "../errors.js";
import { checkOutput, type Input, namedFiles } from "../outputs.js";
import { checkRunTarget, type RunStart, type Unfinished } from "../results.js";
import { beginRun, type NewRun, type RunFolder, reopenRun } from "../run-folder.js";
import { type DataReader, type Plan, plan, startOf } from "../train.js";

/** All that a fit needs. */
export interface Job extends Unfinished {
  readonly planned: Plan;
  /** The run folder, as the user names it. */
  readonly dir: string;
  readonly folder: RunFolder;
  readonly start: RunStart;
  readonly resume: boolean;
  /** What should be said before it begins. */
  readonly notes: readonly string[];
}

/** What a new fit takes beside its configuration. */
export interface JobOptions {
  readonly out?: string | undefined;
  readonly checkpointEvery?: number | undefined;
  readonly report: boolean;
  readonly force?: boolean | undefined;
  /** Whether the beginning of the run outlives a power cut. Default: true. */
  readonly durable?: boolean | undefined;
}

/** Reads the data and begins the run folder. */
export async function newJob(
  config: RunConfig,
  options: JobOptions,
  signal: AbortSignal,
  reader?: DataReader,
): Promise<Job> {
  const { out, checkpointEvery, report, force, durable } = options;
  const planned = await plan(config, signal, reader);
  const dir = out ?? join("runs", `${planned.core.method}-${planned.runId.slice(0, 8)}`);
  const start = startOf(planned);
  const unfinished: Unfinished = {
    startedIn: process.cwd(),
    config: planned.config,
    ...(checkpointEvery !== undefined && { checkpointEvery }),
    report,
  };
  // What is no place for a run is told as that, also where it is an input besides.
  await checkRunTarget(dir);
  await checkOutput(dir, inputsOf(config));
  const folder = await beginRun(dir, { config: planned.config, start, unfinished }, { force, durable });
  return { ...unfinished, planned, dir, folder, start, resume: false, notes: notesOn(dir, folder) };
}

/** The files that a configuration names. */
function inputsOf(config: RunConfig): readonly Input[] {
  const { tree } = config;
  const paths = [...pathsOfData(config), ...(typeof tree === "string" ? [tree] : [])];
  return paths.flatMap(namedFiles).flatMap((path) => (existsSync(path) ? [{ path }] : []));
}

function notesOn(dir: string, { locked }: RunFolder): readonly string[] {
  if (locked) return [];
  return [`the file system of ${dir} has no locks: make sure that no other fit works there`];
}

/**
 * Opens the run folder and reads its data again.
 *
 * @throws `RUN_NOT_FOUND`, `RUN_FINISHED`, `ARTIFACT_*` and `CHECKPOINT_MISMATCH` with `context.differences`
 */
export async function resumedJob(
  dir: string,
  checkpointEvery: number | undefined,
  signal: AbortSignal,
  reader?: DataReader,
): Promise<Job> {
  const { folder, ...run } = await reopenRun(dir);
  try {
    return await goOn(dir, run, folder, checkpointEvery, signal, reader);
  } catch (error) {
    await folder.abandon();
    throw error;
  }
}

async function goOn(
  dir: string,
  run: NewRun,
  folder: RunFolder,
  checkpointEvery: number | undefined,
  signal: AbortSignal,
  reader: DataReader | undefined,
): Promise<Job> {
  const { unfinished, config } = run;
  const found = differences(unfinished.config, config);
  const read = within(folderOf(unfinished, config), () => plan(config as unknown as RunConfig, signal, reader));
  const planned = await read.catch((error: unknown) => {
    // A configuration that was changed is the reason to tell, also where it is now wrong.
    refuse(dir, found);
    throw error;
  });
  const listed = [...found, ...dataDifferences(run, planned)];
  refuse(dir, listed.length > 0 ? listed : truthDifferences(run, planned));
  const { start, notes } = startedBy(run.start, planned);
  return {
    ...unfinished,
    ...(checkpointEvery !== undefined && { checkpointEvery }),
    planned: { ...planned, config },
    dir,
    folder,
    start,
    resume: true,
    notes: [...notesOn(dir, folder), ...notes],
  };
}

function dataDifferences({ start }: NewRun, { card }: Plan): readonly Difference[] {
  const [then, now] = [start.dataset.fingerprint, card.fingerprint];
  return then === now ? [] : [{ path: "data", checkpoint: then, now }];
}

/** Where configuration, data and version are the same, what is left to differ is the truth that the method is shown. */
function truthDifferences({ start }: NewRun, { runId, version }: Plan): readonly Difference[] {
  if (start.version !== version || start.runId === runId) return [];
  return [{ path: "data.truth", checkpoint: start.runId, now: runId }];
}

function refuse(dir: string, found: readonly Difference[]): void {
  if (found.length === 0) return;
  throw failure("CHECKPOINT_MISMATCH", `${dir}: not what the run began with: ${pathsOf(found)}`, {
    path: dir,
    hint: "put config.json and the data back as they were, or begin a new run in another folder",
    context: { differences: found },
  });
}

/** Paths begin where the fit was started; where the run was moved to another machine, here. */
function folderOf({ startedIn }: Unfinished, config: NewRun["config"]): string {
  const files = pathsOfData(config);
  const isThere =
    existsSync(startedIn) &&
    files.flatMap((file) => namedFiles(resolve(startedIn, file))).every((file) => existsSync(file));
  return isThere ? startedIn : process.cwd();
}

/** What is said of paths is then the same as at the first start, to the byte of the report. */
async function within<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const here = process.cwd();
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(here);
  }
}

/** A run that another version goes on with is that version's: it alone can vouch for what comes out. */
function startedBy(start: RunStart, planned: Plan): { start: RunStart; notes: readonly string[] } {
  if (start.version === planned.version) return { start, notes: [] };
  const { runId, version, versions } = startOf(planned);
  return {
    start: { ...start, runId, version, versions },
    notes: [
      `begun by disentangle ${start.version}, goes on with ${version}: the numbers may differ from a run of either`,
    ],
  };
}
