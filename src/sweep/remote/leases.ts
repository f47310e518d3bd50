// Who works on which trial, as the server sees it: each change is one script, which the server runs alone. A claim counts for the epoch
// after the last one, an ending from the owner of the epoch under way, as in the ledger (`after`); whatever counts goes into the log in
// the same step, from which coordinators write it to the ledger. An operation that is sent twice, because its answer was lost, counts once.
import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { Claim, Ending } from "../ledger.js";
import type { Parcel } from "./parcel.js";
import { keysOf } from "./server.js";

/** What a change came to. `absent`: the server does not know the trial, after it has lost its memory for example. */
export type Answer = "counts" | "refused" | "absent";

/** What a claim came to. */
export interface Claimed {
  readonly answer: Answer;
  /** The checkpoint that the last owner left. */
  readonly checkpoint: string | undefined;
}

const CLAIM = `
local known = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'op', 'checkpoint')
if known[3] == ARGV[4] then return {1, known[4]} end
if not known[1] then return {-1} end
if known[1] ~= ARGV[1] then return {0} end
if known[2] == 'running' then
  if redis.call('EXISTS', KEYS[2]) == 1 then return {0} end
elseif known[2] ~= 'open' then return {0} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[6], 'state', 'running', 'owner', ARGV[2], 'op', ARGV[4])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('XADD', KEYS[3], '*', 'entry', ARGV[5])
return {1, known[4]}`;

// A server that knows the sweep and not the trial has seen its end: there is nothing to wait for.
const END = `
local known = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'op', 'owner')
if known[3] == ARGV[4] then return 1 end
if not known[1] then return redis.call('EXISTS', KEYS[4]) - 1 end
if known[1] ~= ARGV[1] or known[2] ~= 'running' or known[4] ~= ARGV[2] then return 0 end
if KEYS[5] then redis.call('PERSIST', KEYS[5]) end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'op', ARGV[4])
if ARGV[7] ~= '' then redis.call('HSET', KEYS[1], 'checkpoint', ARGV[7]) end
redis.call('DEL', KEYS[2])
redis.call('XADD', KEYS[3], '*', 'entry', ARGV[5], 'parcel', ARGV[6])
return 1`;

const BEAT = `
local known = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'owner')
if not known[1] then return redis.call('EXISTS', KEYS[3]) - 1 end
if known[1] ~= ARGV[1] or known[2] ~= 'running' or known[3] ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[3])
return 1`;

const CHECKPOINT = `
local known = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'owner', 'checkpoint')
if known[1] ~= ARGV[1] or known[2] ~= 'running' or known[3] ~= ARGV[2] then return false end
redis.call('PERSIST', KEYS[2])
redis.call('HSET', KEYS[1], 'checkpoint', ARGV[3])
return known[4] or ''`;

// The server may be behind the ledger (it has forgotten, or somebody works on the folder without it), and never is ahead without a log.
const OFFER = `
local known = redis.call('HMGET', KEYS[1], 'epoch', 'state')
local behind = not known[1] or tonumber(known[1]) < tonumber(ARGV[1])
local free = known[2] == 'ended' or known[2] == 'away'
if not behind and not (known[1] == ARGV[1] and free and ARGV[2] == 'open') then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', ARGV[2], 'owner', ARGV[3], 'op', '')
if ARGV[2] == 'running' then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
return 1`;

/** Trials of one sweep on a server. */
export interface Leases {
  claim(entry: Claim, staleMs: number): Promise<Claimed>;
  /** @param parcel of the result; @param checkpoint for whoever goes on */
  end(entry: Ending, carried: { readonly parcel?: Parcel; readonly checkpoint?: Parcel }): Promise<Answer>;
  /** Says that the owner is there. */
  beat(trial: string, epoch: number, owner: string, staleMs: number): Promise<Answer>;
  /** Leaves a checkpoint while the fit goes on; gives the one it replaces. `false`: it is no longer the owner's to leave. */
  leave(trial: string, epoch: number, owner: string, checkpoint: Parcel): Promise<string | false>;
  /**
   * Tells the server what the ledger says of trials: `open` ones may be claimed, of those `running` the owner may still be there, and on
   * those that are `away` somebody works in the folder, without the server.
   */
  offer(trials: readonly Offer[], staleMs: number): Promise<void>;
  /**
   * Of these trials, those whose owners are not heard of: whose lease has run out by the server's clock, or has stood still for `staleMs` by
   * the watcher's own, which nobody can set back. None whose end the server knows and the ledger not yet.
   */
  silent(trials: readonly string[], staleMs: number): Promise<readonly string[]>;
  /** Forgets what has ended; gives the checkpoints that nobody needs any more. */
  forget(trials: readonly string[]): Promise<readonly string[]>;
}

