// Run folders: plain files, greppable and syncable. A saved model is a run folder; a sweep is a folder of run folders.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { resumeCommand } from "./command-line.js";
import { fail, failure } from "./errors.js";
import { checkWritable, isLeftover, replaceFolder } from "./files.js";
import type { History, Outcome, Scores, Summary } from "./generated/types.js";
import { historyLines, parseHistory } from "./history.js";
import { native } from "./native.js";
import type { Manifest, NamedArray, RunRecord } from "./record.js";
import { latentSilence, silenceDigest } from "./silence.js";

/** What `manifest.json` holds: it alone of all files of a run says anything about time. */
export interface RunManifest extends Manifest {
  /** ISO 8601, UTC: when it began, also where it was resumed. */
  readonly createdAt: string;
  /** Milliseconds of training; those of a process that was killed are not known and not counted. */
  readonly elapsedMs: number;
}

/** What is known of a run before it has trained. */
export type RunStart = Omit<RunManifest, "outcome" | "steps">;

/** What is needed to resume a run, and not once it has finished. */
export interface Unfinished {
  /** The folder in which the fit was started: relative paths of the configuration begin there. */
  readonly startedIn: string;
  /** The configuration as it was then; `config.json` must still say the same. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Gradient steps between checkpoints, where a number was given. */
  readonly checkpointEvery?: number;
  /** Whether a report is wanted. */
  readonly report: boolean;
}

/** `manifest.json` of a run that has not ended by itself: with an outcome it was stopped, without it runs or was killed. */
export interface UnfinishedManifest extends RunStart {
  readonly outcome?: Outcome;
  readonly steps?: number;
  readonly unfinished: Unfinished;
}

/** A finished fit as plain data: all of a run folder. */
export interface Run extends RunRecord {
  readonly manifest: RunManifest;
  /** Latents of the kept rows, in the order of the data set. */
  readonly latents: NamedArray;
  /** Index in the data set of each kept row. */
  readonly rows: Uint32Array;
  /** Per kept row: 0 train, 1 validation, 2 test. */
  readonly split: Uint8Array;
  /** The model's bytes. */
  readonly model: Uint8Array;
}

/** A fit that was stopped. */
export type StoppedRun = Pick<Run, "config" | "manifest" | "history">;

const FORMAT = 1;
/** Where the loss curves lie in their run folder. */
export const HISTORY = "metrics.jsonl";
/** Where the model lies in its run folder. */
export const MODEL = join("model", "model.bin");
/** All that a run folder can hold, at its top. */
const RUN_ENTRIES: ReadonlySet<string> = new Set([
  "checkpoint",
  "config.json",
  "manifest.json",
  "metrics.jsonl",
  "summary.json",
  "model",
  "latents.npy",
  "silent.npy",
  "silence-probability.npy",
  "rows.npy",
  "split.npy",
  "scores.json",
  "graph.json",
  "pc-graph.json",
  "report.html",
  "report.md",
  "report.json",
]);

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

/**
 * Writes a run folder: into a temporary sibling first, which then takes the name, so a crash leaves nothing half written.
 *
 * An earlier folder of this name is replaced when it holds a run; anything else is left alone and `FILE_WRITE` thrown.
 */
export async function writeRun(dir: string, run: Run): Promise<void> {
  await checkRunTarget(dir);
  await replaceFolder(dir, async (partial) => {
    await writeRunFiles(partial, run);
    await writeJson(partial, "manifest.json", run.manifest);
    if (run.scores !== undefined) await writeJson(partial, "scores.json", run.scores);
  });
}

