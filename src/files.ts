// Files that appear whole or not at all: written beside their place, then renamed into it.
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readlink, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { failure, isDisentangleError } from "./errors.js";

/** Writes a file under a temporary name and renames it; throws `FILE_WRITE`. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(path, (partial) => writeFile(partial, content, { flush: true }));
}

/**
 * Lets `write` write a file under a temporary name and renames it; throws `FILE_WRITE`. A link is followed. What nothing can take the
 * place of, a pipe, a device, a file that is a mount point, is written into.
 */
export async function replaceFile(path: string, write: (partial: string) => Promise<unknown> | unknown): Promise<void> {
  if (path.trim() === "") throw failure("FILE_WRITE", "the file has an empty name", { path, hint: "name a file" });
  if (await isSpecial(path)) return writeInto(path, write);
  const place = await behindLink(path);
  const folder = dirname(place);
  // The topmost of the folders that are made on the way: they go again with what they were made for.
  let made: string | undefined;
  let partial: string | undefined;
  try {
    made = await mkdir(folder, { recursive: true });
    if (made === undefined) await clearLeftovers(folder);
    partial = join(folder, await temporaryName());
    if ((await write(partial)) !== "placed") await takePlace(partial, place);
  } catch (error) {
    if (partial !== undefined) await discard(partial);
    await removeMade(folder, made);
    throw unwritable(path, error);
  }
}

async function takePlace(partial: string, place: string): Promise<void> {
  try {
    await rename(partial, place);
  } catch (error) {
    const isMounted = (error as NodeJS.ErrnoException).code === "EBUSY" && (await stat(place)).isFile();
    if (!isMounted) throw error;
    await pour(partial, place);
    await rm(partial);
  }
}

/** Whether there is something that is neither a file nor a folder. */
function isSpecial(path: string): Promise<boolean> {
  return stat(path).then(
    (there) => !there.isFile() && !there.isDirectory(),
    () => false,
  );
}

async function writeInto(path: string, write: (partial: string) => Promise<unknown> | unknown): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "disentangle-"));
  try {
    await write(join(folder, "partial"));
    await pour(join(folder, "partial"), path);
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    await discard(folder);
  }
}

function pour(from: string, into: string): Promise<void> {
  return pipeline(createReadStream(from), createWriteStream(into));
}

/** Lets `fill` fill a folder under a temporary name, which then takes the place of `dir`; throws `FILE_WRITE`. A link is followed. */
export async function replaceFolder(dir: string, fill: (partial: string) => Promise<void>): Promise<void> {
  if (await isSpecial(dir)) throw unwritable(dir, Object.assign(new Error("no folder"), { code: "EEXIST" }));
  await replaceFile(dir, async (partial) => {
    await mkdir(partial);
    await fill(partial);
    // A folder does not take the place of one that is not empty: that one steps aside, and goes with the leftovers.
    const old = join(dirname(partial), await temporaryName());
    const place = await behindLink(dir);
    const moved = await rename(place, old).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        return false;
      },
    );
    try {
      await rename(partial, place);
    } catch (error) {
      if (moved) await rename(old, place);
      throw error;
    }
    await discard(old);
    return "placed";
  });
}

/** Makes a folder whole or not at all: `fill` fills it under a temporary name. */
export type MakeFolder = (dir: string, fill: (partial: string) => Promise<void>) => Promise<void>;

/**
 * Lets `fill` fill a new folder, which is there whole or not at all; throws `FILE_WRITE`. Nothing may be in its place, and the folder
 * around it must be there. What a killed process leaves behind `clearLeftovers` removes.
 *
 * @param from where it is filled, on the same file system. Default: beside its place
 */
export async function newFolder(
  dir: string,
  fill: (partial: string) => Promise<void>,
  from: string = dirname(dir),
): Promise<void> {
  const partial = join(from, await temporaryName());
  try {
    await mkdir(partial);
    await fill(partial);
    await rename(partial, dir);
  } catch (error) {
    await discard(partial);
    throw unwritable(dir, error);
  }
}

/**
 * Lets `fill` fill a folder whose name says what is in it; throws `FILE_WRITE`. Of several processes that make it at once each fills its
 * own, the first puts it there, and the others find it: nobody waits, and nobody replaces what others read.
 */
