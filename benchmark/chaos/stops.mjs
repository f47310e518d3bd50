// Abort at random instants, the end of a worker and the end of the process during a fit: prompt, with nothing left behind.

import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { fit, simulate } from "disentangle";
import { p99, runNode, uniforms } from "./world.mjs";

const child = fileURLToPath(new URL("./fitting.mjs", import.meta.url));

export async function run({ large, log }) {
  const uniform = uniforms("stops");
  const data = await simulate({ simulator: "tree-world", depth: 5, pointsPerEnvironment: 1000, seed: 0 });
  const config = { method: "tbr", data, latentDim: 5, steps: 1_000_000, seed: 0 };
  const aborts = {
    fault: "abort at a random instant",
    trials: 0,
    broken: 0,
    figure: "p99 to the rejection, ms",
    limit: 250,
  };
  const waits = [];
  for (let i = 0; i < (large ? 200 : 10); i += 1) {
    const controller = new AbortController();
    const { result } = fit(config, { signal: controller.signal });
    const ended = result.then(
      () => "no rejection",
      (error) => error.code,
    );
    await new Promise((resolve) => setTimeout(resolve, 600 * uniform()));
    const began = performance.now();
    controller.abort();
    const code = await ended;
    waits.push(performance.now() - began);
    aborts.trials += 1;
    aborts.broken += code !== "FIT_CANCELLED";
  }
  aborts.value = p99(waits);
  log(`aborts: p99 ${aborts.value.toFixed(1)} ms`);

  const workers = { fault: "worker.terminate()", trials: 0, broken: 0, figure: "longest, ms", value: 0, limit: 500 };
  const exits = { fault: "process.exit()", trials: 0, broken: 0, figure: "longest, ms", value: 0, limit: 500 };
  for (let i = 0; i < (large ? 30 : 3); i += 1) {
    const worker = new Worker(child);
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await new Promise((resolve) => setTimeout(resolve, 300 * uniform()));
    const began = performance.now();
    await worker.terminate();
    workers.value = Math.max(workers.value, performance.now() - began);
    workers.trials += 1;

    const { code, errors } = await runNode([child, String(300 * uniform())]);
    const left = Date.now() - Number(errors.trim().split("\n").at(-1));
    exits.value = Math.max(exits.value, left);
    exits.trials += 1;
    exits.broken += code !== 7;
  }
  log(`worker.terminate ${workers.value.toFixed(0)} ms, process.exit ${exits.value.toFixed(0)} ms at most`);
  return [aborts, workers, exits];
}
