// Places that a command writes to, compared with those that it reads from, before anything is computed.
import type { BigIntStats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { expandPaths } from "./data/stack.js";
import { fail } from "./errors.js";
import { behindLink } from "./files.js";
import { RUN_ENTRIES } from "./run-manifest.js";

/** What a command reads; `run` is a run folder, in which reports may be written. */
export interface Input {
  readonly path: string;
  readonly kind?: "run";
}

/**
 * Throws `CONFIG_CONFLICT` where writing to `out` would change what is read: the same file under any name, a file of a folder
 * that is read or that a pattern names, or a folder that an input lies in. What lies in a file is no place at all, as whoever writes says.
 *
 * @param flag what named the output, for the message. Default: `--out`
 */
export async function checkOutput(out: string, inputs: readonly Input[], flag = "--out"): Promise<void> {
  // An empty name would be the current folder; whoever writes says what is wrong with it.
  if (out.trim() === "") return;
  const place = await realPlace(out);
  const there = await statsOf(out);
  const files = inputs.flatMap(({ path, ...rest }) => namedFiles(path).map((file) => ({ path: file, ...rest })));
  for (const { path, kind } of files) {
    const from = await realPlace(path);
    const given = await statsOf(path);
    const same = place === from || isSameFile(there, given);
    const inside = relative(from, place);
    const isInside = !same && given?.isDirectory() === true && !leaves(inside);
    if (isInside && kind === "run" && !isOfRun(inside.split(/[\\/]/)[0]!)) continue;
    if (!same && !isInside && leaves(relative(place, from))) continue;
    const what = same
      ? "is what it reads"
      : isInside
        ? `lies in ${path}, which it reads`
        : `holds ${path}, which it reads`;
    fail("CONFIG_CONFLICT", `${flag} ${out}: ${what}`, {
      path: flag,
      hint: "name another place: what is read is never overwritten",
      context: { out, input: path },
    });
  }
}

/** The files that a path or a pattern names; a pattern that matches none is itself. */
export function namedFiles(path: string): readonly string[] {
  try {
    return expandPaths(path);
  } catch {
    return [path];
  }
}

/** Whether an entry of a run folder is a part of its run. Its reports are made from it, and stand where they are asked for. */
function isOfRun(name: string): boolean {
  return RUN_ENTRIES.has(name) && !name.startsWith("report.");
}

function leaves(way: string): boolean {
  return way === ".." || /^\.\.[\\/]/.test(way) || resolve(way) === way;
}

/** Two names of one file have one number; some file systems number nothing. */
function isSameFile(a: BigIntStats | undefined, b: BigIntStats | undefined): boolean {
  return a !== undefined && b !== undefined && a.ino !== 0n && a.ino === b.ino && a.dev === b.dev;
}

async function statsOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}

/** Where a path leads, also where its last parts are not there yet. */
async function realPlace(path: string): Promise<string> {
  const at = await behindLink(path);
  return realpath(at).catch(async () => (dirname(at) === at ? at : join(await realPlace(dirname(at)), basename(at))));
}
