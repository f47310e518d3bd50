// The mean correlation coefficient of simulated latents: ours, NumPy and SciPy, and ml-matrix with munkres-js, on the same
// files, taking turns.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { example, javascript, server } from "./engines.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best, timingRow, uniforms } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "MCC of n x d true and estimated latents, in double precision: correlations and the best matching; one thread of ours, as many as they like of the others";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

const ROUNDS = 5;
const SECONDS = 0.3;
const WORKS = [
  { kind: "pearson", rows: 5_000, columns: 5 },
  { kind: "pearson", rows: 100_000, columns: 20 },
  { kind: "pearson", rows: 20_000, columns: 100 },
  { kind: "spearman", rows: 5_000, columns: 5 },
  { kind: "spearman", rows: 100_000, columns: 20 },
];
const name = ({ kind, rows, columns }) => `${kind} ${rows} x ${columns}`;

export async function run({ torch, works, log }) {
  const binary = example("disentangle-metrics", "mcc", log);
  const packages = javascript(log);
  const interpreter = torch ? python(log) : undefined;
  const script = fileURLToPath(new URL("./torch/mcc.py", import.meta.url));
  const servers = {
    "ml-matrix": server(process.execPath, [join(packages.folder, "mcc.mjs")]),
    ...(torch && { scipy: server(interpreter, [script]) }),
  };
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const rows = [];
  try {
    for (const work of WORKS.filter((one) => works(name(one)))) {
      const request = { ...work, ...write(folder, work), seconds: SECONDS };
      const { kind, truth, estimate } = request;
      const sizes = [String(work.rows), String(work.columns)];
      const engines = {
        disentangle: () => JSON.parse(execFileSync(binary, [kind, ...sizes, truth, estimate, String(SECONDS)])),
        ...Object.fromEntries(
          Object.entries(servers)
            .filter(([engine]) => engine !== "ml-matrix" || kind === "pearson") // It has no ranks.
            .map(([engine, { ask }]) => [engine, () => ask(request)]),
        ),
      };
      rows.push(...(await inTurns(name(work), engines)));
      log(`${name(work)}: ${number(best(rows, name(work), "disentangle").minUs / 1e3)} ms`);
    }
  } finally {
    for (const { close } of Object.values(servers)) close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, versions: { ...packages.versions, ...(torch && pythonVersions(interpreter)) } };
}

async function inTurns(work, engines) {
  const times = Object.fromEntries(Object.keys(engines).map((engine) => [engine, []]));
  const scores = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [engine, score] of Object.entries(engines)) {
      const { us, value } = await score();
      times[engine] = times[engine].concat(us);
      scores.push(value);
    }
  }
  if (Math.max(...scores) - Math.min(...scores) > 1e-9) throw new Error(`${work}: the engines disagree, ${scores}`);
  return Object.entries(times).map(([engine, us]) => timingRow(work, engine, "as it is", us));
}

/** Uniform latents, and estimates that are each a shuffled latent with noise: any numbers do. */
function write(folder, { rows, columns }) {
  const uniform = uniforms(12345);
  const truth = Float64Array.from({ length: rows * columns }, uniform);
  const estimate = truth.map((_, k) => {
    const [row, column] = [Math.floor(k / columns), (k + 1) % columns];
    return truth[row * columns + column] + uniform();
  });
  const files = { truth: join(folder, "truth.f64"), estimate: join(folder, "estimate.f64") };
  writeFileSync(files.truth, Buffer.from(truth.buffer));
  writeFileSync(files.estimate, Buffer.from(estimate.buffer));
  return files;
}

export function render(rows) {
  const done = WORKS.map(name).filter((work) => best(rows, work, "disentangle"));
  const cell = (row) => (row ? `${number(row.minUs / 1e3)} / ${number(row.medianUs / 1e3)}` : "");
  return table(
    [
      "work",
      "ours, min / median ms",
      "NumPy and SciPy",
      "ratio of minima",
      "ml-matrix and munkres-js",
      "ratio of minima",
    ],
    done.map((work) => {
      const own = best(rows, work, "disentangle");
      const beside = ["scipy", "ml-matrix"].flatMap((engine) => {
        const row = best(rows, work, engine);
        return row ? [cell(row), `${number(row.minUs / own.minUs)}x`] : ["", ""];
      });
      return [work, cell(own), ...beside];
    }),
  );
}
