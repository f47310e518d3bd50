// Sweeps on many machines whose workers, coordinators and server are killed, stopped and emptied: every trial is done once, in the bytes of
// a quiet sweep on one machine. And how many trials a second go through the server.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runSweep } from "../../dist/sweep/run.js";
import { clockIn, isInstalled, redisServer } from "./redis.mjs";
import {
  begin,
  brokenIn,
  childrenOf,
  configOf,
  countsIn,
  disturb,
  quiet,
  signal,
  timed,
  withParked,
} from "./sweeps.mjs";
import { cli, uniforms, withWorld } from "./world.mjs";

const empty = fileURLToPath(new URL("./empty-worker.mjs", import.meta.url));
const poison = new URL("./poison.mjs", import.meta.url).href;
/** A worker that is not heard of for so long has lost its trials. */
const STALE_S = 2;

export const killsOfWorkers = only((folder, large, log) =>
  killed(folder, { trials: large ? 200 : 4, kills: large ? 500 : 4, log }),
);
export const killsOfTheRest = only((folder, large, log) =>
  upheavals(folder, { trials: large ? 40 : 4, rounds: large ? 10 : 1, log }),
);
export const killsOfSeveral = only((folder, large, log) =>
  crowd(folder, { trials: large ? 60 : 6, kills: large ? 60 : 4, log }),
);
export const lateWorkers = only((folder, large, log) => late(folder, { rounds: large ? 5 : 1, log }));
export const clocksSetBack = only((folder, large, log) => shared(folder, { trials: large ? 20 : 4, log }));
export const poisonedTrials = only((folder, _, log) => poisoned(folder, log));
export const manyBriefTrials = only((folder, large, log) =>
  many(folder, { trials: large ? 2000 : 100, faults: large ? 60 : 3, log }),
);
export const dispatch = only((folder, large, log) => dispatched(folder, large ? 1000 : 200, log));

/** A fault of its own, with a world of its own. */
function only(work) {
  return {
    async run({ large, log }) {
      if (process.platform !== "linux") return [];
      if (isInstalled) return withWorld(async (folder) => [await work(folder, large, log)]);
      log("NOT RUN: there is no redis-server here (apt-get install redis-server)");
      return [];
    },
  };
}

/** A worker on a machine of its own. */
function worker({ url }, folder, { jobs = 1, env = {} } = {}) {
  const cache = mkdtempSync(join(folder, "worker-"));
  const args = [cli, "worker", "--redis", url, "--jobs", String(jobs), "--stale", String(STALE_S), "--cache", cache];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  let running = true;
  const ended = new Promise((resolve) => {
    child.on("close", (code) => {
      running = false;
      resolve(code);
    });
  });
  return { child, ended, isRunning: () => running, said: () => said };
}

function through({ url }, out) {
  return { out, redis: url, staleMs: STALE_S * 1000 };
}

function ledgerOf(out) {
  try {
    return readFileSync(join(out, "ledger.jsonl"), "utf8");
  } catch {
    return "";
  }
}

async function until(condition, ms = 120_000) {
  const end = performance.now() + ms;
  while (!condition() && performance.now() < end) await sleep(20);
}

