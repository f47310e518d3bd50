// What the default split costs: a fit learns from half of the rows, a quarter chooses and a quarter judges. How much better are the latents
// where it learns from more? All splits are scored on the same larger sample of the world, at least three quarters of which no fit has seen.

import { fileURLToPath } from "node:url";
import { reproduce } from "disentangle";
import { table } from "./tables.mjs";

export const about = "MCC on new rows by the share of rows that a fit learns from, on small worlds";

// 9711 to 9715 were seen while this was written.
const SEEDS = [9741, 9742, 9743];
const SHARES = [0.5, 0.7, 0.8];
const split = (train) => ({ train, validation: (1 - train) / 2, test: (1 - train) / 2 });

/** Each with few rows and with many: how many there are decides what half of them is worth. */
const WORLDS = [
  {
    name: "tbr",
    rows: ["pointsPerEnvironment", 24, 160],
    data: { simulator: "tree-world", depth: 5, inputs: 8, latents: 3 },
    fit: { method: "tbr", latentDim: 3, steps: 800 },
  },
  {
    name: "mtlcm",
    rows: ["pointsPerTask", 20, 100],
    data: { simulator: "task-world", tasks: 60, latents: 5, causes: 2 },
    fit: { method: "mtlcm", representation: "inputs", latentDim: 5 },
  },
  {
    name: "pdgmm",
    rows: ["rows", 1000, 8000],
    data: { simulator: "silent-world", layers: 3, latents: 5 },
    fit: { method: "pdgmm", latentDim: 5 },
  },
  {
    name: "latent-anm",
    rows: ["pointsPerEnvironment", 60, 300],
    data: { simulator: "shift-world", latents: 2, environments: 20 },
    fit: { method: "latent-anm", latentDim: 2, training: { steps: 900 } },
  },
];

function experiments() {
  return WORLDS.flatMap(({ name, rows: [key, few, many], data, fit }) =>
    [few, many].map((count) => ({
      name: `${name}, ${count} ${key}`,
      data: { ...data, [key]: count },
      fits: Object.fromEntries(SHARES.map((share) => [String(share), { ...fit, split: split(share) }])),
      seeds: SEEDS,
      elsewhere: { [key]: 4 * many },
      rows: SHARES.map((share) => ({ fit: String(share), measure: "elsewhere:mcc.value" })),
    })),
  );
}

export async function run({ works, log }) {
  const chosen = experiments().filter(({ name }) => works(name));
  const study = { seconds: 120, experiments: chosen };
  const preset = {
    name: "splits/share",
    title: about,
    repeats: "nothing",
    paper: "no paper",
    scales: { tiny: study, paper: study },
  };
  const out = fileURLToPath(new URL("../reproduce/splits", import.meta.url));
  const { rows } = await reproduce(preset, { out, onTrial: ({ done, total }) => log(`${done} of ${total}`) });
  return {
    rows: rows.map(({ experiment, fit, mean, sd, values }) => ({ experiment, train: Number(fit), mean, sd, values })),
  };
}

export function render(rows) {
  const names = [...new Set(rows.map(({ experiment }) => experiment))];
  const cell = (experiment, share) => {
    const { mean, sd } = rows.find((row) => row.experiment === experiment && row.train === share);
    return mean === null ? "-" : `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
  };
  return table(
    ["method, rows", ...SHARES.map((share) => `learns from ${100 * share} %`)],
    names.map((name) => [name, ...SHARES.map((share) => cell(name, share))]),
  );
}
