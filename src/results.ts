// Run folders: plain files, greppable and syncable. A saved model is a run folder; a sweep is a folder of run folders.
import { createHash, randomUUID } from "node:crypto";
import { type Dirent, existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { checkArgument, FOLDER } from "./arguments.js";
import { resumeCommand } from "./command-line.js";
import { fail, failure } from "./errors.js";
import { behindLink, checkWritable, discard, isTemporary, unwritable } from "./files.js";
import type { History, Scores, Summary } from "./generated/types.js";
import { historyLines, parseHistory } from "./history.js";
import { type NpyValues, npyParts } from "./npy.js";
import { isBookkeeping, namesIn, ownFolder } from "./owned-folder.js";
import type { NamedArray, RunRecord } from "./record.js";
import {
  isUnfinished,
  MODEL,
  RUN_ENTRIES,
  type RunManifest,
  type RunStart,
  type Unfinished,
  type UnfinishedManifest,
  type Versioned,
} from "./run-manifest.js";
import { damaged, digestOf, type RunVersion, readManifestOf, readVersion, SCORES } from "./run-version.js";
import { digestWork, silenceWork } from "./silence.js";
import { byTurns } from "./turns.js";

export { isUnfinished, MODEL, type RunManifest, type RunStart, type Unfinished, type UnfinishedManifest };

/** A finished fit as plain data: all of a run folder. */
export interface Run extends RunRecord {
  readonly manifest: RunManifest;
  /** Latents of the kept rows, in the order of the data set. */
  readonly latents: NamedArray;
  /** Their private variables, of a method that sets such apart. */
  readonly private?: NamedArray;
  /** Index in the data set of each kept row. */
  readonly rows: Uint32Array;
  /** Per kept row: 0 train, 1 validation, 2 test. */
  readonly split: Uint8Array;
  /** The model's bytes. */
  readonly model: Uint8Array;
}

/** A fit that was stopped. */
export type StoppedRun = Pick<Run, "config" | "manifest" | "history">;

/** Where the loss curves lie in their run folder. */
export const HISTORY = "metrics.jsonl";
/** What the first version left behind where it was killed. */
function isLeftover(name: string): boolean {
  return /^\..+\.partial-[0-9a-f]{8}$/.test(name);
}

const PRIVATE = "private.npy";

const NAME_A_FOLDER = "name a folder that does not exist yet, or that holds an earlier run";

/** Identity of a run: the same configuration on the same data by the same version has the same id. */
export function runIdOf(config: unknown, fingerprint: string, version: string): string {
  return createHash("sha256").update(canonicalJson({ config, fingerprint, version })).digest("hex");
}

/** JSON with sorted keys, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Files of a version of a run folder that is being written, with their digests for its manifest. */
export interface RunWriter {
  put(name: string, content: string | readonly Uint8Array[]): Promise<void>;
  /** SHA-256 by name, of what was put. */
  readonly files: Readonly<Record<string, string>>;
}

/** Writes into a folder that somebody is about to commit, which makes its files durable; keeps count of them. */
export function runWriter(dir: string): RunWriter {
  const files: Record<string, string> = {};
  return {
    files,
    async put(name, content) {
      const parts = typeof content === "string" ? [Buffer.from(content)] : content;
      const path = join(dir, name);
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, parts);
      } catch (error) {
        // Of a file that only adds to a run the run is finished without it: half of it must not be there.
        await discard(path);
        throw unwritable(path, error);
      }
      files[name.replaceAll("\\", "/")] = await digestOf(parts);
    },
  };
}

// How long a save waits for one that is under way.
const PATIENCE_MS = 20_000;
const saves = new Map<string, Promise<void>>();

/**
 * Writes a run folder, whole or not at all.
 *
 * An earlier folder of this name is replaced when it holds a run; anything else is left alone and `FILE_WRITE` thrown. Of several
 * that are written at once each is there whole for a moment, and the last one stays.
 */
export async function writeRun(dir: string, run: Run): Promise<void> {
  const place = await behindLink(dir);
  const before = saves.get(place) ?? Promise.resolve();
  const save = before.catch(() => {}).then(() => writeRunAlone(dir, run));
  saves.set(place, save);
  try {
    await save;
  } finally {
    if (saves.get(place) === save) saves.delete(place);
  }
}

