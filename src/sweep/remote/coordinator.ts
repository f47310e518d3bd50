// Coordinates a sweep through a server: offers its trials to whoever works there, and writes down what they did. The ledger in the folder
// is the truth. The server holds what is under way, and may lose it: it is told again, and what was lost is computed again.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { fail } from "../../errors.js";
import { type SweepFile, settleDone } from "../folder.js";
import { stageOf } from "../halving.js";
import { ENDED, type Entry, stateOf } from "../ledger.js";
import { type KeptSign, newServerSign, STALE_MS, signOf, watchOwners } from "../owners.js";
import { codeHere } from "../plan.js";
import { codeText, type SweepTrial } from "../planned.js";
import { guarded, type SweepEvent, stopped, type Work } from "../work.js";
import { type Carrier, megabytes, newCarrier } from "./carrier.js";
import { type Collected, collect } from "./collect.js";
import { executed, type Leases, leasesOf, type Offer } from "./leases.js";
import { contentHash, type FileCard, filesIn, sizeOf } from "./parcel.js";
import { type Address, addressOf, connect, keepsFiles, keysOf, PREFIX, packages, refused } from "./server.js";
import { jobIdOf, type Present, queueOf, type SweepNote, type Task, WORKERS } from "./task.js";
import { runWorker } from "./worker.js";

/** An open sweep that is worked on through a server. */
export interface RemoteWork extends Work {
  readonly file: SweepFile;
  /** Data set folders of trials, by their id. */
  readonly folders: ReadonlyMap<string, string>;
  /** What is told when everything is known to be in order. */
  readonly start: SweepEvent;
}

/** Through which server, and how large folders travel. */
export interface Through {
  readonly address: string | true;
  readonly shared: string | undefined;
  /** Bytes of a folder that go through the server. */
  readonly limit: number | undefined;
}

/** The limit where none is given. */
export const LIMIT = 64e6;
/** Trials that wait on the server at once: enough for its workers not to wait, few enough for its memory. */
const WINDOW = 1000;
const LOOK_MS = 1000;
/** How often offers are repeated that nobody has taken: a queue may lose them, and takes none twice. */
const REPEAT_MS = 5000;
/** How long nobody may be there before that is told. */
const ALONE_MS = 10_000;
const READ_AT_ONCE = 500;
const OFFERED_AT_ONCE = 100;

interface Line extends RemoteWork {
  readonly sweep: string;
  readonly redis: Redis;
  /** For reading the log, which waits. */
  readonly reading: Redis;
  readonly queue: Queue;
  readonly leases: Leases;
  readonly carrier: Carrier;
  readonly note: SweepNote;
  readonly data: readonly DataFolder[];
  readonly stale: number;
  readonly tell: (event: SweepEvent) => void;
}

interface DataFolder {
  readonly dir: string;
  readonly hash: string;
  readonly files: readonly FileCard[];
}

/** Works until nothing is left to do. Throws `PACKAGE_MISSING`, `QUEUE_*`, `FIT_CANCELLED`, `FILE_WRITE`. */
export async function workThroughRedis(work: RemoteWork, through: Through): Promise<void> {
  const address = addressOf(through.address);
  const modules = await packages();
  const inner = new AbortController();
  const tell = guarded(work.onEvent, (error) => inner.abort(error));
  const redis = await connect(modules, address, (text) => tell({ kind: "notice", text }));
  const reading = redis.duplicate();
  const listening = redis.duplicate();
  for (const one of [reading, listening]) one.on("error", () => {});
  const queue = new modules.bullmq.Queue(queueOf(codeHere()), {
    connection: redis,
    prefix: PREFIX,
    streams: { events: { maxLen: 100 } },
  });
  queue.on("error", () => {});
  const signal = work.signal === undefined ? inner.signal : AbortSignal.any([work.signal, inner.signal]);
  const helper = helping(work, through, signal, (error) => inner.abort(error));
  let sign: KeptSign | undefined;
  let isFinished = false;
  try {
    const sweep = await nameOf(work.dir);
    const limit = through.limit ?? LIMIT;
    const routes = { limit, shared: through.shared };
    const data = await dataOf(work.folders);
    for (const text of await routesText(redis, address, data, routes)) tell({ kind: "notice", text });
    const line: Line = {
      ...work,
      signal,
      sweep,
      redis,
      reading,
      queue,
      leases: leasesOf(redis, sweep),
      carrier: newCarrier(redis, sweep, routes),
      note: { format: 1, name: work.file.name ?? "sweep", trials: work.mine.length, limit },
      data,
      stale: work.staleMs ?? STALE_MS,
      tell,
    };
    tell(work.start);
    await listen(listening, line);
    sign = await newServerSign(work.dir);
    helper.begin();
    await coordinate(line);
    if (inner.signal.aborted) throw inner.signal.reason;
    if (work.signal?.aborted) throw stopped(work.dir, work.signal);
    await settleDone(work.dir, work.mine, work.ledger);
    await forgetAll(redis, sweep);
    isFinished = true;
  } catch (error) {
    throw refused(address, error);
  } finally {
    await helper.end();
    // Workers go on with what they have: only where nothing is left is nobody waited for.
    await (isFinished ? sign?.remove() : sign?.rest())?.catch(() => {});
    await Promise.race([queue.close().catch(() => {}), sleep(500)]);
    for (const one of [listening, reading, redis]) one.disconnect();
  }
}

