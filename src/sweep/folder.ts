// The folder of a sweep: `sweep.json` (its trials), `ledger.jsonl` (what became of them), a run folder for each finished trial, and
// hidden what is under way.
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail, failure } from "../errors.js";
import { behindLink, clearLeftovers, unwritable, writeFileAtomic } from "../files.js";
import { readStudy } from "../reproduce/kept.js";
import { isUnfinished, jsonText, readManifest } from "../results.js";
import type { CheckedSweep } from "./config.js";
import { ENDED, type Ledger, stateOf } from "./ledger.js";
import type { Code, SweepTrial } from "./planned.js";

const FORMAT = 1;
const FILE = "sweep.json";
const WORK = ".work";

/** `sweep.json`: the trials of the sweep as it was last started, and those of earlier plans. */
export interface SweepFile {
  readonly format: 1;
  readonly name?: string;
  readonly metric: CheckedSweep["metric"];
  readonly halving?: CheckedSweep["halving"];
  readonly seeds: readonly number[];
  readonly axes: readonly string[];
  readonly code: Code;
  /** Where it was started: paths of data begin there. */
  readonly startedIn: string;
  readonly trials: readonly SweepTrial[];
  /** Trials that the folder knows and the last plan does not, with the code that they are of. */
  readonly earlier: readonly (SweepTrial & { readonly code: Code })[];
}

/** All trials that a folder knows, each with its code. */
export function knownIn({ trials, earlier, code }: SweepFile): SweepFile["earlier"] {
  return [...trials.map((trial) => ({ ...trial, code })), ...earlier];
}

/** Reads `sweep.json`; nothing where there is none. Throws `ARTIFACT_CORRUPT`, `ARTIFACT_VERSION`. */
export async function readSweepFile(dir: string): Promise<SweepFile | undefined> {
  const path = join(dir, FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw failure("DATA_NOT_FOUND", `cannot read ${path}: ${error.message}`, { path, cause: error });
  });
  if (text === undefined) return undefined;
  const found = parsed(path, text);
  if (found.format > FORMAT) {
    fail("ARTIFACT_VERSION", `${path}: a sweep of format ${found.format}, this version reads up to ${FORMAT}`, {
      path,
      hint: "install the version that wrote it, or a newer one",
    });
  }
  return found;
}

/** The same where there must be one. Throws `RUN_NOT_FOUND` too. */
export async function knownSweep(dir: string): Promise<SweepFile> {
  const found = await readSweepFile(dir);
  if (found !== undefined) return found;
  return fail("RUN_NOT_FOUND", `${dir}: no sweep was begun there`, {
    path: dir,
    hint: "begin it with `disentangle sweep FILE`, or name its folder with --out",
  });
}

function parsed(path: string, text: string): SweepFile {
  try {
    const value = JSON.parse(text) as SweepFile;
    if (typeof value.format === "number" && Array.isArray(value.trials) && Array.isArray(value.earlier)) return value;
  } catch {
    // Told as every other text that is no sweep.
  }
  return fail("ARTIFACT_CORRUPT", `${path} is damaged: it does not hold what a sweep writes there`, {
    path,
    hint: "remove this file and start the sweep again: finished trials are found in their folders",
  });
}

/** Writes `sweep.json`, whole or not at all. */
export async function writeSweepFile(dir: string, file: SweepFile): Promise<void> {
  await writeFileAtomic(join(dir, FILE), jsonText(file));
}

/** Throws `FILE_WRITE` where a folder holds something else than a sweep. */
export async function checkSweepTarget(dir: string): Promise<void> {
  const hint = "name a folder that does not exist yet, or that of an earlier sweep";
  if (dir.trim() === "") fail("FILE_WRITE", "the folder of the sweep has an empty name", { path: dir, hint });
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw failure("FILE_WRITE", `${dir}: cannot be the folder of a sweep: ${error.message}`, {
      path: dir,
      hint,
      cause: error,
    });
  });
  const seen = names.filter((name) => !name.startsWith(".") && name !== "lost+found");
  // Of one that another process is about to begin there are the data and what is hidden.
  if (seen.length > 0 && ![FILE, "ledger.jsonl", WORK].some((name) => (names as readonly string[]).includes(name)))
    fail("FILE_WRITE", `${dir}: exists and is not the folder of a sweep`, { path: dir, hint });
}

/** Where a finished trial lies. */
export function trialFolder(dir: string, id: string): string {
  return join(dir, id);
}

