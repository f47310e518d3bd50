// So many small fits in a row; prints the slope of the resident memory after a warm-up, and what is left behind.

import { readdirSync, readFileSync } from "node:fs";
import { fit, simulate } from "disentangle";

const fits = Number(process.argv[2]);
const data = await simulate({
  simulator: "tree-world",
  depth: 2,
  pointsPerEnvironment: 30,
  inputs: 6,
  latents: 2,
  seed: 0,
});

/** Resident memory that belongs to this process alone, in KiB. */
function resident() {
  const line = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line[1]);
}

const count = (folder) => readdirSync(`/proc/self/${folder}`).length;
const one = async (seed) => {
  const model = await fit({ method: "tbr", data, latentDim: 2, steps: 20, hidden: [8], batchSize: 32, seed }).result;
  await model.close();
};

const WARM_UP = Math.min(300, Math.ceil(fits / 3));
const points = [];
let before;
for (let i = 0; i < fits; i += 1) {
  await one(i);
  if (i === WARM_UP) before = { threads: count("task"), descriptors: count("fd") };
  if (i >= WARM_UP && i % 10 === 0) {
    globalThis.gc();
    points.push([i, resident()]);
  }
}
// The last thread of a fit ends on its own, a moment after its result.
await new Promise((resolve) => setTimeout(resolve, 300));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const [x, y] = [mean(points.map(([i]) => i)), mean(points.map(([, kib]) => kib))];
const slope =
  points.reduce((sum, [i, kib]) => sum + (i - x) * (kib - y), 0) / points.reduce((sum, [i]) => sum + (i - x) ** 2, 0);
console.log(
  JSON.stringify({ slope, threads: count("task") - before.threads, descriptors: count("fd") - before.descriptors }),
);
