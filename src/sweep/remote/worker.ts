// A worker: takes trials of any sweep on a server, as long as its own code is theirs, and runs them in processes of its own. It has no
// ledger. What it begins and ends counts when the server says so (`leases`), and is written down by the sweep's coordinator.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { failure, isDisentangleError } from "../../errors.js";
import { checkWritable, contentFolder, isAlive, machine } from "../../files.js";
import type { Assignment, Ended, Source } from "../assignment.js";
import type { Ending } from "../ledger.js";
import { jobOf, newOwnerId, STALE_MS } from "../owners.js";
import { codeHere } from "../plan.js";
import type { Crash, Worker } from "../pool.js";
import { newWorker } from "../pool.js";
import { checkpointIn, threadsFor } from "../work.js";
import { type Carrier, newCarrier } from "./carrier.js";
import { type Answer, type Leases, leasesOf } from "./leases.js";
import { contentHash, filesIn, type Parcel, parcelOf } from "./parcel.js";
import { addressOf, connect, keysOf, PREFIX, packages, refused } from "./server.js";
import { checkTask, noteOf, type Present, queueOf, type Task, WORKERS } from "./task.js";

/** How a worker runs. */
export interface WorkerOptions {
  /** Address of the server; `true`: that in REDIS_URL. */
  readonly redis: string | true;
  /** Fits at once, each in a process of its own. Default: 1. */
  readonly jobs?: number | undefined;
  /** The folder that all machines see. */
  readonly shared?: string | undefined;
  /** Folder of data sets, which workers of this machine share, and of fits under way. */
  readonly cache?: string | undefined;
  /** Milliseconds without work after which it ends. Default: it stays. */
  readonly idleMs?: number | undefined;
  /** Stops it: fits under way leave a checkpoint and are handed back. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
  /** Milliseconds after which a worker that is not heard of has lost its trials. */
  readonly staleMs?: number | undefined;
  /** Milliseconds between checkpoints that are sent away while a fit goes on. */
  readonly checkpointMs?: number | undefined;
  /** What runs trials. */
  readonly pool?: (() => Worker) | undefined;
}

/** What a worker tells. */
export type WorkerEvent =
  | {
      readonly kind: "start";
      readonly address: string;
      readonly jobs: number;
      readonly threads: number;
      readonly code: string;
    }
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "begun"; readonly trial: string; readonly epoch: number }
  | { readonly kind: "ended"; readonly trial: string; readonly how: Ending["kind"] | "lost"; readonly reason?: string };

/** How often it says which trials it holds, in parts of the time after which it would lose them. */
const BEATS = 6;
const CHECKPOINT_MS = 30_000;
/** How long the last words of fits may take once it is asked to stop. */
const LAST_WORDS_MS = 800;
const TELL_EVERY_MS = 2000;

interface Held {
  readonly task: Task;
  readonly epoch: number;
  readonly worker: Worker;
  readonly leases: Leases;
  readonly carrier: Carrier;
  /** Where it works. */
  readonly dir: string;
  /** The checkpoint that the server has of it. */
  checkpoint: Parcel | undefined;
  /** The step of that. */
  sent: number;
  /** Somebody else has it. */
  lost: boolean;
}

/** The folder where workers of this machine keep data sets. */
export function defaultCache(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "disentangle");
}

