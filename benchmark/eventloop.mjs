// How long a service answers nobody while it works on 1,000,000 rows: the longest turn of the event loop during each operation.

import { mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import {
  fit,
  inspect,
  latentGraph,
  latentSilence,
  load,
  readDataset,
  readRun,
  report,
  score,
  simulate,
  writeDataset,
} from "disentangle";
import { writeAnnData } from "./eventloop/anndata.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "The longest time in which the event loop answers nobody while one operation works on 1,000,000 rows of 50 numbers, in milliseconds: as the monitor of Node sees it, and between two ticks of a timer, without what the thread waited there for a free core";

const POINTS = 7937;
const LIMIT = 20;
const FIRST_USE = "first use, of few rows";

export async function run({ works, log }) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-eventloop-"));
  const rows = [];
  const measure = async (work, operation) => {
    const { result, ...found } = await watched(operation);
    if (works(work)) {
      rows.push({ work, ...found, limit: LIMIT });
      log(
        `${work}: ${number(found.gapMs)} ms, of the thread itself ${number(found.ownMs)} ms, in ${number(found.seconds)} s`,
      );
    }
    return result;
  };
  try {
    await measure("nothing, for comparison", () => sleep(3000));
    // Modules are loaded at first use, and functions compiled.
    await measure(FIRST_USE, () => operations(join(folder, "few"), 20, (_, operation) => operation()));
    await operations(join(folder, "many"), POINTS, measure);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows };
}

/** What a service does, from a folder to a report. */
async function operations(folder, points, measure) {
  const [place, dir] = [join(folder, "world"), join(folder, "run")];
  const config = { method: "tbr", latentDim: 5, hidden: [32], steps: 40, seed: 0 };
  const world = await measure("simulate", () =>
    simulate({ simulator: "tree-world", depth: 6, pointsPerEnvironment: points, inputs: 50, latents: 5, seed: 0 }),
  );
  await measure("write a data set", () => writeDataset(place, world));
  await measure("read a folder", () => readDataset({ data: place }));
  await measure("inspect a file", () => inspect({ data: join(place, "inputs.npy") }));
  await (await measure("fit, a folder", () => fit({ ...config, data: place }).result)).close();
  await (await measure("fit, a data set copied", () => fit({ ...config, data: world }).result)).close();
  const cells = join(folder, "cells.h5ad");
  await writeAnnData(cells, world);
  await measure("read AnnData", () => readDataset({ data: cells, environment: "site" }));
  await measure("inspect AnnData", () => inspect({ data: cells, environment: "site" }));
  const own = structuredClone(world);
  const model = await measure(
    "fit, a data set taken over",
    () => fit({ ...config, data: own }, { transfer: true }).result,
  );
  const { inputs } = world;
  await measure("transform, a folder", () => model.transform(place));
  await measure("transform, AnnData", () => model.transform(cells));
  await measure("transform, a data set", () => model.transform(world));
  const array = () => ({ data: inputs.data.slice(), shape: [inputs.rows, inputs.cols] });
  await measure(
    "transform, an array taken over",
    given(array(), (x) => model.transform(x, { transfer: true })),
  );
  await measure(
    "transform, an array copied",
    given(array(), (x) => model.transform(x)),
  );
  await measure("predict, a data set", () => model.predict(world));
  await measure("score of a model", () => model.score());
  await measure("score of latents", () => score(model.latents, { truth: world.truth }));
  await measure("latentGraph", () => latentGraph(model.latents));
  await measure("report of a model", () => report([model]));
  await measure("save", () => model.save(dir));
  await (await measure("load", () => load(dir))).close();
  await measure("report of a folder", async () => report([await readRun(dir)]));
  await model.close();
  await silence(array(), measure);
}

/** What is made before the clock runs. */
function given(x, work) {
  return () => work(x);
}

/** A method that says which latents are silent in which row. */
async function silence(data, measure) {
  const model = await measure(
    "fit of pdgmm, an array taken over",
    () => fit({ method: "pdgmm", data, latentDim: 5, seed: 0 }, { transfer: true }).result,
  );
  await measure("latentSilence", () => latentSilence(model.latents, model.summary));
  await measure("report with silence", () => report([model]));
  await model.close();
}

/** The longest turn while an operation runs. */
async function watched(operation) {
  await sleep(100);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let [longest, own] = [0, 0];
  let last = clock();
  const tick = () => {
    const now = clock();
    longest = Math.max(longest, now.at - last.at - 1);
    own = Math.max(own, now.at - last.at - 1 - (now.waited - last.waited));
    last = now;
  };
  const timer = setInterval(tick, 1);
  delay.enable();
  const began = performance.now();
  const result = await operation();
  const seconds = (performance.now() - began) / 1000;
  // What began in the last turn.
  await sleep(5);
  delay.disable();
  clearInterval(timer);
  return { result, gapMs: Math.max(delay.max / 1e6 - 1, longest), ownMs: own, seconds };
}

/** The time, and how long this thread has waited for a core, which the machine owes to others; both in milliseconds. */
function clock() {
  return { at: performance.now(), waited: waited() };
}

let schedule;
const text = Buffer.alloc(128);

function waited() {
  try {
    schedule ??= openSync(`/proc/self/task/${process.pid}/schedstat`);
    return Number(text.toString("latin1", 0, readSync(schedule, text, 0, 128, 0)).split(" ")[1]) / 1e6;
  } catch {
    return 0; // Only Linux tells.
  }
}

export function render(found) {
  return table(
    ["work", "longest, ms", "of the thread itself, ms", "target", "", "took, s"],
    found.map(({ work, gapMs, ownMs, limit, seconds }) => [
      work,
      number(gapMs),
      number(ownMs),
      `<= ${limit} ms`,
      ownMs <= limit ? "met" : "missed",
      number(seconds),
    ]),
  );
}
