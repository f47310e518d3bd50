// The most memory that a fit holds, beside the size of its inputs as 32-bit floats.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { number, table } from "./tables.mjs";

export const about = "Peak memory of whole fits from the command line, as a multiple of the inputs";

const ROWS = 1_000_000;
const COLUMNS = 50;
const TARGET = 2.2;
const CLI = fileURLToPath(new URL("../bin/disentangle.js", import.meta.url));
const BYTES = 4 * ROWS * COLUMNS;
/** A tree of 127 nodes, 126 of them with rows. */
const WORLD = ["tree-world", "--depth", "6", "--inputs", COLUMNS, "--points-per-environment", Math.round(ROWS / 126)];

export async function run({ works, log }) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const at = (name) => join(folder, name);
  const fit = (method, ...more) => peak("fit", "--method", method, "--data", at("world"), ...more, "--out", at(method));
  const fits = {
    "node alone": () => peak("--version"),
    "fit, pca": () => fit("pca", "--latent-dim", 5, "--no-report", "--quiet"),
    "fit, tbr, 100 steps": () => fit("tbr", "--latent-dim", 5, "--max-steps", 100, "--no-report", "--quiet"),
  };
  try {
    peak("simulate", ...WORLD, "--seed", 1, "--out", at("world"));
    const rows = [];
    for (const [work, measure] of Object.entries(fits).filter(([name]) => works(name))) {
      rows.push({ work, engine: "disentangle", maxBytes: measure(), inputBytes: BYTES });
      log(`${work}: ${number(rows.at(-1).maxBytes / 1e6)} MB`);
    }
    return { rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The most memory a command line held, as GNU time counts it. */
function peak(...args) {
  const command = ["-f", "%M", process.execPath, CLI, ...args.map(String)];
  const { status, stderr } = spawnSync("/usr/bin/time", command, { encoding: "utf8" });
  if (status !== 0) throw new Error(`disentangle ${args.join(" ")}: ${stderr}`);
  return 1024 * Number(stderr.trim().split("\n").at(-1));
}

export function render(rows) {
  return table(
    ["work", "MB", `of the inputs (${number(BYTES / 1e6)} MB)`, `target <= ${TARGET}`],
    rows.map(({ work, maxBytes, inputBytes }) => [
      work,
      number(Math.round(maxBytes / 1e6)),
      work === "node alone" ? "" : number(maxBytes / inputBytes),
      work === "node alone" ? "" : maxBytes <= TARGET * inputBytes ? "met" : "missed",
    ]),
  );
}
