import { type Command, Option } from "commander";
import { quoted } from "../../command-line.js";
import { isDisentangleError } from "../../errors.js";
import type { Scale, Study } from "../../reproduce/preset.js";
import { PRESETS } from "../../reproduce/presets.js";
import type { Reproduction } from "../../reproduce/reproduction.js";
import { reproduce } from "../../reproduce/run.js";
import { cellsOf, HEADINGS } from "../../reproduce/table.js";
import type { TrialEvent } from "../../reproduce/work.js";
import type { ProgramState } from "../command.js";
import { EXIT } from "../exit.js";
import { lines } from "../progress-line.js";
import { type Interruption, interruption } from "../signals.js";
import { columns, duration, note, print, type Style } from "../terminal.js";
import { listOf, wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle reproduce
  $ disentangle reproduce tbr/s-sweep --scale tiny
  $ disentangle reproduce tbr/ate --seeds 0 1 --out reproduce --json

Without a preset the presets are listed. Trials that are done are not run again: the same command goes on where it stopped.
Exit code 3: a row lies outside its band, or a trial failed.`;

// A fit that takes longer says where it is this often.
const EVERY_MS = 10_000;

interface ReproduceCommandOptions {
  readonly list?: boolean;
  readonly scale: Scale;
  readonly out: string;
  readonly seeds?: readonly number[];
  readonly only?: string;
  readonly jobs: number;
  readonly data?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `disentangle reproduce` */
export function define(command: Command, state: ProgramState): void {
  command
    .argument("[preset]", "name of a preset")
    .option("--list", "list the presets")
    .addOption(
      new Option("--scale <scale>", "seconds, or the published grid").choices(["tiny", "paper"]).default("paper"),
    )
    .option("--out <dir>", "folder of the trials and of the table", "reproduce")
    .option("--seeds <seed...>", "seeds of every experiment (default: those of the preset)", listOf(wholeNumber(0)))
    .option("--only <text>", "only the experiments whose names contain this (default: all)")
    .option("--jobs <count>", "data sets worked on at once; with more than one, times say little", wholeNumber(1), 1)
    .option("--data <file>", "real data, for presets that ask for some")
    .option("-q, --quiet", "no progress")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (preset: string | undefined, options: ReproduceCommandOptions) => {
      if (preset === undefined || options.list) list(options.json);
      else await run(preset, options, state);
    });
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

async function run(preset: string, options: ReproduceCommandOptions, state: ProgramState): Promise<void> {
  const { seeds, jobs } = options;
  const interrupted = interruption({
    first: () => note("stopping; press Ctrl-C again to end at once"),
    second: () => note(`ended; trials that were done are kept in ${options.out}`),
  });
  const silent = options.quiet === true || jobs > 1;
  let progress = lines(EVERY_MS, note);
  let reached: TrialEvent = { done: 0, total: 0 };
  try {
    const result = await reproduce(preset, {
      scale: options.scale,
      out: options.out,
      jobs,
      signal: interrupted.signal,
      ...(seeds && { seeds }),
      ...(options.only !== undefined && { only: options.only }),
      ...(options.data !== undefined && { data: options.data }),
      onTrial(event) {
        reached = event;
        progress = lines(EVERY_MS, note);
        if (options.quiet !== true) note(trialText(event));
      },
      onProgress: (event) => silent || progress.progress(event),
    });
    print(options.json, result, (style) => resultText(result, style));
    if (result.verdict !== "in band") state.exitCode = EXIT.someFailed;
  } catch (error) {
    if (!isDisentangleError(error) || error.code !== "FIT_CANCELLED" || interrupted.exitCode === undefined) throw error;
    stopped(preset, options, reached, interrupted, state);
  } finally {
    interrupted.release();
  }
}

function stopped(
  preset: string,
  options: ReproduceCommandOptions,
  { done, total }: TrialEvent,
  { exitCode = EXIT.interrupted }: Interruption,
  state: ProgramState,
): void {
  const { scale, out, seeds, only, jobs, data } = options;
  const replay = [
    `disentangle reproduce ${preset} --scale ${scale} --out ${quoted(out)}`,
    ...(seeds === undefined ? [] : [`--seeds ${seeds.join(" ")}`]),
    ...(only === undefined ? [] : [`--only ${quoted(only)}`]),
    ...(jobs === 1 ? [] : [`--jobs ${jobs}`]),
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

const WORDS: Readonly<Record<Reproduction["verdict"], string>> = {
  "in band": "every row with a band lies in it",
  outside: "a row lies outside its band",
  failed: "a trial failed",
};

function resultText(
  { preset, scale, title, repeats, rows, trials, verdict, files }: Reproduction,
  style: Style,
): string {
  return [
    `${style.strong(preset)} ${scale}: ${title} (${repeats})`,
    "",
    columns([[...HEADINGS], ...rows.map(cellsOf)]),
    ...(trials.failed.length === 0 ? [] : ["", "Failed:"]),
    ...trials.failed.map(
      ({ experiment, fit, seed, message, code }) => `  ${experiment}: ${fit}, seed ${seed}: ${message} [${code}]`,
    ),
    "",
    `Verdict: ${style.strong(WORDS[verdict])}`,
    `Table: ${files.markdown}, ${files.json}`,
  ].join("\n");
}
