import { extname, join, parse } from "node:path";
import type { Command } from "commander";
import type { ViewsData } from "../../dataset.js";
import { fail } from "../../errors.js";
import { replaceFile, writeFileAtomic } from "../../files.js";
import { load } from "../../model.js";
import { native } from "../../native.js";
import { type LatentSilence, latentSilence } from "../../silence.js";
import { modalitiesOf } from "../flags.js";
import { print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle transform runs/a --data new-cells.csv --out latents.npy
  $ disentangle transform runs/a --data new-cells.csv > latents.csv
  $ disentangle transform runs/b --modality rna=new-rna.csv --modality protein=new-protein.csv --out latents.npy

Columns are matched by name, in any order; a .npy matrix has no names and is matched by position.
Of methods that look for silence, such as pdgmm, --out writes two more files beside the latents: silent.npy (1 where a latent is
switched off) and silence-probability.npy; with --out new.npy they are new-silent.npy and new-silence-probability.npy.`;

/** Rows x columns, with names. */
interface Rows {
  readonly data: Float32Array | Uint8Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly columns: readonly string[];
}

interface TransformOptions {
  readonly data?: string;
  readonly modality?: readonly string[];
  readonly join?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `disentangle transform` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder or saved model")
    .option("--data <path>", "rows to transform: any format that `fit --data` reads")
    .option("--modality <name=file...>", "a table for each modality of the model, as for `fit`")
    .option("--join <column>", "column with the ids of the rows of the modalities (default: that of the fit)")
    .option("--out <file>", "file to write, .npy or .csv (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { data, modality, join: by, out, json }: TransformOptions) => {
      if (out !== undefined) checkFormat(out);
      if (data === undefined && modality === undefined) {
        fail("CONFIG_USAGE", "--data is missing: the rows to transform", {
          path: "--data",
          hint: "for example --data new-cells.csv, or --modality NAME=FILE for each modality of the model",
        });
      }
      await using model = await load(run);
      const rows: ViewsData = {
        ...(data !== undefined && { data }),
        ...(modality !== undefined && { modalities: modalitiesOf(modality) }),
        ...(by !== undefined && { join: by }),
      };
      const latents = await model.transform(modality === undefined ? data! : rows);
      const silence = model.summary.silence === undefined ? undefined : latentSilence(latents, model.summary);
      const { shape, columns } = latents;
      const known = silence && (out === undefined ? inRows(silence) : await writeSilence(out, silence));
      if (out !== undefined) await write(out, latents);
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
  await write(files.silent, { data: silent, shape, columns });
  await write(files.probability, { data: probability, shape, columns });
  return files;
}

function inRows({ silent, probability, shape, columns }: LatentSilence): object {
  const rows = (data: Rows["data"]): number[][] => rowsOf({ data, shape, columns });
  return { silent: rows(silent), probability: rows(probability) };
}

async function write(out: string, rows: Rows): Promise<void> {
  if (extname(out) === ".csv") return writeFileAtomic(out, csv(rows));
  await replaceFile(out, (partial) => native().npyWrite(partial, { shape: [...rows.shape], data: rows.data }));
}

/** Before anything is computed: another format than its name says would be a riddle to whoever opens it. */
function checkFormat(out: string): void {
  if ([".npy", ".csv"].includes(extname(out))) return;
  fail("CONFIG_USAGE", `--out ${out}: expected a file that ends in .npy or .csv`, {
    path: out,
    hint: "for example --out latents.npy",
  });
}

function csv(rows: Rows): string {
  return [rows.columns.join(","), ...rowsOf(rows).map((row) => row.map(shortest).join(","))]
    .map((line) => `${line}\n`)
    .join("");
}

/** The shortest text that reads back as the same 32-bit number. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}

function rowsOf({ data, shape: [rows, columns] }: Rows): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
}