/** Works until it is stopped, or has had nothing to do for long enough. Throws `PACKAGE_MISSING`, `QUEUE_*`, `FILE_WRITE`. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { jobs = 1, cache = defaultCache(), onEvent, pool = newWorker } = options;
  const address = addressOf(options.redis);
  const modules = await packages();
  await checkWritable(cache);
  if (options.shared !== undefined) await checkWritable(options.shared);
  const redis = await connect(modules, address, (text) => onEvent?.({ kind: "notice", text }));
  const code = codeHere();
  const id = newOwnerId();
  const work = join(cache, "work", `${await machine()}-${process.pid}-${randomBytes(4).toString("hex")}`);
  await clearLeftovers(join(cache, "work"));
  await mkdir(work, { recursive: true });
  const desk = newDesk({ ...options, cache, redis, id, work, workers: Array.from({ length: jobs }, pool), jobs });
  const queue = new modules.bullmq.Worker(queueOf(code), async ({ data }) => desk.look(checkTask(data)), {
    connection: redis,
    prefix: PREFIX,
    concurrency: jobs,
    autorun: false,
    // Trials of which the process died are looked at again, however often: it is the ledger that counts crashes.
    maxStalledCount: 1e9,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    runRetryDelay: 500,
  });
  queue.on("error", () => {});
  const beating = setInterval(() => void desk.beat(code).catch(() => {}), (options.staleMs ?? STALE_MS) / BEATS);
  try {
    await desk.beat(code);
    onEvent?.({ kind: "start", address: address.text, jobs, threads: threadsFor(jobs), code: code.version });
    const ended = desk.ended();
    void queue.run().catch(() => {});
    await ended;
  } catch (error) {
    throw refused(address, error);
  } finally {
    clearInterval(beating);
    // `close` alone waits for whatever is still under way.
    await Promise.race([queue.close(true).catch(() => {}), sleep(200)]);
    await Promise.race([desk.leave().catch(() => {}), sleep(100)]);
    redis.disconnect();
    await desk.close();
    await rm(work, { recursive: true, force: true });
  }
}

interface Desk {
  /** Looks at a trial, and runs it where it is free. */
  look(task: Task): Promise<void>;
  beat(code: ReturnType<typeof codeHere>): Promise<void>;
  /** Takes it off the list of those who are there. */
  leave(): Promise<void>;
  /** Settled when there is nothing more to do; rejected where this machine cannot go on. */
  ended(): Promise<void>;
  close(): Promise<void>;
}

