// The most memory that a fit holds, beside the size of its inputs as 32-bit floats.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { number, table } from "./tables.mjs";

export const about = "Peak memory of whole fits from the command line, as a multiple of the inputs";

const ROWS = 1_000_000;
/** What Node and the program take by themselves weighs less the larger the data are. */
const COLUMNS = [50, 150];
const TARGET = 2.2;
const CLI = fileURLToPath(new URL("../bin/disentangle.js", import.meta.url));
/** A tree of 127 nodes, 126 of them with rows. */
const WORLD = ["tree-world", "--depth", "6", "--points-per-environment", Math.round(ROWS / 126), "--seed", 1];

export async function run({ works, log }) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const fit = (method, data, ...more) =>
    peak(
      "fit",
      "--method",
      method,
      "--data",
      data,
      "--latent-dim",
      5,
      ...more,
      "--no-report",
      "--quiet",
      "--out",
      `${data}-${method}`,
    );
  const rows = [];
  const measure = (work, inputBytes, measured) => {
    if (!works(work)) return;
    rows.push({ work, engine: "disentangle", maxBytes: measured(), ...(inputBytes && { inputBytes }) });
    log(`${work}: ${number(rows.at(-1).maxBytes / 1e6)} MB`);
  };
  try {
    measure("node alone", undefined, () => peak("--version"));
    for (const columns of COLUMNS) {
      const bytes = 4 * ROWS * columns;
      const data = join(folder, `world-${columns}`);
      peak("simulate", ...WORLD, "--inputs", columns, "--out", data);
      const size = `inputs of ${number(bytes / 1e6)} MB`;
      measure(`pca, ${size}`, bytes, () => fit("pca", data));
      measure(`tbr, 100 steps, ${size}`, bytes, () => fit("tbr", data, "--max-steps", 100));
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
    ["work", "MB", "of the inputs", `target <= ${TARGET}`],
    rows.map(({ work, maxBytes, inputBytes }) => [
      work,
      number(Math.round(maxBytes / 1e6)),
      inputBytes === undefined ? "" : number(maxBytes / inputBytes),
      inputBytes === undefined ? "" : maxBytes <= TARGET * inputBytes ? "met" : "missed",
    ]),
  );
}
