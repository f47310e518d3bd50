// The server between the machines: how it is reached, what it must be able to do, and under which keys things lie there.
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { type DisentangleError, fail, failure, messageOf } from "../../errors.js";

/** A server, as users name it, with what only their environment says. */
export interface Address {
  /** Without credentials: for people. */
  readonly text: string;
  readonly options: {
    readonly host: string;
    readonly port: number;
    readonly db?: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: Readonly<Record<string, never>>;
  };
}

/** The packages that talk to it, which are installed by whoever wants them. */
export interface Packages {
  readonly bullmq: typeof import("bullmq");
  readonly Redis: typeof import("ioredis").Redis;
}

/** What is told of the connection while it is used. */
export type Notice = (text: string) => void;

/** Where BullMQ keeps its own keys: in one slot of a cluster. */
export const PREFIX = "{disentangle}";
const CONNECT_MS = 5000;
const LONGEST_WAIT_MS = 2000;
const LEAST_VERSION = [6, 2] as const;

/** Keys of one sweep, in one slot of a cluster. */
export interface Keys {
  /** What the sweep is: JSON. */
  readonly sweep: string;
  /** What has happened and no coordinator has written down: a stream. */
  readonly log: string;
  /** Data sets by content hash: a hash of parcels. */
  readonly data: string;
  /** Channel of progress. */
  readonly progress: string;
  /** Everything of the sweep, as a pattern. */
  readonly all: string;
  /** Epoch, owner and checkpoint of a trial under way: a hash. */
  state(trial: string): string;
  /** There while its owner is heard of. */
  lease(trial: string): string;
  parcel(at: string): string;
}

/** The keys of a sweep. */
export function keysOf(sweep: string): Keys {
  const base = `disentangle:{${sweep}}`;
  return {
    sweep: `${base}:sweep`,
    log: `${base}:log`,
    data: `${base}:data`,
    progress: `${base}:progress`,
    all: `${base}:*`,
    state: (trial) => `${base}:state:${trial}`,
    lease: (trial) => `${base}:lease:${trial}`,
    parcel: (at) => `${base}:parcel:${at}`,
  };
}

/**
 * Reads an address. Credentials come from the environment: REDIS_USERNAME and REDIS_PASSWORD, or a whole address in REDIS_URL, which
 * stands for one that is not given.
 *
 * @throws `CONFIG_MISSING`, `CONFIG_WRONG_TYPE`; `CONFIG_CONFLICT` where a password stands in what others can read
 */
export function addressOf(given: string | true, env: NodeJS.ProcessEnv = process.env): Address {
  const path = given === true ? "REDIS_URL" : "--redis";
  const text = given === true ? env.REDIS_URL : given;
  if (text === undefined || text === "")
    fail("CONFIG_MISSING", "--redis: no address", { path: "--redis", hint: "for example --redis redis://host:6379" });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d*)$/.exec(url?.pathname ?? "-")?.[1];
  if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || database === undefined) {
    // What cannot be read may hold a password all the same: it is not repeated.
    fail("CONFIG_WRONG_TYPE", `${path}: is not an address such as redis://host:6379 or rediss://host:6379/1`, { path });
  }
  if (given !== true && url.password !== "") {
    fail("CONFIG_CONFLICT", "--redis: the address holds a password, which other users of this machine can read", {
      path: "--redis",
      hint: "put it into REDIS_PASSWORD (a user into REDIS_USERNAME), or the whole address into REDIS_URL and give --redis alone",
    });
  }
  const host = url.hostname.replace(/^\[|\]$/g, "") || "localhost";
  const port = url.port === "" ? 6379 : Number(url.port);
  const username = decodeURIComponent(url.username) || env.REDIS_USERNAME;
  const password = decodeURIComponent(url.password) || env.REDIS_PASSWORD;
  return {
    text: `${url.protocol}//${url.host === "" ? "localhost" : url.host}${database === "" ? "" : `/${database}`}`,
    options: {
      host,
      port,
      ...(database !== "" && { db: Number(database) }),
      ...(username && { username }),
      ...(password && { password }),
      ...(url.protocol === "rediss:" && { tls: {} }),
    },
  };
}

