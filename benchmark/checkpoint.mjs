// What a checkpoint costs: one write, beside PyTorch's of the same numbers, and a fit with checkpoints as often as they
// come by default beside the same fit without, taking turns.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fit, simulate } from "disentangle";
import { example, server } from "./engines.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "One checkpoint written, synced and renamed (parameters, best parameters, two moments), and a fit of TBR with and without checkpoints";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

const ROUNDS = 3;
const PARAMETERS = [3_000, 30_000, 300_000, 3_000_000];
const WRITES = 15;
const FITS = 6;
/** A fit of some seconds: a checkpoint is due once a second at most. */
const FIT = { method: "tbr", latentDim: 5, seed: 0, hidden: [256, 64], steps: 4000, threads: 1 };
/** Share of a fit's time that checkpoints may take. */
const SHARE = 0.02;
const [WITH, WITHOUT] = ["fit, with checkpoints", "fit, without"];
const name = (parameters) => `${parameters} parameters`;

export async function run({ torch, works, log }) {
  const interpreter = torch ? python(log) : undefined;
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  try {
    const wanted = PARAMETERS.filter((parameters) => works(name(parameters)));
    const rows = wanted.length > 0 ? await writes(wanted, folder, interpreter, log) : [];
    if (works("fit")) rows.push(...(await fits(folder, log)));
    return { rows, versions: torch ? pythonVersions(interpreter) : {} };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writes(wanted, folder, interpreter, log) {
  const binary = example("disentangle-engine", "checkpoint_cost", log);
  const script = fileURLToPath(new URL("./torch/checkpoint.py", import.meta.url));
  const pytorch = interpreter && server(interpreter, [script]);
  const rows = [];
  for (const parameters of wanted) {
    const engines = {
      disentangle: () => JSON.parse(execFileSync(binary, [folder, String(parameters)])),
      ...(pytorch && { pytorch: () => pytorch.ask({ folder, parameters, times: WRITES }) }),
    };
    const times = Object.fromEntries(Object.keys(engines).map((engine) => [engine, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [engine, ask] of Object.entries(engines)) times[engine].push(...(await ask()).us);
    }
    rows.push(...Object.entries(times).map(([engine, us]) => timingRow(name(parameters), engine, "synced", us)));
    log(`${name(parameters)}: ${number(best(rows, name(parameters), "disentangle").minUs / 1e3)} ms`);
  }
  pytorch?.close();
  return rows;
}

async function fits(folder, log) {
  const data = await simulate({ simulator: "tree-world", depth: 5, pointsPerEnvironment: 1000, seed: 0 });
  const times = { [WITH]: [], [WITHOUT]: [] };
  const processor = { [WITH]: [], [WITHOUT]: [] };
  let checkpoints = 0;
  for (let turn = 0; turn < FITS; turn++) {
    for (const work of [WITHOUT, WITH]) {
      const dir = join(folder, `checkpoints-${turn}`);
      const options = work === WITH ? { checkpoint: { dir }, onCheckpoint: () => checkpoints++ } : {};
      const [start, before] = [performance.now(), process.cpuUsage()];
      const model = await fit({ ...FIT, data }, options).result;
      times[work].push((performance.now() - start) * 1e3);
      const { user, system } = process.cpuUsage(before);
      processor[work].push(user + system);
      model.close();
    }
  }
  const rows = Object.entries(times).map(([work, us]) => ({
    ...timingRow(work, "disentangle", "1 threads", us),
    minProcessorUs: Math.min(...processor[work]),
  }));
  log(`a fit: ${number(best(rows, WITHOUT, "disentangle").minUs / 1e6)} s, ${number(checkpoints / FITS)} checkpoints`);
  return rows.map((row) => (row.work === WITH ? { ...row, checkpoints: checkpoints / FITS } : row));
}

export function render(rows) {
  const cell = (row, unit) => (row ? `${number(row.minUs / unit)} / ${number(row.medianUs / unit)}` : "");
  const sizes = table(
    ["checkpoint of", "ours, min / median ms", "PyTorch", "ratio of medians"],
    PARAMETERS.map(name)
      .map((work) => [work, best(rows, work, "disentangle"), best(rows, work, "pytorch")])
      .filter(([, own]) => own)
      .map(([work, own, theirs]) => [
        work,
        cell(own, 1e3),
        cell(theirs, 1e3),
        theirs ? `${number(theirs.medianUs / own.medianUs)}x` : "",
      ]),
  );
  const [kept, bare] = [best(rows, WITH, "disentangle"), best(rows, WITHOUT, "disentangle")];
  if (!kept || !bare) return sizes;
  const share = kept.minUs / bare.minUs - 1;
  const percent = (value) => `${number(100 * value, 3)} %`;
  const whole = table(
    ["fit without, min / median s", "with checkpoints", "checkpoints", "more time, by minima"].concat([
      "more processor time",
      "target of the time",
      "",
    ]),
    [
      [
        cell(bare, 1e6),
        cell(kept, 1e6),
        number(kept.checkpoints),
        percent(share),
        percent(kept.minProcessorUs / bare.minProcessorUs - 1),
        `<= ${100 * SHARE} %`,
        share <= SHARE ? "met" : "missed",
      ],
    ],
  );
  return `${sizes}\n\n${whole}`;
}
