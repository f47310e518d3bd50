// Real widths: few principal components of many cells and genes, beside scikit-learn on the same file.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processRows, render } from "./processes.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best } from "./statistics.mjs";
import { number } from "./tables.mjs";

export const about =
  "A file of cells and genes to few principal components of the standardised genes, beside scikit-learn: time and memory of a whole process";
/** Python packages: anndata makes the files. */
export const peers = "required";
export { render };

const ROUNDS = 3;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
/** Rows, columns and components. */
const WORKS = { "44000 x 3000 to 3": [44_000, 3000, 3], "2000 x 20000 to 20": [2000, 20_000, 20] };

export async function run({ works, log }) {
  const interpreter = python(log);
  const script = here("./torch/wide.py");
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const rows = [];
  try {
    for (const [work, [n, d, k]] of Object.entries(WORKS).filter(([name]) => works(name))) {
      const file = join(folder, "cells.h5ad");
      execFileSync(interpreter, [script, "make", file, String(n), String(d)], { stdio: ["ignore", 2, 2] });
      const fit = ["fit", "--method", "pca", "--latent-dim", String(k), "--data", file];
      const disentangle = [
        process.execPath,
        here("../bin/disentangle.js"),
        ...fit,
        "--no-report",
        "--quiet",
        "--force",
      ];
      rows.push(
        ...processRows(
          `pca, ${work}`,
          {
            disentangle: [...disentangle, "--out", join(folder, "run")],
            "scikit-learn": [interpreter, script, "fit", file, String(k), join(folder, "latents.npy")],
          },
          ROUNDS,
        ),
      );
      // The same work: the same components up to sign, over the rows that both fitted.
      const run = join(folder, "run");
      execFileSync(interpreter, [script, "check", run, join(folder, "latents.npy")], { stdio: ["ignore", 2, 2] });
      log(`${work}: ${number(best(rows, `pca, ${work}`, "disentangle").minUs / 1e6)} s`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, versions: pythonVersions(interpreter, ["anndata", "scikit-learn", "numpy"]) };
}
