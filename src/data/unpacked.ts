// Whatever a path names as a regular file that readers may open as often as they like: standard input, pipes and compressed
// files are streamed into a temporary folder, in bounded memory.
import { createReadStream, createWriteStream, rmSync, statSync } from "node:fs";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DisentangleError, type Failure, fail, failure, isDisentangleError } from "../errors.js";
import { later, native } from "../native.js";
import { TELLING } from "./unreadable.js";

/** A regular file, or a folder. */
export interface Unpacked {
  /** Where it can be read. */
  readonly path: string;
  /** What it is called: its extension may tell its format. "" where a stream has no name. */
  readonly name: string;
  /** What it begins with, as Latin-1; "" for a folder. */
  readonly head: string;
  /** What a zip is that is a format of its own. */
  readonly archive?: Archive;
  /** Whether it was written here, and nobody else can read it. */
  readonly isTemporary: boolean;
  /** Removes what was written here. */
  release(): Promise<void>;
}

type Archive = "npz" | "zarr-zip";

const STDIN = /^(-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/;

/** Whether a path names standard input. */
export function isStdin(path: string): boolean {
  return STDIN.test(path);
}

/**
 * The file behind a path, uncompressed.
 *
 * @throws `DATA_NOT_FOUND`, `DATA_CORRUPT`, `DATA_UNSUPPORTED` (a zip of several files), `FILE_WRITE`
 */
export async function unpacked(given: string): Promise<Unpacked> {
  const work = new Workplace();
  try {
    let path = isStream(given) ? await work.stream(given) : given;
    let name = isStdin(given) ? "" : basename(given);
    for (;;) {
      const head = await headOf(path);
      const next = await work.unpack(given, path, name, head);
      if (typeof next !== "object") {
        const file = { path, name, head, isTemporary: path !== given, release: () => work.release() };
        return next === undefined ? file : { ...file, archive: next };
      }
      ({ path, name } = next);
    }
  } catch (error) {
    await work.release();
    throw error;
  }
}

/** A failure that names `path` where it spoke of `temporary`. */
export function renamed(error: unknown, temporary: string, path: string): unknown {
  if (!isDisentangleError(error) || temporary === path) return error;
  return new DisentangleError(namedAs(error.toJSON(), temporary, path), error.cause);
}

/** The failure with the path that was given in place of the temporary one. */
export function namedAs(failure: Failure, temporary: string, path: string): Failure {
  if (temporary === path) return failure;
  const inside = (value: string) => JSON.stringify(value).slice(1, -1);
  return JSON.parse(JSON.stringify(failure).replaceAll(inside(temporary), () => inside(path))) as Failure;
}

/** Whether a path names standard input or a pipe, which can be read once. */
export function isStream(path: string): boolean {
  if (path === "-") return true;
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

async function headOf(path: string): Promise<string> {
  if ((await stat(path)).isDirectory()) return "";
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TELLING), 0, TELLING, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Temporary folders, gone at the latest when the process exits. */
const folders = new Set<string>();
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let isStdinRead = false;

/** Where one path is unpacked, step by step. */
class Workplace {
  #folder: string | undefined;
  #files = 0;

  async stream(path: string): Promise<string> {
    if (!isStdin(path)) return this.#pour(path, createReadStream(path));
    if (process.stdin.isTTY) {
      fail("DATA_EMPTY", "standard input is a terminal: nothing is piped into it", {
        path,
        hint: "for example: cat cells.csv | disentangle inspect -",
      });
    }
    if (isStdinRead) {
      fail("DATA_EMPTY", "standard input was read already", {
        path,
        hint: "it can be read once: give the other data as a file",
      });
    }
    isStdinRead = true;
    return this.#pour(path, process.stdin);
  }

  /** The file inside of a compressed one, with the name it has then; what an archive is that is read as it is. */
  async unpack(
    given: string,
    path: string,
    name: string,
    head: string,
  ): Promise<{ readonly path: string; readonly name: string } | Archive | undefined> {
    if (head.startsWith("\x1f\x8b")) {
      return {
        path: await this.#pour(given, createReadStream(path), createGunzip()),
        name: name.replace(/\.gz$/i, ""),
      };
    }
    if (head.startsWith("\x28\xb5\x2f\xfd")) {
      const target = await this.#target();
      await this.#native(given, path, () => later().unzstd(path, target));
      return { path: target, name: name.replace(/\.zst$/i, "") };
    }
    if (!head.startsWith("PK\x03\x04") || /\.npz$/i.test(name)) return undefined;
    const found = this.#contents(given, path);
    if (found === undefined || "archive" in found) return found?.archive;
    const { member } = found;
    const target = await this.#target();
    await this.#native(given, path, () => later().unzip(path, member, target));
    return { path: target, name: basename(member) };
  }

  async release(): Promise<void> {
    if (this.#folder === undefined) return;
    await rm(this.#folder, { recursive: true, force: true });
    folders.delete(this.#folder);
  }

  /** What a zip is, or its one file; nothing where it is damaged: its own reader tells how. */
  #contents(given: string, path: string): { readonly member: string } | { readonly archive: Archive } | undefined {
    let names: readonly string[];
    try {
      names = (JSON.parse(native().zipMembers(path)) as readonly { name: string }[]).map((member) => member.name);
    } catch (error) {
      if (isDisentangleError(error) && error.code === "DATA_CORRUPT") return undefined;
      throw renamed(error, path, given);
    }
    if (names.some((name) => /(^|\/)(zarr\.json|\.zgroup)$/.test(name))) return { archive: "zarr-zip" };
    if (names.length > 0 && names.every((name) => name.endsWith(".npy"))) return { archive: "npz" };
    if (names.includes("xl/workbook.xml") || names.includes("content.xml")) {
      fail("DATA_UNSUPPORTED", `${given} is a workbook of Excel or the like`, {
        path: given,
        hint: 'save the sheet as CSV (in Excel: "CSV UTF-8")',
      });
    }
    const files = names.filter((name) => !/(^|\/)(__MACOSX\/|\.)/.test(name));
    const [only] = files;
    if (only !== undefined && files.length === 1) return { member: only };
    const some = files.slice(0, 5).join(", ") + (files.length > 5 ? ", ..." : "");
    return fail("DATA_UNSUPPORTED", `${given} is a zip archive of ${files.length} files: ${some || "none"}`, {
      path: given,
      hint: `expected one table in it: unzip ${given}, then name one of the files`,
      context: { files },
    });
  }

  async #native(given: string, path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw renamed(error, path, given);
    }
  }

  async #pour(given: string, from: NodeJS.ReadableStream, ...through: NodeJS.ReadWriteStream[]): Promise<string> {
    const target = await this.#target();
    try {
      await pipeline([from, ...through, createWriteStream(target)]);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (/^(Z_|ERR_.*ZLIB)/.test(code)) {
        throw failure("DATA_CORRUPT", `${given} cannot be unpacked: ${message}`, {
          path: given,
          hint: "the file is damaged or incomplete; copy or download it again",
          cause: error,
        });
      }
      const isWriting = ["ENOSPC", "EDQUOT", "EFBIG", "EROFS"].includes(code);
      throw failure(isWriting ? "FILE_WRITE" : "DATA_NOT_FOUND", `cannot read ${given}: ${message}`, {
        path: given,
        hint: isWriting
          ? "unpacking needs space in the folder for temporary files (TMPDIR)"
          : "check that it can be read: its permissions, and what writes into it",
        cause: error,
      });
    }
    return target;
  }

  async #target(): Promise<string> {
    if (this.#folder === undefined) {
      this.#folder = await mkdtemp(join(tmpdir(), "disentangle-data-"));
      folders.add(this.#folder);
    }
    this.#files++;
    return join(this.#folder, String(this.#files));
  }
}