/** Writes what a fit has given: all but the manifest, which makes a run of it, and what is made of a run later. */
export async function writeRunFiles(dir: string, run: Run): Promise<void> {
  await mkdir(join(dir, "model"));
  await Promise.all([
    writeJson(dir, "config.json", run.config),
    writeJson(dir, "summary.json", run.summary),
    ...(run.summary.graph === undefined ? [] : [writeJson(dir, "graph.json", run.summary.graph)]),
    writeFile(join(dir, HISTORY), historyLines(run.history), { flush: true }),
    writeFile(join(dir, MODEL), run.model, { flush: true }),
  ]);
  native().npyWrite(join(dir, "latents.npy"), { shape: [...run.latents.shape], data: run.latents.data });
  native().npyWrite(join(dir, "rows.npy"), { shape: [run.rows.length], data: run.rows });
  native().npyWrite(join(dir, "split.npy"), { shape: [run.split.length], data: run.split });
  if (run.summary.silence !== undefined) {
    const { silent, probability, shape } = latentSilence(run.latents, run.summary);
    native().npyWrite(join(dir, "silent.npy"), { shape: [...shape], data: silent });
    native().npyWrite(join(dir, "silence-probability.npy"), { shape: [...shape], data: probability });
  }
}

/** Writes a value as people can read it. */
export async function writeJson(dir: string, name: string, value: unknown): Promise<void> {
  await writeFile(join(dir, name), `${JSON.stringify(value, null, 2)}\n`, { flush: true });
}

/** Throws `FILE_WRITE` when `dir` holds anything but a run, which is never replaced, and when it cannot be written. */
export async function checkRunTarget(dir: string): Promise<void> {
  // An empty path would resolve to the current folder, and replace it.
  if (dir.trim() === "") fail("FILE_WRITE", "the run folder has an empty name", { path: dir, hint: NAME_A_FOLDER });
  const entries = await readdir(resolve(dir)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [] as string[];
    const what = error.code === "ENOTDIR" ? "it is a file, or lies in one" : error.message;
    throw failure("FILE_WRITE", `${dir}: cannot be a run folder: ${what}`, {
      path: dir,
      hint: NAME_A_FOLDER,
      cause: error,
    });
  });
  const foreign = entries.find((entry) => !RUN_ENTRIES.has(entry) && !isLeftover(entry));
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
  return readRecord(dir);
}

/**
 * Reads the runs of a sweep: of all run folders in `dir` whose runs have finished, in order of name; of `dir` itself when
 * it is one.
 *
 * @throws as `readRun`; `RUN_NOT_FOUND` also when none has finished
 */
export async function readRuns(dir: string): Promise<readonly RunRecord[]> {
  const folders = await runFolders(dir);
  if (folders[0] === dir) return [await readRecord(dir)];
  const left = new Set(await unfinishedRuns(dir));
  if (left.size === folders.length) {
    fail("RUN_NOT_FOUND", `${dir}: none of the ${folders.length} runs in it has finished`, {
      path: dir,
      hint: `go on with them, for example: ${resumeCommand(folders[0]!)}`,
    });
  }
  return Promise.all(folders.filter((folder) => !left.has(folder)).map(readRecord));
}

/** The run folders in `dir` whose runs have not finished. */
export async function unfinishedRuns(dir: string): Promise<readonly string[]> {
  const folders = await runFolders(dir);
  const manifests = await Promise.all(folders.map(readManifest));
  return folders.filter((_, i) => isUnfinished(manifests[i]!));
}

/** Reads all of a run folder, the model's bytes and the latents too. Throws as `readRun`. */
export async function readRunFolder(dir: string): Promise<Run & { readonly dir: string }> {
  const record = await readRecord(dir);
  return {
    ...record,
    latents: readLatents(record.dir, record.summary),
    rows: Uint32Array.from(native().npyRead(join(record.dir, "rows.npy")).data),
    split: Uint8Array.from(native().npyRead(join(record.dir, "split.npy")).data),
    model: await readBytes(record.dir, MODEL),
  };
}

