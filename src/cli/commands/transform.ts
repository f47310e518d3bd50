import { extname, join, parse } from "node:path";
import type { Command } from "commander";
import { dataKeys } from "../../config.js";
import { READING_KEYS, rememberedText } from "../../data/reading.js";
import type { DataSource } from "../../dataset.js";
import { fail } from "../../errors.js";
import { replaceFile, writeFileAtomic } from "../../files.js";
import { load } from "../../model.js";
import { native } from "../../native.js";
import { type LatentSilence, latentSilence } from "../../silence.js";
import { addConfigOptions, type ConfigOptions, configOf } from "../flags.js";
import { note, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle transform runs/a --data new-cells.csv --out latents.npy
  $ disentangle transform runs/a --data new-cells.csv > latents.csv

Columns are matched by name, in any order; a .npy matrix has no names and is matched by position.
Of methods that look for silence, such as pdgmm, --out writes two more files beside the latents: silent.npy (1 where a latent is
switched off) and silence-probability.npy; with --out new.npy they are new-silent.npy and new-silence-probability.npy.`;

interface TransformOptions extends ConfigOptions {
  readonly data: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

/** Rows x columns, with names. */
interface Rows {
  readonly data: Float32Array | Uint8Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly columns: readonly string[];
}

/** `disentangle transform` */
export async function define(command: Command): Promise<void> {
  const keys = (await dataKeys()).filter(({ name }) => (READING_KEYS as readonly string[]).includes(name));
  addConfigOptions(command, keys, { data: "Reading (default: as in the fit):" });
  command
    .argument("<run>", "run folder or saved model")
    .requiredOption("--data <path...>", "rows to transform: any format that `fit --data` reads")
    .option("--out <file>", "file to write, .npy or .csv (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, options: TransformOptions) => {
      const { data: paths, out, json } = options;
      const data = paths.length === 1 ? paths[0]! : paths;
      if (out !== undefined) checkFormat(out);
      await using model = await load(run);
      const { config } = configOf(options, keys);
      const { said, found } = model.reading;
      const kept = Object.entries(said).filter(([key]) => config[key] === undefined);
      const remembered = rememberedText({
        said: Object.fromEntries(kept),
        found: config.decimal === undefined ? found : {},
      });
      if (remembered !== undefined) note(remembered);
      const latents = await model.transform(data as DataSource, config);
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
