// The processes that run trials: a crash takes one of them along, and nothing else.
import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DisentangleError } from "../errors.js";
import type { Assignment, Ended, TrialProgress } from "./assignment.js";
import type { FromChild, ToChild } from "./child.js";

/** How an assignment ended, where its process ended with it. */
export interface Crash {
  readonly kind: "crashed";
  readonly how: "killed" | "fault";
  readonly what: string;
  /** The last step that it told of. */
  readonly step: number;
}

/** A process that runs one trial at a time. */
export interface Worker {
  /** Throws what the machine did: `FILE_WRITE`. */
  run(assignment: Assignment, onProgress: (progress: TrialProgress) => void): Promise<Ended | Crash>;
  /** Asks the trial under way to stop; it leaves a checkpoint. */
  stop(): void;
  /** Ends the process. */
  close(): Promise<void>;
}

/** Signals that come from outside: by a person, a scheduler, or a system that has run out of memory. */
const FROM_OUTSIDE: ReadonlySet<string> = new Set(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"]);

/** Variables that hold credentials of the server between machines. */
const CREDENTIALS: readonly string[] = ["REDIS_URL", "REDIS_USERNAME", "REDIS_PASSWORD", "DISENTANGLE_REDIS"];

/** How long a process that has ended may take to say why. */
const LAST_WORDS_MS = 200;

/** The files of a run are made durable at once: waiting for the disk in turns is most of what a brief trial costs. */
const FILES_AT_ONCE = "16";

/** What a trial has no need to know stays here. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !CREDENTIALS.includes(name));
  return { UV_THREADPOOL_SIZE: FILES_AT_ONCE, ...Object.fromEntries(kept), NODE_NO_WARNINGS: "1" };
}

/** A worker; its process is started when there is something to do, and again after a crash. */
export function newWorker(): Worker {
  let child: ChildProcess | undefined;
  /** When its process has ended. */
  let gone: Promise<unknown> = Promise.resolve();
  /** When it listens. */
  let ready: Promise<void> = Promise.resolve();
  /** The last words of the process. */
  let said = "";
  const started = (): ChildProcess => {
    if (child?.connected) return child;
    const here = fileURLToPath(import.meta.url);
    const made = fork(fileURLToPath(new URL(`child${extname(here)}`, import.meta.url)), [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: environment(),
    });
    said = "";
    made.stderr?.on("data", (text: Buffer) => {
      said = (said + text.toString("utf8")).slice(-2000);
    });
    // `close` never comes after a `disconnect` of ours. What the process said last may arrive a moment after its end.
    const silent = new Promise<void>((resolve) => made.stderr?.once("close", () => resolve()));
    const exited = new Promise<void>((resolve) => made.once("exit", () => resolve()).once("error", () => resolve()));
    gone = exited.then(() => Promise.race([silent, sleep(LAST_WORDS_MS, undefined, { ref: false })]));
    ready = new Promise((resolve) => made.once("message", () => resolve()));
    child = made;
    return made;
  };
  return {
    run(assignment, onProgress) {
      const to = started();
      return new Promise((resolve, reject) => {
        let step = 0;
        const settle = (end: () => void): void => {
          to.off("message", hear);
          end();
        };
        const hear = (message: FromChild): void => {
          if ("ready" in message) return;
          if ("progress" in message) {
            step = message.progress.step;
            onProgress(message.progress);
          } else if ("ended" in message) settle(() => resolve(message.ended));
          else settle(() => reject(new DisentangleError(message.broken)));
        };
        const crashed = (): void => {
          const { exitCode, signalCode } = to;
          const how = signalCode !== null && FROM_OUTSIDE.has(signalCode) ? "killed" : "fault";
          const last = said.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
          const what = `${signalCode ?? `exit code ${exitCode}`}${last === "" ? "" : `: ${last}`}`;
          settle(() => resolve({ kind: "crashed", how, what, step }));
        };
        to.on("message", hear);
        // After an end that was told this changes nothing.
        void gone.then(crashed);
        void ready.then(() => {
          // A process that is about to be gone says so by its end.
          if (!to.connected) return to.kill("SIGKILL");
          return to.send({ run: assignment } satisfies ToChild, (error) => void (error !== null && to.kill("SIGKILL")));
        });
      });
    },
    stop() {
      const to = child;
      // Behind what it was asked to run.
      void ready.then(() => to?.connected && to.send({ stop: true } satisfies ToChild, () => {}));
    },
    async close() {
      if (child?.connected) child.disconnect();
      await gone;
    },
  };
}
