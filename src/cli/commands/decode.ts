import type { Command } from "commander";
import { load } from "../../model.js";
import { checkRowsFormat, csv, rowsOf, writeRows } from "../rows.js";
import { print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle decode runs/a --latents runs/a/latents.npy --out inputs.npy
  $ disentangle decode runs/a --latents latents.csv > inputs.csv

Inputs come back in their own units. Columns are matched by name, in any order; a .npy matrix has no names and is matched by
position. Methods with a decoder: ivae, icarl and their multi-task forms, vade, pdgmm, pca, fast-ica, and mtlcm on inputs.`;

/** `disentangle decode` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder or saved model")
    .requiredOption("--latents <path>", "latents to decode: any format that `fit --data` reads")
    .option("--out <file>", "file to write, .npy or .csv (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { latents, out, json }: { latents: string; out?: string; json?: boolean }) => {
      if (out !== undefined) checkRowsFormat(out);
      await using model = await load(run);
      const inputs = await model.decode(latents);
      if (out !== undefined) await writeRows(out, inputs);
      if (out === undefined && !json) process.stdout.write(csv(inputs));
      else {
        const { shape, columns } = inputs;
        const where = out === undefined ? { values: rowsOf(inputs) } : { out };
        print(json, { ...where, shape, columns }, () => `${out}: ${shape[0]} x ${shape[1]}`);
      }
    });
}
