import type { Command } from "commander";
import { quoted } from "../../command-line.js";
import { keysOf } from "../../config-keys.js";
import { type Cleaning, PREPARATIONS, type PrepareConfig } from "../../datasets/index.js";
import { checkOutput } from "../../outputs.js";
import { prepare } from "../../prepare.js";
import { writeDataset } from "../../simulate.js";
import { located } from "../config-file.js";
import { addConfigOptions, type ConfigOptions, given } from "../flags.js";
import { columns, print } from "../terminal.js";
import { needed } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle prepare superconductors supercon.csv --skip-invalid --out superconductors
  $ disentangle fit --method mtlcm --data superconductors --latent-dim 5 --out runs/superconductors
  $ disentangle prepare sachs sachs.csv --out sachs
  $ disentangle prepare hippocampus functional --out hippocampus
  $ disentangle prepare variant-mnist pictures --pairs 2000 --out variant-mnist`;

/** `disentangle prepare` */
export function define(command: Command): void {
  const keys = PREPARATIONS.flatMap(({ schema }) => keysOf(schema, "data")).filter(({ name }) => name !== "source");
  addConfigOptions(command, keys, { data: "Preparation:" });
  command
    .argument("<dataset>", PREPARATIONS.map(({ name, summary }) => `${name}: ${summary}`).join("\n"))
    .argument("<source>", "file or folder that it is made from")
    .option("--out <dir>", "data set folder to write")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (dataset: string, source: string, flags: ConfigOptions & { out?: string; json?: boolean }) => {
      const { config, places, options } = await given(command, flags, keys);
      const out = needed(options.out, "--out");
      await checkOutput(out, [{ path: source }]);
      const prepared = await prepare({ ...config, dataset, source } as PrepareConfig).catch((error: unknown) => {
        throw located(error, places);
      });
      await writeDataset(out, prepared);
      const { name, inputs, targets } = prepared;
      const { note, cleaning } = JSON.parse(prepared.provenance) as { note: string; cleaning?: Cleaning };
      const { method } = PREPARATIONS.find((one) => one.name === dataset)!;
      const result = {
        out,
        name,
        note,
        rows: inputs.rows,
        columns: inputs.cols,
        targets: targets?.columns.length ?? 0,
        ...(cleaning && { cleaning }),
      };
      print(options.json, result, (style) =>
        [
          `${style.strong(name)}: ${note}`,
          columns([
            ["rows", result.rows],
            ["input columns", result.columns],
            ["targets", result.targets],
          ]),
          ...(cleaning === undefined ? [] : [`Left out of ${cleaning.read} rows`, columns(leftOut(cleaning))]),
          ...(cleaning?.invalid ?? []).map(({ row, formula, reason }) => `  row ${row}, ${formula}: ${reason}`),
          "",
          `Data set folder: ${out}`,
          `Next: ${style.strong(`disentangle fit --method ${method} --data ${quoted(out)}`)}`,
        ].join("\n"),
      );
    });
}

function leftOut(cleaning: Cleaning): [string, number][] {
  return [
    ["  without a critical temperature", cleaning.withoutTc],
    ["  formulas that cannot be read", cleaning.invalid.length],
    ["  amount of oxygen not said", cleaning.openOxygen],
    ["  known mistakes of the source", cleaning.mistakes.length],
    ["  elements without properties", cleaning.withoutProperties],
    ["  merged with another row", cleaning.merged],
    ["  rare elements", cleaning.rare],
  ];
}