/** Where all attempts work. */
export function workRoot(dir: string): string {
  return join(dir, WORK);
}

/** Where an attempt works: nobody else writes there, whoever takes the trial over works elsewhere. */
export function workFolder(dir: string, id: string, epoch: number): string {
  return join(workRoot(dir), `${id}.${epoch}`);
}

/** Where the work of an earlier attempt is copied to before it is that of this one. */
export function partialFolder(attempt: string): string {
  return `${attempt}.partial`;
}

/** Where a coordinator puts what came from another machine: of several on one folder each has a copy of its own. */
export function copyFolder(dir: string, id: string, epoch: number): string {
  return `${workFolder(dir, id, epoch)}.${randomBytes(4).toString("hex")}`;
}

/**
 * Moves what an attempt finished from where it lies to the place of its trial. Can be repeated from any point. Tells whether it was moved:
 * else it was moved before, or something lies there from elsewhere.
 */
export async function settleTrial(dir: string, id: string, from: string): Promise<boolean> {
  try {
    await rename(from, trialFolder(dir, id));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    return false;
  }
}

/** Removes what attempts at a trial left behind. */
export async function clearAttempts(dir: string, id: string, epochs: readonly number[]): Promise<void> {
  for (const epoch of epochs) {
    const attempt = workFolder(dir, id, epoch);
    await clearFolder(attempt);
    await clearFolder(partialFolder(attempt));
  }
}

/** Removes one folder of an attempt, as far as that can be done. */
export async function clearFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

/**
 * Puts every trial that the ledger calls done in its place, and removes what is left of trials that have ended. The line comes before
 * the move: whoever wrote it may be about to move the folder, or be gone.
 */
export async function settleDone(
  dir: string,
  trials: readonly { readonly id: string }[],
  ledger: Pick<Ledger, "states">,
): Promise<void> {
  const attempts = await attemptsIn(dir);
  if (attempts.size === 0) return;
  for (const { id } of trials) {
    const { state, epoch } = stateOf(ledger, id);
    if (!ENDED.has(state)) continue;
    const left = attempts.get(id) ?? [];
    const finished = left.filter((one) => one.epoch === epoch && !one.partial);
    if (state === "done") for (const { folder } of finished) await settleTrial(dir, id, folder);
    for (const { folder } of left) await clearFolder(folder);
  }
}

interface Attempt {
  readonly epoch: number;
  readonly folder: string;
  /** A copy that was not finished: its process was killed. */
  readonly partial: boolean;
}

/** What attempts left behind, by trial. */
async function attemptsIn(dir: string): Promise<ReadonlyMap<string, readonly Attempt[]>> {
  const found = new Map<string, Attempt[]>();
  for (const name of await readdir(workRoot(dir)).catch(() => [])) {
    const [, id, epoch, rest] = /^(.+?)\.(\d+)(\.[0-9a-f]{8}|\.partial)?$/.exec(name) ?? [];
    if (id === undefined) continue;
    const attempt = { epoch: Number(epoch), folder: join(workRoot(dir), name), partial: rest === ".partial" };
    found.set(id, [...(found.get(id) ?? []), attempt]);
  }
  return found;
}

/** Makes the folder, where a link leads to it also there, and what is hidden in it. Throws `FILE_WRITE`. */
export async function makeSweepFolder(dir: string): Promise<void> {
  await mkdir(workRoot(await behindLink(dir)), { recursive: true }).catch((error: unknown) => {
    throw unwritable(dir, error);
  });
  await clearWork(dir);
}

/** Removes what killed processes left half made where attempts work. */
export async function clearWork(dir: string): Promise<void> {
  await clearLeftovers(workRoot(dir));
}

/** Of these trials, those whose folders hold a finished run. */
export async function finishedIn(dir: string, ids: ReadonlySet<string>): Promise<readonly string[]> {
  const names = await readdir(dir).catch(() => []);
  const found: string[] = [];
  for (const name of names) {
    if (!ids.has(name)) continue;
    if (await isWhole(trialFolder(dir, name))) found.push(name);
  }
  return found;
}

/**
 * Whether a folder holds a finished run, or what was kept of one.
 *
 * @param id of the trial. Default: what the folder is called after
 */
export async function isWhole(folder: string, id?: string): Promise<boolean> {
  if ((await readStudy(folder, id)) !== undefined) return true;
  const manifest = await readManifest(folder).catch(() => undefined);
  return manifest !== undefined && !isUnfinished(manifest);
}
