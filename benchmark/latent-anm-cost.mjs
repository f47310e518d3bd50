// What latent-anm costs as the latents become more.

import { cpus } from "node:os";
import { fit, simulate } from "disentangle";
import { exponent, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

const THREADS = Math.min(2, cpus().length);
export const about = `latent-anm on shift-world (50,000 rows of 50 environments, l(u) tanh z, seed 0), its defaults, ${THREADS} threads: seconds and processor seconds of a fit`;

const LATENTS = [2, 3, 5, 8, 10];

export async function run({ works, log }) {
  const rows = [];
  for (const latents of LATENTS.filter((latents) => works(`${latents} latents`))) {
    const world = await simulate({ simulator: "shift-world", latents, seed: 0 });
    const [began, before] = [performance.now(), process.cpuUsage()];
    const data = { ...world, truth: {} }; // What is scored is not timed.
    const model = await fit({ method: "latent-anm", data, latentDim: latents, seed: 0, threads: THREADS }).result;
    const us = (performance.now() - began) * 1e3;
    const { user, system } = process.cpuUsage(before);
    const { mcc } = await model.score({ truth: world.truth });
    rows.push({
      ...timingRow("fit", "disentangle", `${latents} latents`, [us]),
      latents,
      processorUs: user + system,
      mcc: mcc.value,
    });
    log(
      `${latents} latents: ${number(us / 1e6)} s, ${number((user + system) / 1e6)} processor s, MCC ${number(mcc.value)}`,
    );
  }
  return { rows };
}

export function render(rows) {
  const cells = rows.map(({ latents, minUs, processorUs, mcc }) => [
    latents,
    number(minUs / 1e6),
    number(processorUs / 1e6),
    number(mcc),
  ]);
  const of = (key) => exponent(rows.map((row) => [row.latents, row[key]]));
  const growth = `Seconds grow as d^${number(of("minUs"), 3)}, processor seconds as d^${number(of("processorUs"), 3)}`;
  return `${table(["latents", "s", "processor s", "MCC"], cells)}\n\n${growth} (least squares of the logarithms).`;
}
