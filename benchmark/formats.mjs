// Large files: time and memory of a whole process that reads one, beside anndata and pandas on the same file; and
// latents written as text beside the same as NPY.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processRows, render, timed } from "./processes.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best } from "./statistics.mjs";
import { number } from "./tables.mjs";

export const about =
  "Reading h5ad, Parquet and CSV files beside anndata and pandas, and writing latents: time and memory of a whole process";
/** Python packages: anndata and pandas make the files. */
export const peers = "required";
export { render };

const ROUNDS = 3;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const CLI = here("../bin/disentangle.js");

export async function run({ works, log }) {
  const interpreter = python(log);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const at = (name) => join(folder, name);
  const rows = [];
  const measure = (work, engines) => {
    if (!works(work)) return;
    rows.push(...processRows(work, engines, ROUNDS));
    log(`${work}: ${number(best(rows, work, Object.keys(engines)[0]).minUs / 1e3)} ms`);
  };
  try {
    log("making the files");
    execFileSync(interpreter, [here("./torch/formats.py"), "make", folder], { stdio: ["ignore", 2, 2] });
    const read = (file) => ({
      disentangle: [process.execPath, here("./formats-read.mjs"), at(file)],
      python: [interpreter, here("./torch/formats.py"), "read", at(file)],
    });
    measure("h5ad 12500 x 2000, 100 MB", read("cells.h5ad"));
    measure("parquet 1000000 x 6", read("table.parquet"));
    measure("csv 1000000 x 6", read("tall.csv"));
    measure("csv 200000 x 50", read("medium.csv"));
    measure("csv 2000 x 20000", read("wide.csv"));
    const disentangle = (...args) => [process.execPath, CLI, ...args];
    const fit = ["fit", "--method", "pca", "--latent-dim", "20", "--no-report", "--quiet"];
    timed(disentangle(...fit, "--data", at("few.npy"), "--out", at("run")));
    const transform = (out) => disentangle("transform", at("run"), "--data", at("many.npy"), "--out", at(out));
    measure("latents 1000000 x 20 written", {
      npy: transform("z.npy"),
      csv: transform("z.csv"),
      parquet: transform("z.parquet"),
      arrow: transform("z.arrow"),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, versions: pythonVersions(interpreter, ["anndata", "pandas", "pyarrow", "numpy"]) };
}