/** Workers, or the processes of their fits, are killed at random instants; killed workers are replaced. */
async function killed(folder, { trials, kills, log }) {
  const config = configOf(folder, trials);
  const { want, trialMs } = await timed(folder, config, "quiet-workers");
  const server = await redisServer(mkdtempSync(join(folder, "server-")));
  const out = join(folder, "machines-killed");
  const uniform = uniforms("machines workers");
  const sweep = begin(config, through(server, out));
  const workers = [worker(server, folder), worker(server, folder)];
  let [met, orphans] = [0, 0];
  while (sweep.isRunning() && met < kills) {
    await sleep(1.2 * trialMs * uniform());
    const place = uniform() < 0.5 ? 0 : 1;
    const { pid } = workers[place].child;
    const fits = childrenOf(pid);
    if (uniform() < 0.5 && fits.length > 0) {
      met += signal(fits[0], "SIGKILL");
      continue;
    }
    if (fits.length === 0) continue;
    met += signal(pid, "SIGKILL");
    await workers[place].ended;
    // They leave a checkpoint and go; one that had only begun to start must first come so far.
    for (let tries = 0; tries < 200 && fits.some((fit) => signal(fit, 0)); tries += 1) await sleep(50);
    orphans += fits.filter((fit) => signal(fit, 0)).length;
    workers[place] = worker(server, folder);
  }
  const { parked, code, errors } = await withParked(await sweep.ended, config, through(server, out));
  for (const { child } of workers) signal(child.pid, "SIGTERM");
  await Promise.all(workers.map(({ ended }) => ended));
  const broken = brokenIn(out, want) + Number(code !== 0) + orphans;
  log(
    `workers: ${met} kills met one at work, ${parked} parked and asked for again, ${orphans} orphans, ${broken} of ${trials} broken ${errors}`,
  );
  await server.stop();
  return { fault: "machines: SIGKILL of workers and fits", trials, broken, figure: "kills that met one", value: met };
}

/** The coordinator is killed, the server is killed and comes back with its files, and the server is emptied. */
async function upheavals(folder, { trials, rounds, log }) {
  const config = configOf(folder, trials);
  const want = await quiet(folder, config, "quiet-upheavals");
  const server = await redisServer(mkdtempSync(join(folder, "server-")));
  const out = join(folder, "machines-upheavals");
  const uniform = uniforms("machines upheavals");
  const one = worker(server, folder);
  let sweep = begin(config, through(server, out));
  await until(() => ledgerOf(out).includes('"claim"'));
  let met = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const fault of ["coordinator", "server", "memory"]) {
      await sleep(800 * uniform());
      if (!sweep.isRunning()) break;
      met += 1;
      if (fault === "coordinator") {
        signal(sweep.child.pid, "SIGKILL");
        await sweep.ended;
        const before = ledgerOf(out).length;
        sweep = begin(config, through(server, out));
        // One that finds no server at its start says so and ends, as it should: first it has to be at work.
        await until(() => ledgerOf(out).length > before || !sweep.isRunning());
      }
      if (fault === "server") await server.restart(300);
      if (fault === "memory") await server.client.flushall();
    }
  }
  const { code, errors } = await sweep.ended;
  signal(one.child.pid, "SIGTERM");
  await one.ended;
  const broken = brokenIn(out, want) + Number(code !== 0);
  log(`upheavals: ${met} met the sweep at work, ${broken} of ${want.size} broken ${errors}`);
  await server.stop();
  return {
    fault: "machines: coordinator killed, server killed, server emptied",
    trials: want.size,
    broken,
    figure: "faults that met it at work",
    value: met,
  };
}

/** A worker and its fit are stopped; another one takes the trial over; they wake, too late. */
async function late(folder, { rounds, log }) {
  const config = configOf(folder, 4);
  const want = await quiet(folder, config, "quiet-late");
  let [broken, fenced] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const server = await redisServer(mkdtempSync(join(folder, "server-")));
    const out = join(folder, `machines-late-${round}`);
    const sweep = begin(config, through(server, out));
    const first = worker(server, folder);
    await until(() => childrenOf(first.child.pid).length > 0 && ledgerOf(out).includes('"claim"'));
    const asleep = [first.child.pid, ...childrenOf(first.child.pid)];
    for (const pid of asleep) signal(pid, "SIGSTOP");
    const second = worker(server, folder);
    const { code, errors } = await sweep.ended;
    for (const pid of asleep.reverse()) signal(pid, "SIGCONT");
    await until(() => /lost/.test(first.said()), 20_000);
    for (const { child } of [first, second]) signal(child.pid, "SIGTERM");
    await Promise.all([first.ended, second.ended]);
    fenced += Number(ledgerOf(out).includes('"epoch":2') && /lost/.test(first.said()));
    broken += brokenIn(out, want) + Number(code !== 0);
    if (broken > 0) log(errors);
    await server.stop();
  }
  log(`late workers: ${fenced} of ${rounds} lost their trial, ${broken} broken`);
  return {
    fault: "machines: SIGSTOP, taken over, SIGCONT",
    trials: rounds,
    broken,
    figure: "late workers fenced",
    value: fenced,
  };
}