/** With `jobs` this process is a worker, too. */
function helping(
  { jobs, staleMs }: RemoteWork,
  { address, shared }: Through,
  signal: AbortSignal,
  broken: (error: unknown) => void,
): { begin(): void; end(): Promise<void> } {
  const over = new AbortController();
  let running: Promise<void> = Promise.resolve();
  return {
    begin() {
      if (jobs === 0) return;
      const options = { redis: address, jobs, shared, staleMs, signal: AbortSignal.any([signal, over.signal]) };
      running = runWorker(options).catch(broken);
    },
    async end() {
      over.abort();
      await running;
    },
  };
}

/** The name of a folder on servers: whoever works on the same folder has the same. */
async function nameOf(dir: string): Promise<string> {
  const path = join(dir, ".redis");
  const made = randomBytes(8).toString("hex");
  await writeFile(path, made, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const name = (await readFile(path, "utf8")).trim();
  if (/^[0-9a-f]{16}$/.test(name)) return name;
  await writeFile(path, made);
  return made;
}

async function dataOf(folders: RemoteWork["folders"]): Promise<readonly DataFolder[]> {
  const data: DataFolder[] = [];
  for (const dir of new Set(folders.values())) {
    const files = await filesIn(dir);
    data.push({ dir, hash: contentHash(files), files });
  }
  return data;
}

/** Which way things will go, said before anything does. */
async function routesText(
  redis: Redis,
  { text }: Address,
  data: readonly DataFolder[],
  { limit, shared }: { readonly limit: number; readonly shared: string | undefined },
): Promise<readonly string[]> {
  const large = data.filter(({ files }) => sizeOf(files) > limit);
  const bytes = (some: readonly DataFolder[]): string =>
    megabytes(some.reduce((sum, { files }) => sum + sizeOf(files), 0));
  const [worst] = large.toSorted((a, b) => sizeOf(b.files) - sizeOf(a.files));
  if (worst !== undefined && shared === undefined) {
    fail(
      "CONFIG_MISSING",
      `shared: a data set has ${bytes([worst])}, more than the ${megabytes(limit)} that go through Redis`,
      {
        path: "--shared",
        hint: "name a folder that all machines see: --shared DIR, here and at the workers",
        context: { bytes: sizeOf(worst.files), limit },
      },
    );
  }
  const through = data.filter((one) => !large.includes(one));
  const sets = [
    ...(through.length > 0 ? [`${through.length} (${bytes(through)}) through Redis`] : []),
    ...(large.length > 0 ? [`${large.length} (${bytes(large)}) through ${shared}`] : []),
  ];
  const larger = shared === undefined ? "larger ones fail, --shared DIR takes them" : `larger ones through ${shared}`;
  return [
    `${text}: data sets: ${sets.length === 0 ? "simulated where they are needed" : sets.join(", ")}; checkpoints and results up to ${megabytes(limit)} through Redis, ${larger}`,
    ...((await keepsFiles(redis))
      ? []
      : [`${text} keeps nothing on disk (appendonly no): what is under way is computed again should it end`]),
  ];
}

/** Progress of all workers. */
async function listen(listening: Redis, { sweep, mine, tell }: Line): Promise<void> {
  const byId = new Map(mine.map((trial) => [trial.id, trial]));
  listening.on("message", (_, text: string) => {
    try {
      const { trial: id, progress } = JSON.parse(text) as { trial: string; progress: { stage: string; step: number } };
      const trial = byId.get(id);
      if (trial !== undefined && typeof progress?.step === "number")
        tell({ kind: "progress", trial, progress: progress as never });
    } catch {
      // It is shown and nothing else.
    }
  });
  await listening.subscribe(keysOf(sweep).progress);
}

async function coordinate(line: Line): Promise<void> {
  const { ledger, signal, tell } = line;
  const desk = newDesk(line);
  let looked = Number.NEGATIVE_INFINITY;
  while (!signal!.aborted) {
    const collected = await nextOf(line);
    if (collected.length > 0) {
      const written = await collect({ ...line, log: collected });
      for (const one of written) {
        desk.heard(one);
        const how = one.counts ? stateOf(ledger, one.trial.id).state : "lost";
        if (one.entry.kind !== "claim")
          tell({ kind: "ended", trial: one.trial, how, state: stateOf(ledger, one.trial.id) });
      }
    }
    if (collected.length === 0 || performance.now() - looked > LOOK_MS) {
      await ledger.refresh();
      if (isOver(line)) break;
      await desk.look();
      looked = performance.now();
    } else await desk.fill();
  }
  if (signal!.aborted) await desk.takeBack();
}

/** What has happened since, in order; waits a moment where nothing has. */
async function nextOf({ reading, sweep, signal }: Line): Promise<readonly Collected[]> {
  const waiting = reading.xread("COUNT", READ_AT_ONCE, "BLOCK", LOOK_MS / 2, "STREAMS", keysOf(sweep).log, "0-0");
  const stopping = new AbortController();
  const aborted = sleep(2 * LOOK_MS, null, { signal: AbortSignal.any([signal!, stopping.signal]) }).catch(() => null);
  // A server that is gone answers when it is back: meanwhile the coordinator can be stopped.
  const found = await Promise.race([waiting, aborted.then(() => (signal!.aborted ? null : waiting))]);
  stopping.abort();
  return (found?.[0]?.[1] ?? []).map(([id, fields]) => ({ id, fields }));
}

function isOver({ mine, ledger, rule }: Line): boolean {
  const halted = rule.halving === undefined ? undefined : stageOf(mine, rule, ledger).stopped;
  return mine.every(({ id }) => ENDED.has(stateOf(ledger, id).state) || halted?.has(id) === true);
}

/** What the server is offered. */
interface Desk {
  heard(one: { readonly trial: SweepTrial; readonly entry: Entry }): void;
  /** Sees to it that the server knows the sweep, that trials of owners who are gone are offered again, and that enough are. */
  look(): Promise<void>;
  /** Offers as many trials as there is room for. */
  fill(): Promise<void>;
  /** Takes back what nobody has begun. */
  takeBack(): Promise<void>;
}

function newDesk(line: Line): Desk {
  const { mine, rule, ledger, redis, queue, leases, carrier, sweep, note, data, stale, dir, folders, tell } = line;
  const keys = keysOf(sweep);
  const hashes = new Map(data.map((one) => [one.dir, one.hash]));
  const watch = watchOwners(dir, stale);
  const offered = new Map<string, Task>();
  let [repeated, alone, warned, first] = [performance.now(), performance.now(), false, 0];

  const candidates = async (): Promise<readonly Task[]> => {
    const tasks: Task[] = [];
    const ready = rule.halving === undefined ? undefined : stageOf(mine, rule, ledger).ready;
    const running: SweepTrial[] = [];
    while (first < mine.length && ENDED.has(stateOf(ledger, mine[first]!.id).state)) first++;
    for (let place = first; place < mine.length && offered.size + tasks.length < WINDOW; place++) {
      const trial = mine[place]!;
      const { state, epoch, owner, via } = stateOf(ledger, trial.id);
      if (ENDED.has(state) || offered.get(trial.id)?.epoch === epoch) continue;
      const stage = ready === undefined ? { rung: -1, steps: undefined } : ready.get(trial.id);
      if (stage === undefined) continue;
      if (state !== "running") tasks.push(taskOf(trial, epoch, stage));
      // Somebody works in the folder without the server: their sign says whether they are there.
      else if (via !== undefined || (await signOf(dir, owner!)) === undefined) running.push(trial);
      else if (await watch.isGone(owner!)) tasks.push(taskOf(trial, epoch, stage));
    }
    for (const id of await leases.silent(
      running.map((trial) => trial.id),
      stale,
    )) {
      const trial = running.find((one) => one.id === id)!;
      const stage = ready?.get(id) ?? { rung: -1, steps: undefined };
      tasks.push(taskOf(trial, stateOf(ledger, id).epoch, stage));
    }
    return tasks;
  };

  const taskOf = (
    { id, config, world, study }: SweepTrial,
    epoch: number,
    { rung, steps }: { readonly rung: number; readonly steps: number | undefined },
  ): Task => {
    const folder = folders.get(id);
    return {
      sweep,
      trial: id,
      epoch,
      rung,
      ...(steps !== undefined && { steps }),
      config: { ...config },
      ...(folder !== undefined && { data: hashes.get(folder)! }),
      ...(world !== undefined && { world: { ...world } }),
      ...(study !== undefined && { study: study as Task["study"] }),
    };
  };

  const give = async (tasks: readonly Task[]): Promise<void> => {
    // A part at a time: workers begin with the first while the others are on their way.
    for (let from = 0; from < tasks.length; from += OFFERED_AT_ONCE) {
      const part = tasks.slice(from, from + OFFERED_AT_ONCE);
      await leases.offer(
        part.map(({ trial, epoch }): Offer => ({ trial, epoch, state: "open", owner: "" })),
        stale,
      );
      await queue.addBulk(part.map((task) => ({ name: "look", data: task, opts: { jobId: jobIdOf(task) } })));
      for (const task of part) offered.set(task.trial, task);
    }
  };

  /** The server may have been emptied since the last look, or be a new one. */
  const introduce = async (): Promise<boolean> => {
    const known = await redis.get(keys.sweep);
    if (known !== null) return false;
    for (const { dir: folder, hash, files } of data) {
      if (await redis.hexists(keys.data, hash)) continue;
      const parcel = await carrier.send(folder, files);
      if (parcel.via === "redis") await redis.persist(keys.parcel(parcel.at));
      await redis.hset(keys.data, hash, JSON.stringify(parcel));
    }
    await leases.offer(
      mine.flatMap(({ id }) => held(id) ?? []),
      stale,
    );
    await redis.set(keys.sweep, JSON.stringify(note));
    return true;
  };

  /** What the ledger says of a trial that somebody has. */
  const held = (id: string): Offer | undefined => {
    const { state, epoch, owner, via } = stateOf(ledger, id);
    if (state !== "running") return undefined;
    return { trial: id, epoch, state: via === undefined ? "away" : "running", owner: owner! };
  };

  /** Offers that are none any more. Those whom somebody took without the server, it is told, before a worker takes them as well. */
  const withdraw = async (): Promise<void> => {
    const taken: Offer[] = [];
    for (const [id, { epoch }] of offered) {
      const now = stateOf(ledger, id);
      if (now.epoch <= epoch && !ENDED.has(now.state)) continue;
      offered.delete(id);
      const offer = held(id);
      if (offer?.state === "away") taken.push(offer);
    }
    if (taken.length > 0) await leases.offer(taken, stale);
  };

  const fill = async (): Promise<void> => {
    if (offered.size < WINDOW / 2 || offered.size === 0) await give(await candidates());
  };

  return {
    heard({ trial, entry }) {
      const task = offered.get(trial.id);
      if (task !== undefined && task.epoch < entry.epoch) offered.delete(trial.id);
    },
    fill,
    async look() {
      const isNew = await introduce();
      await withdraw();
      if (isNew || performance.now() - repeated > REPEAT_MS) {
        repeated = performance.now();
        await give([...offered.values()]);
      }
      await give(await candidates());
      await askWhoIsThere();
    },
    async takeBack() {
      const removing = Promise.all([...offered.values()].map((task) => queue.remove(jobIdOf(task)).catch(() => 0)));
      await Promise.race([removing, sleep(LOOK_MS)]);
    },
  };

  async function askWhoIsThere(): Promise<void> {
    const now = Number((await redis.time())[0]);
    const oldest = now - Math.ceil((2 * STALE_MS) / 1000);
    await redis.zremrangebyscore(WORKERS, 0, oldest);
    const there = (await redis.zrange(WORKERS, "0", "-1")).map((text) => JSON.parse(text) as Present);
    const code = codeHere();
    const fitting = there.filter(({ version, sources }) => version === code.version && sources === code.sources);
    if (fitting.length > 0 || line.jobs > 0) alone = performance.now();
    if (warned || performance.now() - alone < ALONE_MS) return;
    warned = true;
    const [other] = there;
    const others = other === undefined ? "" : `; ${there.length} with other code, for example ${codeText(other)}`;
    tell({
      kind: "notice",
      text: `no worker with this code, ${codeText(code)}, is there${others}: start some with \`disentangle worker --redis ...\``,
    });
  }
}

/** Forgets a sweep that is over. */
async function forgetAll(redis: Redis, sweep: string): Promise<void> {
  let cursor = "0";
  do {
    const [next, found] = await redis.scan(cursor, "MATCH", keysOf(sweep).all, "COUNT", 1000);
    cursor = next;
    const pipeline = redis.pipeline();
    for (const key of found) pipeline.unlink(key);
    if (found.length > 0) await executed(pipeline);
  } while (cursor !== "0");
}
