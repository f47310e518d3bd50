// The run folder of a fit under way: there from the first moment, resumable at any, finished by its manifest.
import { existsSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { resumeCommand } from "./command-line.js";
import { differences, isObject, pathsOf } from "./differences.js";
import { fail, failure } from "./errors.js";
import { clearLeftovers, fillFolder, placeFolder } from "./files.js";
import { historyLines } from "./history.js";
import {
  checkRunTarget,
  HISTORY,
  isUnfinished,
  type Run,
  type RunManifest,
  type RunStart,
  readJson,
  readManifest,
  type StoppedRun,
  type Unfinished,
  type UnfinishedManifest,
  writeJson,
  writeRunFiles,
} from "./results.js";

type Config = Readonly<Record<string, unknown>>;

/** A fit that is about to begin. */
export interface NewRun {
  readonly config: Config;
  readonly start: RunStart;
  readonly unfinished: Unfinished;
}

/** The folder of a fit under way. */
export interface RunFolder {
  /** Where checkpoints go; absent where a finished run is repeated, whose results stay until the new ones are there. */
  readonly checkpoints: string | undefined;
  /** Writes what the fit has given; it is a run only with its manifest. */
  write(run: Run): Promise<void>;
  /** Makes a run of it, and removes what only an unfinished one needs. */
  finish(manifest: RunManifest): Promise<void>;
  /** Says where the fit was stopped. */
  stop(run: StoppedRun): Promise<void>;
  /** After a failure: where there is nothing to go on from, nothing stays. Tells whether there is. */
  abandon(): Promise<boolean>;
}

const CHECKPOINTS = "checkpoint";

/**
 * Begins the folder of a fit, at once and as a whole.
 *
 * @param force whether a run of another configuration, or an unfinished one, may be replaced; the earlier folder is there
 * again when the fit fails before its first checkpoint
 * @throws `FILE_WRITE`
 */
export async function beginRun(dir: string, run: NewRun, { force = false } = {}): Promise<RunFolder> {
  const root = resolve(dir);
  const place = await placeOf(dir, run, force);
  if (place === "same") return repeated(root);
  const placed = await placeFolder(dir, place === "taken" ? "folder" : "nothing", async (partial) => {
    const manifest: UnfinishedManifest = { ...run.start, unfinished: run.unfinished };
    await writeJson(partial, "config.json", run.config);
    await writeJson(partial, "manifest.json", manifest);
  });
  const folder = underWay(root, run);
  let settled = false;
  const settle = async (): Promise<void> => {
    settled = true;
    await placed.keep();
  };
  return {
    ...folder,
    finish: (manifest) => folder.finish(manifest).then(settle),
    stop: (stopped) => folder.stop(stopped).then(settle),
    async abandon() {
      if (settled) return false;
      const goesOn = await folder.abandon();
      await (goesOn ? placed.keep() : placed.undo());
      return goesOn;
    },
  };
}

/**
 * Reads the folder of an interrupted fit.
 *
 * @throws `RUN_NOT_FOUND`, `RUN_FINISHED`, `ARTIFACT_VERSION`, `ARTIFACT_CORRUPT`
 */
export async function reopenRun(dir: string): Promise<NewRun & { readonly folder: RunFolder }> {
  const manifest = await readManifest(dir);
  if (!isUnfinished(manifest)) {
    const { kind, step } = manifest.outcome;
    throw failure("RUN_FINISHED", `${dir}: the run in it has finished (${kind} at step ${step})`, {
      path: dir,
      hint: `there is nothing left to do; its results lie in ${dir}`,
    });
  }
  const config = await readJson<Config>(dir, "config.json");
  const { unfinished, outcome, steps, ...start } = manifest;
  const whole = typeof unfinished?.startedIn === "string" && isObject(unfinished.config);
  if (!whole || typeof start.dataset?.fingerprint !== "string") throw damaged(dir, "manifest.json");
  if (!isObject(config)) throw damaged(dir, "config.json");
  const run = { config, start, unfinished };
  return { ...run, folder: underWay(resolve(dir), run) };
}

function damaged(dir: string, name: string): Error {
  const path = join(dir, name);
  return failure("ARTIFACT_CORRUPT", `${path} is damaged: it does not hold what a fit writes there`, {
    path,
    hint: "put it back as it was, or begin the run again",
  });
}

/** A fit whose manifest says that it is unfinished. */
function underWay(root: string, { start, unfinished }: NewRun): RunFolder {
  const checkpoints = join(root, CHECKPOINTS);
  const put = async (fill: (partial: string) => Promise<void>): Promise<void> => {
    const there = await readManifest(root);
    // Two runs must not be mixed: the folder is no longer that of this fit when another was begun there by force.
    if (there.runId !== start.runId || there.createdAt !== start.createdAt) {
      fail("FILE_WRITE", `${root}: another fit was begun there meanwhile`, {
        path: root,
        hint: "name another folder with --out for one of the two",
      });
    }
    await fillFolder(root, fill);
  };
  return {
    checkpoints,
    write: (run) => put((partial) => writeRunFiles(partial, run)),
    async finish(manifest) {
      await put((partial) => writeJson(partial, "manifest.json", manifest));
      // The run is whole; what cannot be removed takes space and nothing else.
      await Promise.allSettled([
        clearLeftovers(root),
        clearLeftovers(dirname(root), `${basename(root)}.partial-`),
        rm(checkpoints, { recursive: true, force: true }),
      ]);
    },
    async stop({ manifest, history }) {
      const stopped: UnfinishedManifest = { ...manifest, unfinished };
      await put(async (partial) => {
        await writeFile(join(partial, HISTORY), historyLines(history));
        await writeJson(partial, "manifest.json", stopped);
      });
    },
    async abandon() {
      const files = await readdir(checkpoints).catch(() => []);
      return files.some((name) => name.endsWith(".dsn"));
    },
  };
}

/** A finished run that is repeated: the same bits again. */
function repeated(root: string): RunFolder {
  return {
    checkpoints: undefined,
    write: (run) => fillFolder(root, (partial) => writeRunFiles(partial, run)),
    finish: (manifest) => fillFolder(root, (partial) => writeJson(partial, "manifest.json", manifest)),
    stop: async () => {},
    abandon: async () => false,
  };
}

/** What lies where a run is to begin. Throws `FILE_WRITE` where that is worth more than its place. */
async function placeOf(dir: string, { config, start }: NewRun, force: boolean): Promise<"free" | "taken" | "same"> {
  await checkRunTarget(dir);
  if (!existsSync(join(dir, "manifest.json"))) return "free";
  if (force) return "taken";
  const there = await readManifest(dir);
  const same = there.runId === start.runId;
  if (same && !isUnfinished(there)) return "same";
  const changed = differences(await readJson<Config>(dir, "config.json"), config);
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