async function readRecord(dir: string): Promise<RunRecord & { readonly dir: string; readonly manifest: RunManifest }> {
  const root = basename(dir) === "model" && existsSync(join(dir, "model.bin")) ? dirname(resolve(dir)) : dir;
  const manifest = await readManifest(root);
  if (isUnfinished(manifest)) {
    const { outcome } = manifest;
    const state = outcome === undefined ? "it runs, or was killed" : `${outcome.kind} at step ${outcome.step}`;
    fail("RUN_NOT_FOUND", `${root}: the run in it did not finish (${state})`, {
      path: root,
      hint: `go on with it: ${resumeCommand(root)}`,
    });
  }
  const [config, summary, metrics] = await Promise.all([
    readJson<Run["config"]>(root, "config.json"),
    readJson<Summary>(root, "summary.json"),
    readText(root, HISTORY),
  ]);
  const scores = existsSync(join(root, "scores.json")) ? await readJson<Scores>(root, "scores.json") : undefined;
  return {
    dir: root,
    config,
    manifest,
    summary,
    history: readHistory(join(root, HISTORY), metrics),
    ...(scores !== undefined && { scores }),
    ...(summary.silence !== undefined &&
      existsSync(join(root, "latents.npy")) && { silence: silenceDigest(readLatents(root, summary), summary.silence) }),
  };
}

function readLatents(dir: string, { latents }: Summary): NamedArray {
  const { data, shape } = native().npyRead(join(dir, "latents.npy"));
  const [rows = 0, columns = 0] = shape;
  return { data, shape: [rows, columns], columns: latents.names };
}

/** The run folders in `dir`: itself, or its children in order of name. */
export async function runFolders(dir: string): Promise<readonly string[]> {
  if (existsSync(join(dir, "manifest.json"))) return [dir];
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const found = entries
    .filter(
      (entry) =>
        entry.isDirectory() && !entry.name.startsWith(".") && existsSync(join(dir, entry.name, "manifest.json")),
    )
    .map((entry) => join(dir, entry.name))
    .sort();
  if (found.length === 0) {
    fail("RUN_NOT_FOUND", `${dir}: neither a run folder nor a folder of run folders`, {
      path: dir,
      hint: "a run folder is what `disentangle fit --out DIR` writes",
    });
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

/** Whether a manifest is that of a run that has not ended by itself. */
export function isUnfinished(manifest: RunManifest | UnfinishedManifest): manifest is UnfinishedManifest {
  return "unfinished" in manifest;
}

/** Reads `manifest.json`. Throws `RUN_NOT_FOUND`, `ARTIFACT_VERSION`, `ARTIFACT_CORRUPT`. */
export async function readManifest(dir: string): Promise<RunManifest | UnfinishedManifest> {
  const manifest = await readJson<Partial<RunManifest>>(dir, "manifest.json");
  if (typeof manifest.format !== "number") {
    fail("RUN_NOT_FOUND", `${dir}: its manifest.json is not that of a run`, {
      path: dir,
      hint: "a run folder is what `disentangle fit --out DIR` writes",
    });
  }
  if (manifest.format > FORMAT) {
    fail("ARTIFACT_VERSION", `${dir}: run folder of format ${manifest.format}, this version reads up to ${FORMAT}`, {
      path: dir,
      hint: `it was written by disentangle ${manifest.version}; install that version or a newer one`,
    });
  }
  return manifest as RunManifest | UnfinishedManifest;
}

async function readText(dir: string, name: string): Promise<string> {
  return (await readBytes(dir, name)).toString("utf8");
}

async function readBytes(dir: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(dir, name));
  } catch (error) {
    throw failure("RUN_NOT_FOUND", `${dir}: no readable ${name} in it, so it is not a run folder`, {
      path: dir,
      hint: "a run folder is what `disentangle fit --out DIR` or `model.save(dir)` writes",
      cause: error,
    });
  }
}

/** Reads a JSON file of a run folder. Throws `RUN_NOT_FOUND`, `ARTIFACT_CORRUPT`. */
export async function readJson<T>(dir: string, name: string): Promise<T> {
  const text = await readText(dir, name);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw damaged(join(dir, name), error);
  }
}

function damaged(path: string, error: unknown): Error {
  return failure("ARTIFACT_CORRUPT", `${path} is damaged: ${(error as Error).message}`, {
    path,
    hint: "run the fit again, or copy the folder again",
    cause: error,
  });
}
