import { join, parse } from "node:path";
import type { Command } from "commander";
import { load } from "../../model.js";
import { type LatentSilence, latentSilence } from "../../silence.js";
import { checkRowsFormat, csv, type Rows, rowsOf, writeRows } from "../rows.js";
import { print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle transform runs/a --data new-cells.csv --out latents.npy
  $ disentangle transform runs/a --data new-cells.csv > latents.csv

Columns are matched by name, in any order; a .npy matrix has no names and is matched by position.
Of methods that look for silence, such as pdgmm, --out writes two more files beside the latents: silent.npy (1 where a latent is
switched off) and silence-probability.npy; with --out new.npy they are new-silent.npy and new-silence-probability.npy.`;

/** `disentangle transform` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder or saved model")
    .requiredOption("--data <path>", "rows to transform: any format that `fit --data` reads")
    .option("--out <file>", "file to write, .npy or .csv (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { data, out, json }: { data: string; out?: string; json?: boolean }) => {
      if (out !== undefined) checkRowsFormat(out);
      await using model = await load(run);
      const latents = await model.transform(data);
      const silence = model.summary.silence === undefined ? undefined : latentSilence(latents, model.summary);
      const { shape, columns } = latents;
      const known = silence && (out === undefined ? inRows(silence) : await writeSilence(out, silence));
      if (out !== undefined) await writeRows(out, latents);
      if (out === undefined && !json) process.stdout.write(csv(latents));
      else
        print(
          json,
          {
            ...(out === undefined ? { values: rowsOf(latents) } : { out }),
            shape,
            columns,
            ...(known && { silence: known }),
          },
          () => [out, ...Object.values(known ?? {})].map((file) => `${file}: ${shape[0]} x ${shape[1]}`).join("\n"),
        );
    });
}

/** Writes which latents are silent beside the latents of the same rows, and tells where. */
async function writeSilence(
  out: string,
  { silent, probability, shape, columns }: LatentSilence,
): Promise<{ readonly silent: string; readonly probability: string }> {
  const { dir, name, ext } = parse(out);
  // Rows of other data keep their masks apart, and those of the run when they are written into its folder.
  const before = name.replace(/[-_.]?latents$/, "");
  const named = (what: string): string => join(dir, `${before === "" ? what : `${before}-${what}`}${ext}`);
  const files = { silent: named("silent"), probability: named("silence-probability") };
  await writeRows(files.silent, { data: silent, shape, columns });
  await writeRows(files.probability, { data: probability, shape, columns });
  return files;
}

function inRows({ silent, probability, shape, columns }: LatentSilence): object {
  const rows = (data: Rows["data"]): number[][] => rowsOf({ data, shape, columns });
  return { silent: rows(silent), probability: rows(probability) };
}
