// Sweeps whose processes are killed and stopped: every trial is done once, in the bytes of a quiet sweep. And what a sweep costs.

import { spawn, spawnSync } from "node:child_process";
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

export const killsOfFits = only((folder, large, log) =>
  killed(folder, { trials: large ? 200 : 8, kills: large ? 500 : 8, whom: "workers", log }),
);
export const killsOfTheCoordinator = only((folder, large, log) =>
  killed(folder, { trials: large ? 40 : 4, kills: large ? 40 : 2, whom: "coordinator", log }),
);
export const killsOfSeveral = only((folder, large, log) =>
  crowd(folder, { trials: large ? 60 : 4, kills: large ? 60 : 3, log }),
);
export const lateOwners = only((folder, large, log) => late(folder, large ? 10 : 1, log));
export const poisonedTrials = only((folder, _, log) => poisoned(folder, log));
export const fullDisks = only((folder, large, log) => full(folder, large ? 24 : 2, log));
export const whatSweepsCost = only(costs);

/** A fault of its own, with a world of its own. Whose children are whose is read from /proc. */
function only(work) {
  const run = ({ large, log }) => withWorld(async (folder) => [await work(folder, large, log)].flat());
  return { run: process.platform === "linux" ? run : async () => [] };
}

/** Fits of half a second or so. */
export function configOf(folder, trials, latentDims = [4], steps = 4000) {
  return {
    parameters: { latentDim: { values: latentDims } },
    seeds: trials / latentDims.length,
    base: { method: "tbr", data: join(folder, "world"), steps, hidden: [48], batchSize: 256 },
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
  return (await timed(folder, config, name)).want;
}

/** The same, and how long a trial takes: on a machine that others use too, faults have to come as much slower as the fits. */
export async function timed(folder, config, name) {
  const out = join(folder, name);
  const { code, errors, result } = await begin(config, { out, jobs: 2 }).ended;
  if (code !== 0) throw new Error(`the sweep that nobody disturbs failed: ${errors}`);
  const want = hashes(out);
  return { want, trialMs: (2 * result.ms) / want.size };
}

/** Trials that were killed so often in a row without coming further are parked: counts them, and asks for them again. */
export async function withParked(ended, config, options) {
  const parked = (ended.result?.states ?? []).filter(([, state]) => state === "parked").length;
  return { parked, ...(parked > 0 ? await begin(config, { ...options, retry: ["parked"] }).ended : ended) };
}

function hashes(out) {
  const trials = readdirSync(out, { withFileTypes: true }).filter((one) => one.isDirectory() && /-\d+$/.test(one.name));
  return new Map(trials.map(({ name }) => [name, essence(join(out, name))]));
}

/** Trials of a sweep that are lost, double or not the same, and what it left behind. What is found is named on the error output. */
export function brokenIn(out, want) {
  const have = hashes(out);
  const other = [...want].filter(([id, hash]) => have.get(id) !== hash).map(([id]) => id);
  const left = [".work", ".owners"].flatMap((name) =>
    existsSync(join(out, name)) ? readdirSync(join(out, name)) : [],
  );
  const { lost, double } = countsIn(out, want.size);
  const broken = other.length + Math.abs(have.size - want.size) + left.length + double + lost;
  if (broken > 0) console.error({ other, folders: have.size, left, lost, double });
  return broken;
}

/** Of so many trials, those that the ledger calls done and that have no folder, or are not done; and those that were done twice. */
export function countsIn(out, trials) {
  const states = new Map();
  let double = 0;
  for (const line of readFileSync(join(out, "ledger.jsonl"), "utf8").split("\n")) {
    const entry = line === "" ? undefined : entryOf(line);
    if (entry === undefined) continue;
    const before = states.get(entry.trial) ?? UNTOUCHED;
    const next = after(before, entry);
    double += Number(next !== before && before.state === "done");
    states.set(entry.trial, next);
  }
  const folders = new Set(readdirSync(out));
  const done = [...states].filter(([id, { state }]) => state === "done" && folders.has(id)).length;
  return { lost: trials - done, double };
}

async function killed(folder, { trials, kills, whom, log }) {
  const config = configOf(folder, trials);
  const { want, trialMs } = await timed(folder, config, `quiet-${whom}`);
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
      await sleep(0.8 * trialMs * uniform());
      const victims = childrenOf(current.child.pid);
      if (victims.length > 0) met += signal(victims[Math.floor(uniform() * victims.length)], "SIGKILL");
    }
    break;
  }
  let { parked, code, errors } = await withParked(await last.ended, config, { out, jobs: 2 });
  // Processes that were orphaned leave a checkpoint and go; what is left of them the next start clears away.
  if (whom === "coordinator") {
    await sleep(1500);
    ({ code, errors } = await begin(config, { out, jobs: 2 }).ended);
  }
  const broken = brokenIn(out, want) + Number(code !== 0);
  log(
    `SIGKILL of the ${whom}: ${met} met one at work, ${parked} parked and asked for again, ${broken} of ${trials} broken ${errors}`,
  );
  rmSync(out, { recursive: true });
  return { fault: `sweep: SIGKILL of ${whom}`, trials, broken, figure: "kills that met one", value: met };
}

