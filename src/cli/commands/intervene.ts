import { join, parse } from "node:path";
import type { Command } from "commander";
import type { Rows } from "../../data/rows.js";
import { fail } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import type { Intervention } from "../../intervene.js";
import { load } from "../../model.js";
import { checkOutput } from "../../outputs.js";
import { csvChunks, isCopy, outputOf, writeRows } from "../../rows-out.js";
import { print, printChunks } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle intervene runs/a --do z2=1.5 --data cells.csv --out after.npy
  $ disentangle intervene runs/a --do z2=1.5 --do z3=0 --count 500 --seed 1 > drawn.csv

With --data: what these rows would have been. Each row keeps its noise, and all latents downstream follow. Without: rows are drawn.
Values are in units of the latents, whose mean and standard deviation stand in summary.json.
With a decoder, --out after.npy writes two files: the latents, and the inputs to after-inputs.npy. Where mechanisms depend on the
environment, that of each row goes to after-environments.csv.`;

interface Flags {
  readonly do: Readonly<Record<string, number>>;
  readonly data?: string;
  readonly environment?: string;
  readonly count?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `disentangle intervene` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder or saved model")
    .requiredOption("--do <latent=value>", "set a latent; repeat it to set several", assignment)
    .option("--data <path>", "rows to ask of what they would have been (default: rows are drawn)")
    .option("--count <rows>", "rows to draw (default: 1000)", Number)
    .option("--seed <seed>", "seed of the noise of drawn rows (default: 0)", Number)
    .option("--environment <name>", "environment of all drawn rows (default: each in turn)")
    .option("--out <file>", "file to write: .npy, .csv, .parquet or .arrow (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { data, out, json, ...request }: Flags) => {
      if (out !== undefined) await checkOut(out, data);
      await using model = await load(run);
      const after = await model.intervene({ ...request, ...(data !== undefined && { rows: data }) });
      const files = out === undefined ? undefined : await write(out, after);
      if (files === undefined && !json) await printChunks(csvChunks(sideBySide(after)));
      else {
        const [rows] = after.latents.shape;
        print(json, { rows, columns: after.latents.columns, ...(files ?? inRows(after)) }, () =>
          Object.values(files!)
            .map((file) => `${file}: ${rows} rows`)
            .join("\n"),
        );
      }
    });
}

/** `z2=1.5`, added to those before it. */
function assignment(text: string, previous: Flags["do"] = {}): Flags["do"] {
  const at = text.lastIndexOf("=");
  const value = text.slice(at + 1).trim();
  const name = text.slice(0, at);
  if (at < 1 || value === "" || Object.hasOwn(previous, name)) {
    const expected = at > 0 && value !== "" ? "each latent once" : "latent=value";
    fail("CONFIG_USAGE", `--do ${text}: expected ${expected}`, { path: "--do", hint: "for example --do z2=1.5" });
  }
  return { ...previous, [name]: Number(value) };
}

/** Before anything is read: tables only, and no part of what is read. */
async function checkOut(out: string, data: string | undefined): Promise<void> {
  outputOf(out);
  if (isCopy(out)) {
    fail("CONFIG_USAGE", `--out ${out}: what an intervention gives is no copy of the data`, {
      path: out,
      hint: "write .npy, .csv, .parquet or .arrow",
    });
  }
  if (data !== undefined) await checkOutput(out, [{ path: data }]);
}

interface Files {
  readonly out: string;
  readonly inputs?: string;
  readonly environments?: string;
}

async function write(out: string, { latents, inputs, environments }: Intervention): Promise<Files> {
  const { dir, name, ext } = parse(out);
  const beside = (what: string, ending: string): string => join(dir, `${name}-${what}${ending}`);
  const files: Files = {
    out,
    ...(inputs && { inputs: beside("inputs", ext) }),
    ...(environments && { environments: beside("environments", ".csv") }),
  };
  await writeRows(out, latents);
  if (inputs !== undefined) await writeRows(files.inputs!, inputs);
  if (environments !== undefined) {
    const lines = ["environment", ...environments].map((label) => `"${label.replaceAll('"', '""')}"\n`);
    await writeFileAtomic(files.environments!, lines.join(""));
  }
  return files;
}

/** Latents, then inputs, in one table. */
function sideBySide({ latents, inputs }: Intervention): Rows {
  if (inputs === undefined) return latents;
  const [rows, k] = latents.shape;
  const d = inputs.shape[1];
  const data = new Float32Array(rows * (k + d));
  for (let row = 0; row < rows; row++) {
    data.set(latents.data.subarray(row * k, (row + 1) * k), row * (k + d));
    data.set(inputs.data.subarray(row * d, (row + 1) * d), row * (k + d) + k);
  }
  return { data, shape: [rows, k + d], columns: [...latents.columns, ...inputs.columns], ...ids(latents) };
}

function ids({ rowIds }: Rows): Pick<Rows, "rowIds"> {
  return rowIds === undefined ? {} : { rowIds };
}

function rowsOf({ data, shape: [rows, columns] }: Rows): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
}

function inRows({ latents, inputs, environments }: Intervention): object {
  return {
    latents: rowsOf(latents),
    ...(inputs && { inputNames: inputs.columns, inputs: rowsOf(inputs) }),
    ...(environments && { environments }),
  };
}