/** What the ledger says of a trial. */
export interface Offer {
  readonly trial: string;
  readonly epoch: number;
  readonly state: "open" | "running" | "away";
  readonly owner: string;
}

/** The trials of a sweep. */
export function leasesOf(redis: Redis, sweep: string): Leases {
  const keys = keysOf(sweep);
  const heard = new Map<string, { readonly said: string; readonly since: number }>();
  let beats = 0;
  return {
    async claim(entry, staleMs) {
      const { trial, epoch, owner } = entry;
      const of = [keys.state(trial), keys.lease(trial), keys.log];
      const said = [epoch - 1, owner, staleMs, operation(), JSON.stringify(entry), epoch];
      const [value, checkpoint] = (await redis.eval(CLAIM, of.length, ...of, ...said)) as [number, string?];
      return { answer: answer(value), checkpoint: checkpoint || undefined };
    },
    async end(entry, { parcel, checkpoint }) {
      const { trial, epoch, owner, kind } = entry;
      const kept = parcel ?? checkpoint;
      const of = [
        keys.state(trial),
        keys.lease(trial),
        keys.log,
        keys.sweep,
        ...(kept?.via === "redis" ? [keys.parcel(kept.at)] : []),
      ];
      const state = kind === "done" || kind === "failed" ? "ended" : "open";
      const text = (one: Parcel | undefined): string => (one === undefined ? "" : JSON.stringify(one));
      const said = [epoch, owner, state, operation(), JSON.stringify(entry), text(parcel), text(checkpoint)];
      return answer(await redis.eval(END, of.length, ...of, ...said));
    },
    async beat(trial, epoch, owner, staleMs) {
      const said = [epoch, owner, staleMs, `${owner} ${beats++}`];
      return answer(await redis.eval(BEAT, 3, keys.state(trial), keys.lease(trial), keys.sweep, ...said));
    },
    async leave(trial, epoch, owner, checkpoint) {
      const kept = checkpoint.via === "redis" ? keys.parcel(checkpoint.at) : keys.sweep;
      const said = [epoch, owner, JSON.stringify(checkpoint)];
      const before = await redis.eval(CHECKPOINT, 2, keys.state(trial), kept, ...said);
      return typeof before === "string" ? before : false;
    },
    async offer(trials, staleMs) {
      const pipeline = redis.pipeline();
      for (const { trial, epoch, state, owner } of trials)
        pipeline.eval(OFFER, 2, keys.state(trial), keys.lease(trial), epoch, state, owner, staleMs);
      await executed(pipeline);
    },
    async silent(trials, staleMs) {
      if (trials.length === 0) return [];
      const asked = redis.multi().mget(trials.map(keys.lease));
      for (const trial of trials) asked.hget(keys.state(trial), "state");
      const [found, ...states] = (await executed(asked)) as [readonly (string | null)[], ...(string | null)[]];
      const now = performance.now();
      const silent = trials.filter((trial, place) => {
        const said = found[place];
        // Who has ended holds no lease either: what they say of it is in the log, and will be read.
        if (said === null || said === undefined) return states[place] !== "ended" && states[place] !== "open";
        const before = heard.get(trial);
        if (before?.said === said) return now - before.since > staleMs;
        heard.set(trial, { said, since: now });
        return false;
      });
      for (const trial of silent) heard.delete(trial);
      // What a clock that was set back holds up would keep everybody from the trial.
      if (silent.length > 0) await redis.unlink(silent.map(keys.lease));
      return silent;
    },
    async forget(trials) {
      const pipeline = redis.pipeline();
      for (const trial of trials) {
        pipeline.hget(keys.state(trial), "checkpoint");
        pipeline.unlink(keys.state(trial), keys.lease(trial));
      }
      return (await executed(pipeline)).filter((one): one is string => typeof one === "string" && one !== "");
    },
  };
}

function operation(): string {
  return randomBytes(8).toString("hex");
}

function answer(value: unknown): Answer {
  return value === 1 ? "counts" : value === -1 ? "absent" : "refused";
}

/** The answers of a pipeline; throws the first error among them. */
export async function executed(pipeline: Pick<ReturnType<Redis["pipeline"]>, "exec">): Promise<readonly unknown[]> {
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
}