function newDesk(
  given: Omit<WorkerOptions, "redis"> & {
    readonly redis: Redis;
    readonly id: string;
    readonly cache: string;
    readonly work: string;
    readonly workers: readonly Worker[];
    readonly jobs: number;
  },
): Desk {
  const { redis, id, cache, work, workers, jobs, shared, idleMs, signal, onEvent, staleMs = STALE_MS } = given;
  const free = [...workers];
  const held = new Map<string, Held>();
  const looks = new Set<Promise<void>>();
  const bringing = new Map<string, Promise<string>>();
  const job = jobOf(process.env);
  let active = performance.now();
  let said = "";
  let over = false;
  let give: (error: unknown) => void;
  const broken = new Promise<never>((_, reject) => {
    give = reject;
  });
  broken.catch(() => {});

  const look = async (task: Task): Promise<void> => {
    if (signal?.aborted) return;
    const leases = leasesOf(redis, task.sweep);
    const epoch = task.epoch + 1;
    const claim = {
      kind: "claim",
      trial: task.trial,
      epoch,
      owner: id,
      via: "redis",
      ...(Object.keys(job).length > 0 && { job }),
    } as const;
    const { answer, checkpoint } = await leases.claim(claim, staleMs);
    // Somebody else was faster, or the offer is an old one.
    if (answer !== "counts") return;
    active = performance.now();
    onEvent?.({ kind: "begun", trial: task.trial, epoch });
    const limit = await limitOf(task.sweep);
    const one: Held = {
      task,
      epoch,
      worker: free.pop()!,
      leases,
      carrier: newCarrier(redis, task.sweep, { limit, shared }),
      dir: join(work, `${task.trial}.${epoch}`),
      checkpoint: undefined,
      sent: 0,
      lost: false,
    };
    held.set(`${task.sweep} ${task.trial}`, one);
    try {
      await runHeld(one, checkpoint);
    } finally {
      held.delete(`${task.sweep} ${task.trial}`);
      free.push(one.worker);
      active = performance.now();
      await rm(one.dir, { recursive: true, force: true });
      if (checkpoint !== undefined) await rm(`${one.dir}-from`, { recursive: true, force: true });
    }
  };

  const limits = new Map<string, number>();
  const limitOf = async (sweep: string): Promise<number> => {
    const limit = limits.get(sweep) ?? noteOf(await redis.get(keysOf(sweep).sweep))?.limit;
    if (limit !== undefined) limits.set(sweep, limit);
    return limit ?? 0;
  };

  const runHeld = async (one: Held, checkpoint: string | undefined): Promise<void> => {
    const { task, epoch, dir, worker } = one;
    const mark = { trial: task.trial, epoch, owner: id };
    try {
      const from = await broughtCheckpoint(one, checkpoint);
      const assignment: Assignment = {
        trial: task.trial,
        dir,
        ...(from !== undefined && { from }),
        config: task.config as unknown as Assignment["config"],
        ...(await sourceOf(one)),
        ...(task.study !== undefined && { study: task.study as Assignment["study"] }),
        ...(task.config.threads === undefined && { threads: threadsFor(jobs) }),
        steps: task.steps,
      };
      // Asked to stop, or fenced off, while data were on their way.
      if (signal?.aborted || one.lost) return await end(one, { kind: "released", ...mark }, {});
      let told = 0;
      const sending = every(given.checkpointMs ?? CHECKPOINT_MS, () => sendCheckpoint(one));
      const ended = await worker
        .run(assignment, (progress) => {
          if (performance.now() - told < TELL_EVERY_MS) return;
          told = performance.now();
          void redis
            .publish(keysOf(task.sweep).progress, JSON.stringify({ trial: task.trial, progress }))
            .catch(() => {});
        })
        .finally(() => sending.stop());
      await finish(one, ended);
    } catch (error) {
      const reason = isDisentangleError(error) ? error : failure("INTERNAL_PANIC", String(error));
      // What is wrong with the trial, or with what came of it, is told to its sweep; what is wrong with this machine ends the worker.
      const crashed = { kind: "crashed", ...mark, how: "killed", what: reason.message, step: 0 } as const;
      // Cut on its way, or gone with the memory of the server: another time it may arrive.
      if (reason.code === "DATA_CORRUPT") return await end(one, crashed, {});
      if (OF_TRIAL.has(reason.code)) return await end(one, { kind: "failed", ...mark, failure: reason.toJSON() }, {});
      give(error);
      await end(one, { kind: "released", ...mark }, {}).catch(() => {});
    }
  };

  const finish = async (one: Held, ended: Ended | Crash): Promise<void> => {
    const { task, epoch, dir, carrier } = one;
    const mark = { trial: task.trial, epoch, owner: id };
    switch (ended.kind) {
      case "done":
        return end(
          one,
          { kind: "done", ...mark, ...ended.result },
          { parcel: await carrier.send(dir, await filesIn(dir)) },
        );
      case "paused": {
        const checkpoint = await carrier.send(dir, await filesIn(dir));
        return end(one, { kind: "paused", ...mark, rung: task.rung, ...ended.result }, { checkpoint });
      }
      case "failed":
        return end(one, { kind: "failed", ...mark, failure: ended.failure }, {});
      case "stopped":
        await sendCheckpoint(one);
        return end(one, { kind: "released", ...mark, step: ended.step }, {});
      case "crashed": {
        await sendCheckpoint(one);
        const { how, what } = ended;
        return end(one, { kind: "crashed", ...mark, how, what, step: Math.max(one.sent, await checkpointIn(dir)) }, {});
      }
    }
  };

  /** Tells the server how it ended. A server that has lost its memory is told again, once it knows the sweep. */
  const end = async (one: Held, entry: Ending, carried: { parcel?: Parcel; checkpoint?: Parcel }): Promise<void> => {
    const until = performance.now() + staleMs;
    let answer: Answer = "absent";
    for (;;) {
      answer = one.lost ? "refused" : await one.leases.end(entry, carried);
      if (answer !== "absent" || performance.now() > until || signal?.aborted) break;
      await sleep(250);
    }
    const counts = answer === "counts";
    const unneeded = counts ? carried.checkpoint && one.checkpoint : (carried.parcel ?? carried.checkpoint);
    if (unneeded !== undefined) await one.carrier.drop(unneeded).catch(() => {});
    const reason = entry.kind === "failed" ? entry.failure.message : entry.kind === "crashed" ? entry.what : undefined;
    onEvent?.({ kind: "ended", trial: entry.trial, how: counts ? entry.kind : "lost", ...(reason && { reason }) });
  };

  /** Sends the newest checkpoint, so that another machine goes on from there should this one be gone. */
  const sendCheckpoint = async (one: Held): Promise<void> => {
    const { dir, carrier, leases, task, epoch } = one;
    const step = await checkpointIn(dir);
    if (step <= one.sent) return;
    try {
      const names = ["config.json", "manifest.json", `checkpoint/step-${step}.dsn`];
      const parcel = await carrier.send(dir, await filesIn(dir, names));
      const before = await leases.leave(task.trial, epoch, id, parcel);
      if (before === false) return await carrier.drop(parcel);
      one.checkpoint = parcel;
      one.sent = step;
      if (before !== "") await carrier.drop(parcelOf(before));
    } catch (error) {
      // A checkpoint that is gone by the time it is read, or too large to travel, costs time and nothing else.
      if (isDisentangleError(error) && error.code === "QUEUE_REFUSED")
        onEvent?.({ kind: "notice", text: error.message });
    }
  };

  const broughtCheckpoint = async (one: Held, text: string | undefined): Promise<string | undefined> => {
    if (text === undefined) return undefined;
    const from = `${one.dir}-from`;
    try {
      const parcel = parcelOf(text);
      await one.carrier.fetch(parcel, from);
      return from;
    } catch (error) {
      // Cut, or gone with the memory of the server: the trial begins again, and ends in the same bytes.
      if (isDisentangleError(error) && error.code !== "DATA_CORRUPT") throw error;
      return undefined;
    }
  };

  const sourceOf = async ({ task, carrier }: Held): Promise<{ source?: Source }> => {
    if (task.world !== undefined) return { source: { world: task.world } };
    if (task.data === undefined) return {};
    const hash = task.data;
    const known = bringing.get(hash) ?? broughtData(redis, task.sweep, hash, carrier, join(cache, "data"));
    bringing.set(hash, known);
    // What failed is tried again with the next trial.
    known.catch(() => bringing.delete(hash));
    return { source: { folder: await known } };
  };

  return {
    look(task) {
      const looking = look(task).catch((error: unknown) => give(error));
      looks.add(looking);
      return looking.finally(() => looks.delete(looking));
    },
    async leave() {
      if (said !== "") await redis.zrem(WORKERS, said);
    },
    async beat({ version, sources }) {
      said = JSON.stringify({ id, host: hostname(), jobs, version, sources } satisfies Present);
      await redis.zadd(WORKERS, Number((await redis.time())[0]), said);
      for (const one of held.values()) {
        const answer = await one.leases.beat(one.task.trial, one.epoch, id, staleMs);
        if (answer !== "refused" || one.lost) continue;
        one.lost = true;
        one.worker.stop();
      }
    },
    async ended() {
      const stopping = new Promise<void>((resolve) => {
        if (signal?.aborted) resolve();
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
      try {
        await Promise.race([stopping, broken, ...(idleMs === undefined ? [] : [quiet(idleMs)])]);
      } finally {
        over = true;
        for (const { worker } of held.values()) worker.stop();
        await Promise.race([Promise.all(looks), sleep(LAST_WORDS_MS)]);
      }
    },
    async close() {
      await Promise.all(workers.map((one) => one.close()));
    },
  };

  async function quiet(ms: number): Promise<void> {
    // Whatever else ends the wait ends this one too: it would keep the process alive.
    while (!over && (held.size > 0 || performance.now() - active < ms)) await sleep(Math.min(ms, 100));
  }
}

/** Failures that are the trial's, wherever it runs. */
const OF_TRIAL: ReadonlySet<string> = new Set(["QUEUE_REFUSED", "DATA_CHANGED"]);

/** The folder of a data set; brought here where no worker of this machine has it. */
async function broughtData(
  redis: Redis,
  sweep: string,
  hash: string,
  carrier: Carrier,
  cache: string,
): Promise<string> {
  const dir = join(cache, hash);
  if (existsSync(dir)) return dir;
  const text = await redis.hget(keysOf(sweep).data, hash);
  if (text === null) throw failure("DATA_CORRUPT", `Redis no longer holds the data set ${hash.slice(0, 12)}`);
  const parcel = parcelOf(text);
  if (contentHash(parcel.files) !== hash)
    throw failure("DATA_CORRUPT", `the data set ${hash.slice(0, 12)} is not what its name says`);
  await carrier.fetch(parcel, dir, contentFolder);
  return dir;
}

/** Folders of workers of this machine that were killed. */
async function clearLeftovers(dir: string): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    const [, of, pid] = /^([0-9a-f]+)-(\d+)-[0-9a-f]+$/.exec(name) ?? [];
    if (of === (await machine()) && !isAlive(Number(pid))) await rm(join(dir, name), { recursive: true, force: true });
  }
}

/** Does something again and again, never twice at once. */
function every(ms: number, work: () => Promise<void>): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = work()
      .catch(() => {})
      .finally(() => {
        busy = false;
      });
  }, ms);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