async function writeRunAlone(dir: string, run: Run): Promise<void> {
  await checkRunTarget(dir);
  const owned = await ownFolder(dir, "save", { waitMs: PATIENCE_MS });
  try {
    await checkRunTarget(dir);
    await owned.commit(async (partial) => {
      const writer = runWriter(partial);
      await putRunFiles(writer, run);
      return putManifest(writer, owned.root, run.manifest);
    });
  } finally {
    await owned.release();
  }
}

/** Writes the manifest of a whole run, last of its files. Gives what earlier runs have left in the folder. */
export async function putManifest(
  writer: RunWriter,
  root: string,
  manifest: RunManifest | UnfinishedManifest,
): Promise<readonly string[]> {
  const { files } = writer;
  await writer.put("manifest.json", jsonText({ ...manifest, save: randomUUID(), files: { ...files } }));
  return staleIn(root, Object.keys(files));
}

/** What earlier runs have left in a run folder, beside what is kept. What somebody else put there is theirs and stays. */
export async function staleIn(root: string, kept: readonly string[]): Promise<readonly string[]> {
  const own = new Set(kept.map((name) => name.split(/[\\/]/)[0]));
  const stale = (await namesIn(root)).filter((name) => !own.has(name) && (RUN_ENTRIES.has(name) || isLeftover(name)));
  // Of the folder of the model its file alone.
  return stale.map((name) => (name === dirname(MODEL) ? MODEL : name));
}

/** Writes what a fit has given: all but the manifest, which makes a run of it, and what is made of a run later. */
export async function putRunFiles({ put }: RunWriter, run: Run): Promise<void> {
  const array = (name: string, shape: readonly number[], values: NpyValues): Promise<void> =>
    put(name, npyParts(shape, values));
  await put("config.json", jsonText(run.config));
  await put("summary.json", jsonText(run.summary));
  if (run.summary.graph !== undefined) await put("graph.json", jsonText(run.summary.graph));
  await put(HISTORY, historyLines(run.history));
  await put(MODEL, [run.model]);
  if (run.scores !== undefined) await put(SCORES, jsonText(run.scores));
  await array("latents.npy", run.latents.shape, run.latents.data);
  if (run.private !== undefined) await array(PRIVATE, run.private.shape, run.private.data);
  await array("rows.npy", [run.rows.length], run.rows);
  await array("split.npy", [run.split.length], run.split);
  if (run.summary.silence !== undefined) {
    const { silent, probability, shape } = await byTurns(silenceWork(run.latents, run.summary));
    await array("silent.npy", shape, silent);
    await array("silence-probability.npy", shape, probability);
  }
}

/** A value as people can read it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Adds files to the folder of a finished run, such as its scores; a file of the same name is replaced.
 *
 * @throws `RUN_BUSY`, `FILE_WRITE`, also where another run has taken its place meanwhile
 */
export async function addToRun(
  { dir, manifest }: { readonly dir: string; readonly manifest: RunManifest },
  added: Readonly<Record<string, string>>,
): Promise<void> {
  // Read-only folders and full disks are known without leaving anything there.
  await checkWritable(dir);
  const owned = await ownFolder(dir, "add to a run", { waitMs: 1000 });
  try {
    const there = await readManifest(owned.root);
    if (isUnfinished(there) || there.runId !== manifest.runId || there.createdAt !== manifest.createdAt) {
      fail("FILE_WRITE", `${dir}: another run has taken its place meanwhile`, {
        path: dir,
        hint: "run the command again for the run that lies there now",
      });
    }
    await owned.commit(async (partial) => {
      const writer = runWriter(partial);
      for (const [name, text] of Object.entries(added)) await writer.put(name, text);
      const { files } = there as Versioned;
      // A run of the first version lists no files; it stays as it is.
      if (files !== undefined)
        await writer.put("manifest.json", jsonText({ ...there, files: { ...files, ...writer.files } }));
      return [];
    });
  } finally {
    await owned.release();
  }
}

