import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { isAlive } from "../../files.js";
import type { Scores } from "../../generated/types.js";
import { isUnfinished, readManifest, runFolders } from "../../results.js";
import { readJson } from "../../run-version.js";
import { columns, duration, number, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle runs runs
  $ disentangle runs runs --json

States: finished; working (a process writes there now); stopped or killed: "disentangle fit --resume RUN" goes on with it.`;

/** One run folder. */
export interface ListedRun {
  readonly dir: string;
  readonly state: "finished" | "working" | "stopped" | "killed" | "unreadable";
  readonly method?: string;
  readonly seed?: number;
  /** How it ended, or where it was stopped. */
  readonly outcome?: string;
  readonly steps?: number;
  readonly data?: string;
  readonly createdAt?: string;
  readonly elapsedMs?: number;
  readonly mcc?: number;
  /** The process that works there. */
  readonly pid?: number;
  /** Why it cannot be read. */
  readonly error?: string;
}

/** `disentangle runs` */
export function define(command: Command): void {
  command
    .argument("[dir]", "run folder, or folder of run folders", "runs")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (dir: string, { json }: { json?: boolean }) => {
      const runs: ListedRun[] = [];
      for (const folder of await runFolders(dir)) runs.push(await listed(folder));
      print(json, { runs }, () =>
        columns([
          ["run", "state", "method", "seed", "outcome", "steps", "time", "MCC", "data"],
          ...runs.map((run) => [
            run.dir,
            run.pid === undefined ? run.state : `${run.state} (${run.pid})`,
            run.method ?? "-",
            run.seed ?? "-",
            run.outcome ?? run.error ?? "-",
            run.steps ?? "-",
            run.elapsedMs === undefined ? "-" : duration(run.elapsedMs),
            run.mcc === undefined ? "-" : number(run.mcc),
            run.data ?? "-",
          ]),
        ]),
      );
    });
}

/** What is known of a run; one that cannot be read must not hide the others. */
async function listed(dir: string): Promise<ListedRun> {
  try {
    const manifest = await readManifest(dir);
    const { method, seed, outcome, steps, createdAt, elapsedMs, dataset } = manifest;
    const finished = !isUnfinished(manifest);
    const pid = await workingIn(dir);
    const scores = finished ? await readJson<Scores>(dir, "scores.json").catch(() => undefined) : undefined;
    const state = pid !== undefined ? "working" : finished ? "finished" : outcome === undefined ? "killed" : "stopped";
    return {
      dir,
      state,
      method,
      seed,
      ...(outcome !== undefined && { outcome: outcome.kind }),
      ...(steps !== undefined && { steps }),
      data: dataset.name,
      createdAt,
      ...(finished && { elapsedMs }),
      ...(typeof scores?.mcc.value === "number" && { mcc: scores.mcc.value }),
      ...(pid !== undefined && { pid }),
    };
  } catch (error) {
    return { dir, state: "unreadable", error: (error as Error).message };
  }
}

/** The process that holds a folder, as far as its lock says; of another machine nobody can know whether it still runs. */
async function workingIn(dir: string): Promise<number | undefined> {
  try {
    const { pid, host } = JSON.parse(await readFile(join(dir, ".lock"), "utf8")) as { pid: number; host: string };
    return host !== hostname() || isAlive(pid) ? pid : undefined;
  } catch {
    // Nobody works there, or nobody can know.
    return undefined;
  }
}
