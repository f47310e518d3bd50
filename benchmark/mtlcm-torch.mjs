// The linear model of MTLCM by joint diagonalization, and by its published procedure in PyTorch, on the same world.

import { number, table } from "./tables.mjs";
import { judged, ours, THREADS, withWorld } from "./worlds.mjs";

export const about =
  "MTLCM on the paper's linear world (10 latents, 2 causal, 200 tasks of 100 rows), seed 0: joint diagonalization here, the " +
  "published procedure (1000 passes) in PyTorch. The whole fit prepares the data, solves from five starts, tests the indicators " +
  "and judges the assumptions; the published procedure, and the solve alone, are given what they need. The solve is timed by what " +
  "a hundred more starts cost";
/** Python packages: without them there is nothing to do. */
export const peers = "required";

const EPOCHS = 1000;
/** Passes by which the better number of threads is found. */
const TRIED = 10;
const REPETITIONS = 5;
const CONFIG = {
  method: "mtlcm",
  representation: "inputs",
  latentDim: 10,
  split: { train: 1, validation: 0, test: 0 },
  seed: 0,
};
const WORK = "D = 10";
const STARTS = 5;
/** Starts by which one is timed, in the same fit. */
const MORE = 100;

export function run({ log }) {
  return withWorld({}, log, async (world, theirs) => {
    const runs = [];
    const solves = [];
    for (let i = 0; i < REPETITIONS; i++) {
      const run = await ours({ ...CONFIG, starts: STARTS }, world);
      const longer = await ours({ ...CONFIG, starts: STARTS + MORE }, world);
      runs.push(run);
      solves.push({ ...run, seconds: ((longer.seconds - run.seconds) * STARTS) / MORE });
    }
    const rows = [
      await judged(WORK, "disentangle", "whole fit", runs, world),
      await judged(WORK, "disentangle", "solve alone", solves, world),
    ];
    const tried = THREADS.map((threads) => ({ threads, seconds: theirs("published", TRIED, threads).seconds }));
    const { threads } = tried.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    const published = theirs("published", EPOCHS, threads);
    log(`the published procedure, ${threads} threads: ${number(published.seconds)} s`);
    const { curve } = published;
    rows.push({ ...(await judged(WORK, "pytorch", `${threads} threads`, [published], world)), curve });
    return rows;
  });
}

export function render(rows) {
  const peer = rows.find(({ engine }) => engine === "pytorch");
  const cells = rows.map((row) => {
    const ratio = row === peer ? "" : `${number(peer.minUs / row.minUs)}x`;
    return [row.engine, row.setting, number(row.minUs / 1e6), number(row.mcc), ratio];
  });
  const curves = rows.flatMap(({ setting, curve }) =>
    (curve ?? []).map(({ epoch, seconds, mcc }) => [setting, epoch, number(seconds), number(mcc)]),
  );
  const timings = table(["engine", "setting", "s", "MCC", "PyTorch over ours"], cells);
  return `${timings}\n\nThe published procedure in PyTorch:\n\n${table(["setting", "pass", "seconds", "MCC"], curves)}`;
}