/** Throws `FILE_WRITE` when `dir` holds anything but a run, which is never replaced, and when it cannot be written. */
export async function checkRunTarget(dir: string): Promise<void> {
  // An empty path would resolve to the current folder, and replace it.
  if (dir.trim() === "") fail("FILE_WRITE", "the run folder has an empty name", { path: dir, hint: NAME_A_FOLDER });
  const names = await namesIn(await behindLink(dir)).catch((error: NodeJS.ErrnoException) => {
    throw failure("FILE_WRITE", `${dir}: cannot be a run folder: ${error.message}`, {
      path: dir,
      hint: NAME_A_FOLDER,
      cause: error,
    });
  });
  const entries = names.filter((name) => !isBookkeeping(name) && !isLeftover(name) && !isTemporary(name));
  const foreign = entries.find((entry) => !RUN_ENTRIES.has(entry));
  if (foreign !== undefined || (entries.length > 0 && !entries.includes("manifest.json"))) {
    const what =
      foreign === undefined ? "exists and is not a run folder" : `holds ${foreign}, which is no part of a run`;
    fail("FILE_WRITE", `${dir}: ${what}`, { path: dir, hint: NAME_A_FOLDER });
  }
  await checkWritable(dir);
}

/**
 * Reads what a run folder says about its run.
 *
 * @throws `RUN_NOT_FOUND` when it is no run folder or its run did not finish, `ARTIFACT_VERSION`, `ARTIFACT_CORRUPT`
 */
export async function readRun(dir: string): Promise<RunRecord> {
  checkArgument("dir", dir, FOLDER, "a run folder is what `model.save(dir)` and `disentangle fit --out DIR` write");
  return readRecord(dir);
}

/**
 * Reads the runs of a sweep: of all run folders up to three levels below `dir` whose runs have finished, in order of name; of
 * `dir` itself when it is one.
 *
 * @throws as `readRun`; `RUN_NOT_FOUND` also when none has finished
 */
export async function readRuns(dir: string): Promise<readonly RunRecord[]> {
  checkArgument("dir", dir, FOLDER, "name a run folder, or a folder of run folders");
  return readRecords((await sweepOf(dir)).finished);
}

/** Reads what run folders say about their runs, in order. Throws as `readRun`. */
export async function readRecords(folders: readonly string[]): Promise<readonly FinishedRecord[]> {
  const records: FinishedRecord[] = [];
  // One after the other: a sweep may hold more files than a process may open.
  for (const folder of folders) records.push(await readRecord(folder));
  return records;
}

/** The run folders of a sweep. */
export interface Sweep {
  readonly finished: readonly string[];
  readonly unfinished: readonly string[];
}

/** The run folders in `dir`, by whether their runs have finished; `dir` itself where it is one. Throws as `readRuns`. */
export async function sweepOf(dir: string): Promise<Sweep> {
  const folders = await runFolders(dir);
  // What was named itself tells why it cannot be read.
  if (folders[0] === dir) return { finished: folders, unfinished: [] };
  const unfinished = await unfinishedOf(folders);
  if (unfinished.length === folders.length) {
    fail("RUN_NOT_FOUND", `${dir}: none of the ${folders.length} runs in it has finished`, {
      path: dir,
      hint: `go on with them, for example: ${resumeCommand(folders[0]!)}`,
    });
  }
  return { finished: folders.filter((folder) => !unfinished.includes(folder)), unfinished };
}

/** The run folders in `dir` whose runs have not finished. */
export async function unfinishedRuns(dir: string): Promise<readonly string[]> {
  return unfinishedOf(await runFolders(dir));
}

async function unfinishedOf(folders: readonly string[]): Promise<readonly string[]> {
  const unfinished: string[] = [];
  for (const folder of folders) if (isUnfinished(await readManifest(folder))) unfinished.push(folder);
  return unfinished;
}

/**
 * Reads all of a run folder, the model's bytes and the latents too. Throws as `readRun`.
 *
 * @param options `scores: false` for whoever makes them again: what is wrong with those that are there is then no hindrance
 */
export async function readRunFolder(
  dir: string,
  { scores = true }: { readonly scores?: boolean } = {},
): Promise<Run & { readonly dir: string }> {
  return readVersion(rootOf(dir), async (version) => {
    const record = await recordOf(version, { scores, silence: false });
    const latents = await latentsOf(version, record.summary);
    const { private: own } = record.summary;
    return {
      ...record,
      latents,
      ...(own && { private: await tableOf(version, PRIVATE, own.names) }),
      rows: (await version.array("rows.npy", Uint32Array)).values,
      split: (await version.array("split.npy", Uint8Array)).values,
      model: await version.bytes(MODEL),
    };
  });
}

/** What a model alone needs of its run folder. */
export type ModelFiles = Pick<Run, "config" | "manifest" | "history" | "summary" | "model" | "dir">;

