// Run folders: plain files, greppable and syncable. A saved model is a run folder; a sweep is a folder of run folders.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fail, failure } from "./errors.js";
import { checkWritable, replaceFolder } from "./files.js";
import type { History, Scores, Summary } from "./generated/types.js";
import { historyLines, parseHistory } from "./history.js";
import { native } from "./native.js";
import type { Manifest, RunRecord } from "./record.js";

/** A matrix as results hold it: row-major data, its shape, one name per column. */
export interface NamedArray {
  readonly data: Float32Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly columns: readonly string[];
}

/** What `manifest.json` holds: it alone of all files of a run says anything about time. */
export interface RunManifest extends Manifest {
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly elapsedMs: number;
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

/** A fit that was stopped: what is needed to run it again. */
export type StoppedRun = Pick<Run, "config" | "manifest" | "history">;

const FORMAT = 1;
/** Where the model lies in its run folder. */
export const MODEL = join("model", "model.bin");
/** All that a run folder can hold, at its top. */
const RUN_ENTRIES: ReadonlySet<string> = new Set([
  "config.json",
  "manifest.json",
  "metrics.jsonl",
  "summary.json",
  "model",
  "latents.npy",
  "rows.npy",
  "split.npy",
  "scores.json",
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
export async function writeRun(dir: string, run: Run | StoppedRun): Promise<void> {
  await checkRunTarget(dir);
  const files: Record<string, string | Uint8Array> = {
    "config.json": `${JSON.stringify(run.config, null, 2)}\n`,
    "manifest.json": `${JSON.stringify(run.manifest, null, 2)}\n`,
    "metrics.jsonl": historyLines(run.history),
    ...("model" in run && { [MODEL]: run.model, "summary.json": `${JSON.stringify(run.summary, null, 2)}\n` }),
    ...("scores" in run && { "scores.json": `${JSON.stringify(run.scores, null, 2)}\n` }),
  };
  await replaceFolder(dir, async (partial) => {
    if ("model" in run) await mkdir(join(partial, "model"));
    await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(partial, name), content)));
    if (!("model" in run)) return;
    native().npyWrite(join(partial, "latents.npy"), { shape: [...run.latents.shape], data: run.latents.data });
    native().npyWrite(join(partial, "rows.npy"), { shape: [run.rows.length], data: run.rows });
    native().npyWrite(join(partial, "split.npy"), { shape: [run.split.length], data: run.split });
  });
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
  return readRecord(dir);
}

/** Reads the runs of a sweep: of all run folders in `dir`, in order of name; of `dir` itself when it is one. */
export async function readRuns(dir: string): Promise<readonly RunRecord[]> {
  return Promise.all((await runFolders(dir)).map(readRecord));
}

/** Reads all of a run folder, the model's bytes and the latents too. Throws as `readRun`. */
export async function readRunFolder(dir: string): Promise<Run & { readonly dir: string }> {
  const record = await readRecord(dir);
  const latents = native().npyRead(join(record.dir, "latents.npy"));
  const [rows = 0, columns = 0] = latents.shape;
  return {
    ...record,
    latents: { data: latents.data, shape: [rows, columns], columns: record.summary.latents.names },
    rows: Uint32Array.from(native().npyRead(join(record.dir, "rows.npy")).data),
    split: Uint8Array.from(native().npyRead(join(record.dir, "split.npy")).data),
    model: await readFile(join(record.dir, MODEL)),
  };
}

async function readRecord(dir: string): Promise<RunRecord & { readonly dir: string; readonly manifest: RunManifest }> {
  const root = basename(dir) === "model" && existsSync(join(dir, "model.bin")) ? dirname(resolve(dir)) : dir;
  const manifest = await readManifest(root);
  if (!existsSync(join(root, MODEL))) {
    fail(
      "RUN_NOT_FOUND",
      `${root}: the run in it did not finish (${manifest.outcome.kind} at step ${manifest.outcome.step})`,
      {
        path: root,
        hint: `run it again: disentangle fit --config ${join(root, "config.json")}`,
      },
    );
  }
  const [config, summary, metrics] = await Promise.all([
    readJson<Run["config"]>(root, "config.json"),
    readJson<Summary>(root, "summary.json"),
    readText(root, "metrics.jsonl"),
  ]);
  const scores = existsSync(join(root, "scores.json")) ? await readJson<Scores>(root, "scores.json") : undefined;
  return {
    dir: root,
    config,
    manifest,
    summary,
    history: readHistory(join(root, "metrics.jsonl"), metrics),
    ...(scores !== undefined && { scores }),
  };
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

async function readManifest(dir: string): Promise<RunManifest> {
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
  return manifest as RunManifest;
}

async function readText(dir: string, name: string): Promise<string> {
  try {
    return await readFile(join(dir, name), "utf8");
  } catch (error) {
    throw failure("RUN_NOT_FOUND", `${dir}: no readable ${name} in it, so it is not a run folder`, {
      path: dir,
      hint: "a run folder is what `disentangle fit --out DIR` or `model.save(dir)` writes",
      cause: error,
    });
  }
}

async function readJson<T>(dir: string, name: string): Promise<T> {
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
