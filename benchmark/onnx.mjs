// How far ONNX Runtime is from the model that a graph was exported from, for every method: the figures of the test of the gate, kept.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./provenance.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "The largest difference between ONNX Runtime and the model that a graph was exported from, over 256 rows, relative to the largest value where that is above 1 (`__test__/export/onnx.spec.ts`, which allows 2e-5)";

const TEST = "encoder and decoder of every method give the same numbers in ONNX Runtime";
const TOLERANCE = 2e-5;

export async function run({ works, log }) {
  const cli = join(root, "node_modules/ava/entrypoints/cli.mjs");
  const args = [cli, "--tap", "__test__/export/onnx.spec.ts", "--match", TEST];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 26 });
  const rows = rowsOf(stdout).filter(({ work }) => works(work));
  if (rows.length === 0) throw new Error(`the test told no figures:\n${stdout.slice(-2000)}`);
  for (const { work, encoder, decoder } of rows) log(`${work}: encoder ${encoder}, decoder ${decoder ?? "none"}`);
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/onnxruntime-web/package.json"), "utf8"));
  return { rows, versions: { "onnxruntime-web": version } };
}

/** `# pca: encoder 1.2e-6, decoder 3.4e-6`, a line for each method. */
function rowsOf(tap) {
  const lines = [...tap.matchAll(/([\w-]+): encoder ([\d.e+-]+)(?:, decoder ([\d.e+-]+))?$/gm)];
  return lines.map(([, work, encoder, decoder]) => ({
    work,
    engine: "onnxruntime-web",
    encoder: Number(encoder),
    ...(decoder !== undefined && { decoder: Number(decoder) }),
    allowed: TOLERANCE,
  }));
}

export function render(rows) {
  const largest = ({ encoder, decoder = 0 }) => Math.max(encoder, decoder);
  return table(
    ["method", "encoder", "decoder", "allowed", ""],
    rows.map((row) => [
      row.work,
      number(row.encoder),
      row.decoder === undefined ? "none" : number(row.decoder),
      number(row.allowed),
      largest(row) <= row.allowed ? "met" : "missed",
    ]),
  );
}
