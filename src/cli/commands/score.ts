import { type Command, Option } from "commander";
import { quoted } from "../../command-line.js";
import { checkConfig, configKeys, dataKeys } from "../../config.js";
import type { DataConfig } from "../../data/index.js";
import { placeOf } from "../../data/sources.js";
import { readData } from "../../dataset.js";
import { fail } from "../../errors.js";
import type { Mcc, NullScore, Scores } from "../../generated/types.js";
import { later } from "../../native.js";
import { jsonText, type Run, readRunFolder } from "../../results.js";
import { type Observed, type RowChoice, scoreRun } from "../../score.js";
import { addConfigOptions, type ConfigOptions, given, refuseUnknown } from "../flags.js";
import { keep } from "../keep.js";
import { columns, note, number, print } from "../terminal.js";
import { wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle score runs/a
  $ disentangle score runs/a --truth z.npy --rows all --json
  $ disentangle score runs/b --environments reference red_strong

The truth is read from the data that the run was fitted on, or from --truth. The scores also go to scores.json.`;

interface ScoreCommandOptions extends ConfigOptions {
  readonly truth?: string;
  readonly rows: RowChoice;
  readonly environments?: readonly string[];
  readonly seed: number;
  readonly json?: boolean;
}

/** `disentangle score` */
export async function define(command: Command): Promise<void> {
  const keys = (await dataKeys()).filter(({ name }) => name === "missingValues" || name === "decimal");
  addConfigOptions(command, keys, { data: "Reading the truth (default: as in the fit):" });
  command
    .argument("<run>", "run folder")
    .option("--truth <file>", "true latents, one row per row of the data set: any format that `fit --data` reads")
    .addOption(
      new Option("--rows <rows>", "rows to score").choices(["test", "validation", "train", "all"]).default("test"),
    )
    .option("--environments <name...>", "environments whose rows are scored (default: all)")
    .option("--seed <seed>", "seed of the bootstrap and of the nulls", wholeNumber(0), 0)
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (dir: string, flags: ScoreCommandOptions) => {
      const { config, places, options } = await given(command, flags, keys);
      refuseUnknown(config, places, await configKeys());
      const run = await readRunFolder(dir, { scores: false });
      const observed = options.truth === undefined ? await dataOf(run) : undefined;
      const truth = options.truth === undefined ? { truth: observed?.truth ?? {} } : { z: options.truth };
      const { rows, environments, seed } = options;
      const scores = await scoreRun(
        run,
        truth,
        { rows, seed, ...(environments && { environments }), ...config },
        observed,
      );
      for (const line of scores.notes) note(line);
      print(options.json, scores, (style) =>
        [summary(scores), "", `Next: ${style.strong(`disentangle report ${quoted(dir)}`)}`].join("\n"),
      );
      await keep(run, { "scores.json": jsonText(scores) });
    });
}

/** The data set that a run was fitted on, read again; it must not have changed since. */
async function dataOf(run: Run): Promise<Observed> {
  if (run.manifest.command.startsWith("fit(")) {
    fail("METRIC_NEEDS_TRUTH", "the run was fitted on data in memory, which no file holds", {
      hint: "give the truth with --truth FILE",
    });
  }
  const { data } = await checkConfig(run.config);
  const dataset = await readData(data);
  const { fingerprint } = JSON.parse(await later().describe(dataset)) as { fingerprint: string };
  const expected = run.manifest.dataset.fingerprint;
  if (fingerprint !== expected) {
    fail(
      "CHECKPOINT_MISMATCH",
      `${placeOf(run.config as DataConfig)}: the data are not those that the run was fitted on`,
      {
        hint: "fit again, or give the truth with --truth FILE",
        context: { fingerprint, expected },
      },
    );
  }
  return dataset;
}

function summary(scores: Scores): string {
  const { rows, mcc, mccSpearman, r2, oracle, latents, truth } = scores;
  const groups = mcc.intervalGroups === undefined ? "" : `, over ${mcc.intervalGroups} groups of rows`;
  const interval =
    mcc.interval === null ? "" : `  95 % interval ${number(mcc.interval[0])} to ${number(mcc.interval[1])}${groups}`;
  const against = (name: string, score: NullScore | null): string[][] =>
    score === null ? [] : [[`  ${name}`, `${number(score.mean)} +- ${number(score.sd)}`]];
  const optional = (name: string, value: number | null | undefined): string[][] =>
    value === undefined ? [] : [[name, number(value)]];
  return [
    rows.split === "all" ? `all ${rows.count} rows` : `${rows.count} ${rows.split} rows`,
    columns([
      ["MCC", `${shown(mcc)}${interval}`],
      ...against("unrelated latents", mcc.nulls.unrelated),
      ...against("random rotation of the truth", mcc.nulls.rotation),
      ...against("best linear map", mcc.nulls.linear),
      ...optional("MCC, latents before their rotation", scores.mccUnrotated?.value),
      ["MCC (Spearman)", shown(mccSpearman)],
      ...optional("MCC, each task on its own", scores.mccTask?.value),
      ...optional("  unrelated latents", scores.mccTask?.unrelated),
      ...optional("  Spearman", scores.mccTaskSpearman?.value),
      ["R2", r2.value === null ? `- (${r2.reason ?? "not defined"})` : number(r2.value)],
      ...kernelRows(scores),
      ...optional("best possible MCC", oracle?.value),
      ...optional("F1 of the changes", scores.changes?.f1),
      ...optional("tasks with the exact set of causes", scores.indicators?.exact),
      ...optional("  single causes right", scores.indicators?.accuracy),
      ...optional("F1 of the silent entries", scores.silence?.f1),
      ...optional("  of calling all silent", scores.silence?.f1OfAll),
      ...optional("R2 of blocks on their own latents", scores.blocks?.value),
      ...optional("  on the latents of all other blocks", scores.blocks?.leakage),
      ...optional("  on the true latents of all other blocks", scores.blocks?.dependence),
      ...optional("error of the effects", scores.ate?.value),
      ...graphRows(scores),
    ]),
    "",
    columns([
      ["true latent", "estimate", "|correlation|"],
      ...truth.map((name, i) => {
        const match = mcc.matching[i];
        return [name, match === null || match === undefined ? "-" : (latents[match] ?? "-"), number(mcc.perLatent[i])];
      }),
    ]),
    ...blockTable(scores),
  ].join("\n");
}

/** What a smooth map of the latents explains, where the inputs are several views. */
function kernelRows({ kernelR2 }: Scores): string[][] {
  if (kernelR2 === undefined) return [];
  if (kernelR2.value === null) return [["R2 of kernel ridge", `- (${kernelR2.reason ?? "not defined"})`]];
  return [
    ["R2 of kernel ridge, in sample", number(kernelR2.value)],
    ["  out of sample", number(kernelR2.outOfSample)],
  ];
}

/** The graph of the method and the one that PC finds, each against the true one; where there is no distance, why. */
function graphRows({ methodGraph: own, graph: pc }: Scores): string[][] {
  const distance = (name: string, shd: number | null | undefined, reason: string | undefined): string[] => [
    name,
    typeof shd === "number" ? String(shd) : `- (${reason ?? "not defined"})`,
  ];
  const { missing, extra, reversed, skeleton, arrows } = own?.difference ?? {};
  return [
    ...(own === undefined
      ? []
      : [
          distance(`distance of the method's graph (SHD, ${own.comparedAs.toUpperCase()})`, own.shd, own.reason),
          ...(own.difference === undefined
            ? []
            : [
                ["  missing, extra, reversed (1 each)", `${missing}, ${extra}, ${reversed}`],
                ["  F1 of edges, of directed edges", `${number(skeleton?.f1)}, ${number(arrows?.f1)}`],
              ]),
          ...(own.betweenModalities === undefined
            ? []
            : [["  between modalities alone", String(own.betweenModalities.shd)]]),
          ["  of a graph without edges", String(own.shdOfEmpty)],
          distance("  of its equivalence class", own.classShd, own.reason),
        ]),
    ...(pc === undefined
      ? []
      : [
          distance("distance of PC's graph on the latents (SHD, CPDAG)", pc.shd, pc.reason),
          ...(pc.betweenModalities === undefined
            ? []
            : [["  between modalities alone", String(pc.betweenModalities.shd)]]),
          distance("  of PC's graph on the true latents", pc.shdOnTruth, pc.reasonOnTruth),
        ]),
  ];
}

/** The latents that each block was given, and how well they explain it. */
function blockTable({ blocks, truth, latents }: Scores): string[] {
  if (blocks === undefined || blocks.blocks.length === 0) return [];
  const names = (places: readonly number[], of: readonly string[]): string =>
    places.length === 0 ? "-" : places.map((place) => of[place]).join(" ");
  return [
    "",
    columns([
      ["block", "estimates", "R2", "on others"],
      ...blocks.blocks.map((block) => [
        names(block.truth, truth),
        names(block.latents, latents),
        number(block.r2),
        number(block.leakage),
      ]),
    ]),
  ];
}

function shown({ value, reason }: Mcc): string {
  return value === null ? `- (${reason ?? "not defined"})` : number(value);
}