export async function contentFolder(dir: string, fill: (partial: string) => Promise<void>): Promise<void> {
  if (existsSync(dir)) return;
  const around = dirname(dir);
  await mkdir(around, { recursive: true }).catch((error: unknown) => {
    throw unwritable(dir, error);
  });
  await clearLeftovers(around);
  await newFolder(dir, fill).catch((error: unknown) => {
    if (!existsSync(dir)) throw error;
  });
}

/**
 * Throws `FILE_WRITE` where a folder or something in it could not be written: known before a long computation rather than after
 * it. Tries the nearest folder that is there: one that is made to try, and removed again, could have become somebody else's
 * meanwhile.
 */
export async function checkWritable(dir: string): Promise<void> {
  try {
    const there = join(await nearestFolder(await behindLink(dir)), await temporaryName());
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

/** Where a path leads, whether anything is there or not. */
export async function behindLink(path: string): Promise<string> {
  let at = resolve(path);
  // As many as the system follows itself.
  for (let links = 0; links < 40; links++) {
    const target = await readlink(at).catch(() => undefined);
    if (target === undefined) break;
    at = resolve(dirname(at), target);
  }
  return at;
}

/**
 * Removes a folder and those above it that were made for it, the topmost of them `made`, unless something else lies in them by now:
 * others may write into a folder as soon as it is there.
 */
export async function removeMade(folder: string, made: string | undefined): Promise<void> {
  if (made === undefined) return;
  for (let at = folder; !relative(made, at).startsWith(".."); at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** What cannot be removed was never made: the failure to tell is that of the writing. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {});
}

const TEMPORARY = /^\.disentangle-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp$/;
/** What belongs to a process that cannot be asked for is left alone for a day. */
const DAY = 86_400_000;

/** Whether a name is that of something that is being written, or was when its process was killed. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** A hidden name that says whose it is. As short as it is, it fits beside any name that fits. */
async function temporaryName(): Promise<string> {
  return `.disentangle-${await machine()}-${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
}

/** Removes what killed processes left in a folder that others may be writing to. */
export async function clearLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, of, pid] = TEMPORARY.exec(name) ?? [];
    if (of === undefined) continue;
    const path = join(folder, name);
    if (of === (await machine()) ? isAlive(Number(pid)) : await isYoung(path)) continue;
    await discard(path);
  }
}

async function isYoung(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < DAY,
    () => true,
  );
}

/** Whether a process runs on this machine, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

let known: Promise<string> | undefined;

/** Where process numbers mean the same: the machine, and of several containers on it this one. */
export function machine(): Promise<string> {
  known ??= readlink("/proc/self/ns/pid")
    .catch(() => "")
    .then((space) => createHash("sha256").update(`${hostname()}/${space}`).digest("hex").slice(0, 8));
  return known;
}

const FULL = "free some space, or write elsewhere";
const FORBIDDEN = "choose a folder that you may write to";
const LATER = "try again";
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
  ENAMETOOLONG: ["its name is longer than the file system takes", "choose a shorter name"],
  EMFILE: ["too many files are open", LATER],
  ENFILE: ["too many files are open", LATER],
  EIO: ["the disk reports an error", "look after the disk, or choose another place"],
  ELOOP: ["its links lead in a circle", "name a folder that exists, or can be made"],
};

/** `FILE_WRITE`. What the core could not write it says itself, but of a temporary file; other failures of ours stay what they are. */
export function unwritable(path: string, error: unknown): unknown {
  if (isDisentangleError(error) && error.code !== "FILE_WRITE") return error;
  const { what, hint } = isDisentangleError(error)
    ? { what: String(error.context.reason ?? error.message), hint: error.hint ?? FULL }
    : reasonOf(error as NodeJS.ErrnoException);
  return failure("FILE_WRITE", `cannot write ${path}: ${what}`, { path, hint, cause: error });
}

/** Why the system refused to read or write a file, and what to do where it was to be written. */
export function reasonOf({ code = "", message }: NodeJS.ErrnoException): {
  readonly what: string;
  readonly hint: string;
} {
  const [what, hint] = REASONS[code] ?? [message, "choose another place"];
  return { what, hint };
}