/** Three coordinators of one folder, one process each, are killed at random instants and begun again. */
async function crowd(folder, { trials, kills, log }) {
  const config = configOf(folder, trials);
  const want = await quiet(folder, config, "quiet-crowd");
  const out = join(folder, "crowd");
  const again = () => begin(config, { out, jobs: 1 });
  const { met, failed } = await disturb([again, again, again], kills, uniforms("sweeps crowd"));
  // What an orphaned process has left the next start clears away.
  await sleep(1500);
  const { code, errors } = await again().ended;
  const broken = brokenIn(out, want) + failed.length + Number(code !== 0);
  log(`three coordinators: ${met} kills met one at work, ${broken} of ${trials} broken ${errors} ${failed.join(" ")}`);
  return { fault: "sweep: SIGKILL of three coordinators", trials, broken, figure: "kills that met one", value: met };
}

/**
 * Begins a process of each kind, kills one after the other at random instants and begins it again, until so many kills have met one at
 * work; then lets all of them end. Gives what those that were not killed and did not end well have said.
 *
 * @param settled waits for what ends by itself, and ends the rest
 */
export async function disturb(kinds, kills, uniform, settled = () => {}) {
  const running = kinds.map((kind) => kind());
  const failed = [];
  const note = async (ended) => {
    const { code, errors } = await ended;
    if (code !== 0 && code !== null) failed.push(`exit code ${code}: ${errors}`);
  };
  let met = 0;
  // The first ends when nothing is left to do, and is the measure of that.
  while (met < kills && running[0].isRunning()) {
    await sleep(1000 * uniform());
    const place = Math.floor(uniform() * kinds.length);
    const one = running[place];
    if (!one.isRunning()) continue;
    met += signal(one.child.pid, "SIGKILL");
    await note(one.ended);
    running[place] = kinds[place]();
  }
  await settled(running);
  for (const { ended } of running) await note(ended);
  return { met, failed };
}

