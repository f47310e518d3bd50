// A fit of the S = 1 world of the paper's size, by us and by the same recipe in PyTorch, taking turns on the same files.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load, simulate, writeDataset } from "disentangle";
import { root } from "./provenance.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best, mean, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "TBR on the S = 1 world of the paper's size (762,000 rows), seed 0: the same recipe here and in PyTorch, in turns";
/** Python packages: without them there is nothing to do. */
export const peers = "required";

const REPETITIONS = 4;
const PAPER_STEPS = 15_000;
const script = fileURLToPath(new URL("./torch/tbr.py", import.meta.url));

export async function run({ works, log }) {
  const interpreter = python(log);
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  try {
    const world = await simulate({ simulator: "tree-world", seed: 0 });
    const data = join(folder, "world");
    const blind = join(folder, "blind"); // Ours scores what it knows the truth of; here only the fit is timed.
    await writeDataset(data, world);
    await writeDataset(blind, { ...world, truth: {} });
    const engines = {
      disentangle: (threads) => ours(blind, join(folder, "run"), threads, world.truth),
      pytorch: (threads) => theirs(interpreter, data, threads),
    };
    const rows = works("fit") ? await inTurns(engines, log) : [];
    if (works("paper")) rows.push(await paper(interpreter, data, bestThreads(rows), log));
    return { rows, versions: pythonVersions(interpreter) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inTurns(engines, log) {
  const threads = cpus().length > 1 ? [1, 2] : [1];
  const cells = threads.flatMap((count) => Object.keys(engines).map((engine) => ({ engine, count, runs: [] })));
  for (let turn = 1; turn <= REPETITIONS; turn++) {
    for (const { engine, count, runs } of cells) {
      const result = await engines[engine](count);
      runs.push(result);
      const process = number(result.processSeconds);
      log(`turn ${turn}, ${engine}, ${count} threads: fit ${number(result.fitSeconds)} s, process ${process} s`);
    }
  }
  return ["fit", "process"].flatMap((work) =>
    cells.map(({ engine, count, runs }) => ({
      ...timingRow(
        work,
        engine,
        `${count} threads`,
        runs.map((one) => one[`${work}Seconds`] * 1e6),
      ),
      mcc: mean(runs.map(({ mcc }) => mcc)),
    })),
  );
}

async function ours(data, out, threads, truth) {
  const flags = ["--method", "tbr", "--latent-dim", "5", "--seed", "0", "--threads", String(threads)];
  const started = performance.now();
  const printed = execFileSync(
    process.execPath,
    [
      join(root, "bin/disentangle.js"),
      "fit",
      "--data",
      data,
      ...flags,
      "--out",
      out,
      "--no-report",
      "--quiet",
      "--json",
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const processSeconds = (performance.now() - started) / 1e3;
  const { mcc } = await (await load(out)).score({ truth });
  return { fitSeconds: JSON.parse(printed).elapsedMs / 1e3, processSeconds, mcc: mcc.value };
}

async function theirs(interpreter, data, threads, flags = []) {
  const started = performance.now();
  const printed = execFileSync(interpreter, [script, data, "--threads", String(threads), ...flags]);
  const processSeconds = (performance.now() - started) / 1e3;
  return { processSeconds, ...JSON.parse(printed) };
}

/** The published procedure: what it costs to get as far without the rotation. */
async function paper(interpreter, data, threads, log) {
  const flags = ["--procedure", "paper", "--steps", String(PAPER_STEPS)];
  const { fitSeconds, mcc, curve } = await theirs(interpreter, data, threads, flags);
  log(`the published procedure in PyTorch: mcc ${number(mcc)} after ${number(fitSeconds)} s`);
  return { ...timingRow("paper", "pytorch", `${threads} threads`, [fitSeconds * 1e6]), mcc, curve };
}

function bestThreads(rows) {
  return Number.parseInt(best(rows, "fit", "pytorch")?.setting ?? "1", 10);
}

export function render(rows) {
  const cells = rows.map((row) => {
    const own = row.engine === "pytorch" ? best(rows, row.work, "disentangle") : undefined;
    const ratio =
      own && row.setting === best(rows, row.work, "pytorch").setting ? `${number(row.minUs / own.minUs)}x` : "";
    return [
      row.work,
      row.engine,
      row.setting,
      number(row.minUs / 1e6),
      number(row.medianUs / 1e6),
      number(row.mcc),
      ratio,
    ];
  });
  const curve = rows.find((row) => row.curve)?.curve ?? [];
  const shown = curve.filter((_, i) => i % 4 === 0 || i === curve.length - 1);
  const points = shown.map(({ step, seconds, mcc }) => [step, number(seconds), number(mcc)]);
  const timings = table(["work", "engine", "setting", "min s", "median s", "MCC", "best PyTorch over our best"], cells);
  if (points.length === 0) return timings;
  return `${timings}\n\nThe published procedure in PyTorch:\n\n${table(["step", "seconds", "MCC"], points)}`;
}
