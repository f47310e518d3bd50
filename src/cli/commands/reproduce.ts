import { type Command, Option } from "commander";
import { quoted } from "../../command-line.js";
import { fail, isDisentangleError } from "../../errors.js";
import { allPage, writeAllPage } from "../../reproduce/all.js";
import { type RowVerdict, worstOf } from "../../reproduce/judge.js";
import type { Preset, Scale, Study } from "../../reproduce/preset.js";
import { PRESETS, presetOf } from "../../reproduce/presets.js";
import type { Reproduction } from "../../reproduce/reproduction.js";
import { mergeReproductions, type ReproduceOptions, reproduceAll, type TrialEvent } from "../../reproduce/run.js";
import {
  bandsChanged,
  cellsOf,
  HEADINGS,
  inBand,
  madeByText,
  SEED_HEADINGS,
  seedCells,
  verdictText,
} from "../../reproduce/table.js";
import { shardOf } from "../../sweep/shard.js";
import type { ProgramState } from "../command.js";
import { EXIT } from "../exit.js";
import { lines } from "../progress-line.js";
import { addRedisOptions, type RedisFlags, redisOptions, redisWords } from "../redis-flags.js";
import { type Interruption, interruption } from "../signals.js";
import { columns, duration, note, print, type Style } from "../terminal.js";
import { listOf, wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle reproduce
  $ disentangle reproduce tbr/s-sweep --scale tiny
  $ disentangle reproduce tbr/ate --seeds 0 1 --out reproduce --json
  $ disentangle reproduce all --scale tiny --jobs 2
  $ disentangle reproduce all --shard 0/8 --out part-0
  $ disentangle reproduce all --merge part-*

Without a preset the presets are listed. \`all\` runs every preset and writes one page about all of them. The same command continues where it
stopped: finished trials are not run again.
Exit code 3: a row that was run lies outside its band, or a trial failed. A part of a preset (--only, other --seeds) is called incomplete,
whatever its rows say; that alone is no error.`;

// A fit that takes longer says where it is this often.
const EVERY_MS = 10_000;

interface ReproduceCommandOptions extends RedisFlags {
  readonly list?: boolean;
  readonly scale: Scale;
  readonly out: string;
  readonly seeds?: readonly number[];
  readonly only?: string;
  readonly jobs?: number;
  readonly shard?: string;
  readonly merge?: readonly string[];
  readonly rerun?: boolean;
  readonly data?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `disentangle reproduce` */
export function define(command: Command, state: ProgramState): void {
  command
    .argument("[preset]", "name of a preset, or all")
    .option("--list", "list the presets")
    .addOption(
      new Option("--scale <scale>", "tiny takes seconds, paper is the published grid")
        .choices(["tiny", "paper"])
        .default("paper"),
    )
    .option("--out <dir>", "folder of the trials and of the table", "reproduce")
    .option("--seeds <seed...>", "seeds of every experiment (default: those of the preset)", listOf(wholeNumber(0)))
    .option("--only <text>", "only the experiments whose names contain this (default: all)")
    .option(
      "--jobs <count>",
      "fits at once; measured times mean little with more than one (default: 1, and 0 with --redis)",
      wholeNumber(1),
    )
    .option("--shard <i/n>", "run only part i of n of the trials, counted from 0; give no verdict")
    .option("--merge <dir...>", "add the finished trials of these folders, then give the verdict; fit nothing")
    .option("--rerun", "run trials again that other code has computed; keep the old ones")
    .option("--data <file>", "real data, for presets that need some")
    .option("-q, --quiet", "no progress")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (preset: string | undefined, options: ReproduceCommandOptions) => {
      if (preset === undefined || options.list) list(options.json);
      else await run(preset, options, state);
    });
  addRedisOptions(command);
}

function list(json: boolean | undefined): void {
  const sizes = (study: Study): { readonly trials: number; readonly seconds: number } => ({
    trials: study.experiments.reduce((sum, { fits, seeds }) => sum + Object.keys(fits).length * seeds.length, 0),
    seconds: study.seconds,
  });
  const presets = PRESETS.map(({ name, title, repeats, scales }) => ({
    name,
    title,
    repeats,
    scales: { tiny: sizes(scales.tiny), paper: sizes(scales.paper) },
  }));
  const cost = ({ trials, seconds }: ReturnType<typeof sizes>): string =>
    `${trials} fits, ${seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}`;
  print(json, { presets }, () =>
    columns([
      ["preset", "repeats", "tiny", "paper", "question"],
      ...presets.map(({ name, repeats, scales, title }) => [
        name,
        repeats,
        cost(scales.tiny),
        cost(scales.paper),
        title,
      ]),
    ]),
  );
}

/** What a name stands for: `all` leaves out presets that ask for data that are not given, and those without a part that is asked for. */
function chosenBy(
  name: string,
  { scale, data, only = "" }: ReproduceCommandOptions,
): { readonly names: readonly string[]; readonly left: readonly string[]; readonly seconds: number } {
  const fits = ({ scales }: Preset): boolean =>
    scales[scale].experiments.some((experiment) => experiment.name.includes(only)) &&
    scales[scale].experiments.some((experiment) => "given" in experiment.data) === (data !== undefined);
  const found = name === "all" ? PRESETS.filter(fits) : [presetOf(name)];
  if (found.length === 0)
    fail("CONFIG_OUT_OF_RANGE", `only: no preset has an experiment with "${only}" in its name`, { path: "only" });
  const names = found.map((preset) => preset.name);
  const left = name === "all" ? PRESETS.map((preset) => preset.name).filter((one) => !names.includes(one)) : [];
  return { names, left, seconds: found.reduce((sum, { scales }) => sum + scales[scale].seconds, 0) };
}

async function run(preset: string, options: ReproduceCommandOptions, state: ProgramState): Promise<void> {
  const { seeds } = options;
  const { names, left, seconds } = chosenBy(preset, options);
  const interrupted = interruption(
    {
      first: () => note("stopping; press Ctrl-C again to end at once"),
      second: () => note(`ended; trials that were done are kept in ${options.out}`),
    },
    { warned: true },
  );
  const jobs = options.jobs ?? (options.redis === undefined ? 1 : 0);
  const silent = options.quiet === true || jobs !== 1;
  let progress = lines(EVERY_MS, note);
  let reached: TrialEvent = { done: 0, total: 0 };
  if (preset === "all") {
    note(`${names.length} presets, about ${duration(seconds * 1000)} of fitting, one at a time on two idle cores`);
    if (left.length > 0) note(`left out, for the data or the parts they need: ${left.join(", ")}`);
  }
  const shard = options.shard === undefined ? undefined : shardOf(options.shard);
  if (shard !== undefined) note(shard.said);
  const given: ReproduceOptions = {
    scale: options.scale,
    out: options.out,
    signal: interrupted.signal,
    rerun: options.rerun ?? false,
    ...(options.jobs !== undefined && { jobs: options.jobs }),
    ...(shard && { shard: { index: shard.index, of: shard.of } }),
    ...redisOptions(options),
    ...(seeds && { seeds }),
    ...(options.only !== undefined && { only: options.only }),
    ...(options.data !== undefined && { data: options.data }),
    onNotice: note,
    onTrial(event) {
      reached = event;
      progress = lines(EVERY_MS, note);
      if (options.quiet !== true) note(trialText(event));
    },
    onProgress: (event) => silent || progress.progress(event),
  };
  try {
    const results = await judgedBy(names, options, given, shard?.said);
    if (results === undefined) {
      print(options.json, { preset, scale: options.scale, out: options.out, ...reached }, () =>
        sharded(options, reached),
      );
      return;
    }
    if (preset === "all") {
      const page = allPage(results, left);
      const files = await writeAllPage(options.out, options.scale, page);
      print(options.json, { ...page, files }, (style) => allText(results, files.markdown, style));
    } else print(options.json, results[0], (style) => resultText(results[0]!, style));
    // A part that was asked for and ran is no error: what counts is how its rows came out.
    if (results.some(({ rows }) => worstOf(rows) !== "in band")) state.exitCode = EXIT.someFailed;
  } catch (error) {
    if (!isDisentangleError(error) || error.code !== "FIT_CANCELLED" || interrupted.exitCode === undefined) throw error;
    stopped(preset, options, reached, interrupted, state);
  } finally {
    interrupted.release();
  }
}

/** The tables; nothing where only a part of their trials was asked for, and others are not there yet. */
async function judgedBy(
  names: readonly string[],
  { merge }: ReproduceCommandOptions,
  given: ReproduceOptions,
  shard: string | undefined,
): Promise<readonly Reproduction[] | undefined> {
  if (merge !== undefined) {
    const { merges, results } = await mergeReproductions(names, merge, given);
    for (const { from, merged, there, foreign } of merges)
      note(`${from}: ${merged} trials brought in, ${there} were there already, ${foreign} not of these presets`);
    return results;
  }
  try {
    return await reproduceAll(names, given);
  } catch (error) {
    if (shard !== undefined && isDisentangleError(error) && error.code === "RUN_NOT_FOUND") return undefined;
    throw error;
  }
}

function sharded({ out }: ReproduceCommandOptions, { done, total }: TrialEvent): string {
  return `${done} of ${total} trials of this shard are in ${out}; when all shards have ended, bring them together with --merge`;
}

function stopped(
  preset: string,
  options: ReproduceCommandOptions,
  { done, total }: TrialEvent,
  { exitCode = EXIT.interrupted }: Interruption,
  state: ProgramState,
): void {
  const { scale, out, seeds, only, jobs, data, shard } = options;
  const replay = [
    `disentangle reproduce ${preset} --scale ${scale} --out ${quoted(out)}`,
    ...(seeds === undefined ? [] : [`--seeds ${seeds.join(" ")}`]),
    ...(only === undefined ? [] : [`--only ${quoted(only)}`]),
    ...(jobs === undefined ? [] : [`--jobs ${jobs}`]),
    ...(shard === undefined ? [] : [`--shard ${shard}`]),
    ...redisWords(options),
    ...(data === undefined ? [] : [`--data ${quoted(data)}`]),
  ].join(" ");
  note(`stopped; ${done} of ${total} trials are kept in ${out}; go on with\n  ${replay}`);
  if (options.json) print(true, { preset, scale, out, done, total, replay }, () => "");
  state.exitCode = exitCode;
}

function trialText({ done, total, last }: TrialEvent): string {
  if (last === undefined) return `${done} of ${total} trials are done already`;
  const { experiment, fit, seed, trial } = last;
  const end =
    "error" in trial ? `failed: ${trial.error.message} [${trial.error.code}]` : duration(trial.seconds.fit * 1e3);
  return `${String(done).padStart(String(total).length)} of ${total}  ${experiment}: ${fit}, seed ${seed}: ${end}`;
}

const WORDS: Readonly<Record<RowVerdict, string>> = {
  "in band": "every row with a band lies in it",
  outside: "a row lies outside its band",
  failed: "a trial failed",
};

function resultText(result: Reproduction, style: Style): string {
  const { preset, scale, title, repeats, rows, trials, part, seeds, files } = result;
  return [
    `${style.strong(preset)} ${scale}: ${title} (${repeats})`,
    "",
    columns([[...HEADINGS], ...rows.map(cellsOf)]),
    ...(trials.failed.length === 0 ? [] : ["", "Failed:"]),
    ...trials.failed.map(
      ({ experiment, fit, seed, message, code }) => `  ${experiment}: ${fit}, seed ${seed}: ${message} [${code}]`,
    ),
    ...bandsChanged(rows).flatMap((text) => ["", text]),
    ...(part === undefined ? [] : ["", columns([[...SEED_HEADINGS], ...seeds.map(seedCells)])]),
    "",
    part === undefined
      ? `Verdict: ${style.strong(WORDS[worstOf(rows)])}`
      : `Verdict: ${style.strong("incomplete")} (${part}); of what was run ${WORDS[worstOf(rows)]}`,
    `Code: ${madeByText(result)}`,
    `Table: ${files.markdown}, ${files.json}`,
  ].join("\n");
}

function allText(results: readonly Reproduction[], page: string, style: Style): string {
  return [
    columns([
      ["preset", "rows in band", "verdict"],
      ...results.map((one) => [one.preset, inBand(one.rows), verdictText(one)]),
    ]),
    "",
    `Code: ${results.slice(0, 1).map(madeByText).join()}`,
    `Page: ${style.strong(page)}`,
  ].join("\n");
}
