// The run folder of a fit under way: there from the first moment, resumable at any, finished by its manifest.
import { copyFile, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { resumeCommand } from "./command-line.js";
import { differences, isObject, pathsOf } from "./differences.js";
import { fail, failure } from "./errors.js";
import { historyLines } from "./history.js";
import { namesIn, type OwnedFolder, ownFolder } from "./owned-folder.js";
import {
  checkRunTarget,
  HISTORY,
  isUnfinished,
  jsonText,
  putManifest,
  putRunFiles,
  type Run,
  type RunStart,
  type RunWriter,
  readManifest,
  runWriter,
  type StoppedRun,
  staleIn,
  type Unfinished,
  type UnfinishedManifest,
} from "./results.js";
import { damaged, readJson } from "./run-version.js";

type Config = Readonly<Record<string, unknown>>;

/** A fit that is about to begin. */
export interface NewRun {
  readonly config: Config;
  readonly start: RunStart;
  readonly unfinished: Unfinished;
}

/** The folder of a fit under way, which nobody else writes to until one of the last three has been called. */
export interface RunFolder {
  /** Where checkpoints go; absent where a finished run is repeated, whose results stay until the new ones are there. */
  readonly checkpoints: string | undefined;
  /** Whether the file system keeps others away. */
  readonly locked: boolean;
  /**
   * Writes what the fit has given, and what `more` makes of it, then makes a run of the folder. Where `more` fails the run is
   * finished without it, and the failure thrown afterwards.
   */
  finish(run: Run, more?: (put: RunWriter["put"]) => Promise<void>): Promise<void>;
  /** Says where the fit was stopped. */
  stop(run: StoppedRun): Promise<void>;
  /** After a failure: where there is nothing to go on from, nothing stays. Tells whether there is. */
  abandon(): Promise<boolean>;
}

const CHECKPOINTS = "checkpoint";
/** The run that was there before, as far as it is needed to put it back: the results of a finished one stay where they are. */
const REPLACED = ".replaced";
const KEPT = ["config.json", "manifest.json"] as const;

/**
 * Begins the folder of a fit, at once and as a whole.
 *
 * @param force whether a run of another configuration, or an unfinished one, may be replaced; the earlier run is there
 * again when the fit fails before its first checkpoint
 * @param durable whether the beginning outlives a power cut. Default: true
 * @throws `RUN_BUSY` while somebody else works there, `FILE_WRITE`
 */
export async function beginRun(
  dir: string,
  run: NewRun,
  { force = false, durable = true }: { force?: boolean | undefined; durable?: boolean | undefined } = {},
): Promise<RunFolder> {
  await checkRunTarget(dir);
  const owned = await ownFolder(dir, "fit");
  try {
    await putBack(owned.root);
    const place = await placeOf(dir, owned.root, run, force);
    if (place === "same") return underWay(dir, owned, run, "repeated");
    if (place === "taken") await putAside(owned.root);
    const begin = async (partial: string): Promise<readonly string[]> => {
      const manifest: UnfinishedManifest = { ...run.start, unfinished: run.unfinished };
      const { put } = runWriter(partial);
      await put("config.json", jsonText(run.config));
      await put("manifest.json", jsonText(manifest));
      return [];
    };
    await owned.commit(begin, { durable });
    return underWay(dir, owned, run, "new");
  } catch (error) {
    await putBack(owned.root).catch(() => {});
    await owned.release();
    throw error;
  }
}

/**
 * Reads the folder of an interrupted fit, and takes it.
 *
 * @throws `RUN_NOT_FOUND`, `RUN_FINISHED`, `RUN_BUSY`, `ARTIFACT_VERSION`, `ARTIFACT_CORRUPT`
 */
export async function reopenRun(dir: string): Promise<NewRun & { readonly folder: RunFolder }> {
  // A folder that holds no run must not be made, and a read-only one that has finished must not be written to.
  checkUnfinished(dir, await readManifest(dir));
  const owned = await ownFolder(dir, "fit");
  try {
    await putBack(owned.root);
    const manifest = checkUnfinished(dir, await readManifest(owned.root));
    const config = await readJson<Config>(dir, "config.json");
    const { unfinished, outcome, steps, ...start } = manifest;
    const whole = typeof unfinished?.startedIn === "string" && isObject(unfinished.config);
    if (!whole || typeof start.dataset?.fingerprint !== "string") throw unlikeFit(dir, "manifest.json");
    if (!isObject(config)) throw unlikeFit(dir, "config.json");
    const run = { config, start, unfinished };
    return { ...run, folder: underWay(dir, owned, run, "resumed") };
  } catch (error) {
    await owned.release();
    throw error;
  }
}

function checkUnfinished(dir: string, manifest: Awaited<ReturnType<typeof readManifest>>): UnfinishedManifest {
  if (isUnfinished(manifest)) return manifest;
  const { kind, step } = manifest.outcome;
  throw failure("RUN_FINISHED", `${dir}: the run in it has finished (${kind} at step ${step})`, {
    path: dir,
    hint: `there is nothing left to do; its results lie in ${dir}`,
  });
}

function unlikeFit(dir: string, name: string): Error {
  const what = new Error("it does not hold what a fit writes there");
  return damaged(join(dir, name), what, "put it back as it was, or begin the run again");
}

function underWay(
  dir: string,
  owned: OwnedFolder,
  { start, unfinished }: NewRun,
  how: "new" | "resumed" | "repeated",
): RunFolder {
  const { root, locked } = owned;
  let settled = false;
  /** Once: what has been written is not undone by a failure to print it. */
  const settle = async (): Promise<void> => {
    settled = true;
    // The run is whole; what cannot be removed takes space and nothing else.
    await rm(join(root, REPLACED), { recursive: true, force: true }).catch(() => {});
    await owned.release();
  };
  const checkStill = async (): Promise<void> => {
    // Where a file system has no locks, this is all that keeps two runs apart.
    const there = await readManifest(root);
    if (how === "repeated" || (there.runId === start.runId && there.createdAt === start.createdAt)) return;
    fail("RUN_BUSY", `${dir}: another fit was begun there meanwhile`, {
      path: dir,
      hint: "name another folder with --out for one of the two",
    });
  };
  return {
    checkpoints: how === "repeated" ? undefined : join(root, CHECKPOINTS),
    locked,
    async finish(run, more = async () => {}) {
      let failed: { error: unknown } | undefined;
      await owned.commit(async (partial) => {
        const writer = runWriter(partial);
        await putRunFiles(writer, run);
        await more(writer.put).catch((error: unknown) => {
          failed = { error };
        });
        await checkStill();
        return putManifest(writer, root, run.manifest);
      });
      await settle();
      if (failed !== undefined) throw failed.error;
    },
    async stop({ manifest, history }) {
      if (how !== "repeated") {
        const stopped: UnfinishedManifest = { ...manifest, unfinished };
        await owned.commit(async (partial) => {
          const { put } = runWriter(partial);
          await put(HISTORY, historyLines(history));
          await put("manifest.json", jsonText(stopped));
          await checkStill();
          return staleIn(root, [...KEPT, HISTORY, CHECKPOINTS]);
        });
      }
      await settle();
    },
    async abandon() {
      if (settled) return false;
      settled = true;
      try {
        if (how === "repeated") return false;
        const files = await readdir(join(root, CHECKPOINTS)).catch(() => []);
        if (files.some((name) => name.endsWith(".dsn"))) {
          await rm(join(root, REPLACED), { recursive: true, force: true });
          return true;
        }
        await checkStill();
        if (how === "new") await undo(owned);
        return false;
      } finally {
        await owned.release();
      }
    },
  };
}

/** Takes the beginning of a run back: what was replaced is there again, and else nothing. */
async function undo(owned: OwnedFolder): Promise<void> {
  const replaced = join(owned.root, REPLACED);
  if ((await readdir(replaced).catch(() => [])).length === 0) {
    for (const name of [...KEPT, CHECKPOINTS]) await rm(join(owned.root, name), { recursive: true, force: true });
    return;
  }
  await owned.commit(async (partial) => {
    for (const name of KEPT) await copyFile(join(replaced, name), join(partial, name));
    return [];
  });
  await putBack(owned.root);
}

/** Keeps what is needed to put a run back. Nothing of it changes before the manifest of the next one is there. */
async function putAside(root: string): Promise<void> {
  const replaced = join(root, REPLACED);
  await rm(replaced, { recursive: true, force: true });
  await mkdir(replaced);
  for (const name of KEPT) await copyFile(join(root, name), join(replaced, name)).catch(() => {});
  await rename(join(root, CHECKPOINTS), join(replaced, CHECKPOINTS)).catch(() => {});
}

/** Where the replaced run is the one that is there, its checkpoints come back: no other has begun, or it was undone. */
async function putBack(root: string): Promise<void> {
  const replaced = join(root, REPLACED);
  const kept = await readFile(join(replaced, "manifest.json"), "utf8").catch(() => undefined);
  if (kept !== undefined && kept !== (await readFile(join(root, "manifest.json"), "utf8").catch(() => undefined)))
    return;
  await rename(join(replaced, CHECKPOINTS), join(root, CHECKPOINTS)).catch(() => {});
  await rm(replaced, { recursive: true, force: true });
}

/** What lies where a run is to begin. Throws `FILE_WRITE` where that is worth more than its place. */
async function placeOf(
  dir: string,
  root: string,
  { config, start }: NewRun,
  force: boolean,
): Promise<"free" | "taken" | "same"> {
  if (!(await namesIn(root)).includes("manifest.json")) return "free";
  if (force) return "taken";
  const there = await readManifest(root);
  const same = there.runId === start.runId;
  if (same && !isUnfinished(there)) return "same";
  const changed = differences(await readJson<Config>(root, "config.json"), config);
  const which = same ? "of this very configuration" : `of another configuration (different: ${reasons()})`;
  const state = isUnfinished(there) ? "an unfinished run" : "the finished run";
  return fail("FILE_WRITE", `${dir}: holds ${state} ${which}`, {
    path: dir,
    hint: isUnfinished(there)
      ? `go on with it: ${resumeCommand(dir)}; or name another folder with --out; --force throws it away`
      : "name another folder with --out, or replace that run with --force",
    context: { differences: changed },
  });

  function reasons(): string {
    if (changed.length > 0) return pathsOf(changed);
    return there.version === start.version ? "the data" : "the version";
  }
}
