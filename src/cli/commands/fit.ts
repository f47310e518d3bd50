import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { configKeys, type RunConfig } from "../../config.js";
import { isDisentangleError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import type { Scores } from "../../generated/types.js";
import { checkRunTarget, MODEL, type Run, type StoppedRun, writeRun } from "../../results.js";
import { scoreRun } from "../../score.js";
import { isFinished, type Plan, plan, train } from "../../train.js";
import { located } from "../config-file.js";
import { EXIT } from "../exit.js";
import { addConfigOptions, type ConfigOptions, configOf } from "../flags.js";
import type { ProgramState } from "../program.js";
import { progressLine } from "../progress-line.js";
import { dataText, isUseless, resultText } from "../run-text.js";
import { interruption } from "../signals.js";
import { note, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle fit --method tbr --data world --latent-dim 5 --seed 0 --out runs/a
  $ disentangle fit --method tbr --data cells.csv --inputs 'gene*' --environment env \\
      --target pheno --tree tree.nwk --latent-dim 5 --threads 2 --json
  $ disentangle fit --config tbr.yaml --set latentDim=4 --seed 1

Flags win over --set, --set over --config. Without --out the run goes to runs/METHOD-ID.`;

interface FitCommandOptions extends ConfigOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly report: boolean;
}

/** `disentangle fit` */
export async function define(command: Command, state: ProgramState): Promise<void> {
  const keys = await configKeys();
  addConfigOptions(command, keys, { data: "Data:", core: "Method:" });
  command
    .option("--out <dir>", "run folder to write (default: runs/METHOD-ID)")
    .option("--no-report", "do not write report.html")
    .option("--quiet", "no progress")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (options: FitCommandOptions) => {
      const { config, places } = configOf(options, keys);
      try {
        await run(config as unknown as RunConfig, options, state);
      } catch (error) {
        throw located(error, places);
      }
    });
}

async function run(config: RunConfig, options: FitCommandOptions, state: ProgramState): Promise<void> {
  const interrupted = interruption(() => note("stopping; press Ctrl-C again to end at once"));
  try {
    const planned = await plan(config, interrupted.signal);
    const dir = options.out ?? join("runs", `${planned.core.method}-${planned.runId.slice(0, 8)}`);
    await checkRunTarget(dir);
    if (options.quiet !== true) note(dataText(planned));
    const ended = await trainWithProgress(planned, interrupted.signal, options.quiet === true);
    if (isFinished(ended)) await finish(ended, planned, dir, options, state);
    else await stopped(ended, dir, options, state, interrupted.exitCode);
  } catch (error) {
    // A signal before the training leaves nothing to write.
    if (!isDisentangleError(error) || error.code !== "FIT_CANCELLED" || interrupted.exitCode === undefined) throw error;
    note("stopped before the training began; nothing was written");
    state.exitCode = interrupted.exitCode;
  } finally {
    interrupted.release();
  }
}

async function trainWithProgress(planned: Plan, signal: AbortSignal, quiet: boolean): Promise<Run | StoppedRun> {
  const line = quiet ? undefined : await progressLine();
  try {
    return await train(planned, { signal, onStage: line?.stage, onProgress: line?.progress });
  } finally {
    line?.end();
  }
}

async function finish(
  run: Run,
  planned: Plan,
  dir: string,
  options: FitCommandOptions,
  state: ProgramState,
): Promise<void> {
  // The run comes first: a score or a report that fails must not cost a training.
  await writeRun(dir, run);
  const scores = await scoresIfKnown(run, planned);
  if (scores !== undefined) await writeFileAtomic(join(dir, "scores.json"), `${JSON.stringify(scores, null, 2)}\n`);
  if (options.report) await writeReport(run, scores, dir);
  const { manifest, summary } = run;
  const { outcome } = manifest;
  for (const warning of summary.warnings) warn(warning);
  if (isUseless(summary)) warn(USELESS);
  if (outcome.kind === "diverged" || outcome.kind === "non-finite") state.exitCode = EXIT.failed;
  print(options.json, resultOf(run, scores, dir), (style) => resultText(run, scores, dir, options.report, style));
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
  dir: string,
  options: FitCommandOptions,
  state: ProgramState,
  exitCode: number | undefined,
): Promise<void> {
  // A finished run is worth more than the beginning of another one.
  const stays = existsSync(join(dir, MODEL));
  if (!stays) await writeRun(dir, run);
  const replay = stays
    ? `${run.manifest.command} --out ${dir}`
    : `disentangle fit --config ${join(dir, "config.json")} --out ${dir}`;
  const earlier = stays ? `; the finished run in ${dir} stays` : "";
  note(`stopped at step ${run.manifest.steps}${earlier}; run it again with\n  ${replay}`);
  const { runId, outcome, steps, elapsedMs, seed, method } = run.manifest;
  if (options.json)
    print(true, { runDir: dir, runId, outcome: outcome.kind, steps, elapsedMs, seed, method, replay }, () => "");
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

async function scoresIfKnown(run: Run, { dataset }: Plan): Promise<Scores | undefined> {
  if (dataset.truth.latents === undefined) return undefined;
  return scoreRun(run, { truth: dataset.truth }, run.split.includes(2) ? {} : { rows: "all" }, dataset);
}

async function writeReport(run: Run, scores: Scores | undefined, dir: string): Promise<void> {
  const { report } = await import("../../report.js");
  const { html, markdown, json } = await report([{ ...run, ...(scores && { scores }) }]);
  await Promise.all([
    writeFileAtomic(join(dir, "report.html"), html),
    writeFileAtomic(join(dir, "report.md"), markdown),
    writeFileAtomic(join(dir, "report.json"), json),
  ]);
}
