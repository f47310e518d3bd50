// Files and folders that appear whole or not at all: written beside their place, then renamed into it.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { failure, isDisentangleError } from "./errors.js";

/** Writes a file under a temporary name and renames it; throws `FILE_WRITE`. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(path, (partial) => writeFile(partial, content, { flush: true }));
}

/** Lets `write` write a file under a temporary name and renames it; throws `FILE_WRITE`. */
export async function replaceFile(path: string, write: (partial: string) => Promise<void> | void): Promise<void> {
  if (path.trim() === "") throw failure("FILE_WRITE", "the file has an empty name", { path, hint: "name a file" });
  const partial = temporary(path);
  // The topmost of the folders that are made on the way: they go again with what they were made for.
  let made: string | undefined;
  try {
    made = await mkdir(dirname(partial), { recursive: true });
    await write(partial);
    await rename(partial, path);
  } catch (error) {
    await discard(partial);
    await removeMade(partial, made);
    throw unwritable(path, error);
  }
}

/** Lets `fill` fill a folder under a temporary name, which then takes the place of `dir`; throws `FILE_WRITE`. */
export async function replaceFolder(dir: string, fill: (partial: string) => Promise<void>): Promise<void> {
  const target = resolve(dir);
  const partial = temporary(target);
  let made: string | undefined;
  try {
    made = await mkdir(partial, { recursive: true });
    await fill(partial);
    if (existsSync(target)) await exchange(target, partial);
    else await rename(partial, target);
  } catch (error) {
    await discard(partial);
    await removeMade(partial, made);
    throw unwritable(dir, error);
  }
}

/** A folder that has been put in its place; what lay there before waits for one of the two calls. */
export interface PlacedFolder {
  /** Removes what lay there before. */
  keep(): Promise<void>;
  /** Removes the folder and puts back what lay there before. */
  undo(): Promise<void>;
}

/**
 * Lets `fill` fill a folder under a temporary name, which then becomes `dir`; throws `FILE_WRITE`, also where something
 * else lies there by then.
 *
 * @param over `folder` moves what lies in that place aside; `nothing` expects no folder there, or an empty one
 */
export async function placeFolder(
  dir: string,
  over: "nothing" | "folder",
  fill: (partial: string) => Promise<void>,
): Promise<PlacedFolder> {
  const target = resolve(dir);
  const [partial, old] = [temporary(target), temporary(target)];
  let [made, moved]: [string | undefined, boolean] = [undefined, false];
  const undo = async (placed: string): Promise<void> => {
    await discard(placed);
    if (moved) await rename(old, target);
    await removeMade(target, made);
  };
  try {
    // In one call: between two, somebody else may remove an empty folder above it.
    made = await mkdir(partial, { recursive: true });
    await fill(partial);
    if (over === "folder") {
      await rename(target, old);
      moved = true;
    } else await rmdir(target).catch(() => {});
    await rename(partial, target);
  } catch (error) {
    await undo(partial);
    throw unwritable(dir, error);
  }
  return { keep: () => discard(old), undo: () => undo(target) };
}

/**
 * Lets `fill` write files under a temporary name inside `dir`, then moves each to its place, over what is there; throws
 * `FILE_WRITE`. The folder as a whole is not exchanged: what must not be seen before the others is moved by a later call.
 */
export async function fillFolder(dir: string, fill: (partial: string) => Promise<void>): Promise<void> {
  const partial = temporary(join(dir, "files"));
  try {
    await mkdir(partial);
    await fill(partial);
    for (const entry of await readdir(partial, { recursive: true, withFileTypes: true })) {
      const place = join(dir, relative(partial, entry.parentPath), entry.name);
      if (entry.isDirectory()) await mkdir(place, { recursive: true });
      else await rename(join(entry.parentPath, entry.name), place);
    }
  } catch (error) {
    throw unwritable(dir, error);
  } finally {
    await discard(partial);
  }
}

/** Removes what a process that was killed while writing left in a folder; with `of`, only what was to become that. */
export async function clearLeftovers(dir: string, of = ""): Promise<void> {
  const left = (await readdir(dir)).filter((name) => isLeftover(name) && name.startsWith(`.${of}`));
  await Promise.all(left.map((name) => discard(join(dir, name))));
}

/** Whether a name is that of a temporary. */
export function isLeftover(name: string): boolean {
  return /^\..+\.partial-[0-9a-f]{8}$/.test(name);
}

/**
 * Throws `FILE_WRITE` where `replaceFolder` could not: known before a long computation rather than after it. Tries the nearest
 * folder that is there: one that is made to try, and removed again, could have become somebody else's meanwhile.
 */
export async function checkWritable(dir: string): Promise<void> {
  const partial = temporary(dir);
  try {
    const there = join(await nearestFolder(dirname(partial)), basename(partial));
    await mkdir(there);
    await discard(there);
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** The folder itself, or the nearest above it that is there. */
async function nearestFolder(path: string): Promise<string> {
  const missing = await stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return true;
      throw error;
    },
  );
  return missing && dirname(path) !== path ? nearestFolder(dirname(path)) : path;
}

/** Puts `fresh` in the place of `target`; when that fails, `target` is back in its place. */
async function exchange(target: string, fresh: string): Promise<void> {
  const old = temporary(target);
  await rename(target, old);
  try {
    await rename(fresh, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/**
 * Removes the folders that were made for `path`, the topmost of them `made`, unless something else lies in them by now: others
 * may write into a folder as soon as it is there.
 */
async function removeMade(path: string, made: string | undefined): Promise<void> {
  if (made === undefined) return;
  for (let at = dirname(path); !relative(made, at).startsWith(".."); at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** What cannot be removed was never made: the failure to tell is that of the writing. */
async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {});
}

/** A hidden sibling, so that what a killed process leaves is no run of a sweep. */
function temporary(path: string): string {
  const full = resolve(path);
  return join(dirname(full), `.${basename(full)}.partial-${randomBytes(4).toString("hex")}`);
}

const FULL = "free some space, or write elsewhere";
const FORBIDDEN = "choose a folder that you may write to";
const REASONS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EACCES: ["permission denied", FORBIDDEN],
  EPERM: ["permission denied", FORBIDDEN],
  EROFS: ["the file system is read-only", FORBIDDEN],
  ENOSPC: ["no space is left", FULL],
  EDQUOT: ["the quota is used up", FULL],
  EFBIG: ["the file would be larger than allowed", FULL],
  ENOENT: ["its folder cannot be made", "name a folder that exists, or can be made"],
  EISDIR: ["it is a folder", "name a file"],
  ENOTDIR: ["it lies in a file", "name a folder that exists, or can be made"],
  EEXIST: ["a file lies where a folder should", "name a folder that exists, or can be made"],
  ENOTEMPTY: ["something was written there meanwhile", "wait for the other process, or write elsewhere"],
};

/** `FILE_WRITE`. What the core could not write it says itself, but of a temporary file. */
function unwritable(path: string, error: unknown): Error {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const [what, hint] = isDisentangleError(error)
    ? [String(error.context.reason ?? message), error.hint ?? FULL]
    : (REASONS[code] ?? [message, "choose another place"]);
  return failure("FILE_WRITE", `cannot write ${path}: ${what}`, { path, hint, cause: error });
}
