// The same seed gives the same bits: again in this process, in another one, on two threads, on a worker thread, with checkpoints.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { fingerprint } from "./determinism/fingerprint.mjs";
import { table } from "./tables.mjs";

export const about =
  "Hashes of the latents and of the model's bytes: one for a seed, whatever runs it; another for another";

const child = fileURLToPath(new URL("./determinism/child.mjs", import.meta.url));

/** Each way to run the same fit; `differs` marks the one that must not give the same hashes. */
const WAYS = {
  "this process": (seed) => fingerprint({ seed, threads: 1 }),
  "this process again": (seed) => fingerprint({ seed, threads: 1 }),
  "2 threads": (seed) => fingerprint({ seed, threads: 2 }),
  "another process": (seed) => inProcess({ seed, threads: 1 }),
  "another process, 2 threads": (seed) => inProcess({ seed, threads: 2 }),
  "another process, another locale": (seed) =>
    inProcess({ seed, threads: 1 }, { LC_ALL: "tr_TR.UTF-8", TZ: "Asia/Tokyo" }),
  "worker thread": (seed) => onWorker({ seed, threads: 1 }),
  "with a checkpoint at every 10th step": (seed) => fingerprint({ seed, threads: 1, every: 10 }),
};

export async function run({ works, log }) {
  const rows = [];
  for (const [work, way] of Object.entries(WAYS)) {
    if (!works(work)) continue;
    rows.push({ work, seed: 0, ...(await way(0)) });
    log(`${work}: ${rows.at(-1).latents}`);
  }
  const other = { work: "another seed", seed: 1, ...(await fingerprint({ seed: 1, threads: 1 })) };
  const [first] = rows;
  const same = rows.every(({ latents, model }) => latents === first.latents && model === first.model);
  if (!same) log("THE SAME SEED GAVE DIFFERENT BITS");
  if (first?.latents === other.latents) log("ANOTHER SEED GAVE THE SAME BITS");
  if (!same || first?.latents === other.latents) process.exitCode = 1;
  return { rows: [...rows, other] };
}

async function inProcess(options, env = {}) {
  const printed = execFileSync(process.execPath, [child, JSON.stringify(options)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(printed);
}

function onWorker(options) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(child, { workerData: options });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

export function render(rows) {
  const short = (hash) => `\`${hash.slice(0, 16)}\``;
  return table(
    ["run", "seed", "latents", "model"],
    rows.map(({ work, seed, latents, model }) => [work, seed, short(latents), short(model)]),
  );
}
