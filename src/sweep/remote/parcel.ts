// A folder on its way to another machine: what its files are called, how large they are and what is in them. Whoever receives it
// believes none of that: names that lead elsewhere, sizes and digests that do not fit are refused.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { fail } from "../../errors.js";

/** One file of a folder. */
export interface FileCard {
  /** Path in the folder, with `/`. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A folder that lies somewhere between two machines. */
export interface Parcel {
  /** `redis`: in this list; `shared`: in this folder of the shared one. */
  readonly via: "redis" | "shared";
  readonly at: string;
  readonly files: readonly FileCard[];
}

const MOST_FILES = 256;
/** Below the folder, no hidden file, and nothing that a system reads otherwise than it looks. */
const NAME = /^[\w-][\w. -]*(\/[\w-][\w. -]*){0,3}$/;

const cardSchema = z.strictObject({
  name: z.string().max(200).regex(NAME),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const parcelSchema = z.strictObject({
  via: z.enum(["redis", "shared"]),
  at: z
    .string()
    .max(200)
    .regex(/^[\w-]+(\/[\w-]+)?$/),
  files: z.array(cardSchema).min(1).max(MOST_FILES),
});

/** A parcel that came as text; throws `DATA_CORRUPT` where it is none that this program makes. */
export function parcelOf(text: string): Parcel {
  const found = parcelSchema.safeParse(jsonOf(text));
  const names = found.data?.files.map(({ name }) => name.toLowerCase()) ?? [];
  if (found.success && new Set(names).size === names.length) return found.data;
  const why = found.success ? "two files have one name" : found.error.issues[0]!.message;
  return fail("DATA_CORRUPT", `a folder that came through Redis is refused: ${why}`, {
    hint: "somebody else writes to the keys that begin with disentangle: on this server",
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of all files. */
export function sizeOf(files: readonly FileCard[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What is in a folder, in one word: the same files have the same. */
export function contentHash(files: readonly FileCard[]): string {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

/** The files of a folder, without hidden ones; only `names` where they are given. */
export async function filesIn(dir: string, names?: readonly string[]): Promise<readonly FileCard[]> {
  const cards: FileCard[] = [];
  for (const name of names ?? (await namesIn(dir))) {
    const { size } = await stat(join(dir, name));
    cards.push({ name, bytes: size, sha256: await digestOf(join(dir, name), size) });
  }
  return cards;
}

async function namesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(dir.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter((name) => NAME.test(name))
    .sort();
}

/** Files up to this size are read in one go: a stream costs more than they do. */
const SMALL = 1 << 20;

async function digestOf(path: string, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  if (bytes <= SMALL) return hash.update(await readFile(path)).digest("hex");
  for await (const part of createReadStream(path, { highWaterMark: SMALL })) hash.update(part as Buffer);
  return hash.digest("hex");
}

/** Writes a file of a parcel from its parts; throws `DATA_CORRUPT` where they are not what its card says. */
export async function receiveFile(dir: string, card: FileCard, parts: AsyncIterable<Buffer>): Promise<void> {
  const path = join(dir, card.name);
  if (card.name.includes("/")) await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "wx");
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const part of parts) {
      bytes += part.length;
      if (bytes > card.bytes) break;
      hash.update(part);
      await file.write(part);
    }
  } finally {
    await file.close();
  }
  if (bytes === card.bytes && hash.digest("hex") === card.sha256) return;
  fail("DATA_CORRUPT", `${card.name}: was cut or damaged on its way from another machine`, {
    hint: "the trial is tried again; if this repeats, compare the memory and the network of the machines",
    context: { bytes, expected: card.bytes },
  });
}
