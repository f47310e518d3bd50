// `disentangle sweep` where it runs trials, or plans them: what only looks at a folder does not load this.
import { basename } from "node:path";
import { quoted } from "../command-line.js";
import { isDisentangleError } from "../errors.js";
import { checkSweep, type SweepConfig } from "../sweep/config.js";
import { readSweepFile } from "../sweep/folder.js";
import { sweepResult } from "../sweep/found.js";
import { openLedger, stateOf } from "../sweep/ledger.js";
import { mergeSweep, plannedIn, runSweep, type SweepOptions } from "../sweep/run.js";
import { shardOf } from "../sweep/shard.js";
import type { ProgramState } from "./command.js";
import type { ConfigFile } from "./config-file.js";
import { EXIT } from "./exit.js";
import { redisOptions, redisWords } from "./redis-flags.js";
import { interruption } from "./signals.js";
import { outOf, type SweepFlags } from "./sweep-flags.js";
import { resultText, sweepLine } from "./sweep-text.js";
import { duration, note, print } from "./terminal.js";

/** Does what the flags ask for. */
export async function act(path: string, file: ConfigFile, flags: SweepFlags, state: ProgramState): Promise<void> {
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