/** Loads the packages; throws `PACKAGE_MISSING`. */
export async function packages(): Promise<Packages> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { bullmq, Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw failure("PACKAGE_MISSING", "--redis needs the packages bullmq and ioredis, which are not installed", {
      hint: "npm install bullmq ioredis",
      cause: error,
    });
  }
}

/**
 * Connects to a server and checks that it fits. Later it may go and come back: commands wait for it, and it is told once.
 *
 * @throws `QUEUE_UNREACHABLE`, `QUEUE_REFUSED`
 */
export async function connect({ Redis: Client }: Packages, address: Address, notice: Notice): Promise<Redis> {
  let [known, away] = [false, false];
  let last: unknown;
  const redis = new Client({
    ...address.options,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => (known ? Math.min(50 * 2 ** Math.min(tries, 10), LONGEST_WAIT_MS) : null),
  });
  redis.on("error", (error) => {
    last = error;
    if (!known || away) return;
    away = true;
    notice(`${address.text} does not answer: ${reasonOf(error)}; waiting for it`);
  });
  redis.on("ready", () => {
    if (away) notice(`${address.text} answers again`);
    away = false;
  });
  try {
    await Promise.race([
      redis.connect().then(() => checkServer(redis, address)),
      sleep(2 * CONNECT_MS, undefined, { ref: false }).then(() => {
        throw new Error(`no answer in ${(2 * CONNECT_MS) / 1000} s`);
      }),
    ]);
  } catch (error) {
    redis.disconnect();
    throw refused(address, last instanceof Error && !isReply(error) ? last : error);
  }
  known = true;
  return redis;
}

async function checkServer(redis: Redis, { text }: Address): Promise<void> {
  const info = await redis.info();
  const [major = 0, minor = 0] = (field(info, "redis_version") ?? "0").split(".").map(Number);
  const isOld = major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]);
  if (isOld && field(info, "server_name") !== "valkey") {
    fail("QUEUE_REFUSED", `${text} is Redis ${major}.${minor}, older than ${LEAST_VERSION.join(".")}`, {
      hint: "take Redis 6.2 or newer, or Valkey",
    });
  }
  const policy = field(info, "maxmemory_policy");
  if (policy === undefined || policy === "noeviction") return;
  fail("QUEUE_REFUSED", `${text}: maxmemory-policy is ${policy}, under which it drops entries when memory is short`, {
    hint: "redis-cli config set maxmemory-policy noeviction",
    context: { policy },
  });
}

/** Whether the server keeps what it holds on disk. */
export async function keepsFiles(redis: Redis): Promise<boolean> {
  return field(await redis.info("persistence"), "aof_enabled") === "1";
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
}

function isReply(error: unknown): boolean {
  return error instanceof Error && (error.name === "ReplyError" || error.name === "DisentangleError");
}

/** A failure of the server as one of ours. */
export function refused({ text }: Address, error: unknown): DisentangleError {
  if (error instanceof Error && error.name === "DisentangleError") return error as DisentangleError;
  const said = messageOf(error);
  if (/WRONGPASS|NOAUTH|NOPERM|invalid password/i.test(said)) {
    return failure("QUEUE_REFUSED", `${text} refuses user or password`, {
      hint: "set REDIS_PASSWORD (and REDIS_USERNAME), or REDIS_URL and give --redis alone",
    });
  }
  if (/^OOM|^MISCONF|^READONLY/.test(said)) {
    return failure("QUEUE_REFUSED", `${text} takes nothing more: ${said.split("\n")[0]}`, {
      hint: said.startsWith("OOM") ? "raise maxmemory, or send large folders through --shared DIR" : "see its log",
    });
  }
  return failure("QUEUE_UNREACHABLE", `no Redis or Valkey answers at ${text}: ${reasonOf(error)}`, {
    hint: "start one (`redis-server`), or name another address with --redis",
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
