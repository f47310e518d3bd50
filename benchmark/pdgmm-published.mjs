// pdGMM by the default algorithm and by the published second stage, on the same data: what it takes to reach the same MCC.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fit, simulate, writeDataset } from "disentangle";
import { python, pythonVersions } from "./python.mjs";
import { median, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "pdGMM on 20,000 rows of silent-world with 5 latents, seed 0, one thread: the default algorithm, and the published second stage on the same rows, our stacks merged and PyTorch's with every row through every layer";
/** Python packages: without them there is nothing to do. */
export const peers = "required";

const LATENTS = 5;
const SEEDS = [0, 1, 2, 3, 4];
/** The default algorithm, and its linear part alone. */
const OURS = { "without flow": { flow: { use: "never" } }, default: {} };
/** Steps of the published second stage after which it is scored. */
const STEPS = [2_000, 5_000, 10_000, 20_000, 40_000, 80_001];
const AUTOENCODER_STEPS = 1500;
const PEER_STEPS = 12;
const script = fileURLToPath(new URL("./torch/pdgmm.py", import.meta.url));

export async function run({ works, log }) {
  const interpreter = python(log);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  try {
    const world = await simulate({ simulator: "silent-world", latents: LATENTS, seed: 0 });
    await writeDataset(join(folder, "world"), world);
    const rows = [];
    for (const [work, config] of Object.entries(OURS).filter(([name]) => works(name))) {
      for (const seed of SEEDS) {
        const row = await timed(work, seed, world, config, {});
        log(`${work}, ${row.setting}: MCC ${number(row.mcc)} in ${number(row.minUs / 1e6)} s`);
        rows.push(row);
      }
    }
    if (works("paper")) rows.push(...(await published(world, join(folder, "checkpoints"), log)));
    if (works("peer")) rows.push(peer(interpreter, join(folder, "world"), log));
    return { rows, versions: pythonVersions(interpreter) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(work, seed, world, config, options) {
  const began = performance.now();
  const data = { ...world, truth: {} }; // What is scored is not timed.
  const model = await fit({ method: "pdgmm", data, latentDim: LATENTS, seed, ...config }, options).result;
  const us = (performance.now() - began) * 1e3;
  const { mcc } = await model.score({ truth: world.truth });
  return { ...timingRow(work, "disentangle", `seed ${seed}`, [us]), mcc: mcc.value };
}

/** One fit, stopped by a budget after each number of steps to be scored, and resumed. */
async function published(world, dir, log) {
  const config = { algorithm: "paper", autoencoder: { steps: AUTOENCODER_STEPS } };
  const rows = [];
  let us = 0;
  for (const steps of STEPS) {
    const budgets = steps === STEPS.at(-1) ? {} : { steps: AUTOENCODER_STEPS + steps };
    const row = await timed("paper", 0, world, config, { checkpoint: { dir }, resume: true, budgets });
    us += row.minUs;
    rows.push({ ...row, minUs: us, medianUs: us, steps });
    log(`paper, ${steps} steps: MCC ${number(row.mcc)} after ${number(us / 1e6)} s`);
  }
  return rows;
}

/** Steps as they were published. */
function peer(interpreter, folder, log) {
  const flags = ["stacks", "--latents", String(LATENTS), "--steps", String(PEER_STEPS)];
  const { seconds } = JSON.parse(execFileSync(interpreter, [script, folder, ...flags]));
  const times = seconds.slice(2).map((time) => time * 1e6);
  log(`a step of the published second stage in PyTorch: ${number(median(times) / 1e6)} s`);
  return timingRow("peer", "pytorch", "1 threads", times);
}

export function render(rows) {
  const of = (work) => rows.filter((row) => row.work === work);
  const peer = of("peer")[0];
  const own = Object.keys(OURS)
    .flatMap(of)
    .map((row) => [row.work, row.setting, "", number(row.minUs / 1e6), "", number(row.mcc)]);
  const paper = of("paper").map((row) => {
    const theirs = peer ? number((peer.minUs * row.steps) / 1e6) : "";
    return ["paper", row.setting, row.steps, number(row.minUs / 1e6), theirs, number(row.mcc)];
  });
  const header = [
    "algorithm",
    "seed",
    "steps of stage 2",
    "ours, s",
    "stage 2 in PyTorch, s (steps x time of a step)",
    "MCC",
  ];
  return `${table(header, [...own, ...paper])}${Object.keys(OURS)
    .map((work) => ratios(of(work), of("paper"), peer))
    .join("")}`;
}

/** Times to the same MCC: where the published stage stands highest, beside ours where they are as good. */
function ratios(own, paper, peer) {
  if (own.length === 0 || paper.length === 0) return "";
  const top = paper.reduce((a, b) => (b.mcc > a.mcc ? b : a));
  const { work } = own[0];
  const above = own.filter(({ mcc }) => mcc >= top.mcc).length;
  const seconds = median(own.map(({ minUs }) => minUs));
  const merged = number(top.minUs / seconds, 3);
  const unmerged = peer ? `, and ${number((peer.minUs * top.steps) / seconds, 3)} times with PyTorch's steps` : "";
  return `\n\nThe published stage stands highest after ${top.steps} steps, with an MCC of ${number(top.mcc)}. ${capital(work)}, ${above} of ${own.length} seeds are above it, in the median ${merged} times sooner than with our merged stacks${unmerged}.`;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
