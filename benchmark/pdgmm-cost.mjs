// What pdGMM costs as the latents become more.

import { fit, simulate } from "disentangle";
import { exponent, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "pdGMM on 60,000 rows of silent-world (half of the latents active, ten layers, seed 0; four fifths for training), one thread: processor seconds of a fit, the least of three where it takes less than a minute";

const LATENTS = [5, 10, 20, 40];
const ROWS = 60_000;
const SPLIT = { train: 0.8, validation: 0.1, test: 0.1 };
/** The default algorithm, and its linear part alone. */
const CONFIGS = { "planes only": { flow: { use: "never" } }, default: {} };
const REPETITIONS = 3;
/** Microseconds beyond which one fit is enough. */
const LONG = 60e6;

export async function run({ works, log }) {
  const rows = [];
  for (const latents of LATENTS) {
    const world = await simulate({ simulator: "silent-world", latents, rows: ROWS, seed: 0 });
    for (const [work, config] of Object.entries(CONFIGS).filter(([name]) => works(name))) {
      const times = [];
      let mcc;
      while (times.length < REPETITIONS && !times.some((time) => time > LONG)) {
        const before = process.cpuUsage();
        const data = { ...world, truth: {} };
        const model = await fit({ method: "pdgmm", data, latentDim: latents, split: SPLIT, seed: 0, ...config }).result;
        const { user, system } = process.cpuUsage(before);
        times.push(user + system);
        mcc ??= (await model.score({ truth: world.truth })).mcc.value;
      }
      const row = { ...timingRow(work, "disentangle", `${latents} latents`, times), latents, mcc };
      log(`${work}, ${latents} latents: ${number(row.minUs / 1e6)} s, MCC ${number(mcc)}`);
      rows.push(row);
    }
  }
  return { rows };
}

export function render(rows) {
  const cells = rows.map(({ work, latents, minUs, mcc }) => [work, latents, number(minUs / 1e6), number(mcc)]);
  const fitted = [...new Set(rows.map(({ work }) => work))].map((work) => {
    const of = rows.filter((row) => row.work === work);
    return `${work}: seconds grow as n^${number(exponent(of.map(({ latents, minUs }) => [latents, minUs])), 3)}`;
  });
  return `${table(["algorithm", "latents", "processor s", "MCC"], cells)}\n\n${fitted.join("; ")} (least squares of the logarithms).`;
}
