// The first stage of pdGMM, the autoencoder, by us and in PyTorch, taking turns: what a step costs, and how linear in the truth
// the code is after the same steps on the same rows.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fit, score, simulate, writeDataset } from "disentangle";
import { AUTOENCODERS, operations } from "./nets.mjs";
import { pythonVersions } from "./python.mjs";
import { best, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";
import { inTurns, programs, THREADS } from "./turns.mjs";

export const about =
  "The autoencoder of pdGMM (k - 50k - 100k - 100k - 50k - k and back): milliseconds per training step beside the fastest square product of the same run, and R2 of the true latents from the code after the same steps on the same 10,000 rows of silent-world, seed 0, beside that from the inputs";
/** Python packages: without them there is nothing to do. */
export const peers = "required";

const PEAK = { net: { kind: "product", rows: 2048, inner: 2048, cols: 2048 }, batch: 2048 };
const PEAK_NAME = "2048x2048x2048";
/** Latents, and steps of the default recipe; for ten latents it is cut short. */
const CODES = { 5: 1500, 10: 300 };
/** The default recipe of `autoencoder`. */
const RECIPE = { batch: 512, rate: 1e-3, schedule: "one-cycle" };
const THREAD = 1;
const ROWS = 10_000;
const ALL_ROWS = { train: 1, validation: 0, test: 0 };
const script = fileURLToPath(new URL("./torch/pdgmm.py", import.meta.url));

export async function run({ works, log }) {
  const tools = programs(true, log);
  const rows = [];
  for (const [work, { net, batch }] of Object.entries(AUTOENCODERS).filter(([name]) => works(name))) {
    const peers = { pytorch: ["eager", "fused", "compiled"] };
    rows.push(...(await inTurns(work, { request: { net, batch }, peers, seconds: 2 }, tools, log)));
    log(`${work}: ${number(best(rows, work, "disentangle").minUs / 1e3)} ms`);
  }
  if (rows.length > 0) {
    rows.push(...(await inTurns(PEAK_NAME, { request: PEAK, peers: { pytorch: ["mm"] }, seconds: 1 }, tools, log)));
  }
  for (const [latents, steps] of Object.entries(CODES).filter(([latents]) => works(`code ${latents}`))) {
    rows.push(...(await codes(Number(latents), steps, tools.interpreter, log)));
  }
  return { rows, versions: { ...tools.versions, ...pythonVersions(tools.interpreter) } };
}

async function codes(latents, steps, interpreter, log) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  try {
    const world = await simulate({ simulator: "silent-world", latents, rows: ROWS, seed: 0 });
    await writeDataset(join(folder, "world"), world);
    const work = `code ${latents}`;
    const inputs = { columns: [...world.inputNames], values: world.inputs };
    const rows = [{ work, engine: "the inputs", setting: "", r2: await linearity(inputs, world) }];
    const runs = {
      disentangle: () => ours(world, latents, steps),
      pytorch: () => theirs(interpreter, folder, { latents, steps }),
    };
    for (const [engine, train] of Object.entries(runs)) {
      const { fitSeconds, latents: found } = await train();
      const r2 = await linearity(found, world);
      log(`${work}, ${engine}: ${number(fitSeconds)} s, R2 ${number(r2)}`);
      rows.push({ ...timingRow(work, engine, `${steps} steps, ${THREAD} threads`, [fitSeconds * 1e6]), r2 });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The fit ends with the linear second stage, an invertible map of the code, which leaves R2 as it is; its time counts. */
async function ours(world, latents, steps) {
  const began = performance.now();
  const model = await fit({
    method: "pdgmm",
    data: { ...world, truth: {} },
    representation: "autoencoder",
    latentDim: latents,
    autoencoder: { steps },
    flow: { use: "never" },
    split: ALL_ROWS,
    threads: THREAD,
    seed: 0,
  }).result;
  const fitSeconds = (performance.now() - began) / 1e3;
  const { columns, data, shape } = model.latents;
  return { fitSeconds, latents: { columns: [...columns], values: { data, rows: shape[0], cols: shape[1] } } };
}

function theirs(interpreter, folder, size) {
  const out = join(folder, "codes.npy");
  const flags = Object.entries({ ...size, ...RECIPE, threads: THREAD, out });
  const given = flags.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const printed = execFileSync(interpreter, [script, join(folder, "world"), "autoencoder", ...given]);
  return { ...JSON.parse(printed), latents: out };
}

async function linearity(latents, world) {
  const { r2 } = await score(latents, { z: world.truth.latents });
  return r2.value;
}

export function render(rows) {
  return `${stepTable(rows)}\n\n${codeTable(rows)}`;
}

const on = (rows, threads) => rows.filter(({ setting }) => new RegExp(`\\b${threads} threads$`).test(setting));

function stepTable(rows) {
  const nets = Object.entries(AUTOENCODERS).filter(([work]) => best(rows, work, "disentangle"));
  const lines = nets.flatMap(([work, net]) =>
    THREADS.map((threads) => {
      const [own, peer] = ["disentangle", "pytorch"].map((engine) => best(on(rows, threads), work, engine));
      const peaks = ["disentangle", "pytorch"].map((engine) => best(on(rows, threads), PEAK_NAME, engine)?.minUs);
      const peak = operations(PEAK) / Math.min(...peaks) / 1e3;
      const rate = operations(net) / own.minUs / 1e3;
      return [
        work,
        net.batch,
        threads,
        number(own.minUs / 1e3),
        peer ? `${number(peer.minUs / 1e3)} (${peer.setting})` : "",
        peer ? `${number(peer.minUs / own.minUs)}x` : "",
        number(rate),
        number(peak),
        `${number((100 * rate) / peak, 3)} %`,
      ];
    }),
  );
  return table(
    ["network", "batch", "threads", "ours, ms", "PyTorch's best, ms", "ratio", "GFLOP/s", "peak", "of the peak"],
    lines,
  );
}

function codeTable(rows) {
  const lines = rows
    .filter(({ work }) => work.startsWith("code "))
    .map(({ work, engine, setting, minUs, r2 }) => [
      work.slice("code ".length),
      engine,
      setting,
      minUs === undefined ? "" : number(minUs / 1e6),
      number(r2),
    ]);
  return table(["latents", "code by", "setting", "s", "R2"], lines);
}
