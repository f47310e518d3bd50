// The flags by which sweeps and reproductions run on many machines.
import { type Command, Option } from "commander";
import { quoted } from "../command-line.js";
import { wholeNumber } from "./variables.js";

/** How other machines are reached. */
export interface RedisFlags {
  readonly redis?: string | true;
  readonly shared?: string;
  readonly redisLimit?: number;
  readonly stale?: number;
}

/** Adds the flag that says when a silent owner of trials counts as gone. */
export function addStaleOption(command: Command): void {
  command.option(
    "--stale <seconds>",
    "how long a process on another machine may be silent before its trials are given to others (default: 60)",
    wholeNumber(1),
  );
}

/** Adds them. */
export function addRedisOptions(command: Command): void {
  addStaleOption(command);
  command
    .addOption(
      new Option(
        "--redis [url]",
        "run the trials on workers that are connected to this Redis or Valkey server (default: REDIS_URL)",
      ),
    )
    .option("--shared <dir>", "with --redis: a folder that all machines see, for what is too large for Redis")
    .option(
      "--redis-limit <MB>",
      "with --redis: the largest folder that goes through Redis (default: 64)",
      wholeNumber(0),
    );
}

/** The same as options of the API. */
export function redisOptions({ redis, shared, redisLimit, stale }: RedisFlags): {
  readonly staleMs?: number;
  readonly redis?: string | true;
  readonly shared?: string;
  readonly redisLimit?: number;
} {
  return {
    ...(redis !== undefined && { redis }),
    ...(shared !== undefined && { shared }),
    ...(redisLimit !== undefined && { redisLimit: redisLimit * 1e6 }),
    ...(stale !== undefined && { staleMs: stale * 1000 }),
  };
}

/** The same as words of a command. An address with a password is refused before it gets here. */
export function redisWords({ redis, shared, redisLimit, stale }: RedisFlags): readonly string[] {
  return [
    ...(redis === undefined ? [] : [redis === true ? "--redis" : `--redis ${quoted(redis)}`]),
    ...(shared === undefined ? [] : [`--shared ${quoted(shared)}`]),
    ...(redisLimit === undefined ? [] : [`--redis-limit ${redisLimit}`]),
    ...(stale === undefined ? [] : [`--stale ${stale}`]),
  ];
}
