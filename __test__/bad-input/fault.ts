// Rows of what users do wrong, each through the API and through the command line, and what both must say.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import { flagOf } from "../../src/config-keys.js";
import { type ErrorCode, type Failure, isDisentangleError } from "../../src/errors.js";
import { fit, type RunConfig } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import type { Ended } from "../cli/run.js";
import { GOOD, GOOD_FILES } from "./table.js";

/** What lies in a folder, by path; `null` is an empty folder. */
export type Files = Readonly<Record<string, string | Uint8Array | null>>;

/** What a failure must tell. */
export interface Told {
  readonly code: ErrorCode;
  /** Part of the place: a file with line and column, or a configuration path. */
  readonly path: string | RegExp;
  /** What the message must name. */
  readonly says: readonly (string | RegExp)[];
  /** What the fix must mention. */
  readonly hint: string | RegExp;
}

/** One mistake. */
export interface Fault extends Told {
  /** What is wrong, as a sentence. */
  readonly name: string;
  /** Beside the files of a fit that works. */
  readonly files?: Files;
  /** Keys that differ from the configuration that works; `undefined` takes one away. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Further words of the command line; with them the API has no such mistake. */
  readonly args?: readonly string[];
  /** Where no command line can make this mistake. */
  readonly only?: "api";
}

/** Makes a folder with the files of a fit that works and others beside or instead. */
export async function folderOf(files: Files = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-fault-"));
  for (const [name, content] of Object.entries({ ...GOOD_FILES, ...files })) {
    const path = join(dir, name);
    await mkdir(content === null ? path : dirname(path), { recursive: true });
    if (content !== null) await writeFile(path, content);
  }
  return dir;
}

/** Everything below a folder, hidden files too. */
export async function contentOf(dir: string): Promise<readonly string[]> {
  return (await readdir(dir, { recursive: true })).sort();
}

/** Whether a failure tells what it must, in a form that people and programs can use. */
export function checkTold(t: ExecutionContext, failure: Failure, { code, path, says, hint }: Told): void {
  const shown = JSON.stringify(failure, null, 2);
  t.is(failure.code, code, shown);
  t.true(matches(failure.path ?? "", path), `path should hold ${path}: ${shown}`);
  for (const part of says) t.true(matches(failure.message, part), `message should say ${part}: ${shown}`);
  t.true((failure.hint ?? "").length > 5, `a hint says what to do: ${shown}`);
  t.true(matches(failure.hint ?? "", hint), `hint should mention ${hint}: ${shown}`);
  t.regex(failure.message, /^[^\n]{5,}$/, "the message is one line");
  // Raw words of the system or of a library mean nothing to whoever reads them.
  t.notRegex(`${failure.message} ${failure.hint}`, /\bE[A-Z]{3,}\b:|\[object|undefined|NaN,|at .*\.[jt]s:\d/);
}

/** The exit code that belongs to a code: 2 for usage and configuration, 1 for everything else. */
export function exitOf(code: ErrorCode): number {
  return code.startsWith("CONFIG_") ? 2 : 1;
}

/** The first of the failures that an error holds: the others are of the same kind. */
function firstOf(error: Failure): Failure {
  const inner = error.context?.failures as readonly Failure[] | undefined;
  return inner?.[0] ?? error;
}

/** Registers a test of each mistake through the API and one through the command line. */
export function faults(rows: readonly Fault[]): void {
  let ended: Promise<readonly (Ended & { dir: string; left: readonly string[] })[]> | undefined;
  const commandLines = () => {
    ended ??= runAll(rows);
    return ended;
  };
  for (const [i, row] of rows.entries()) {
    if (row.args === undefined) {
      test(`API: ${row.name}`, async (t) => {
        const dir = await folderOf(row.files);
        const before = await contentOf(dir);
        const error = await t.throwsAsync(fit(within(dir, row.config)).result);
        if (!isDisentangleError(error)) return t.fail(String(error?.stack));
        checkTold(t, firstOf(error.toJSON()), row);
        t.deepEqual(await contentOf(dir), before);
      });
    }
    if (row.only === "api") continue;
    test(`CLI: ${row.name}`, async (t) => {
      const { code, stdout, stderr, left } = (await commandLines())[i]!;
      t.is(code, exitOf(row.code), stderr);
      const { error } = JSON.parse(stdout) as { error: Failure };
      const { message, hint = "" } = firstOf(error);
      checkTold(t, firstOf(error), row);
      for (const part of [message, `[${row.code}]`, hint]) t.true(stderr.includes(part), `${part} in ${stderr}`);
      t.deepEqual(left, [], "nothing is left behind");
    });
  }
}

async function runAll(rows: readonly Fault[]): Promise<readonly (Ended & { dir: string; left: readonly string[] })[]> {
  const dirs = await Promise.all(rows.map(({ files }) => folderOf(files)));
  const before = await Promise.all(dirs.map(contentOf));
  const jobs = rows.map((row, i) => ({ cwd: dirs[i]!, args: commandLineOf(row) }));
  const ended = await runBatch(jobs);
  return Promise.all(
    ended.map(async (end, i) => {
      const dir = dirs[i]!;
      const after = await contentOf(dir);
      return { ...end, dir, left: after.filter((name) => !before[i]!.includes(name)) };
    }),
  );
}

/** Runs command lines, one after the other in one process. */
export async function runBatch(jobs: readonly { cwd: string; args: readonly string[] }[]): Promise<readonly Ended[]> {
  const script = fileURLToPath(new URL("batch.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(jobs));
  return (await json(child.stdout)) as Ended[];
}

function commandLineOf({ config, args }: Fault): readonly string[] {
  const flags = Object.entries({ ...GOOD, ...config }).flatMap(([key, value]) => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return [flagOf(key), ...value.map(String)];
    return typeof value === "object" ? ["--set", `${key}=${JSON.stringify(value)}`] : [flagOf(key), String(value)];
  });
  return ["fit", ...flags, "--out", "out", "--json", ...(args ?? [])];
}

function within(dir: string, config: Fault["config"]): RunConfig {
  const merged: Record<string, unknown> = { ...GOOD, ...config };
  for (const key of ["data", "tree", "truth"]) {
    const value = merged[key];
    if (typeof value === "string" && (value.includes(".") || existsSync(join(dir, value))))
      merged[key] = join(dir, value);
  }
  return merged as unknown as RunConfig;
}

function matches(text: string, part: string | RegExp): boolean {
  return typeof part === "string" ? text.includes(part) : part.test(text);
}
