import type { Command } from "commander";
import { catalogue } from "../../catalogue.js";
import { resumeCommand } from "../../command-line.js";
import { configKeys, coreKeys, type RunConfig, splitConfig } from "../../config.js";
import type { ConfigKey } from "../../config-keys.js";
import { fail, isDisentangleError } from "../../errors.js";
import type { Scores } from "../../generated/types.js";
import { namesIn } from "../../owned-folder.js";
import { jsonText, type Run, type RunWriter, readRunFolder, type StoppedRun } from "../../results.js";
import { scoreIfKnown } from "../../score.js";
import { isFinished, train } from "../../train.js";
import type { ProgramState } from "../command.js";
import { located } from "../config-file.js";
import { EXIT } from "../exit.js";
import { addConfigOptions, type ConfigOptions, given } from "../flags.js";
import { namesBelow, showKeys } from "../help.js";
import { type Job, newJob, resumedJob } from "../job.js";
import { progressLine } from "../progress-line.js";
import { dataText, isUseless, resultText } from "../run-text.js";
import { interruption } from "../signals.js";
import { note, print } from "../terminal.js";
import { numberFlag, wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle fit world --method tbr --latent-dim 5 --seed 0 --out runs/a
  $ disentangle fit cells.csv --method tbr --inputs 'gene*' --environment env \\
      --target pheno --tree tree.nwk --latent-dim 5 --threads 2 --json
  $ disentangle fit --config tbr.yaml --set latentDim=4 --seed 1
  $ disentangle fit --resume runs/a

Flags take precedence over --set, and --set over --config. If a fit is stopped
by Ctrl-C or killed, --resume continues it, with exactly the same result.`;

const METHODS = 'Methods; "fit --method NAME --help" lists all options of one:';

/** What the help shows before a method is chosen. */
const COMMON = [
  "data",
  "modality",
  "inputs",
  "environment",
  "task",
  "target",
  "truth",
  "tree",
  "method",
  "seed",
  "latentDim",
  "steps",
  "threads",
  "config",
  "set",
  "out",
  "resume",
  "quiet",
  "verbose",
  "json",
];

interface FitCommandOptions extends ConfigOptions {
  readonly out?: string;
  readonly resume?: string;
  readonly checkpointEvery?: number;
  readonly maxSteps?: number;
  readonly maxSeconds?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly report: boolean;
}

/** Flags that say nothing about the run itself. */
const BESIDE_RESUME: ReadonlySet<string> = new Set([
  "resume",
  "checkpointEvery",
  "maxSteps",
  "maxSeconds",
  "maxMemory",
  "json",
  "quiet",
  "verbose",
]);

/** `disentangle fit` */
export async function define(command: Command, state: ProgramState): Promise<void> {
  const keys = await configKeys();
  addConfigOptions(command, keys, { data: "Data:", core: "Method:" });
  const names = catalogue().methods.map(({ name }) => name);
  const data = keys.filter(({ part }) => part === "data");
  const chosen = (): string | undefined => {
    const { method } = command.opts<{ readonly method?: string }>();
    return names.find((name) => name === method);
  };
  showKeys(command, keys, { chosen, keysOf: (method) => [...data, ...coreKeys(method)], common: COMMON });
  command
    .argument("[files...]", "the data, the same as --data")
    .option("--out <dir>", "run folder to write (default: runs/METHOD-ID)")
    .option("--force", "replace the run that lies in the run folder")
    .option("--resume <run>", "go on with the interrupted run in this folder")
    .option(
      "--checkpoint-every <steps>",
      "gradient steps between checkpoints (default: as often as costs at most 2 % of the time)",
      wholeNumber(1),
    )
    .option("--max-steps <steps>", "gradient steps that it may take in all (default: no limit)", wholeNumber(1))
    .option("--max-seconds <seconds>", "seconds that it may train (default: no limit)", numberFlag)
    .option("--no-report", "do not write report.html")
    .option("-q, --quiet", "no progress")
    .option("--json", "print one JSON object")
    .addHelpText("after", () => (chosen() === undefined ? namesBelow(METHODS, names) : ""))
    .addHelpText("after", EXAMPLES)
    .action(async (files: readonly string[], flags: FitCommandOptions) => {
      const { config, places, options } = await given(command, flags, keys);
      takeFiles(files, config, flags.resume);
      const { resume, checkpointEvery } = options;
      if (resume !== undefined) {
        refuseBesideResume(command, resume);
        try {
          await run((signal) => resumedJob(resume, checkpointEvery, signal), options, state);
        } catch (error) {
          if (!isDisentangleError(error) || error.code !== "RUN_FINISHED") throw error;
          note(`${error.message}; nothing is left to do`);
          const finished = await readRunFolder(resume);
          const hasReport = (await namesIn(finished.dir)).includes("report.html");
          tell(finished, finished.scores, { dir: resume, report: hasReport }, options, state);
        }
        return;
      }
      try {
        if (config.method === undefined) await proposeMethod(config, keys);
        await run((signal) => newJob(config as unknown as RunConfig, options, signal), options, state);
      } catch (error) {
        throw located(error, places);
      }
    });
}

/** Files that stand by themselves are the data. */
function takeFiles(files: readonly string[], config: Record<string, unknown>, resume: string | undefined): void {
  if (files.length === 0) return;
  const [first] = files;
  if (resume !== undefined || config.data !== undefined) {
    const beside = resume === undefined ? "--data" : `--resume ${resume}`;
    fail(
      "CONFIG_CONFLICT",
      `${files.join(" ")} beside ${beside}: ${resume === undefined ? "both name the data" : "a resumed run keeps its data"}`,
      {
        path: beside.split(" ")[0],
        hint: "give one of the two",
      },
    );
  }
  config.data = files.length === 1 ? first : [...files];
}

/** Fails with the command that suits the data, where no method is named. */
async function proposeMethod(config: Readonly<Record<string, unknown>>, keys: readonly ConfigKey[]): Promise<void> {
  const { data } = splitConfig(config, keys);
  if (data.data === undefined && data.modalities === undefined) return;
  const { inspect } = await import("../../data/index.js");
  const { command, methods } = await inspect(data);
  fail("CONFIG_MISSING", "method is missing", {
    path: "method",
    hint: `as they stand, these data suit ${methods.join(", ")}; a command to begin with:\n  ${command}`,
    context: { methods: [...methods], command },
  });
}

function refuseBesideResume(command: Command, dir: string): void {
  const given = command.options.filter(
    (option) =>
      command.getOptionValueSource(option.attributeName()) === "cli" && !BESIDE_RESUME.has(option.attributeName()),
  );
  const [first] = given;
  if (first === undefined) return;
  const flags = given.map(({ long }) => long).join(", ");
  fail("CONFIG_CONFLICT", `${flags} beside --resume ${dir}: a resumed run keeps what it began with`, {
    path: first.long,
    hint: "leave it out, or begin a new run in another folder",
  });
}

async function run(
  prepare: (signal: AbortSignal) => Promise<Job>,
  options: FitCommandOptions,
  state: ProgramState,
): Promise<void> {
  let job: Job | undefined;
  const pulse = new Pulse();
  const interrupted = interruption(
    {
      first: () => note("stopping; press Ctrl-C again to end at once"),
      late: () => note("what is under way does not stop; what it has done since the last checkpoint is lost"),
      second: () => job?.folder.checkpoints !== undefined && note(goOn("ended", job.dir)),
    },
    { patience: () => pulse.patienceMs },
  );
  try {
    job = await prepare(interrupted.signal);
    if (options.quiet !== true) note(dataText(job.planned));
    for (const text of job.notes) note(`warning ${text}`);
    const ended = await trainWithProgress(job, interrupted.signal, pulse, options);
    if (isFinished(ended)) await finish(ended, job, options, state);
    else await stopped(ended, job, options, state, interrupted.exitCode);
  } catch (error) {
    if (job !== undefined && (await job.folder.abandon())) note(goOn("what was trained is kept", job.dir));
    // A signal before the training leaves nothing to write.
    if (!isDisentangleError(error) || error.code !== "FIT_CANCELLED" || interrupted.exitCode === undefined) throw error;
    note("stopped before the training began; nothing was written");
    state.exitCode = interrupted.exitCode;
  } finally {
    interrupted.release();
  }
}

function goOn(what: string, dir: string): string {
  return `${what}; go on with\n  ${resumeCommand(dir)}`;
}

async function trainWithProgress(
  job: Job,
  signal: AbortSignal,
  pulse: Pulse,
  { quiet = false, maxSteps, maxSeconds }: FitCommandOptions,
): Promise<Run | StoppedRun> {
  const { planned, folder, start, resume, checkpointEvery: every } = job;
  const line = quiet ? undefined : await progressLine();
  pulse.beat();
  try {
    return await train(planned, {
      signal,
      start,
      budgets: { steps: maxSteps, elapsedMs: maxSeconds === undefined ? undefined : maxSeconds * 1000 },
      ...(folder.checkpoints !== undefined && { checkpoint: { dir: folder.checkpoints, every }, resume }),
      onStage(stage) {
        pulse.beat();
        line?.stage(stage);
      },
      onProgress(progress) {
        pulse.beat();
        line?.progress(progress);
      },
      onCheckpoint: () => pulse.beat(),
      onResumed({ step, file, damaged = [] }) {
        for (const name of damaged) note(`warning checkpoint ${name} is damaged and was passed over`);
        if (!quiet) note(file === undefined ? "no checkpoint yet: it begins again" : `goes on from step ${step}`);
      },
    });
  } finally {
    pulse.rest();
    line?.end();
  }
}

/** How long a training may take to stop: a second, or longer where its steps do. A closed form may take minutes, and has nothing to keep. */
class Pulse {
  #last: number | undefined;
  #longest = 0;

  /** A sign of life. */
  beat(): void {
    const now = performance.now();
    if (this.#last !== undefined) this.#longest = Math.max(this.#longest / 2, now - this.#last);
    this.#last = now;
  }

  /** What comes now ends by itself. */
  rest(): void {
    this.#last = undefined;
  }

  get patienceMs(): number | undefined {
    return this.#last === undefined ? undefined : Math.max(1000, 3 * this.#longest);
  }
}

async function finish(run: Run, job: Job, options: FitCommandOptions, state: ProgramState): Promise<void> {
  const { planned, folder, report } = job;
  let scores: Scores | undefined;
  await folder.finish(run, async (put) => {
    scores = await scoreIfKnown(run, planned.dataset);
    if (scores !== undefined) await put("scores.json", jsonText(scores));
    if (report) await putReport(run, scores, put);
  });
  tell(run, scores, job, options, state);
}

/** Says what came of a fit. */
function tell(
  run: Run,
  scores: Scores | undefined,
  { dir, report }: Pick<Job, "dir" | "report">,
  options: FitCommandOptions,
  state: ProgramState,
): void {
  const { manifest, summary } = run;
  const { outcome } = manifest;
  for (const warning of summary.warnings) warn(warning);
  for (const { question, finding } of summary.assumptions.filter(({ status }) => status === "violated")) {
    warn({ message: `assumption violated: ${question}`, hint: finding });
  }
  if (isUseless(summary)) warn(USELESS);
  if (outcome.kind === "diverged" || outcome.kind === "non-finite") state.exitCode = EXIT.failed;
  print(options.json, resultOf(run, scores, dir), (style) => resultText(run, scores, dir, report, style));
}

const USELESS = {
  message: "the model predicts the target no better than its mean does: nothing can be concluded from the latents",
  hint: "try other inputs, fewer latents, or more rows",
};

function warn({ message, hint }: { readonly message: string; readonly hint?: string | undefined }): void {
  note(`warning ${message}${hint === undefined ? "" : `\n  ${hint}`}`);
}

async function stopped(
  run: StoppedRun,
  { folder, dir }: Job,
  options: FitCommandOptions,
  state: ProgramState,
  exitCode: number | undefined,
): Promise<void> {
  await folder.stop(run);
  const { runId, outcome, steps, elapsedMs, seed, method } = run.manifest;
  const goesOn = folder.checkpoints !== undefined;
  const what = `stopped at step ${steps}`;
  note(goesOn ? goOn(what, dir) : `${what}; the finished run in ${dir} stays`);
  const resume = goesOn ? { resume: resumeCommand(dir) } : {};
  if (options.json)
    print(true, { runDir: dir, runId, outcome: outcome.kind, steps, elapsedMs, seed, method, ...resume }, () => "");
  state.exitCode = exitCode ?? EXIT.interrupted;
}

/** The fixed shape of `fit --json`. */
function resultOf(run: Run, scores: Scores | undefined, dir: string): Record<string, unknown> {
  const { runId, outcome, steps, elapsedMs, seed, method, version, dataset } = run.manifest;
  const { latents, errors, choices, warnings } = run.summary;
  return {
    runDir: dir,
    runId,
    outcome: outcome.kind,
    ...(outcome.term !== undefined && { term: outcome.term }),
    steps,
    elapsedMs,
    seed,
    method,
    latentDim: latents.names.length,
    version,
    fingerprint: dataset.fingerprint,
    errors: errors.filter((row) => row.environment === undefined),
    choices,
    warnings,
    ...(scores && { scores }),
  };
}

async function putReport(run: Run, scores: Scores | undefined, put: RunWriter["put"]): Promise<void> {
  const { report } = await import("../../report.js");
  const { html, markdown, json } = await report([{ ...run, ...(scores && { scores }) }]);
  await put("report.html", html);
  await put("report.md", markdown);
  await put("report.json", json);
}
