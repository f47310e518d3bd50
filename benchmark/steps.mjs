// Microseconds per training step of small networks, each engine in its settings, taking turns.

import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { example, javascript, server } from "./engines.mjs";
import { python, pythonVersions } from "./python.mjs";
import { best, timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "Microseconds per training step: forward, backward and Adam of dense networks with LeakyReLU, in single precision";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

const ROUNDS = 5;
const SECONDS = 0.3;
/** Sizes, batch, and how many times faster than PyTorch's best we want to be. */
const NETS = {
  "8-8": { sizes: [8, 8], batch: 8 },
  "16-64-32-5": { sizes: [16, 64, 32, 5], batch: 64, target: 15 },
  "64-128-16-128-64": { sizes: [64, 128, 16, 128, 64], batch: 128, target: 5 },
  "64-128-5": { sizes: [64, 128, 5], batch: 512, target: 3.5 },
  "16-256-64-5": { sizes: [16, 256, 64, 5], batch: 1024, target: 1.7 },
  "128-512-64-512-128": { sizes: [128, 512, 64, 512, 128], batch: 256, target: 1.5 },
};
/** An own figure, in microseconds: what a step costs that computes next to nothing. */
const OVERHEAD_TARGET = { "8-8": 12 };
const THREADS = cpus().length > 1 ? [1, 2] : [1];

export async function run({ torch, works, log }) {
  const tools = {
    binary: example("disentangle-learn", "steps", log),
    packages: javascript(log),
    interpreter: torch ? python(log) : undefined,
  };
  const rows = [];
  for (const [work, net] of Object.entries(NETS).filter(([name]) => works(name))) {
    rows.push(...(await inTurns(work, net, tools, log)));
    log(`${work}: ${number(best(rows, work, "disentangle").minUs)} us`);
  }
  return { rows, versions: { ...tools.packages.versions, ...(torch && pythonVersions(tools.interpreter)) } };
}

async function inTurns(work, net, tools, log) {
  const { engines, close } = start(work, net, tools);
  const own = engines.map((engine) => ({ ...engine, times: [] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const engine of own.filter(({ error }) => error === undefined)) {
      const { us, error } = await engine.ask();
      if (error === undefined) engine.times = engine.times.concat(us);
      else engine.error = error;
    }
  }
  close();
  return own.flatMap(({ engine, setting, times, error }) => {
    if (error === undefined) return [timingRow(work, engine, setting, times)];
    log(`${work}, ${engine} ${setting}: does not work here (${error})`);
    return [];
  });
}

/**
 * Every engine in every setting, as something to ask for the times of some blocks.
 *
 * Programs are started anew for each network: a compiler that has seen many shapes is slower, or gives up.
 */
function start(work, { sizes, batch }, { binary, packages, interpreter }) {
  const script = fileURLToPath(new URL("./torch/steps.py", import.meta.url));
  const tfjs = (backend) => server(process.execPath, [join(packages.folder, "steps.mjs"), backend]);
  const servers = {
    wasm: tfjs("wasm"),
    cpu: tfjs("cpu"),
    ...(interpreter && { torch: server(interpreter, [script]) }),
  };
  const request = { sizes, batch, seconds: SECONDS };
  const engines = [
    ...THREADS.map((threads) => ({
      engine: "disentangle",
      setting: `${threads} threads`,
      ask: () => JSON.parse(execFileSync(binary, [work, String(threads), "--json"])),
    })),
    ...(interpreter ? THREADS : []).flatMap((threads) =>
      ["eager", "fused", "compiled"].map((setting) => ({
        engine: "pytorch",
        setting: `${setting}, ${threads} threads`,
        ask: () => servers.torch.ask({ ...request, threads, setting }),
      })),
    ),
    ...["wasm", "cpu"].map((backend) => ({
      engine: `tfjs-${backend}`,
      setting: "1 threads",
      ask: () => servers[backend].ask(request),
    })),
  ];
  const close = () => {
    for (const one of Object.values(servers)) one.close();
  };
  return { engines, close };
}

export function render(rows) {
  const works = [...new Set(rows.map(({ work }) => work))];
  const cell = (row) => (row ? `${number(row.minUs)} / ${number(row.medianUs)} (${row.setting})` : "");
  return table(
    [
      "network",
      "batch",
      "ours, min / median us",
      "PyTorch's best",
      "ratio of minima",
      "on 1 thread each",
      "target",
      "",
      "tfjs-wasm",
      "tfjs-cpu",
    ],
    works.map((work) => {
      const [own, theirs] = [best(rows, work, "disentangle"), best(rows, work, "pytorch")];
      const ratio = theirs && theirs.minUs / own.minUs;
      const { target, batch } = NETS[work];
      const over = (engine) => best(rows, work, engine) && `${number(best(rows, work, engine).minUs / own.minUs)}x`;
      const overhead = OVERHEAD_TARGET[work];
      const goal = overhead ? `< ${overhead} us` : `>= ${target}x`;
      const met = overhead ? own.minUs < overhead : ratio === undefined ? undefined : ratio >= target;
      return [
        work,
        batch,
        cell(own),
        cell(theirs),
        ratio ? `${number(ratio)}x` : "",
        single(rows, work),
        goal,
        met === undefined ? "" : met ? "met" : "missed",
        over("tfjs-wasm") ?? "",
        over("tfjs-cpu") ?? "",
      ];
    }),
  );
}

/** The ratio with one thread for each engine: what a machine whose other core is busy would give. */
function single(rows, work) {
  const alone = rows.filter(({ setting }) => /\b1 threads$/.test(setting));
  const [own, theirs] = [best(alone, work, "disentangle"), best(alone, work, "pytorch")];
  return theirs ? `${number(theirs.minUs / own.minUs)}x` : "";
}
