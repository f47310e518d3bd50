// Fits of task worlds by us and by torch/mtlcm.py, on the same rows and judged by the same scores.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fit, score, simulate, writeDataset } from "disentangle";
import { python, pythonVersions } from "./python.mjs";
import { timingRow } from "./statistics.mjs";

export const THREADS = cpus().length > 1 ? [1, 2] : [1];
const script = fileURLToPath(new URL("./torch/mtlcm.py", import.meta.url));

/** Calls `compare` with the world and how to ask PyTorch; the rows it gives, and the versions of the packages. */
export async function withWorld(config, log, compare) {
  const interpreter = python(log);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  try {
    const world = await simulate({ simulator: "task-world", seed: 0, ...config });
    await writeDataset(join(folder, "world"), world);
    const theirs = (work, steps, threads) => {
      const latents = join(folder, "latents.npy");
      const flags = [work, "--steps", String(steps), "--threads", String(threads), "--out", latents];
      const printed = execFileSync(interpreter, [script, join(folder, "world"), ...flags], { maxBuffer: 1 << 26 });
      return { ...JSON.parse(printed), latents };
    };
    return { rows: await compare(world, theirs), versions: pythonVersions(interpreter) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A fit without the truth: latents, seconds until the end, and until the end of `stage`. */
export async function ours(config, world, stage) {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1e3;
  const handle = fit({ ...config, data: { ...world, truth: {} } });
  let stageSeconds;
  for await (const progress of handle) if (progress.stage === stage) stageSeconds = seconds();
  const { columns, data, shape } = (await handle.result).latents;
  const latents = { columns: [...columns], values: { data, rows: shape[0], cols: shape[1] } };
  return { seconds: seconds(), stageSeconds, latents };
}

/** A row: times, and how near the latents of the last run are to the true ones, as they are and up to a linear map. */
export async function judged(work, engine, setting, runs, world) {
  const { mcc, mccWeak, r2 } = await score(runs.at(-1).latents, { z: world.truth.latents });
  const times = runs.map(({ seconds }) => seconds * 1e6);
  return { ...timingRow(work, engine, setting, times), mcc: mcc.value, weak: mccWeak.value, r2: r2.value };
}
