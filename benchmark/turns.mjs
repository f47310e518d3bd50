// Engines that repeat a piece of work and tell the time of each block, taking turns.

import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { example, javascript, server } from "./engines.mjs";
import { python, pythonVersions } from "./python.mjs";
import { timingRow } from "./statistics.mjs";

const ROUNDS = 5;
const SECONDS = 0.3;
export const THREADS = cpus().length > 1 ? [1, 2] : [1];

/** Where the programs are that are compared, built or installed when need be. */
export function programs(torch, log) {
  const interpreter = torch ? python(log) : undefined;
  const packages = javascript(log);
  return {
    binary: example("disentangle-nn", "steps", log),
    packages,
    interpreter,
    versions: { ...packages.versions, ...(torch && pythonVersions(interpreter)) },
  };
}

/**
 * The rows of one piece of work. `peers` has the settings of each other engine, by name: those of PyTorch and NumPy are
 * asked of torch/steps.py with `request`, those of JavaScript of the program and its argument that the name stands for.
 *
 * Programs are started anew for each work: a compiler that has seen many shapes is slower, or gives up.
 */
export async function inTurns(work, { request, peers, seconds = SECONDS, threads = THREADS }, tools, log) {
  const { engines, close } = start(work, { ...request, seconds }, peers, threads, tools);
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

const PYTHON = new Set(["pytorch", "numpy"]);
const JAVASCRIPT = {
  "tfjs-wasm": ["steps.mjs", "wasm"],
  "tfjs-cpu": ["steps.mjs", "cpu"],
  "ml-matrix": ["products.mjs"],
};

function start(work, request, peers, threads, { binary, packages, interpreter }) {
  const script = fileURLToPath(new URL("./torch/steps.py", import.meta.url));
  const servers = {};
  const asked = (name, [command, args], more) => {
    servers[name] ??= server(command, args);
    return () => servers[name].ask({ ...request, ...more });
  };
  const ours = threads.map((count) => ({
    engine: "disentangle",
    setting: `${count} threads`,
    ask: () =>
      JSON.parse(execFileSync(binary, [work, String(count), "--json", `--seconds=${request.seconds}`]).toString()),
  }));
  const theirs = Object.entries(peers).flatMap(([engine, settings]) => {
    if (!PYTHON.has(engine)) {
      const [program, ...rest] = JAVASCRIPT[engine];
      const command = [process.execPath, [join(packages.folder, program), ...rest]];
      return [{ engine, setting: "1 threads", ask: asked(engine, command) }];
    }
    if (!interpreter) return [];
    const counts = engine === "numpy" ? [1] : threads;
    return counts.flatMap((count) =>
      settings.map((setting) => ({
        engine,
        setting: `${setting}, ${count} threads`,
        ask: asked("python", [interpreter, [script]], { threads: count, setting }),
      })),
    );
  });
  const close = () => {
    for (const one of Object.values(servers)) one.close();
  };
  return { engines: [...ours, ...theirs], close };
}
