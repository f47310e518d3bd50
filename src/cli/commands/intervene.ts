import { join, parse } from "node:path";
import type { Command } from "commander";
import { pathsOfData } from "../../data/paths.js";
import type { Rows } from "../../data/rows.js";
import type { ViewsData } from "../../dataset.js";
import { fail } from "../../errors.js";
import type { Intervention } from "../../intervene.js";
import { load } from "../../model.js";
import { checkOutput } from "../../outputs.js";
import { rootOf } from "../../results.js";
import {
  chain,
  checkTable,
  csvChunks,
  jsonChunks,
  jsonList,
  jsonObject,
  lineChunks,
  quoted,
  writeRows,
  writeText,
} from "../../rows-out.js";
import { addModalityFlags, type RowsFlags, rowsOf } from "../rows-flags.js";
import { print, printChunks } from "../terminal.js";
import { wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle intervene runs/a --do z2=1.5 --data cells.csv --out after.npy
  $ disentangle intervene runs/a --do z2=1.5 --do z3=0 --count 500 --seed 1 > drawn.csv
  $ disentangle intervene runs/b --do rna.z1=0 --modality rna=rna.csv --modality protein=protein.csv --out after.csv

With --data or --modality the result is a counterfactual: each row keeps its noise, and every latent downstream of the set ones changes with them.
Without them new rows are drawn under the intervention.
Values are in units of the latents; summary.json has the mean and standard deviation of each.
If the method has a decoder, --out after.npy writes two files: latents to after.npy and inputs to after-inputs.npy. If mechanisms
depend on the environment, the environment of each row is written to after-environments.csv. Rows that lack a modality are left out.`;

interface Flags extends RowsFlags {
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
    .option("--data <path>", "rows to compute counterfactuals of (default: new rows are drawn)");
  addModalityFlags(command)
    .option("--count <rows>", "rows to draw (default: 1000)", wholeNumber(0))
    .option("--seed <seed>", "seed of the noise of drawn rows (default: 0)", wholeNumber(0))
    .option("--environment <name>", "environment of all drawn rows (default: each in turn)")
    .option("--out <file>", "file to write: .npy, .csv, .parquet or .arrow (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { data, modality, join: by, out, json, ...request }: Flags) => {
      // A counterfactual needs all of a row, whatever the fit learned from.
      const rows = rowsOf({ data, modality, join: by, ...(modality && { unmatched: "drop" }) });
      if (out !== undefined) await checkOut(out, run, rows);
      await using model = await load(run);
      const source = modality === undefined ? data : rows;
      const after = await model.intervene({ ...request, ...(source !== undefined && { rows: source }) });
      const { columns, shape } = after.latents;
      const [count] = shape;
      if (out === undefined) {
        const chunks = json ? jsonObject({ rows: count, columns, ...inRows(after) }) : csvChunks(sideBySide(after));
        return printChunks(chunks);
      }
      const files = await write(out, after);
      print(json, { rows: count, columns, ...files }, () =>
        Object.values(files)
          .map((file) => `${file}: ${count} rows`)
          .join("\n"),
      );
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
async function checkOut(out: string, run: string, rows: ViewsData | undefined): Promise<void> {
  checkTable(out, "rows after an intervention");
  const given = rows === undefined ? [] : pathsOfData(rows).map((path) => ({ path }));
  for (const file of Object.values(filesOf(out))) {
    await checkOutput(file, [...given, { path: rootOf(run), kind: "run" }]);
  }
}

interface Files {
  readonly out: string;
  readonly inputs?: string;
  readonly environments?: string;
}

/** All files that may be written. */
function filesOf(out: string): Required<Files> {
  const { dir, name, ext } = parse(out);
  const beside = (what: string, ending: string): string => join(dir, `${name}-${what}${ending}`);
  return { out, inputs: beside("inputs", ext), environments: beside("environments", ".csv") };
}

async function write(out: string, { latents, inputs, environments }: Intervention): Promise<Files> {
  const all = filesOf(out);
  const files: Files = {
    out,
    ...(inputs && { inputs: all.inputs }),
    ...(environments && { environments: all.environments }),
  };
  await writeRows(out, latents);
  if (inputs !== undefined) await writeRows(all.inputs, inputs);
  if (environments !== undefined) {
    const rows = lineChunks(environments.length, (row) => `${quoted(environments[row]!)}\n`);
    await writeText(all.environments, chain(["environment\n"], rows));
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

function inRows({ latents, inputs, environments }: Intervention): Readonly<Record<string, unknown>> {
  return {
    latents: jsonChunks(latents),
    ...(inputs && { inputNames: inputs.columns, inputs: jsonChunks(inputs) }),
    ...(environments && { environments: jsonList(environments) }),
  };
}
