// One version of a run folder, read whole while others may be saving: its manifest lists the digest of every file, and what
// does not fit is read again for as long as the folder changes.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { quoted } from "./command-line.js";
import { DisentangleError, fail, failure, isDisentangleError } from "./errors.js";
import { reasonOf } from "./files.js";
import { native } from "./native.js";
import { type NpyValues, parseNpy } from "./npy.js";
import { namesIn, readVersioned } from "./owned-folder.js";
import { MODEL, type RunManifest, type UnfinishedManifest, type Versioned } from "./run-manifest.js";
import { inTurns } from "./turns.js";

/** The files of one version. */
export interface RunVersion {
  readonly root: string;
  readonly manifest: RunManifest | UnfinishedManifest;
  /** Whether a file belongs to it and is there: what can be made again may have been deleted. */
  has(name: string): Promise<boolean>;
  bytes(name: string): Promise<Buffer>;
  json<T>(name: string): Promise<T>;
  array<T extends NpyValues>(
    name: string,
    type: { new (buffer: ArrayBuffer): T; readonly name: string },
  ): Promise<{ readonly shape: readonly number[]; readonly values: T }>;
}

const FORMAT = 1;
/** Somebody who saves without end leaves room for a reader every few of its reads; this is for a folder that is broken. */
const PATIENCE_MS = 30_000;

/**
 * What `read` makes of one version of a run folder. It may be called several times.
 *
 * @throws what `read` throws; `ARTIFACT_CORRUPT` where a file is not what was written and nobody is writing
 */
export async function readVersion<T>(root: string, read: (version: RunVersion) => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const { manifest, text } = await readManifestOf(root);
    const { version, mixed, gone } = versionOf(root, manifest);
    const outcome = await read(version).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const wrong = mixed();
    if (wrong === undefined && !gone() && "value" in outcome) return outcome.value;
    // A version that was replaced while it was read is no reason to complain.
    const again = await readManifestOf(root).catch(() => undefined);
    const changed = again === undefined || again.text !== text;
    if (changed && performance.now() < until) {
      await sleep(5 * Math.random());
      continue;
    }
    if ("error" in outcome) throw outcome.error;
    if (wrong === undefined) return outcome.value;
    throw notWhole(root, wrong, await version.bytes(wrong));
  }
}

function versionOf(
  root: string,
  { files, save: _, ...manifest }: Versioned,
): { readonly version: RunVersion; readonly mixed: () => string | undefined; readonly gone: () => boolean } {
  const wrong: string[] = [];
  let gone = false;
  const bytes = async (name: string): Promise<Buffer> => {
    const content = await readOf(root, name);
    const digest = files?.[name.replaceAll("\\", "/")];
    if (digest !== undefined && digest !== (await digestOf([content]))) wrong.push(name);
    return content;
  };
  const version: RunVersion = {
    root,
    manifest: manifest as RunManifest | UnfinishedManifest,
    async has(name) {
      // A run of the first version lists no files.
      const listed = files === undefined || Object.hasOwn(files, name);
      const there = listed && (await namesIn(root)).includes(name);
      // Deleted by somebody, or by who replaced this version meanwhile.
      if (files !== undefined && listed && !there) gone = true;
      return there;
    },
    bytes,
    json: async <T>(name: string) => jsonOf<T>(root, name, await bytes(name)),
    async array<T extends NpyValues>(
      name: string,
      type: { new (buffer: ArrayBuffer): T; readonly name: string },
    ): Promise<{ readonly shape: readonly number[]; readonly values: T }> {
      const parsed = parseNpy(await bytes(name));
      if (!(parsed?.values instanceof type)) throw cut(join(root, name));
      return { shape: parsed.shape, values: parsed.values as T };
    },
  };
  return { version, mixed: () => wrong[0], gone: () => gone };
}

/** Reads the manifest and what it was made of. Throws `RUN_NOT_FOUND`, `ARTIFACT_VERSION`, `ARTIFACT_CORRUPT`. */
export async function readManifestOf(root: string): Promise<{ readonly manifest: Versioned; readonly text: string }> {
  const bytes = await readOf(root, "manifest.json");
  const manifest = jsonOf<Partial<RunManifest>>(root, "manifest.json", bytes);
  if (typeof manifest?.format !== "number") {
    fail("RUN_NOT_FOUND", `${root}: its manifest.json is not that of a run`, {
      path: root,
      hint: "a run folder is what `disentangle fit --out DIR` writes",
    });
  }
  if (manifest.format > FORMAT) {
    fail("ARTIFACT_VERSION", `${root}: run folder of format ${manifest.format}, this version reads up to ${FORMAT}`, {
      path: root,
      hint: `it was written by disentangle ${manifest.version}; install that version or a newer one`,
    });
  }
  return { manifest: manifest as Versioned, text: bytes.toString("utf8") };
}

/** Reads a JSON file of a run folder. Throws `RUN_NOT_FOUND`, `ARTIFACT_CORRUPT`. */
export async function readJson<T>(root: string, name: string): Promise<T> {
  return jsonOf<T>(root, name, await readOf(root, name));
}

function jsonOf<T>(root: string, name: string, bytes: Buffer): T {
  try {
    return JSON.parse(bytes.toString("utf8")) as T;
  } catch (error) {
    throw damaged(join(root, name), error);
  }
}

/** `ARTIFACT_CORRUPT`: a file that does not hold what was written there. */
export function damaged(path: string, cause: unknown, hint = AGAIN): Error {
  return failure("ARTIFACT_CORRUPT", `${path} is damaged: ${(cause as Error).message}`, { path, hint, cause });
}

async function readOf(root: string, name: string): Promise<Buffer> {
  const content = await readVersioned(root, name).catch((error: NodeJS.ErrnoException) => {
    const path = join(root, name);
    throw failure("DATA_NOT_FOUND", `cannot read ${path}: ${reasonOf(error).what}`, {
      path,
      hint: "make it readable and try again",
      cause: error,
    });
  });
  if (content !== undefined) return content;
  return fail("RUN_NOT_FOUND", `${root}: there is no ${name} in it, so it is not a run folder`, {
    path: root,
    hint: "a run folder is what `disentangle fit --out DIR` or `model.save(dir)` writes",
  });
}

function cut(path: string): DisentangleError {
  return failure("DATA_CORRUPT", `${path} is truncated, or is not the array that was written there`, {
    path,
    hint: AGAIN,
  });
}

/** What is said of a file whose digest is not that of the manifest, though it can be read. */
function notWhole(root: string, name: string, content: Buffer): Error {
  const path = join(root, name);
  if (name === MODEL) {
    // The core knows better what is wrong with a model.
    try {
      native().modelInfo(content);
    } catch (error) {
      if (isDisentangleError(error)) return new DisentangleError({ path, ...error.toJSON() }, error.cause);
      throw error;
    }
  }
  return failure("ARTIFACT_CORRUPT", `${path} is damaged: it is not what was written with this manifest`, {
    path,
    hint: name === SCORES ? `delete it, or make it again: disentangle score ${quoted(root)}` : AGAIN,
  });
}

/** Where the scores lie in their run folder. */
export const SCORES = "scores.json";
const AGAIN = "run the fit again, or copy the folder again";

/** SHA-256. Of much it is computed in turns with whatever else the process does. */
export async function digestOf(parts: readonly Uint8Array[]): Promise<string> {
  const hash = createHash("sha256");
  for (const part of parts) {
    await inTurns(part.length, SLICE, (from, to) => hash.update(part.subarray(from, to)));
  }
  return hash.digest("hex");
}

/** Hashed within two milliseconds. */
const SLICE = 1 << 20;
