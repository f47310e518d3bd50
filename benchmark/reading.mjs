// Files to a data set in memory, through the public API, beside NumPy on the same files. Files come from the disk cache.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readDataset, simulate, writeDataset } from "disentangle";
import { server } from "./engines.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "Reading a matrix into a data set: names, checks and all; beside it NumPy's `load` with a copy in single precision and a check that all numbers are finite, and `loadtxt`";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

const ROUNDS = 5;
const SECONDS = 0.4;
/** Rows, columns, and how they are asked for: with no inputs named, the kinds of all columns are looked at first. */
const FILES = {
  "npy 254000 x 50": { rows: 254_000, columns: 50, format: "npy" },
  "csv 20000 x 50": { rows: 20_000, columns: 50, format: "csv" },
  "csv 20000 x 50, inputs named": { rows: 20_000, columns: 50, format: "csv", config: { inputs: ["x*"] } },
  "csv 500 x 2000": { rows: 500, columns: 2000, format: "csv" },
  "csv 500 x 2000, inputs named": { rows: 500, columns: 2000, format: "csv", config: { inputs: ["x*"] } },
};

export async function run({ torch, works, log }) {
  const interpreter = torch ? python(log) : undefined;
  const script = fileURLToPath(new URL("./torch/reading.py", import.meta.url));
  const numpy = interpreter && server(interpreter, [script]);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const rows = [];
  try {
    for (const [work, size] of Object.entries(FILES).filter(([name]) => works(name))) {
      const file = await write(folder, size);
      const times = { disentangle: [], ...(numpy && { numpy: [] }) };
      const sums = [];
      for (let round = 0; round < ROUNDS; round++) {
        for (const engine of Object.keys(times)) {
          const { us, sum } =
            engine === "numpy" ? await numpy.ask({ file, seconds: SECONDS }) : await ours(file, size.config);
          times[engine].push(...us);
          sums.push(sum);
        }
      }
      if (Math.max(...sums) - Math.min(...sums) > 1e-3) throw new Error(`${work}: the readers disagree, ${sums}`);
      rows.push(...Object.entries(times).map(([engine, us]) => timingRow(work, engine, "1 threads", us)));
      log(`${work}: ${number(best(rows, work, "disentangle").minUs / 1e3)} ms`);
    }
  } finally {
    numpy?.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, versions: torch ? pythonVersions(interpreter) : {} };
}

async function ours(file, config) {
  const us = [];
  const end = performance.now() + 1e3 * SECONDS;
  let inputs;
  while (us.length === 0 || performance.now() < end) {
    const start = performance.now();
    inputs = (await readDataset({ ...config, data: file })).inputs;
    us.push((performance.now() - start) * 1e3);
  }
  return { us, sum: inputs.data.reduce((sum, value) => sum + value, 0) };
}

/** A file of simulated inputs, in the format asked for. */
async function write(folder, { rows, columns, format }) {
  const world = await simulate({ simulator: "tree-world", depth: 1, pointsPerEnvironment: rows / 2, inputs: columns });
  if (format === "npy") {
    await writeDataset(join(folder, "world"), world);
    return join(folder, "world/inputs.npy");
  }
  const file = join(folder, `${rows}.csv`);
  const { data } = world.inputs;
  const text = Array.from(data, (value) => String(Number(value.toPrecision(7)))); // As many digits as single precision has.
  const lines = Array.from({ length: rows }, (_, i) => text.slice(i * columns, (i + 1) * columns).join(","));
  writeFileSync(file, `${[world.inputNames.join(","), ...lines].join("\n")}\n`);
  return file;
}

export function render(rows) {
  const works = [...new Set(rows.map(({ work }) => work))];
  return table(
    ["file", "ours, min / median ms", "NumPy, min / median ms", "ratio of minima"],
    works.map((work) => {
      const [own, theirs] = [best(rows, work, "disentangle"), best(rows, work, "numpy")];
      const cell = (row) => (row ? `${number(row.minUs / 1e3)} / ${number(row.medianUs / 1e3)}` : "");
      return [work, cell(own), cell(theirs), theirs ? `${number(theirs.minUs / own.minUs)}x` : ""];
    }),
  );
}
