// Training steps of this checkout beside those of another one, an earlier version say, in turns within one run:
// `npm run benchmark -- --only against --checkout DIR`.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { example } from "./engines.mjs";
import { NETS } from "./nets.mjs";
import { root } from "./provenance.mjs";
import { timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";
import { THREADS } from "./turns.mjs";

/** The folder of an earlier version: without `--checkout` it is left out. */
export const needsCheckout = true;
export const about = "Microseconds per training step of this checkout and of an earlier one, in turns within one run";

const ROUNDS = 15;
const SECONDS = 0.3;
/** How much slower a step may be than before. Minima of one and the same program differ by 1 to 2 % here. */
const ALLOWED = 1.03;
/** The crate that holds the networks; it was called so before it was cut into four. */
const CRATES = ["nn", "learn"];

export async function run({ works, log, checkout }) {
  const before = resolve(checkout);
  const programs = { before: stepsOf(before, log), now: stepsOf(root, log) };
  const rows = [];
  for (const [work, { seconds = SECONDS }] of Object.entries(NETS).filter(([name]) => works(name))) {
    for (const threads of THREADS) {
      const times = { before: [], now: [] };
      for (let round = 0; round < ROUNDS; round++) {
        // Who is first takes turns, too.
        for (const engine of round % 2 === 0 ? ["before", "now"] : ["now", "before"]) {
          const args = [work, String(threads), "--json", `--seconds=${seconds}`];
          times[engine].push(...JSON.parse(execFileSync(programs[engine], args).toString()).us);
        }
      }
      for (const engine of ["before", "now"]) rows.push(timingRow(work, engine, `${threads} threads`, times[engine]));
      log(`${work}, ${threads} threads: ${number(ratio(rows.at(-1), rows.at(-2)))} of before`);
    }
  }
  const commit = execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: before }).toString().trim();
  return { rows, versions: { before: commit } };
}

function stepsOf(checkout, log) {
  const crate = CRATES.find((name) => existsSync(join(checkout, "crates", name, "examples", "steps")));
  if (crate === undefined) throw new Error(`${checkout} is no checkout with the example steps`);
  return example(`disentangle-${crate}`, "steps", log, checkout);
}

const ratio = (now, before) => now.minUs / before.minUs;

export function render(rows) {
  const pairs = rows.filter(({ engine }) => engine === "now").map((now) => [now, partner(rows, now)]);
  return table(
    ["network", "threads", "before, min us", "now, min us", "now over before", `target <= ${ALLOWED}`],
    pairs.map(([now, before]) => [
      now.work,
      now.setting.replace(" threads", ""),
      number(before.minUs),
      number(now.minUs),
      number(ratio(now, before)),
      ratio(now, before) <= ALLOWED ? "met" : "missed",
    ]),
  );
}

const partner = (rows, { work, setting }) =>
  rows.find((row) => row.engine === "before" && row.work === work && row.setting === setting);
