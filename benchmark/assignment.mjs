// Linear assignment on uniform random costs: ours, SciPy and munkres-js on the same matrices, taking turns.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { example, javascript, server } from "./engines.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about = "Linear assignment of an n x n matrix of uniform random costs, one matrix for each n";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

const SIZES = [10, 20, 50, 100, 200, 500, 1000, 2000];
const ROUNDS = 5;
const SECONDS = 0.2;
/** munkres-js needs minutes beyond this. */
const LARGEST_FOR_MUNKRES = 200;
/** How many times faster we want to be. */
const TARGETS = { 100: { scipy: 3, "munkres-js": 100 }, 1000: { scipy: 1.5 } };

export async function run({ torch, works, log }) {
  const binary = example("disentangle-metrics", "assignment", log);
  const packages = javascript(log);
  const servers = { "munkres-js": server(process.execPath, [join(packages.folder, "assignment.mjs")]) };
  const interpreter = torch ? python(log) : undefined;
  if (torch) servers.scipy = server(interpreter, [fileURLToPath(new URL("./torch/assignment.py", import.meta.url))]);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const rows = [];
  try {
    for (const n of SIZES.filter((size) => works(String(size)))) {
      const file = join(folder, `${n}.f64`);
      writeFileSync(file, Buffer.from(uniform(n * n).buffer));
      const engines = {
        disentangle: () => JSON.parse(execFileSync(binary, [String(n), file])),
        ...Object.fromEntries(
          Object.entries(servers)
            .filter(([name]) => name !== "munkres-js" || n <= LARGEST_FOR_MUNKRES)
            .map(([name, { ask }]) => [name, () => ask({ n, file, seconds: SECONDS })]),
        ),
      };
      rows.push(...(await inTurns(String(n), engines)));
      log(`n = ${n}: ${number(best(rows, String(n), "disentangle").minUs)} us`);
    }
  } finally {
    for (const { close } of Object.values(servers)) close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, versions: { ...packages.versions, ...(torch && pythonVersions(interpreter)) } };
}

async function inTurns(work, engines) {
  const times = Object.fromEntries(Object.keys(engines).map((name) => [name, []]));
  const costs = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, solve] of Object.entries(engines)) {
      const { us, cost } = await solve();
      times[name] = times[name].concat(us);
      costs.push(cost);
    }
  }
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  if (most - least > 1e-9 * Math.max(1, most)) throw new Error(`n = ${work}: the engines disagree, ${costs}`);
  return Object.entries(times).map(([name, us]) => timingRow(work, name, "1 threads", us));
}

/** Doubles in [0, 1) from a linear congruential generator: any numbers do, as long as all engines get the same. */
function uniform(count) {
  let state = 12345n;
  return Float64Array.from({ length: count }, () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
  });
}

export function render(rows) {
  const works = [...new Set(rows.map(({ work }) => work))];
  return table(
    ["n", "ours, min us", "SciPy", "ratio", "munkres-js", "ratio", "targets", ""],
    works.map((work) => {
      const own = best(rows, work, "disentangle");
      const ratios = Object.fromEntries(
        ["scipy", "munkres-js"].map((engine) => [engine, best(rows, work, engine)?.minUs / own.minUs]),
      );
      const cells = ["scipy", "munkres-js"].flatMap((engine) => {
        const row = best(rows, work, engine);
        return row ? [number(row.minUs), `${number(ratios[engine])}x`] : ["", ""];
      });
      const targets = Object.entries(TARGETS[work] ?? {}).filter(([engine]) => best(rows, work, engine));
      return [
        work,
        number(own.minUs),
        ...cells,
        targets.map(([engine, target]) => `${engine} >= ${target}x`).join(", "),
        targets.length === 0 ? "" : targets.every(([engine, target]) => ratios[engine] >= target) ? "met" : "missed",
      ];
    }),
  );
}
