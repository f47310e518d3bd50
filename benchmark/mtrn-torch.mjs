// Time to quality of MTRN, the representation of MTLCM: the same recipe here and in PyTorch, at several numbers of steps.

import { number, table } from "./tables.mjs";
import { judged, ours, THREADS, withWorld } from "./worlds.mjs";

export const about =
  "MTRN with solved heads (50 inputs, 20 latents, 500 tasks of 200 rows), seed 0: the same recipe here and in PyTorch, from " +
  "the data to the trained network; ours goes on to the latents, whose time stands beside";
/** Python packages: without them there is nothing to do. */
export const peers = "required";

const STEPS = [250, 500, 1000, 2000];
const WORLD = { mixing: "network", inputs: 50, causes: 4, tasks: 500, pointsPerTask: 200 };
const SPLIT = { train: 0.9, validation: 0.1, test: 0 };

export function run({ log }) {
  return withWorld(WORLD, log, async (world, theirs) => {
    const rows = [];
    for (const steps of STEPS) {
      for (const threads of THREADS) {
        const [work, setting] = [`${steps} steps`, `${threads} threads`];
        const mine = await ours(
          { method: "mtlcm", latentDim: 20, steps, split: SPLIT, seed: 0, threads },
          world,
          "mtrn",
        );
        const peer = theirs("mtrn", steps, threads);
        const network = { ...mine, seconds: mine.stageSeconds };
        log(`${work}, ${setting}: ours ${number(network.seconds)} s, PyTorch ${number(peer.seconds)} s`);
        const own = await judged(work, "disentangle", setting, [network], world);
        rows.push({ ...own, wholeUs: mine.seconds * 1e6 });
        rows.push(await judged(work, "pytorch", setting, [peer], world));
      }
    }
    return rows;
  });
}

export function render(rows) {
  const cells = rows.map((row) => {
    const own = rows.find(
      ({ work, setting, engine }) => work === row.work && setting === row.setting && engine === "disentangle",
    );
    const ratio = row === own ? "" : `${number(row.minUs / own.minUs)}x`;
    const whole = row.wholeUs === undefined ? "" : number(row.wholeUs / 1e6);
    const quality = [number(row.weak), number(row.r2), row === own ? number(row.mcc) : ""];
    return [row.work, row.engine, row.setting, number(row.minUs / 1e6), whole, ...quality, ratio];
  });
  return table(
    ["work", "engine", "setting", "s", "with the latents, s", "weak MCC", "R2", "strong MCC", "PyTorch over ours"],
    cells,
  );
}
