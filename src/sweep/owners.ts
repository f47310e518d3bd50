// Who works on a sweep, and who no longer does. Nothing here compares clocks: an owner counts, and whoever watches it measures on a
// clock of its own for how long the count has stood still.
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive, machine, writeFileAtomic } from "../files.js";

const FOLDER = ".owners";
const BEAT_MS = 1000;
/** A stopped process, or a network that hangs, may come back; then it is too late for what was taken from it, and that is safe. */
export const STALE_MS = 60_000;

/** One process that runs trials of a sweep. */
export interface Owner {
  /** Unique over all machines and times. */
  readonly id: string;
  /** What the scheduler says of this job; absent where there is none. */
  readonly job?: Readonly<Record<string, string>>;
  /** Takes the owner off the list: all that it held was given back. */
  retire(): Promise<void>;
}

interface Sign {
  readonly pid: number;
  readonly host: string;
  /** Where process numbers mean the same. */
  readonly machine: string;
  /** When the process began, as the system counts it: numbers of processes are used again. */
  readonly began: string | undefined;
  readonly count: number;
  /** Where it runs on a cluster, and how often it was started again there. */
  readonly job?: Readonly<Record<string, string>>;
}

/** Begins to own trials of the sweep in `dir`. */
export async function newOwner(dir: string, env: NodeJS.ProcessEnv = process.env): Promise<Owner> {
  const id = newOwnerId();
  const job = jobOf(env);
  const own = Object.keys(job).length > 0 && { job };
  const sign = await keepSign(dir, id, {
    pid: process.pid,
    host: hostname(),
    machine: await machine(),
    began: await beganAt(process.pid),
    ...own,
  });
  return { id, ...own, retire: sign.remove };
}

/** The sign of all owners that a server between machines knows: of the coordinators that write down what they do. */
export const SERVER = "redis";

/** Says that somebody writes down what owners on a server do. The sign is that of all who do so, whichever of them is killed. */
export function newServerSign(dir: string): Promise<KeptSign> {
  return keepSign(dir, SERVER, { pid: 0, host: hostname(), machine: "", began: undefined });
}

/** A sign that counts. */
export interface KeptSign {
  /** It counts no further: who it is of may be back before that is noticed. */
  rest(): Promise<void>;
  remove(): Promise<void>;
}

/** Keeps a sign in the folder. */
async function keepSign(dir: string, id: string, sign: Omit<Sign, "count">): Promise<KeptSign> {
  const path = join(dir, FOLDER, `${id}.json`);
  await mkdir(join(dir, FOLDER), { recursive: true });
  await clearSigns(dir);
  let count = randomBytes(4).readUInt32LE();
  const beat = (): Promise<void> => writeFileAtomic(path, JSON.stringify({ ...sign, count: count++ }));
  await beat();
  let beating: Promise<void> = Promise.resolve();
  // A beat that cannot be written is one that others do not see: what comes of that is theirs to judge.
  const timer = setInterval(() => {
    beating = beating.then(beat).catch(() => {});
  }, BEAT_MS);
  timer.unref();
  const rest = async (): Promise<void> => {
    clearInterval(timer);
    await beating;
  };
  return {
    rest,
    async remove() {
      await rest();
      await rm(path, { force: true });
    },
  };
}

/** Takes away the signs of processes of this machine that were killed: they say nothing that their absence does not. */
async function clearSigns(dir: string): Promise<void> {
  for (const name of await readdir(join(dir, FOLDER)).catch(() => [])) {
    const id = name.replace(/\.json$/, "");
    const sign = await signOf(dir, id);
    if (sign !== undefined && (await hasEnded(sign))) await rm(join(dir, FOLDER, name), { force: true });
  }
}

/** Whether it is known that a process has ended: one of this machine. */
async function hasEnded({ machine: of, pid, began }: Sign): Promise<boolean> {
  if (of !== (await machine())) return false;
  return !isAlive(pid) || (began !== undefined && began !== (await beganAt(pid)));
}

/** A name that is unique over all machines and times, and says whose it is. */
export function newOwnerId(): string {
  const host = hostname()
    .replace(/[^\w-]/g, "-")
    .slice(0, 40);
  return `${host}-${process.pid}-${randomBytes(4).toString("hex")}`;
}

/** The host and the process that the name of an owner says. */
export function placeOf(owner: string): { readonly host: string; readonly pid: number } | undefined {
  const [, host, pid] = /^(.+)-(\d+)-[0-9a-f]{8}$/.exec(owner) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid) };
}

/** Variables by which schedulers say which job, task and restart this is. */
const JOB_VARIABLES = [
  "SLURM_JOB_ID",
  "SLURM_ARRAY_JOB_ID",
  "SLURM_ARRAY_TASK_ID",
  "SLURM_RESTART_COUNT",
  "HQ_JOB_ID",
  "HQ_TASK_ID",
  "HQ_INSTANCE_ID",
  "JOB_COMPLETION_INDEX",
] as const;

/** What the scheduler says of this job. */
export function jobOf(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(JOB_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** Watches owners for as long as it is kept. */
export interface Watch {
  /** Whether an owner is gone for good, or has not been heard of for `staleMs`. */
  isGone(owner: string): Promise<boolean>;
}

/** Watches the owners of the sweep in `dir`. */
export function watchOwners(dir: string, staleMs = STALE_MS, now: () => number = () => performance.now()): Watch {
  const heard = new Map<string, { readonly count: number; readonly since: number }>();
  return {
    async isGone(owner) {
      const sign = await signOf(dir, owner);
      if (sign === undefined) return true;
      if (await hasEnded(sign)) return true;
      const before = heard.get(owner);
      if (before?.count !== sign.count) {
        heard.set(owner, { count: sign.count, since: now() });
        return false;
      }
      return now() - before.since > staleMs;
    },
  };
}

/** What an owner says of itself; nothing once it has retired, or where its sign cannot be read. */
export async function signOf(dir: string, owner: string): Promise<Sign | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, FOLDER, `${owner}.json`), "utf8")) as Sign;
  } catch {
    return undefined;
  }
}

async function beganAt(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name of the command stands in brackets and may hold anything; the time is the 20th field behind it.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}