/**
 * Four on one folder at once, and a worker: two coordinators, one that also runs trials itself, and a sweep that knows nothing of the
 * server. All are killed at random instants and begun again.
 */
async function crowd(folder, { trials, kills, log }) {
  const config = configOf(folder, trials);
  const want = await quiet(folder, config, "quiet-crowd");
  const server = await redisServer(mkdtempSync(join(folder, "server-")));
  const out = join(folder, "machines-crowd");
  const cache = { XDG_CACHE_HOME: mkdtempSync(join(folder, "cache-")) };
  const remote = () => begin(config, through(server, out), cache);
  const helping = () => begin(config, { ...through(server, out), jobs: 1 }, cache);
  const local = () => begin(config, { out, jobs: 1, staleMs: STALE_S * 1000 });
  const away = () => {
    const one = worker(server, folder);
    return { ...one, ended: one.ended.then((code) => ({ code: code === 143 ? 0 : code, errors: one.said() })) };
  };
  // A worker goes on until it is told to end.
  const settled = async (running) => {
    await Promise.all(running.slice(0, 4).map(({ ended }) => ended));
    signal(running[4].child.pid, "SIGTERM");
  };
  const kinds = [remote, remote, helping, local, away];
  const { met, failed } = await disturb(kinds, kills, uniforms("machines crowd"), settled);
  await sleep(1500);
  const { code, errors } = await remote().ended;
  const broken = brokenIn(out, want) + failed.length + Number(code !== 0);
  log(`a crowd: ${met} kills met one at work, ${broken} of ${trials} broken ${errors} ${failed.join(" ")}`);
  await server.stop();
  return {
    fault: "machines: SIGKILL of three coordinators, a local sweep and a worker",
    trials,
    broken,
    figure: "kills that met one",
    value: met,
  };
}

/** Two coordinators of one folder, while their clocks, and those of the workers, are set back an hour. */
async function shared(folder, { trials, log }) {
  const config = configOf(folder, trials);
  const want = await quiet(folder, config, "quiet-clock");
  const place = mkdtempSync(join(folder, "server-"));
  const clock = clockIn(place);
  if (clock === undefined)
    log("NOT RUN with a clock that is set back: there is no libfaketime here (apt-get install faketime)");
  // The server itself does not start under libfaketime; a lease of it that a clock keeps alive is tried in parcel.spec.
  const server = await redisServer(place);
  const out = join(folder, "machines-shared");
  const one = worker(server, folder, { env: clock?.env });
  const both = [1, 2].map(() => begin(config, through(server, out), clock?.env));
  await until(() => ledgerOf(out).includes('"claim"'));
  clock?.set("-1h");
  const ended = await Promise.all(both.map((sweep) => sweep.ended));
  signal(one.child.pid, "SIGTERM");
  await one.ended;
  const broken = brokenIn(out, want) + ended.filter(({ code }) => code !== 0).length;
  log(
    `two coordinators, clock set back: ${broken} of ${want.size} broken ${ended.map(({ errors }) => errors).join("")}`,
  );
  await server.stop();
  return { fault: "machines: two coordinators, clock set back an hour", trials: want.size, broken };
}

/** A trial that takes its process along each time is parked, and all others finish. */
async function poisoned(folder, log) {
  const server = await redisServer(mkdtempSync(join(folder, "server-")));
  const out = join(folder, "machines-poisoned");
  const one = worker(server, folder, { jobs: 2, env: { NODE_OPTIONS: `--import=${poison}` } });
  const { code, result, errors } = await begin(configOf(folder, 4, [2, 3]), through(server, out)).ended;
  signal(one.child.pid, "SIGTERM");
  await one.ended;
  const states = (result?.states ?? []).map(([, state]) => state);
  const parked = states.filter((state) => state === "parked").length;
  const broken = Number(code !== 0 || parked !== 2 || states.filter((state) => state === "done").length !== 2);
  log(`poison: ${states} ${errors}`);
  await server.stop();
  return { fault: "machines: trials that crash each time", trials: 4, broken, figure: "parked", value: parked };
}