/** A coordinator and its processes are stopped; another one takes their trials over; they wake, too late. */
async function late(folder, rounds, log) {
  const config = configOf(folder, 4);
  const want = await quiet(folder, config, "quiet-late");
  let [broken, fenced] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const out = join(folder, `late-${round}`);
    // The last of many is stopped for as long as it takes by default, a minute.
    const staleMs = rounds > 1 && round === rounds - 1 ? undefined : 1500;
    const first = begin(config, { out, jobs: 2 });
    while (first.isRunning() && !claims(out)) await sleep(20);
    const stopped = [first.child.pid, ...childrenOf(first.child.pid)];
    for (const pid of stopped) signal(pid, "SIGSTOP");
    const second = await begin(config, { out, jobs: 2, ...(staleMs && { staleMs }) }).ended;
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

/** The disk is full at one place after the other; with more room the same call goes on. */
async function full(folder, sizes, log) {
  const config = configOf(folder, 4);
  const want = await quiet(folder, config, "quiet-full");
  const out = join(folder, "full");
  mkdirSync(out);
  const mounted = (options) => spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", out]).status === 0;
  let [broken, met] = [0, 0];
  for (let i = 0; i < sizes; i += 1) {
    // From no room for the first line to room for all but the last file.
    const size = 16 + Math.floor((i / sizes) * 900);
    if (!mounted(`size=${size}k`)) {
      log("NOT RUN: a disk that is full needs the right to mount one (root)");
      return [];
    }
    const first = await begin(config, { out, jobs: 2 }).ended;
    const isTold = first.code !== 0 && /FILE_WRITE/.test(first.errors);
    met += Number(isTold);
    mounted("remount,size=64m");
    const { code, errors } = await begin(config, { out, jobs: 2 }).ended;
    const wrong = Number(first.code !== 0 && !isTold) + Number(code !== 0) || brokenIn(out, want);
    if (wrong > 0) log(`${size} kB: ${first.errors} ${errors}`);
    broken += wrong;
    spawnSync("umount", [out]);
  }
  log(`full disks: ${met} of ${sizes} stopped the sweep, ${broken} broken`);
  return { fault: "sweep: full disk, then room", trials: sizes, broken, figure: "sweeps that it stopped", value: met };
}

/** What a sweep costs beside its fits, what a second process brings, and how long a look at a large one takes. */
async function costs(folder, large, log) {
  const count = large ? 64 : 6;
  // Fits of a second or so.
  const small = configOf(folder, count, [4], 8000);
  // The same thread count everywhere: what is compared is the number of processes.
  const config = { ...small, base: { ...small.base, threads: 1 } };
  const data = await readDataset({ data: join(folder, "world") });
  const fitted = async (seed) => {
    const started = performance.now();
    const model = await fit({ ...config.base, data, latentDim: 4, seed }).result;
    await model.score();
    const ms = performance.now() - started;
    await model.close();
    return ms;
  };
  // The very first one also starts what all share.
  await fitted(0);
  const fits = async (seeds) => {
    let ms = 0;
    for (const seed of seeds) ms += await fitted(seed);
    return ms;
  };
  const span = async (jobs) => {
    const { result } = await begin(config, { out: join(folder, `costs-${jobs}`), jobs }).ended;
    return result.ms;
  };
  // The fits by themselves before and after: a machine that gets faster or slower meanwhile does so on both sides.
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  const before = await fits(seeds.slice(0, count / 2));
  const one = await span(1);
  const alone = (before + (await fits(seeds.slice(count / 2)))) / count;
  const two = await span(2);
  const both = await sideBySide(config, data, count);
  const overhead = one / count - alone;
  log(
    `a fit takes ${alone.toFixed(0)} ms, a trial ${(one / count).toFixed(0)} ms; 2 jobs ${(one / two).toFixed(2)} x, the fits by themselves in two threads ${((alone * count) / both).toFixed(2)} x`,
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
      fault: "sweep: cost of a trial over its fit",
      trials: count,
      broken: 0,
      figure: `share of a fit of ${(alone / 1000).toFixed(1)} s`,
      value: overhead / alone,
      limit: 0.1,
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

/** What this machine gives two fits at once that share nothing but it: milliseconds for all of them, two after two. */
async function sideBySide({ base }, data, count) {
  const started = performance.now();
  let next = 0;
  const lane = async () => {
    for (let seed = next++; seed < count; seed = next++) {
      const model = await fit({ ...base, data, latentDim: 4, seed }).result;
      await model.score();
      await model.close();
    }
  };
  await Promise.all([lane(), lane()]);
  return performance.now() - started;
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
