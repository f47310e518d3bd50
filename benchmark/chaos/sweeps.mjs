// Sweeps whose processes are killed and stopped: every trial is done once, in the bytes of a quiet sweep. And what a sweep costs.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { fit, readDataset } from "disentangle";
import { after, entryOf, UNTOUCHED } from "../../dist/sweep/ledger.js";
import { cli, essence, runNode, uniforms, withWorld } from "./world.mjs";

const driver = fileURLToPath(new URL("./sweeping.mjs", import.meta.url));
const poison = new URL("./poison.mjs", import.meta.url).href;

export async function run({ large, log }) {
  // Whose children are whose is read from /proc.
  if (process.platform !== "linux") return [];
  return withWorld(async (folder) => {
    const rows = [
      await killed(folder, { trials: large ? 200 : 8, kills: large ? 500 : 8, whom: "workers", log }),
      await killed(folder, { trials: large ? 40 : 4, kills: large ? 40 : 2, whom: "coordinator", log }),
      await late(folder, large ? 10 : 1, log),
      await poisoned(folder, log),
    ];
    return [...rows, ...(await costs(folder, large, log))];
  });
}

/** Fits of a second or so. */
export function configOf(folder, trials, latentDims = [4]) {
  return {
    parameters: { latentDim: { values: latentDims } },
    seeds: trials / latentDims.length,
    base: { method: "tbr", data: join(folder, "world"), steps: 500, hidden: [48], batchSize: 256 },
  };
}