/** A worker whose trials take no time. */
function emptyWorker({ url }, folder) {
  const args = [empty, url, "4", mkdtempSync(join(folder, "worker-")), String(STALE_S)];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  return { child, ended: new Promise((resolve) => child.on("close", resolve)) };
}

function briefConfig(folder, trials) {
  return {
    method: "random",
    run_cap: trials,
    parameters: { learningRate: { distribution: "uniform", min: 0, max: 1 } },
    base: { method: "tbr", data: join(folder, "world"), latentDim: 2 },
  };
}

/** Workers, the coordinator and the server are killed, and the server is emptied, while many trials that take no time go through them. */
async function many(folder, { trials, faults, log }) {
  const server = await redisServer(mkdtempSync(join(folder, "server-")));
  const out = join(folder, "machines-many");
  const uniform = uniforms("machines many");
  const config = briefConfig(folder, trials);
  const workers = [1, 2].map(() => emptyWorker(server, folder));
  let sweep = begin(config, through(server, out));
  let met = 0;
  await until(() => ledgerOf(out).includes('"claim"'));
  while (met < faults && sweep.isRunning()) {
    await sleep(400 * uniform());
    const which = Math.floor(4 * uniform());
    met += 1;
    if (which < 2) {
      signal(workers[which].child.pid, "SIGKILL");
      await workers[which].ended;
      workers[which] = emptyWorker(server, folder);
    } else if (which === 2) {
      signal(sweep.child.pid, "SIGKILL");
      await sweep.ended;
      const before = ledgerOf(out).length;
      sweep = begin(config, through(server, out));
      await until(() => ledgerOf(out).length > before || !sweep.isRunning());
    } else if (uniform() < 0.5) await server.restart(100);
    else await server.client.flushall();
  }
  const { code, errors } = await sweep.ended;
  for (const { child } of workers) child.kill("SIGTERM");
  await Promise.all(workers.map(({ ended }) => ended));
  const { lost, double } = countsIn(out, trials);
  log(`${trials} brief trials under ${met} faults: ${lost} lost, ${double} double ${errors}`);
  await server.stop();
  return {
    fault: "machines: brief trials while workers, coordinator and server are killed, the server emptied",
    trials,
    broken: lost + double + Number(code !== 0),
    figure: "faults that met them",
    value: met,
  };
}

/** Trials that take no time, through two workers: from the first offer to the last line of the ledger. */
async function dispatched(folder, trials, log) {
  const server = await redisServer(mkdtempSync(join(folder, "server-")));
  const out = join(folder, "machines-dispatched");
  const workers = [1, 2].map(() => emptyWorker(server, folder));
  const config = briefConfig(folder, trials);
  const [memory] = [await usedMemory(server)];
  let [began, ended, done, most] = [0, 0, 0, 0];
  const looking = setInterval(async () => {
    most = Math.max(most, await usedMemory(server).catch(() => 0));
  }, 100);
  await runSweep(config, {
    out,
    redis: server.url,
    onEvent({ kind, how }) {
      if (kind === "start") began = performance.now();
      if (kind !== "ended" || how !== "done") return;
      done += 1;
      ended = performance.now();
    },
  });
  clearInterval(looking);
  for (const { child } of workers) child.kill("SIGTERM");
  await Promise.all(workers.map(({ ended }) => ended));
  await server.stop();
  const perTrial = (ended - began) / trials;
  log(
    `${trials} empty trials: ${(1000 / perTrial).toFixed(0)} a second, ${((most - memory) / 1e6).toFixed(1)} MB of the server`,
  );
  return {
    fault: "machines: empty trials through two workers",
    trials,
    broken: Number(done !== trials),
    figure: "ms a trial",
    value: perTrial,
    limit: 5,
    serverBytesPerTrial: Math.round((most - memory) / trials),
  };
}

async function usedMemory({ client }) {
  return Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
}
