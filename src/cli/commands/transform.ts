import { extname } from "node:path";
import type { Command } from "commander";
import { fail } from "../../errors.js";
import { replaceFile, writeFileAtomic } from "../../files.js";
import { load } from "../../model.js";
import { native } from "../../native.js";
import type { NamedArray } from "../../results.js";
import { print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle transform runs/a --data new-cells.csv --out latents.npy
  $ disentangle transform runs/a --data new-cells.csv > latents.csv

Columns are matched by name, in any order; a .npy matrix has no names and is matched by position.`;

/** `disentangle transform` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder or saved model")
    .requiredOption("--data <path>", "rows to transform: any format that `fit --data` reads")
    .option("--out <file>", "file to write, .npy or .csv (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { data, out, json }: { data: string; out?: string; json?: boolean }) => {
      if (out !== undefined) checkFormat(out);
      await using model = await load(run);
      const latents = await model.transform(data);
      if (out !== undefined) await write(out, latents);
      const { shape, columns } = latents;
      if (out === undefined && !json) process.stdout.write(csv(latents));
      else
        print(
          json,
          { ...(out === undefined ? { values: rowsOf(latents) } : { out }), shape, columns },
          () => `${out}: ${shape[0]} x ${shape[1]}`,
        );
    });
}

async function write(out: string, latents: NamedArray): Promise<void> {
  if (extname(out) === ".csv") return writeFileAtomic(out, csv(latents));
  await replaceFile(out, (partial) => native().npyWrite(partial, { shape: [...latents.shape], data: latents.data }));
}

/** Before anything is computed: another format than its name says would be a riddle to whoever opens it. */
function checkFormat(out: string): void {
  if ([".npy", ".csv"].includes(extname(out))) return;
  fail("CONFIG_USAGE", `--out ${out}: expected a file that ends in .npy or .csv`, {
    path: out,
    hint: "for example --out latents.npy",
  });
}

function csv(latents: NamedArray): string {
  return [latents.columns.join(","), ...rowsOf(latents).map((row) => row.map(shortest).join(","))]
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

function rowsOf({ data, shape: [rows, columns] }: NamedArray): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
}
