// How long a newcomer and a developer wait: from a fresh clone to the demo's report, and for the addon after a line of a method
// was changed. The clone is of the committed state, into a temporary folder, with nothing compiled; crates and packages come from
// the caches of cargo and npm where these have them.

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./provenance.mjs";
import { number, table } from "./tables.mjs";

export const about = "Seconds from a fresh clone to the demo's report, and to the addon after one method was touched";

const TARGETS = { "clone to report": 240, "addon after one method was touched": 25 };
const METHOD = "crates/methods/src/pca.rs";

export async function run({ works, log }) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const clone = join(folder, "clone");
  const { CARGO_TARGET_DIR: _, ...env } = process.env;
  const rows = [];
  const timed = (work, body) => {
    const start = performance.now();
    body();
    rows.push({ work, engine: "disentangle", seconds: (performance.now() - start) / 1e3 });
    log(`${work}: ${number(rows.at(-1).seconds)} s`);
  };
  const inClone = (program, ...args) =>
    execFileSync(program, args, { cwd: clone, env, stdio: ["ignore", "ignore", "inherit"] });
  try {
    timed("clone to report", () => {
      execFileSync("git", ["clone", "--quiet", root, clone]);
      inClone("npm", "run", "demo");
    });
    appendFileSync(join(clone, METHOD), "\n// touched\n");
    timed("addon after one method was touched", () => inClone("cargo", "build", "--release", "-p", "disentangle-node"));
    return { rows: rows.filter(({ work }) => works(work)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function render(rows) {
  return table(
    ["what", "seconds", "target", ""],
    rows.map(({ work, seconds }) => [
      work,
      number(seconds),
      `<= ${TARGETS[work]} s`,
      seconds <= TARGETS[work] ? "met" : "missed",
    ]),
  );
}