/** Begins a sweep in a process of its own. */
export function begin(config, options, env = {}) {
  const args = [driver, JSON.stringify(config), JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let [printed, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  let running = true;
  const ended = new Promise((resolve) => {
    child.on("close", (code) => {
      running = false;
      resolve({ code, errors, result: printed === "" ? undefined : JSON.parse(printed) });
    });
  });
  return { child, ended, isRunning: () => running };
}

/** The processes that a process has started. */
export function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Sends a signal; tells whether somebody was there to get it. */
export function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** What a sweep that nobody disturbs gives: by trial, its hash. */
export async function quiet(folder, config, name) {
  const out = join(folder, name);
  const { code, errors } = await begin(config, { out, jobs: 2 }).ended;
  if (code !== 0) throw new Error(`the sweep that nobody disturbs failed: ${errors}`);
  return hashes(out);
}

function hashes(out) {
  const trials = readdirSync(out, { withFileTypes: true }).filter((one) => one.isDirectory() && /-\d+$/.test(one.name));
  return new Map(trials.map(({ name }) => [name, essence(join(out, name))]));
}

/** Trials of a sweep that are lost, double or not the same, and what it left behind. */
export function brokenIn(out, want) {
  const have = hashes(out);
  const lost = [...want].filter(([id, hash]) => have.get(id) !== hash).length;
  const left = [".work", ".owners"].flatMap((name) =>
    existsSync(join(out, name)) ? readdirSync(join(out, name)) : [],
  );
  // A line may stand there twice, after its writer was killed: what must not be is that two of them count.
  const states = new Map();
  let double = 0;
  for (const line of readFileSync(join(out, "ledger.jsonl"), "utf8").split("\n")) {
    const entry = line === "" ? undefined : entryOf(line);
    if (entry === undefined) continue;
    const before = states.get(entry.trial) ?? UNTOUCHED;
    const next = after(before, entry);
    double += Number(next !== before && entry.kind === "done" && before.state !== "running");
    states.set(entry.trial, next);
  }
  const ends = [...want.keys()].filter((id) => states.get(id)?.state !== "done").length;
  return lost + Math.abs(have.size - want.size) + left.length + double + ends;
}

async function killed(folder, { trials, kills, whom, log }) {
  const config = configOf(folder, trials);
  const want = await quiet(folder, config, `quiet-${whom}`);
  const out = join(folder, `killed-${whom}`);
  const uniform = uniforms(`sweeps ${whom}`);
  let [met, last] = [0, undefined];
  for (let begun = 0; begun < kills + 5; begun += 1) {
    const current = begin(config, { out, jobs: 2 });
    last = current;
    if (whom === "coordinator") {
      await Promise.race([current.ended, sleep(500 + 2000 * uniform())]);
      if (!current.isRunning() || met === kills) break;
      met += signal(current.child.pid, "SIGKILL");
      await current.ended;
      continue;
    }
    while (current.isRunning() && met < kills) {
      await sleep(600 * uniform());
      const victims = childrenOf(current.child.pid);
      if (victims.length > 0) met += signal(victims[Math.floor(uniform() * victims.length)], "SIGKILL");
    }
    break;
  }
  let { code, errors } = await last.ended;
  // Processes that were orphaned leave a checkpoint and go; what is left of them the next start clears away.
  if (whom === "coordinator") {
    await sleep(1500);
    ({ code, errors } = await begin(config, { out, jobs: 2 }).ended);
  }
  for (const name of readdirSync(join(out, ".owners"))) rmSync(join(out, ".owners", name));
  const broken = brokenIn(out, want) + Number(code !== 0);
  log(`SIGKILL of the ${whom}: ${met} met one at work, ${broken} of ${trials} broken ${errors}`);
  rmSync(out, { recursive: true });
  return { fault: `sweep: SIGKILL of ${whom}`, trials, broken, figure: "kills that met one", value: met };
}

/** A coordinator and its processes are stopped; another one takes their trials over; they wake, too late. */
async function late(folder, rounds, log) {
  const config = configOf(folder, 4);
  const want = await quiet(folder, config, "quiet-late");
  let [broken, fenced] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const out = join(folder, `late-${round}`);
    const first = begin(config, { out, jobs: 2 });
    while (first.isRunning() && !claims(out)) await sleep(20);
    const stopped = [first.child.pid, ...childrenOf(first.child.pid)];
    for (const pid of stopped) signal(pid, "SIGSTOP");
    const second = await begin(config, { out, jobs: 2, staleMs: 1500 }).ended;
    for (const pid of stopped.reverse()) signal(pid, "SIGCONT");
    const { code, errors } = await first.ended;
    fenced += readFileSync(join(out, "ledger.jsonl"), "utf8").includes('"epoch":2');
    broken += brokenIn(out, want) + Number(second.code !== 0) + Number(code !== 0);
    if (broken > 0) log(`${errors} ${second.errors}`);
  }
  log(`late owners: ${fenced} of ${rounds} lost their trials, ${broken} broken`);
  return {
    fault: "sweep: SIGSTOP, taken over, SIGCONT",
    trials: rounds,
    broken,
    figure: "late owners fenced",
    value: fenced,
  };
}

function claims(out) {
  try {
    return readFileSync(join(out, "ledger.jsonl"), "utf8").includes('"claim"');
  } catch {
    return false;
  }
}

/** A trial that takes its process along each time is parked, and all others finish. */
async function poisoned(folder, log) {
  const out = join(folder, "poisoned");
  const config = configOf(folder, 4, [2, 3]);
  const { code, result, errors } = await begin(config, { out, jobs: 2 }, { NODE_OPTIONS: `--import=${poison}` }).ended;
  const states = (result?.states ?? []).map(([, state]) => state);
  const parked = states.filter((state) => state === "parked").length;
  const broken = Number(code !== 0 || parked !== 2 || states.filter((state) => state === "done").length !== 2);
  log(`poison: ${states} ${errors}`);
  return { fault: "sweep: trials that crash each time", trials: 4, broken, figure: "parked", value: parked };
}

/** What a sweep costs beside its fits, what a second process brings, and how long a look at a large one takes. */
async function costs(folder, large, log) {
  const count = large ? 64 : 6;
  const config = configOf(folder, count);
  const data = await readDataset({ data: join(folder, "world") });
  const alone = [];
  for (let seed = 0; seed < Math.min(count, 12); seed += 1) {
    const started = performance.now();
    const model = await fit({ ...config.base, data, latentDim: 4, seed }).result;
    await model.score();
    alone.push(performance.now() - started);
    await model.close();
  }
  const median = alone.toSorted((a, b) => a - b)[Math.floor(alone.length / 2)];
  const span = async (jobs) => {
    // The same thread count in both: what is compared is the number of processes.
    const threaded = { ...config, base: { ...config.base, threads: 1 } };
    const { result } = await begin(threaded, { out: join(folder, `costs-${jobs}`), jobs }).ended;
    return result.ms;
  };
  const [one, two] = [await span(1), await span(2)];
  const overhead = one / count - median;
  log(
    `a fit takes ${median.toFixed(0)} ms, a trial ${(one / count).toFixed(0)} ms; 2 jobs ${(one / two).toFixed(2)} x`,
  );
  const status = await look(join(folder, "large"), 10_000);
  log(`--status of 10,000 trials: ${status.toFixed(0)} ms`);
  return [
    {
      fault: "sweep: cost of a trial beside its fit",
      trials: count,
      broken: 0,
      figure: "ms a trial",
      value: overhead,
      limit: 60,
    },
    {
      fault: "sweep: 2 jobs over 1",
      trials: count,
      broken: 0,
      figure: "time of 2 over that of 1",
      value: two / one,
      limit: 1 / 1.8,
    },
    { fault: "sweep: --status", trials: 10_000, broken: 0, figure: "ms", value: status, limit: 1000 },
  ];
}

async function look(dir, count) {
  mkdirSync(dir, { recursive: true });
  const trials = Array.from({ length: count }, (_, i) => ({
    id: `tbr-${String(i).padStart(12, "0")}-0`,
    key: String(i),
    setting: i,
    seed: 0,
    params: { learningRate: i / count, steps: 1000 },
    method: "tbr",
    config: { method: "tbr", data: "cells.csv", learningRate: i / count, steps: 1000, seed: 0 },
    data: "0".repeat(64),
    steps: 1000,
  }));
  const metric = { name: "held-out", goal: "minimize", truth: false };
  const code = { version: "0", sources: "0" };
  const file = {
    format: 1,
    metric,
    seeds: [0],
    axes: ["learningRate", "steps"],
    code,
    startedIn: dir,
    trials,
    earlier: [],
  };
  writeFileSync(join(dir, "sweep.json"), JSON.stringify(file));
  const result = { values: { error: 0.5, loss: 0.25, mcc: 0.9 }, outcome: "converged", steps: 1000, elapsedMs: 900 };
  const line = (entry) => {
    const text = JSON.stringify({ ...entry, epoch: 1, owner: "machine-1-00000000", at: new Date(0).toISOString() });
    return `\n${crc32(text).toString(16).padStart(8, "0")} ${text}\n`;
  };
  writeFileSync(
    join(dir, "ledger.jsonl"),
    trials.map(({ id }) => line({ kind: "claim", trial: id }) + line({ kind: "done", trial: id, ...result })).join(""),
  );
  const started = performance.now();
  const { code: exit, errors } = await runNode([cli, "sweep", dir, "--status"]);
  if (exit !== 0) throw new Error(errors);
  return performance.now() - started;
}