/** Reads the model and what is said of it, but nothing that is as long as the data. Throws as `readRun`. */
export async function readModelFiles(dir: string): Promise<ModelFiles> {
  return readVersion(rootOf(dir), async (version) => {
    const { dir, config, manifest, history, summary } = await recordOf(version, { scores: false, silence: false });
    return { dir, config, manifest, history, summary, model: await version.bytes(MODEL) };
  });
}

/** The record of a run folder. */
export type FinishedRecord = RunRecord & { readonly dir: string; readonly manifest: RunManifest };

function readRecord(dir: string): Promise<FinishedRecord> {
  return readVersion(rootOf(dir), recordOf);
}

/** The run folder that a path names; a model may be named by its own folder in it. */
export function rootOf(dir: string): string {
  return basename(dir) === "model" && existsSync(join(dir, "model.bin")) ? dirname(resolve(dir)) : dir;
}

async function recordOf(version: RunVersion, { scores = true, silence = true } = {}): Promise<FinishedRecord> {
  const { root, manifest } = version;
  if (isUnfinished(manifest)) {
    const { outcome } = manifest;
    const state = outcome === undefined ? "it runs, or was killed" : `${outcome.kind} at step ${outcome.step}`;
    fail("RUN_NOT_FOUND", `${root}: the run in it did not finish (${state})`, {
      path: root,
      hint: `go on with it: ${resumeCommand(root)}`,
    });
  }
  const config = await version.json<Run["config"]>("config.json");
  const summary = await version.json<Summary>("summary.json");
  const metrics = (await version.bytes(HISTORY)).toString("utf8");
  const found = scores && (await version.has(SCORES)) ? await version.json<Scores>(SCORES) : undefined;
  const isSilent = silence && summary.silence !== undefined && (await version.has("latents.npy"));
  return {
    dir: root,
    config,
    manifest,
    summary,
    history: readHistory(join(root, HISTORY), metrics),
    ...(found !== undefined && { scores: found }),
    ...(isSilent && { silence: await byTurns(digestWork(await latentsOf(version, summary), summary.silence!)) }),
  };
}

function latentsOf(version: RunVersion, { latents }: Summary): Promise<NamedArray> {
  return tableOf(version, "latents.npy", latents.names);
}

async function tableOf(version: RunVersion, file: string, names: readonly string[]): Promise<NamedArray> {
  const { values, shape } = await version.array(file, Float32Array);
  const [rows = 0, columns = 0] = shape;
  return { data: values, shape: [rows, columns], columns: names };
}

/** The run folders in `dir`: itself, or those up to three levels below it, in order of name. */
export async function runFolders(dir: string): Promise<readonly string[]> {
  if ((await namesIn(dir).catch(unreadable)).includes("manifest.json")) return [dir];
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    return unreadable(error);
  });
  const found = await runFoldersAmong(dir, entries, LEVELS);
  if (found.length === 0) {
    fail("RUN_NOT_FOUND", `${dir}: neither a run folder nor a folder of run folders`, {
      path: dir,
      hint: "a run folder is what `disentangle fit --out DIR` writes",
    });
  }
  return found;

  function unreadable(error: NodeJS.ErrnoException): never {
    throw failure("DATA_NOT_FOUND", `${dir}: cannot be read: ${error.message}`, {
      path: dir,
      hint: "make it readable, or name another folder",
      cause: error,
    });
  }
}

/** How far down runs are looked for: as in `runs/METHOD/SEED`, and one folder more. */
const LEVELS = 3;

/** The run folders among these entries of a folder and below them; what is inside a run is not looked at. */
async function runFoldersAmong(dir: string, entries: readonly Dirent[], levels: number): Promise<readonly string[]> {
  const folders = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith("."));
  const found: string[] = [];
  for (const entry of folders.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const folder = join(dir, entry.name);
    if ((await namesIn(folder).catch((): readonly string[] => [])).includes("manifest.json")) found.push(folder);
    // A link may lead back up, so that only real folders are entered.
    else if (levels > 1 && entry.isDirectory()) {
      const inner = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
      found.push(...(await runFoldersAmong(folder, inner, levels - 1)));
    }
  }
  return found;
}

function readHistory(path: string, text: string): History {
  try {
    return parseHistory(text);
  } catch (error) {
    throw damaged(path, error);
  }
}

/** Reads `manifest.json`. Throws `RUN_NOT_FOUND`, `ARTIFACT_VERSION`, `ARTIFACT_CORRUPT`. */
export async function readManifest(dir: string): Promise<Versioned> {
  return (await readManifestOf(dir)).manifest;
}
