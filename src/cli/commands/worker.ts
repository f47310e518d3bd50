import type { Command } from "commander";
import { fail } from "../../errors.js";
import { defaultCache, runWorker, type WorkerEvent } from "../../sweep/remote/worker.js";
import type { ProgramState } from "../command.js";
import { addStaleOption } from "../redis-flags.js";
import { interruption } from "../signals.js";
import { note, print } from "../terminal.js";
import { wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle worker --redis redis://host:6379 --jobs 4
  $ REDIS_PASSWORD=... disentangle worker --redis rediss://host:6380 --idle 600

A worker runs trials of all sweeps on the server that have the same code as itself. It needs neither the sweep files nor their folders: data
come through the server, or through the folder of --shared. User and password are read from REDIS_USERNAME and REDIS_PASSWORD, or a whole
address from REDIS_URL. SIGTERM, SIGINT and SIGUSR1 return the trials with a checkpoint.`;

interface WorkerFlags {
  readonly redis?: string | true;
  readonly jobs: number;
  readonly shared?: string;
  readonly cache?: string;
  readonly idle?: number;
  readonly stale?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `disentangle worker` */
export function define(command: Command, state: ProgramState): void {
  addStaleOption(command);
  command
    .option("--redis [url]", "the Redis or Valkey server of the sweeps (default: REDIS_URL)")
    .option("--jobs <count>", "fits at once, each in a process of its own", wholeNumber(1), 1)
    .option("--shared <dir>", "the folder that all machines see, where the sweep has one")
    .option("--cache <dir>", `folder of data sets and of fits under way (default: ${defaultCache()})`)
    .option("--idle <seconds>", "end after so long without work (default: never)", wholeNumber(0))
    .option("-q, --quiet", "tell failures only")
    .option("--json", "print one JSON object when it ends: how many trials ended, and how")
    .addHelpText("after", EXAMPLES)
    .action(async ({ redis, jobs, shared, cache, idle, stale, quiet = false, json }: WorkerFlags) => {
      if (redis === undefined)
        fail("CONFIG_USAGE", "worker: no server", { path: "--redis", hint: "for example --redis redis://host:6379" });
      const interrupted = interruption(
        { first: () => note("handing trials back"), second: () => note("ended") },
        { warned: true },
      );
      const ended: Record<string, number> = {};
      try {
        await runWorker({
          redis,
          jobs,
          shared,
          cache,
          ...(idle !== undefined && { idleMs: idle * 1000 }),
          ...(stale !== undefined && { staleMs: stale * 1000 }),
          signal: interrupted.signal,
          onEvent: (event) => {
            const text = textOf(event);
            if (event.kind === "ended") ended[event.how] = (ended[event.how] ?? 0) + 1;
            if (!quiet || event.kind === "notice" || (event.kind === "ended" && "reason" in event)) note(text);
          },
        });
        const counts = Object.entries(ended).map(([how, count]) => `${count} ${how}`);
        print(json, { trials: ended }, () => `Trials: ${counts.length === 0 ? "none" : counts.join(", ")}`);
        if (interrupted.exitCode !== undefined) state.exitCode = interrupted.exitCode;
      } finally {
        interrupted.release();
      }
    });
}

function textOf(event: WorkerEvent): string {
  switch (event.kind) {
    case "start": {
      const per = `${event.threads} ${event.threads === 1 ? "thread" : "threads"} each`;
      return `waits for trials at ${event.address}; ${event.jobs} at once, ${per}; disentangle ${event.code}`;
    }
    case "notice":
      return event.text;
    case "begun":
      return `${event.trial} begins${event.epoch === 1 ? "" : `, attempt ${event.epoch}`}`;
    case "ended":
      return `${event.trial} ${event.how}${event.reason === undefined ? "" : `: ${event.reason}`}`;
  }
}
