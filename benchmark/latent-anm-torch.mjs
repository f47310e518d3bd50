// latent-anm by its flow, by the published variational autoencoder here, and by the same one in PyTorch, on the same rows.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fit, simulate, writeDataset } from "disentangle";
import { python, pythonVersions } from "./python.mjs";
import { timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

const STEPS = 20_000;
export const about = `latent-anm on shift-world with 5 latents (50,000 rows of 50 environments, l(u) tanh z, seed 0): the default algorithm, and the published variational autoencoder for ${STEPS} steps here and in PyTorch, in one run`;
/** Python packages: without them there is nothing to do. */
export const peers = "required";

const LATENTS = 5;
const THREADS = Math.min(2, cpus().length);
const script = fileURLToPath(new URL("./torch/latent_anm.py", import.meta.url));

export async function run({ works, log }) {
  const interpreter = python(log);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  try {
    const world = await simulate({ simulator: "shift-world", latents: LATENTS, seed: 0 });
    await writeDataset(join(folder, "world"), world);
    const rows = [];
    const told = (row) => {
      log(`${row.work}, ${row.engine}: MCC ${number(row.mcc)} in ${number(row.minUs / 1e6)} s`);
      rows.push(row);
    };
    if (works("flow")) told(await ours("flow", world, {}));
    if (works("paper")) {
      told(await ours("paper", world, { algorithm: "paper", published: { steps: STEPS } }));
      const flags = [script, join(folder, "world"), "--steps", String(STEPS), "--threads", String(THREADS)];
      const { fitSeconds, mcc, curve } = JSON.parse(execFileSync(interpreter, flags));
      told({ ...timingRow("paper", "pytorch", `${THREADS} threads`, [fitSeconds * 1e6]), mcc, curve });
    }
    return { rows, versions: pythonVersions(interpreter) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ours(work, world, config) {
  const began = performance.now();
  const data = { ...world, truth: {} }; // What is scored is not timed.
  const method = { method: "latent-anm", latentDim: LATENTS, seed: 0, threads: THREADS };
  const model = await fit({ ...method, data, ...config }).result;
  const us = (performance.now() - began) * 1e3;
  const { mcc } = await model.score({ truth: world.truth });
  return { ...timingRow(work, "disentangle", `${THREADS} threads`, [us]), mcc: mcc.value };
}

export function render(rows) {
  const cells = rows.map(({ work, engine, setting, minUs, mcc }) => [
    work,
    engine,
    setting,
    number(minUs / 1e6),
    number(mcc),
  ]);
  const all = table(["algorithm", "engine", "setting", "s", "MCC"], cells);
  const peer = rows.find(({ engine }) => engine === "pytorch");
  const flow = rows.find(({ work }) => work === "flow");
  if (!peer || !flow) return all;
  const points = peer.curve.map(({ step, seconds, mcc }) => [step, number(seconds), number(mcc)]);
  const reached = peer.curve.find(({ mcc }) => mcc >= flow.mcc);
  const ratio = number((reached?.seconds ?? peer.minUs / 1e6) / (flow.minUs / 1e6));
  const told = reached
    ? `PyTorch reaches the MCC of the flow in ${ratio} times its seconds.`
    : `PyTorch has not reached the MCC of the flow after ${ratio} times its seconds.`;
  return `${all}\n\n${told} The published autoencoder in PyTorch on the way:\n\n${table(["step", "s", "MCC"], points)}`;
}
