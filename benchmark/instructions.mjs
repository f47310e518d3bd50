// Instructions per training step of three fixed networks, counted by valgrind's callgrind: the same on every run, whatever
// else the machine does, so that a step that has become dearer is seen.
//
// Valgrind knows no AVX-512: what is counted are the AVX2 kernels, which the library takes on a processor without it.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { example } from "./engines.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "Instructions per training step on one thread with AVX2 kernels (valgrind knows no AVX-512), counted by callgrind";

/** Networks, and the steps of the two runs whose difference is counted: what comes before the first step cancels. */
const RUNS = {
  "8-8": [100, 600],
  "64-128-16-128-64": [3, 9],
  "ivae-5": [3, 9],
};
/** Share by which a count may differ from the committed one: beside the code it depends on the compiler's version. */
const TOLERANCE = 0.02;
const BASELINE = new URL("./results/instructions.json", import.meta.url);

export async function run({ works, log }) {
  const valgrind = provide(log);
  const binary = example("disentangle-nn", "steps", log);
  const rows = [];
  for (const [work, [few, many]] of Object.entries(RUNS).filter(([name]) => works(name))) {
    const instructions = Math.round((count(binary, work, many) - count(binary, work, few)) / (many - few));
    rows.push({ work, engine: "disentangle", setting: "1 threads", instructions });
    log(`${work}: ${instructions} instructions a step`);
  }
  return { rows, versions: { valgrind, rustc: version("rustc") } };
}

/** What is wrong with new rows beside the committed ones, a sentence each; nothing across versions of the compiler. */
export function check(rows, { rustc }) {
  const committed = JSON.parse(readFileSync(BASELINE, "utf8"));
  if (committed.versions.rustc !== rustc) {
    return { note: `not compared: counted with rustc ${rustc}, committed with rustc ${committed.versions.rustc}` };
  }
  const complaints = rows.flatMap(({ work, instructions }) => {
    const before = committed.rows.find((row) => row.work === work)?.instructions;
    if (before === undefined) return [`${work}: no count is committed`];
    const change = instructions / before - 1;
    if (Math.abs(change) <= TOLERANCE) return [];
    const verdict = change > 0 ? "more than" : "fewer than";
    return [`${work}: ${number(100 * Math.abs(change), 3)} % ${verdict} the ${before} instructions that are committed`];
  });
  const hint = "a change that is meant is committed by `npm run benchmark -- --only instructions`";
  return complaints.length === 0 ? { note: "as committed" } : { complaints: [...complaints, hint] };
}

export function render(rows) {
  return table(
    ["network", "instructions a step", "tolerance of the check"],
    rows.map(({ work, instructions }) => [work, instructions, `${100 * TOLERANCE} %`]),
  );
}

/** Instructions of a run, those of the C library left out: it sets and copies memory in a way that it chooses by the processor. */
function count(binary, work, steps) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-instructions-"));
  try {
    const out = join(folder, "callgrind.out");
    const flags = ["--tool=callgrind", `--callgrind-out-file=${out}`];
    const { status, stderr } = spawnSync("valgrind", [...flags, binary, work, "1", `--count=${steps}`]);
    if (status !== 0) throw new Error(`callgrind of ${work} ended with ${status}: ${stderr}`);
    const told = execFileSync("callgrind_annotate", ["--threshold=100", out], { encoding: "utf8", maxBuffer: 1e9 });
    const lines = told.split("\n").flatMap((line) => /^ *([\d,]+) \([ \d.]+%\) +(\S.*)$/.exec(line) ?? []);
    let own = 0;
    for (let at = 0; at < lines.length; at += 3) {
      const [, instructions, where] = lines.slice(at, at + 3);
      if (where.startsWith("PROGRAM TOTALS") || /\[\S*libc[.-]\S*\]/.test(where)) continue;
      own += Number(instructions.replaceAll(",", ""));
    }
    if (own === 0) throw new Error(`callgrind of ${work} told of no function`);
    return own;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The version of valgrind; installed from Debian when it is missing and may be. */
function provide(log) {
  const found = version("valgrind");
  if (found !== undefined) return found;
  const may = process.platform === "linux" && process.getuid?.() === 0 && version("apt-get") !== undefined;
  if (!may) throw new Error("valgrind is missing, and only root can install it here: apt-get install valgrind");
  log("installing valgrind");
  const options = { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  execFileSync("apt-get", ["update", "-qq"], options);
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "valgrind", "libc6-dbg"], options);
  return version("valgrind");
}

/** The version that a program tells; undefined without it. */
function version(program) {
  const { status, stdout } = spawnSync(program, ["--version"]);
  return status === 0 ? /\d+(\.\d+)+/.exec(String(stdout))?.[0] : undefined;
}
