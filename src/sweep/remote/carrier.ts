// Carries folders between machines: through Redis up to a limit, above it through a folder that all machines see.
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Redis } from "ioredis";
import { fail } from "../../errors.js";
import { discard, type MakeFolder, replaceFolder, unwritable } from "../../files.js";
import { type FileCard, type Parcel, receiveFile, sizeOf } from "./parcel.js";
import { keysOf } from "./server.js";

/** Carries folders of one sweep. */
export interface Carrier {
  /**
   * Puts the files of a folder where others find them. In Redis they go by themselves after a while, unless somebody keeps them.
   *
   * @throws `QUEUE_REFUSED` where they are too large to travel
   */
  send(dir: string, files: readonly FileCard[]): Promise<Parcel>;
  /**
   * Makes the folder `dir` of a parcel, whole or not at all; throws `DATA_CORRUPT`.
   *
   * @param make how it gets there. Default: in the place of what is there
   */
  fetch(parcel: Parcel, dir: string, make?: MakeFolder): Promise<void>;
  drop(...parcels: readonly Parcel[]): Promise<void>;
}

/** How folders travel. */
export interface Routes {
  /** Bytes of a folder that go through Redis. */
  readonly limit: number;
  /** A folder that all machines see. */
  readonly shared: string | undefined;
}

const CHUNK = 1 << 20;
/** Chunks in one command: what is on its way at once is held in memory at both ends. */
const AT_ONCE = 4;
/** How long an upload may rest before it counts as cut. */
export const UPLOAD_MS = 600_000;

/** The carrier of a sweep. */
export function newCarrier(redis: Redis, sweep: string, { limit, shared }: Routes): Carrier {
  const folderOf = (at: string): string => {
    if (shared !== undefined) return join(shared, at);
    return fail(
      "CONFIG_MISSING",
      "shared: the sweep sends large folders through a shared one, and none is named here",
      {
        path: "--shared",
        hint: "start it with --shared DIR, the same folder as that of the sweep",
      },
    );
  };
  const name = (): string => randomBytes(8).toString("hex");
  return {
    async send(dir, files) {
      const bytes = sizeOf(files);
      if (bytes <= limit) {
        const at = name();
        await upload(redis, keysOf(sweep).parcel(at), dir, files);
        return { via: "redis", at, files };
      }
      if (shared === undefined) {
        fail("QUEUE_REFUSED", `${megabytes(bytes)} are more than the ${megabytes(limit)} that travel through Redis`, {
          path: "--shared",
          hint: "name a folder that all machines see: --shared DIR, here and at the workers",
          context: { bytes, limit },
        });
      }
      const at = `${sweep}/${name()}`;
      await putShared(dir, files, folderOf(at));
      return { via: "shared", at, files };
    },
    async fetch({ via, at, files }, dir, make = replaceFolder) {
      await make(dir, async (partial) => {
        let chunk = 0;
        for (const card of files) {
          const count = Math.ceil(card.bytes / CHUNK);
          const parts =
            via === "redis"
              ? download(redis, keysOf(sweep).parcel(at), chunk, count)
              : (createReadStream(join(folderOf(at), card.name)) as AsyncIterable<Buffer>);
          await receiveFile(partial, card, parts);
          chunk += count;
        }
      });
    },
    async drop(...parcels) {
      const keys = parcels.flatMap(({ via, at }) => (via === "redis" ? [keysOf(sweep).parcel(at)] : []));
      if (keys.length > 0) await redis.unlink(keys);
      for (const { via, at } of parcels) if (via === "shared" && shared !== undefined) await discard(join(shared, at));
    },
  };
}

/** A size for people. */
export function megabytes(bytes: number): string {
  return `${Number((bytes / 1e6).toPrecision(3))} MB`;
}

async function upload(redis: Redis, key: string, dir: string, files: readonly FileCard[]): Promise<void> {
  let chunks: Buffer[] = [];
  const flush = async (): Promise<void> => {
    if (chunks.length === 0) return;
    const results = await redis
      .multi()
      .rpush(key, ...chunks)
      .pexpire(key, UPLOAD_MS)
      .exec();
    const error = results?.find(([one]) => one !== null)?.[0];
    if (error) throw error;
    chunks = [];
  };
  for (const { name, bytes } of files) {
    const file = await open(join(dir, name));
    try {
      for (let from = 0; from < bytes; from += CHUNK) {
        const chunk = Buffer.alloc(Math.min(CHUNK, bytes - from));
        await file.read(chunk, 0, chunk.length, from);
        chunks.push(chunk);
        if (chunks.length === AT_ONCE) await flush();
      }
    } finally {
      await file.close();
    }
  }
  await flush();
}

async function* download(redis: Redis, key: string, first: number, count: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < count; at += AT_ONCE) {
    const to = Math.min(count, at + AT_ONCE) - 1;
    yield* await redis.lrangeBuffer(key, first + at, first + to);
  }
}

/** Under another name first: what is there is whole. */
async function putShared(dir: string, files: readonly FileCard[], place: string): Promise<void> {
  const partial = `${place}-partial`;
  try {
    for (const { name } of files) {
      await mkdir(dirname(join(partial, name)), { recursive: true });
      await copyFile(join(dir, name), join(partial, name));
    }
    await rename(partial, place);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw unwritable(place, error);
  }
}
