// A folder that one process at a time writes to, one version of its files after the other.
//
// A version is written into `.partial` inside the folder; renaming that to `.commit` makes it the folder's version, at once and
// as a whole; then its files are moved to their places. A reader looks into `.commit` first, so that it does not matter when the
// writer is killed: the next owner goes on moving. Nothing outside the folder is touched: it may be a mount point, a link, or
// lie in a folder that is read-only.
import { mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, relative } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { failure } from "./errors.js";
import { behindLink, discard, removeMade, unwritable } from "./files.js";
import { native } from "./native.js";

const PARTIAL = ".partial";
const COMMIT = ".commit";
/** In a version: which files of earlier ones go. */
const STALE = ".stale";

/** A folder that nobody else writes to until it is given back. */
export interface OwnedFolder {
  /** Where it is, with links followed. */
  readonly root: string;
  /** Whether the file system has locks; without them two processes can own a folder at once. */
  readonly locked: boolean;
  /**
   * Lets `fill` write files into an empty folder, then makes them part of the folder as one version.
   *
   * @param fill gives the names, at the top of the folder, of what no longer belongs to it
   * @param durable whether it is waited until the disk has it. Without, a power cut may leave a damaged folder: for what can be made again.
   * Default: true
   * @throws `RUN_BUSY` where the folder is no longer owned, `FILE_WRITE`
   */
  commit(
    fill: (partial: string) => Promise<readonly string[]>,
    options?: { readonly durable?: boolean | undefined },
  ): Promise<void>;
  /** Gives it back. A folder that was made for it and is still empty goes, too. */
  release(): Promise<void>;
}

/** Whether a name at the top of an owned folder is that of the bookkeeping in it, or of what a file system keeps there. */
export function isBookkeeping(name: string): boolean {
  return [".lock", PARTIAL, COMMIT, "lost+found"].includes(name) || name.startsWith(".nfs");
}

/**
 * Makes a folder where it is not there yet, and takes it.
 *
 * @param what for whoever comes second
 * @param waitMs how long to wait for somebody else who holds it. Default: 0
 * @throws `RUN_BUSY`, `FILE_WRITE`
 */
export async function ownFolder(dir: string, what: string, { waitMs = 0 } = {}): Promise<OwnedFolder> {
  const until = performance.now() + waitMs;
  for (let tries = 0; ; tries++) {
    const target = await behindLink(dir);
    let made: string | undefined;
    try {
      made = await mkdir(target, { recursive: true });
      const root = await realpath(target);
      const { id, locked } = native().lockFolder(root, who(what));
      const owned = owner(dir, root, id, locked, made);
      await recover(root).catch(async (error: unknown) => {
        await owned.release();
        throw error;
      });
      return owned;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "RUN_BUSY" && performance.now() < until) {
        await sleep(10 + 20 * Math.random());
        continue;
      }
      // Who gave an empty folder back has removed it meanwhile.
      const gone = code === "ENOENT" || (code === "FILE_WRITE" && !(await isThere(target)));
      if (gone && tries < 20) continue;
      if (code !== "RUN_BUSY") await removeMade(target, made);
      throw unwritable(dir, error);
    }
  }
}

function owner(dir: string, root: string, id: number, locked: boolean, made: string | undefined): OwnedFolder {
  const assertOwned = (): void => {
    if (native().holdsFolder(id)) return;
    throw failure("RUN_BUSY", `${dir}: somebody else took the folder meanwhile`, {
      path: dir,
      hint: "what is in it is theirs; name another folder",
    });
  };
  return {
    root,
    locked,
    async commit(fill, { durable = true } = {}) {
      const partial = join(root, PARTIAL);
      try {
        assertOwned();
        await rm(partial, { recursive: true, force: true });
        await mkdir(partial);
        const stale = await fill(partial);
        await writeFile(join(partial, STALE), JSON.stringify(stale));
        if (durable) await flush(partial);
        // Whoever was stopped for long may have lost the folder by now.
        assertOwned();
        await rename(partial, join(root, COMMIT));
      } catch (error) {
        if (native().holdsFolder(id)) await discard(partial);
        throw unwritable(dir, error);
      }
      try {
        if (durable) await sync(root);
        await settle(root);
      } catch (error) {
        throw unwritable(dir, error);
      }
    },
    async release() {
      const own = native().holdsFolder(id);
      if (own) await discard(join(root, PARTIAL));
      native().unlockFolder(id);
      if (own) await removeMade(root, made);
    },
  };
}

/** Goes on where a killed owner stopped. */
async function recover(root: string): Promise<void> {
  await rm(join(root, PARTIAL), { recursive: true, force: true });
  await settle(root);
}

/** Moves the files of the committed version to their places; can be repeated from any point. */
async function settle(root: string): Promise<void> {
  const commit = join(root, COMMIT);
  const stale = await staleOf(join(commit, STALE));
  if (stale !== undefined) {
    for (const name of stale) {
      await rm(join(root, name), { recursive: true, force: true });
      // The folder it lay in goes with it, unless something else lies there.
      if (dirname(name) !== ".") await rmdir(join(root, dirname(name))).catch(() => {});
    }
    for (const entry of await readdir(commit, { recursive: true, withFileTypes: true })) {
      const place = join(root, relative(commit, entry.parentPath), entry.name);
      if (entry.isDirectory()) await mkdir(place, { recursive: true });
      else if (entry.name !== STALE) await rename(join(entry.parentPath, entry.name), place);
    }
  }
  await rm(commit, { recursive: true, force: true });
}

/** The files that a version takes away; `undefined` where none is moving. What cannot be read is not given up. */
async function staleOf(path: string): Promise<readonly string[] | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as readonly string[];
  } catch (cause) {
    throw failure("ARTIFACT_CORRUPT", `${path} is damaged: ${(cause as Error).message}`, {
      path,
      hint: "the newest files of the folder lie beside it: copy the folder again, or move them to their places by hand",
      cause,
    });
  }
}

/** Reads a file of the newest version of a folder; `undefined` where there is none. */
export async function readVersioned(root: string, name: string): Promise<Buffer | undefined> {
  // In this order: what has left `.commit` is in its place.
  return (await readFile(join(root, COMMIT, name)).catch(absent)) ?? (await readFile(join(root, name)).catch(absent));
}

/** The names at the top of a folder, those of a version that is still moving among them; none where there is no folder. */
export async function namesIn(root: string): Promise<readonly string[]> {
  const names = async (dir: string): Promise<readonly string[]> => (await readdir(dir).catch(absent)) ?? [];
  const moving = await names(join(root, COMMIT));
  return [...new Set([...moving.filter((name) => name !== STALE), ...(await names(root))])];
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(absent)) !== undefined;
}

/**
 * Makes all files of a version durable, at once: one after the other each would wait for the disk by itself, which is most of what a
 * brief fit costs.
 */
async function flush(dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) return sync(path);
      const file = await open(path, "r+");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }),
  );
}

/** Makes new names durable, where the system can. */
async function sync(dir: string): Promise<void> {
  const handle = await open(dir).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function who(what: string): string {
  return JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString(), what });
}
