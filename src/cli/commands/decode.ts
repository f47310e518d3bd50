import type { Command } from "commander";
import { load } from "../../model.js";
import { checkOutput } from "../../outputs.js";
import { rootOf } from "../../results.js";
import { checkTable, csvChunks, jsonChunks, jsonObject, writeRows } from "../../rows-out.js";
import { print, printChunks } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle decode runs/a --latents runs/a/latents.npy --out inputs.npy
  $ disentangle decode runs/a --latents latents.csv > inputs.csv

The inputs are in their original units. Columns are matched by name, in any order; a .npy matrix has no names and is matched by position.
"disentangle methods NAME" says whether a method has a decoder; mtlcm has one if its representation is "inputs".`;

interface Flags {
  readonly latents: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `disentangle decode` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder or saved model")
    .requiredOption("--latents <path>", "latents to decode: any format that `fit --data` reads")
    .option("--out <file>", "file to write: .npy, .csv, .parquet or .arrow (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { latents, out, json }: Flags) => {
      if (out !== undefined) {
        checkTable(out, "decoded inputs");
        await checkOutput(out, [{ path: latents }, { path: rootOf(run), kind: "run" }]);
      }
      await using model = await load(run);
      const inputs = await model.decode(latents);
      const { shape, columns } = inputs;
      if (out !== undefined) {
        await writeRows(out, inputs);
        print(json, { out, shape, columns }, () => `${out}: ${shape[0]} x ${shape[1]}`);
      } else if (json) {
        await printChunks(jsonObject({ shape, columns, values: jsonChunks(inputs) }));
      } else await printChunks(csvChunks(inputs));
    });
}
