// Fits inside a service: what its event loop and its file reads feel.

import { stat } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fit, simulate } from "disentangle";
import { p99 } from "./world.mjs";

export async function run({ large, log }) {
  const data = await simulate({ simulator: "tree-world", depth: 5, pointsPerEnvironment: 1000, seed: 0 });
  const rows = [];
  for (const fits of [1, 4]) {
    const controller = new AbortController();
    const running = Array.from({ length: fits }, (_, seed) =>
      fit({ method: "tbr", data, latentDim: 5, steps: 10_000_000, seed }, { signal: controller.signal }).result.catch(
        (error) => error.code,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const stats = [];
    const until = performance.now() + (large ? 20_000 : 2_000);
    while (performance.now() < until) {
      const began = performance.now();
      await stat(new URL(import.meta.url));
      stats.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    delay.disable();
    controller.abort();
    const broken = (await Promise.all(running)).filter((code) => code !== "FIT_CANCELLED").length;
    const name = fits === 1 ? "one fit" : `${fits} fits at once`;
    // The monitor counts its own period of a millisecond.
    const loop = delay.percentile(99) / 1e6 - 1;
    rows.push(
      {
        fault: `${name} beside a service`,
        trials: fits,
        broken,
        figure: "p99 event-loop delay, ms",
        value: loop,
        limit: 20,
      },
      {
        fault: `${name} beside a service`,
        trials: stats.length,
        broken: 0,
        figure: "p99 fs.stat, ms",
        value: p99(stats),
        limit: 20,
      },
    );
    log(`${name}: event loop ${loop.toFixed(2)} ms, fs.stat ${p99(stats).toFixed(2)} ms`);
  }
  return rows;
}
