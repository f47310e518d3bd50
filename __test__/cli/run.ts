import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { commandLine } from "../command-line.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a child process ended. */
export interface Ended {
  readonly code: number | null;
  /** What killed it. */
  readonly signal?: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a command runs. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What a shell is to do first, for example set a limit. */
  readonly shell?: string;
}

/** Runs the command line in a process of its own. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return start(args, options).ended;
}

const started = new Set<ChildProcess>();

/** Kills what was started and has not ended. */
export function killStarted(): void {
  for (const child of started) child.kill("SIGKILL");
}

/** Starts the command line; `ended` resolves when it has. */
export function start(
  args: readonly string[],
  { cwd = root, env = {}, shell }: RunOptions = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const words = [...commandLine, ...args];
  const [command, ...rest] = shell === undefined ? words : ["bash", "-c", `${shell}; exec "$@"`, "bash", ...words];
  const child = spawn(command!, rest, { cwd, env: { ...process.env, ...env } });
  started.add(child);
  child.once("close", () => started.delete(child));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}
