import { stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type Command, Option } from "commander";
import { quoted } from "../../command-line.js";
import { fail, isDisentangleError } from "../../errors.js";
import { checkSweep, type SweepConfig } from "../../sweep/config.js";
import { readSweepFile } from "../../sweep/folder.js";
import { openLedger, stateOf } from "../../sweep/ledger.js";
import { mergeSweep, plannedIn, runSweep, type SweepOptions } from "../../sweep/run.js";
import { shardOf } from "../../sweep/shard.js";
import { statusOf, whyOf } from "../../sweep/status.js";
import { sweepResult } from "../../sweep/sweep.js";
import type { ProgramState } from "../command.js";
import { type ConfigFile, located, readConfigFile } from "../config-file.js";
import { EXIT } from "../exit.js";
import { addRedisOptions, type RedisFlags, redisOptions, redisWords } from "../redis-flags.js";
import { interruption } from "../signals.js";
import { resultText, statusText, sweepLine, whyText } from "../sweep-text.js";
import { duration, note, print } from "../terminal.js";
import { wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle sweep steps.yaml --dry-run
  $ disentangle sweep steps.yaml --jobs 4
  $ disentangle sweep steps.yaml --status
  $ disentangle sweep steps.yaml --shard 0/8 --out part-0
  $ disentangle sweep steps.yaml --merge part-0 part-1
  $ disentangle sweep steps.yaml --redis redis://host:6379   (and on any machine: disentangle worker --redis redis://host:6379)

A sweep file has the keys method, metric, parameters, run_cap, early_terminate, seeds, seed and base (docs/sweeps.md).
The same line goes on where it stopped: what is done is not computed again.
Exit code 3: a trial failed, or was parked after its process had crashed again and again.`;

interface SweepFlags extends RedisFlags {
  readonly out?: string;
  readonly jobs?: number;
  readonly shard?: string;
  readonly dryRun?: boolean;
  readonly status?: boolean;
  readonly why?: string;
  readonly retry?: readonly ("failed" | "parked")[];
  readonly rerun?: boolean;
  readonly merge?: readonly string[];
  readonly report: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `disentangle sweep` */
export function define(command: Command, state: ProgramState): void {
  addRedisOptions(command);
  command
    .argument("<file>", "sweep file (YAML or JSON), or the folder of a sweep for --status and --why")
    .option("--out <dir>", "folder of the sweep (default: sweeps/NAME-OF-FILE)")
    .option(
      "--jobs <count>",
      "fits at once, each in a process of its own (default: 1, and 0 with --redis)",
      wholeNumber(0),
    )
    .option("--dry-run", "list the trials and which of them are done; fit nothing")
    .option("--status", "where the sweep stands; reads its folder only")
    .option("--why <trial>", "what makes a trial new: which key, which data, which code")
    .addOption(new Option("--retry <state...>", "try trials in these states again").choices(["failed", "parked"]))
    .option("--rerun", "compute again what other code has computed, beside the old trials")
    .option("--shard <i/n>", "only this part of the trials, counted from 0")
    .option("--merge <dir...>", "bring in what these sweep folders have finished; fit nothing")
    .option("--no-report", "do not write report.html")
    .option("--quiet", "no progress; failures are still told")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (path: string, flags: SweepFlags) => {
      checkTogether(flags);
      if (flags.status || flags.why !== undefined) {
        await look(await folderOf(path, flags), flags, state);
        return;
      }
      const file = await readConfigFile(path, {
        named: "sweep",
        hint: "name a YAML or JSON file with the keys method, parameters, seeds, base (docs/sweeps.md)",
      });
      try {
        await act(path, file, flags, state);
      } catch (error) {
        throw located(error, file.places);
      }
    });
}

/** Flags that each say what is to be done. */
const ACTIONS = ["dryRun", "status", "why", "merge"] as const;

function checkTogether(flags: SweepFlags): void {
  const given = ACTIONS.filter((name) => flags[name] !== undefined);
  const named = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (given.length > 1) {
    fail("CONFIG_CONFLICT", `${given.map(named).join(" and ")} ask for different things`, {
      path: named(given[1]!),
      hint: "give one of them",
    });
  }
  if (flags.merge !== undefined && flags.shard !== undefined)
    fail("CONFIG_CONFLICT", "--merge and --shard: what is merged is the whole sweep", {
      path: "--shard",
      hint: "leave --shard out",
    });
}

/** The folder of a sweep: its own path, or that which its file means. */
async function folderOf(path: string, flags: SweepFlags): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? path : outOf(path, flags);
}

function outOf(path: string, { out, shard }: SweepFlags): string {
  if (out !== undefined) return out;
  const stem = path === "-" ? "sweep" : basename(path, extname(path));
  if (shard === undefined) return join("sweeps", stem);
  const { index, of } = shardOf(shard);
  return join("sweeps", `${stem}.shard-${index}-of-${of}`);
}

async function look(dir: string, { why, json }: SweepFlags, state: ProgramState): Promise<void> {
  if (why !== undefined) {
    const found = await whyOf(dir, why);
    print(json, found, () => whyText(found));
    return;
  }
  const status = await statusOf(dir);
  print(json, status, (style) => statusText(status, style));
  if (status.counts.failed + status.counts.parked > 0) state.exitCode = EXIT.someFailed;
}

async function act(path: string, file: ConfigFile, flags: SweepFlags, state: ProgramState): Promise<void> {
  const out = outOf(path, flags);
  const config = {
    ...file.config,
    ...(file.config.name === undefined && { name: basename(out) }),
  } as unknown as SweepConfig;
  if (flags.dryRun) return dryRun(config, out, flags);
  const interrupted = interruption(
    {
      first: () => note("stopping; press Ctrl-C again to end at once"),
      second: () => note(`ended; what was done is kept in ${out}`),
    },
    { warned: true },
  );
  const line = sweepLine(flags.quiet === true);
  try {
    if (flags.merge !== undefined) {
      const { merges } = await mergeSweep(config, flags.merge, {
        out,
        signal: interrupted.signal,
        rerun: flags.rerun ?? false,
      });
      for (const { from, merged, there, foreign } of merges)
        note(`${from}: ${merged} trials brought in, ${there} were there already, ${foreign} not of this sweep`);
    } else {
      const shard = flags.shard === undefined ? undefined : shardOf(flags.shard);
      if (shard !== undefined) note(shard.said);
      const options: SweepOptions = {
        out,
        ...(flags.jobs !== undefined && { jobs: flags.jobs }),
        ...(shard && { shard: { index: shard.index, of: shard.of } }),
        ...redisOptions(flags),
        retry: flags.retry ?? [],
        rerun: flags.rerun ?? false,
        signal: interrupted.signal,
        onEvent: line.event,
      };
      await runSweep(config, options);
    }
    line.end();
    const result = await sweepResult(out, { report: flags.report });
    print(flags.json, result, (style) => resultText(result, style));
    const failed = result.trials.some(({ state: one }) => one === "failed" || one === "parked");
    if (failed) state.exitCode = EXIT.someFailed;
  } catch (error) {
    line.end();
    if (!isDisentangleError(error) || error.code !== "FIT_CANCELLED" || interrupted.exitCode === undefined) throw error;
    const again = [
      "disentangle sweep",
      quoted(path),
      "--out",
      quoted(out),
      ...(flags.jobs === undefined ? [] : [`--jobs ${flags.jobs}`]),
      ...(flags.shard === undefined ? [] : [`--shard ${flags.shard}`]),
      ...redisWords(flags),
    ].join(" ");
    note(`stopped; what was done is kept in ${out}; go on with\n  ${again}`);
    if (flags.json) print(true, { dir: out, stopped: true, replay: again }, () => "");
    state.exitCode = interrupted.exitCode;
  } finally {
    interrupted.release();
  }
}

/** What would be computed, and what lies there already. */
async function dryRun(config: SweepConfig, dir: string, flags: SweepFlags): Promise<void> {
  const checked = checkSweep(config);
  const { trials: all } = await plannedIn(checked, dir);
  const shard = flags.shard === undefined ? undefined : shardOf(flags.shard);
  const trials = all.filter((_, place) => shard === undefined || place % shard.of === shard.index);
  const ledger = await openLedger(dir, "reader");
  await ledger.close();
  const previous = await readSweepFile(dir);
  const states = trials.map(({ id }) => stateOf(ledger, id).state);
  const fresh = states.filter((one) => one !== "done" && one !== "failed" && one !== "parked").length;
  const jobs = Math.max(1, flags.jobs ?? 1);
  const perTrial =
    previous === undefined ? undefined : meanMs(previous.trials.map(({ id }) => stateOf(ledger, id).result?.elapsedMs));
  const guess = perTrial === undefined ? null : Math.round((perTrial * fresh) / jobs);
  const listed = trials.map(({ id, params, seed, steps }, place) => ({
    id,
    params,
    seed,
    ...(steps !== undefined && { steps }),
    state: states[place]!,
  }));
  print(
    flags.json,
    { dir, trials: listed, done: states.filter((one) => one === "done").length, toRun: fresh, guessMs: guess },
    () =>
      [
        ...listed.map(({ id, params, seed, state }) => `${id}  ${JSON.stringify(params)} seed ${seed}  ${state}`),
        `${listed.length} trials, ${listed.length - fresh} of them ended already, ${fresh} to run`,
        guess === null
          ? "cost: not known before a trial of this sweep is done"
          : `cost: about ${duration(guess)} with --jobs ${jobs}, from the mean of what is done`,
      ].join("\n"),
  );
}

function meanMs(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0) / known.length;
}
