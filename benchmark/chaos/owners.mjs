// Two at once: owners that are stopped while a second one tries, loads beside saves, `simulate` and `transform` that are killed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { fit, load, simulate } from "disentangle";
import { begin, cli, essence, goOn, runNode, uniforms, withWorld } from "./world.mjs";

export const ownersThatStall = only((folder, large, log) => stalls(folder, large ? 500 : 3, log));
export const loadsBesideSaves = only((folder, large, log) => loads(folder, large ? 2000 : 40, log));
export const killsOfWriters = only((folder, large, log) => kills(folder, large ? 200 : 6, log));

/** A fault of its own, with a world of its own. */
function only(row) {
  return { run: ({ large, log }) => withWorld(async (folder) => [await row(folder, large, log)]) };
}

/** A fit is stopped, others try to begin and to resume in its folder, it wakes: the run it ends with is that of a fit alone. */
async function stalls(folder, trials, log) {
  const uniform = uniforms("stalls");
  const started = performance.now();
  const { code, errors } = await runNode(begin(folder, "alone"));
  if (code !== 0) throw new Error(`the fit that nobody stops failed: ${errors}`);
  const duration = performance.now() - started;
  const want = essence(join(folder, "alone"));
  let [broken, met] = [0, 0];
  for (let i = 0; i < trials; i += 1) {
    const name = `stalled-${i}`;
    const owner = spawn(process.execPath, begin(folder, name), { stdio: "ignore" });
    const ended = new Promise((resolve) => owner.on("close", resolve));
    await sleep(uniform() * duration);
    owner.kill("SIGSTOP");
    const seconds = await Promise.all([runNode(begin(folder, name)), runNode(goOn(folder, name))]);
    met += seconds.some(({ errors: said }) => said.includes("RUN_BUSY"));
    owner.kill("SIGCONT");
    await ended;
    // Where the owner had not begun yet, or had ended, one of the others did its work.
    const left = readdirSync(join(folder, name)).filter((file) => file.startsWith("."));
    const same = essence(join(folder, name)) === want;
    if (!same || left.length > 0) log(`${name}: broken (${left}): ${seconds.map(({ errors: said }) => said.trim())}`);
    broken += !same || left.length > 0;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  log(`stalls: ${met} of ${trials} met the owner at work, ${broken} broken`);
  return {
    fault: "SIGSTOP of the owner, a second one tries",
    trials,
    broken,
    figure: "seconds that met it",
    value: met,
  };
}

/** One thread saves two models in turns, another loads: every load is one of them, whole. */
async function loads(folder, trials, log) {
  const dir = join(folder, "hot");
  const data = await simulate({ simulator: "tree-world", depth: 3, pointsPerEnvironment: 50, inputs: 6, latents: 2 });
  const models = [];
  for (const seed of [1, 2]) models.push(await fit({ method: "tbr", latentDim: 2, steps: 30, data, seed }).result);
  const expected = new Map(models.map((model) => [model.manifest.seed, model.latents.data.join()]));
  await models[0].save(dir);
  const saver = new Worker(fileURLToPath(new URL("./saving.mjs", import.meta.url)), {
    workerData: { dir, models: models.map((model) => model.info.config.seed) },
  });
  const ended = new Promise((resolve) => saver.once("exit", resolve));
  let [broken, saves] = [0, 0];
  saver.on("message", (count) => {
    saves = count;
  });
  let count = 0;
  // As many saves as loads: a load that met none shows nothing.
  for (; count < trials || saves < trials; count += 1) {
    const model = await load(dir).catch((error) => log(error.message));
    const { seed } = model?.manifest ?? {};
    const whole = model !== undefined && model.info.config.seed === seed && model.record().config.seed === seed;
    broken += !whole || model.latents.data.join() !== expected.get(seed);
    await model?.close();
  }
  saver.postMessage("stop");
  await ended;
  broken += readdirSync(dir).some((name) => name.startsWith("."));
  log(`loads: ${broken} of ${count} broken beside ${saves} saves`);
  return { fault: "loads beside saves", trials: count, broken, figure: "saves beside them", value: saves };
}

/** `simulate` and `transform` are killed at work; the next one to the same place works, and nothing is left over. */
async function kills(folder, trials, log) {
  const uniform = uniforms("writers");
  const place = join(folder, "writers");
  const world = join(folder, "large");
  const simulates = "simulate tree-world --depth 4 --points-per-environment 4000 --inputs 16 --latents 4 --out".split(
    " ",
  );
  await runNode([cli, ...simulates, world]);
  await runNode(begin(folder, "alone"));
  const commands = [
    { args: [cli, ...simulates, join(place, "world")], kept: "world" },
    {
      args: [cli, "transform", join(folder, "alone"), "--data", world, "--out", join(place, "latents.npy")],
      kept: "latents.npy",
    },
  ];
  const spans = [];
  for (const { args } of commands) spans.push(await killedAt(place, args));
  let [broken, met] = [0, 0];
  for (let i = 0; i < trials; i += 1) {
    const { args, kept } = commands[i % 2];
    // One in three before it writes, the others from the first it writes to the last. Who was faster is tried again.
    let span;
    for (let tries = 0; tries < 20 && span?.signal !== "SIGKILL"; tries += 1) {
      span = await killedAt(place, args, i % 3 === 0 ? { before: uniform() } : { writing: uniform() }, spans[i % 2]);
    }
    met += span.signal === "SIGKILL";
    const again = await runNode(args);
    const left = readdirSync(place, { recursive: true }).filter((name) => name.split("/").at(-1).startsWith("."));
    const whole = again.code === 0 && left.length === 0 && readdirSync(place).join() === kept;
    if (!whole) log(`broken: ${readdirSync(place)} ${left} ${again.errors}`);
    broken += !whole;
  }
  log(`writers: ${met} of ${trials} killed at work, ${broken} broken`);
  return { fault: "SIGKILL of simulate and transform", trials, broken, figure: "kills that met them", value: met };
}

/**
 * Runs a command that writes to an empty folder, and kills it at a share of the time before the first thing is there or of the time from
 * then on, as long as `span` says. Gives how long both were.
 */
async function killedAt(place, args, share = {}, span = undefined) {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const ended = once(child, "exit");
  const kill = (part, ms) => part !== undefined && setTimeout(() => child.kill("SIGKILL"), part * ms);
  let begun;
  const timers = [kill(share.before, span?.before)];
  const watcher = watch(place, () => {
    if (begun !== undefined) return;
    begun = performance.now();
    timers.push(kill(share.writing, span?.writing));
  });
  const [, signal] = await ended;
  watcher.close();
  for (const timer of timers) clearTimeout(timer || undefined);
  const done = performance.now();
  return { signal, before: (begun ?? done) - started, writing: done - (begun ?? done) };
}
