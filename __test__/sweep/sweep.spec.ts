// Sweeps with real fits in real processes.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { type Failure, isDisentangleError } from "../../src/errors.js";
import { machine } from "../../src/files.js";
import {
  type Dataset,
  fit,
  readDataset,
  type SweepConfig,
  type SweepEvent,
  type SweepOptions,
  type SweepResult,
  simulate,
  sweep,
  writeDataset,
} from "../../src/index.js";
import { readRunFolder } from "../../src/results.js";
import { readSweepFile, trialFolder, writeSweepFile } from "../../src/sweep/folder.js";
import { type Entry, openLedger, stateOf } from "../../src/sweep/ledger.js";
import { mergeSweep, putDataset, runSweep } from "../../src/sweep/run.js";
import { statusOf, whyOf } from "../../src/sweep/status.js";
import { testWithAddon } from "../addon.js";

// One after the other: each has processes of its own.
const { serial: test } = testWithAddon;

const folder = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), "disentangle-sweep-")), "sweep");
const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", seed: 3, depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 2 });

/** A small sweep of data on disk. */
async function small(): Promise<SweepConfig & { readonly base: object }> {
  const data = join(await mkdtemp(join(tmpdir(), "disentangle-sweep-data-")), "world");
  await writeDataset(data, await world());
  return {
    parameters: { latentDim: { values: [1, 2] } },
    seeds: 2,
    base: { method: "shared-head", data, steps: 30, batchSize: 64 },
  };
}

/** All that the finished trials gave, without times. */
async function essence({ trials }: SweepResult): Promise<unknown> {
  const found: unknown[] = [];
  for (const { id, dir } of trials) {
    const { manifest, latents, model, summary, history, scores } = await readRunFolder(dir!);
    const { createdAt: _, elapsedMs: __, ...rest } = manifest;
    const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    found.push({
      id,
      rest,
      latents: digest(new Uint8Array(latents.data.buffer)),
      model: digest(model),
      summary,
      history,
      scores,
    });
  }
  return found;
}

async function failureOf(t: ExecutionContext, failing: Promise<unknown>): Promise<Failure> {
  const error = await t.throwsAsync(failing);
  if (!isDisentangleError(error)) throw error;
  return error.toJSON();
}

/** What a sweep did, beside what it found. */
async function watched(
  config: SweepConfig,
  options: SweepOptions,
): Promise<{ result: SweepResult; ended: string[]; events: SweepEvent[] }> {
  const events: SweepEvent[] = [];
  const result = await sweep(config, { ...options, onEvent: (event) => void events.push(event) });
  const ended = events.flatMap((event) => (event.kind === "ended" ? [`${event.trial.id} ${event.how}`] : []));
  return { result, ended, events };
}

test("a sweep gives what single fits give, whatever the number of processes, and the same call computes nothing twice", async (t) => {
  const data = await world();
  const config = await small();
  const [one, two] = [await folder(), await folder()];
  const { result, ended } = await watched(config, { out: one });
  t.is(ended.length, 4);
  t.true(result.trials.every(({ state }) => state === "done"));
  t.deepEqual(await essence(await sweep(config, { out: two, jobs: 2 })), await essence(result));
  for (const { dir, seed, params } of result.trials) {
    const { latents } = await readRunFolder(dir!);
    const alone = await fit({ ...config.base, ...params, data, seed } as never).result;
    t.deepEqual(latents.data, alone.latents.data);
  }
  const again = await watched(config, { out: one, jobs: 2 });
  t.deepEqual(again.ended, []);
  t.deepEqual(again.result, result);
  const more = await watched({ ...config, seeds: 3 }, { out: one });
  t.is(more.ended.length, 2);
});

test("data in memory are kept in the folder of the sweep, and found again", async (t) => {
  const out = await folder();
  const config = { ...(await small()), base: { ...(await small()).base, data: await world() }, seeds: 1 };
  const { result } = await watched(config, { out });
  t.deepEqual((await watched(config, { out })).ended, []);
  t.is((await readdir(join(out, "data"))).length, 1);
  const { latents } = await readRunFolder(result.trials[0]!.dir!);
  const alone = await fit({ ...config.base, ...result.trials[0]!.params, seed: 0 } as never).result;
  t.deepEqual(latents.data, alone.latents.data);
});

test("several who put the same data into the folder of a sweep find it whole, and none of them fails or waits", async (t) => {
  const out = await folder();
  const data = await world();
  // What a killed process left behind goes; process numbers end below this one.
  const left = `.disentangle-${await machine()}-2000000000-00000000.tmp`;
  await mkdir(join(out, "data", left), { recursive: true });
  await mkdir(join(out, ".work"));
  const places = await Promise.all(Array.from({ length: 8 }, () => putDataset(out, data, "0123456789abcdef")));
  t.is(new Set(places).size, 1);
  t.deepEqual(await readdir(join(out, "data")), ["tree-world-0123456789ab"]);
  t.deepEqual((await readDataset({ data: places[0]! })).inputs, data.inputs);
  // What is there is read by others: it is left alone.
  await writeFile(join(places[0]!, "note.txt"), "");
  await putDataset(out, data, "0123456789abcdef");
  t.true((await readdir(places[0]!)).includes("note.txt"));
});

test("the metric is read on validation rows, the regret tells what it cost, and both are in the report", async (t) => {
  const out = await folder();
  const { settings, chosen, regret, metric, trials } = await sweep(await small(), { out });
  t.like(metric, { name: "held-out", meaning: "error", truth: false });
  for (const { setting, values, mean } of settings) {
    const own = trials.filter((trial) => trial.setting === setting);
    for (const { dir, seed } of own) {
      const { summary } = await readRunFolder(dir!);
      const row = summary.errors.find((error) => error.split === "validation" && error.environment === undefined)!;
      t.is(values.find((one) => one.seed === seed)?.value, row.mse / row.meanMse);
    }
    t.is(mean, (values[0]!.value + values[1]!.value) / 2);
  }
  const best = settings.reduce((a, b) => (b.mean! < a.mean! ? b : a));
  t.is(chosen, best.setting);
  const mcc = settings.map(({ setting }) => {
    const own = trials.filter((trial) => trial.setting === setting);
    return own.reduce((sum, { values }) => sum + Number(values?.mcc), 0) / own.length;
  });
  t.is(regret?.best, Math.max(...mcc));
  t.is(regret?.regret, Math.max(...mcc) - mcc[chosen!]!);
  const page = await readFile(join(out, "report.html"), "utf8");
  t.regex(page, /took no part in the choice/);
  t.false(page.includes("READS THE TRUTH"));
  t.false(page.includes(out));
});

test("a metric that reads the truth is marked wherever it is shown", async (t) => {
  const out = await folder();
  const { metric } = await sweep({ ...(await small()), metric: { name: "mcc", truth: true } }, { out });
  t.true(metric.truth);
  for (const name of ["report.html", "report.md"]) t.regex(await readFile(join(out, name), "utf8"), /READS THE TRUTH/);
});

test("agreement between seeds chooses without a target", async (t) => {
  const config = { ...(await small()), metric: { name: "agreement" }, seeds: 2 };
  const { settings, chosen } = await sweep(config, { out: await folder() });
  t.true(settings.every(({ mean, agreement }) => mean !== null && mean === agreement && mean > 0 && mean <= 1));
  t.is(chosen, settings.reduce((a, b) => (b.mean! > a.mean! ? b : a)).setting);
});

test("agreement is that of the eight lowest seeds, however many more there are", async (t) => {
  const config = { ...(await small()), parameters: { latentDim: { values: [2] } } };
  const out = await folder();
  const [eight] = (await sweep({ ...config, seeds: 8 }, { out, jobs: 2 })).settings;
  const [nine] = (await sweep({ ...config, seeds: 9 }, { out, jobs: 2 })).settings;
  t.is(nine!.seeds, 9);
  t.true(eight!.agreement! > 0);
  t.is(nine!.agreement, eight!.agreement);
});

test("a fit that fails does not stop the others, is told at once, and is tried again only where that is asked for", async (t) => {
  const out = await folder();
  const { base, ...given } = await small();
  const { method: _, ...rest } = base as { method: string };
  const parameters = { method: { values: ["mtlcm", "shared-head"] } };
  const config = { ...given, parameters, base: rest, seeds: 1 };
  const { result, ended } = await watched(config, { out });
  t.deepEqual(
    result.trials.map(({ state }) => state),
    ["failed", "done"],
  );
  t.regex(result.trials[0]?.reason ?? "", /DATA_NEEDS_TASKS/);
  t.is(ended.length, 2);
  t.deepEqual((await watched(config, { out })).ended, []);
  t.deepEqual((await watched(config, { out, retry: ["failed"] })).ended, [`${result.trials[0]?.id} failed`]);
  t.is(result.chosen, 1);
});

test("a stopped sweep keeps what it has, and goes on to the same bits", async (t) => {
  const given = await small();
  const config = { ...given, base: { ...given.base, steps: 16_000 } };
  const whole = await sweep(config, { out: await folder(), jobs: 2 });
  const out = await folder();
  const controller = new AbortController();
  const events: SweepEvent[] = [];
  const onEvent = (event: SweepEvent): void => {
    events.push(event);
    if (event.kind === "progress" && event.progress.step > 200) controller.abort();
  };
  const { code } = await failureOf(t, sweep(config, { out, jobs: 2, signal: controller.signal, onEvent }));
  t.is(code, "FIT_CANCELLED");
  const { counts, owners } = await statusOf(out);
  t.is(counts.running, 0);
  t.deepEqual(owners, []);
  t.true((await readdir(join(out, ".work"))).length > 0);
  const first = await watched(config, { out, jobs: 2 });
  const begun = new Map<string, number>();
  for (const event of first.events) {
    if (event.kind === "progress" && !begun.has(event.trial.id)) begun.set(event.trial.id, event.progress.step);
  }
  t.true([...begun.values()].some((step) => step > 100));
  t.deepEqual(await essence(first.result), await essence(whole));
  t.deepEqual(await readdir(join(out, ".work")), []);
  t.deepEqual(await readdir(join(out, ".owners")), []);
});

test("successive halving takes no step twice, and what goes on ends in the bits of a fit that was never paused", async (t) => {
  const base = { ...(await small()).base, latentDim: 2, steps: 400 };
  const parameters = { learningRate: { values: [1e-5, 1e-4, 3e-3] } };
  const config = {
    parameters,
    base,
    seeds: 2,
    early_terminate: { type: "successive_halving", min_iter: 100, eta: 3 },
  } as const;
  const out = await folder();
  const { result, events } = await watched(config, { out, jobs: 2 });
  const states = result.settings.map(({ setting }) =>
    result.trials.filter((one) => one.setting === setting).map(({ state }) => state),
  );
  t.deepEqual(states.map(([state]) => state).sort(), ["done", "stopped", "stopped"]);
  t.true(result.trials.every(({ state, steps }) => steps === (state === "done" ? 400 : 100)));
  // Steps that were told of one trial only ever grow: none is taken again.
  for (const { id } of result.trials) {
    const steps = events.flatMap((event) =>
      event.kind === "progress" && event.trial.id === id ? [event.progress.step] : [],
    );
    t.deepEqual(
      steps,
      [...new Set(steps)].sort((a, b) => a - b),
    );
  }
  const { early_terminate: _, ...whole } = config;
  const all = await sweep(whole, { out: await folder(), jobs: 2 });
  for (const { id, dir, state } of result.trials) {
    if (state !== "done") continue;
    const [paused, never] = [
      await readRunFolder(dir!),
      await readRunFolder(all.trials.find((one) => one.id === id)!.dir!),
    ];
    t.deepEqual(paused.latents, never.latents);
    t.deepEqual(paused.history, never.history);
    t.deepEqual(Buffer.from(paused.model), Buffer.from(never.model));
  }
  t.deepEqual((await watched(config, { out })).ended, []);
});

test("the union of shards is the whole sweep, to the byte", async (t) => {
  const config = await small();
  const whole = await sweep(config, { out: await folder() });
  const [a, b, all] = [await folder(), await folder(), await folder()];
  const done = [];
  for (const [index, out] of [a, b].entries())
    done.push(...(await runSweep(config, { out, shard: { index, of: 2 } })).mine.map(({ id }) => id));
  t.deepEqual(done.sort(), whole.trials.map(({ id }) => id).sort());
  const { merges } = await mergeSweep(config, [a, b], { out: all });
  t.deepEqual(
    merges.map(({ merged }) => merged),
    [2, 2],
  );
  const merged = await watched(config, { out: all });
  t.deepEqual(merged.ended, []);
  t.deepEqual(await essence(merged.result), await essence(whole));
  const again = await mergeSweep(config, [a], { out: all });
  t.like(again.merges[0], { merged: 0, there: 2, different: [] });
});

test("a merge keeps what lay there where the other folder has other bytes, and says so", async (t) => {
  const config = await small();
  const [a, b] = [await folder(), await folder()];
  const { trials } = await sweep(config, { out: a });
  await sweep(config, { out: b });
  const [first, second] = trials;
  const other = trialFolder(b, first!.id);
  await rm(other, { recursive: true });
  await (await import("node:fs/promises")).cp(trialFolder(b, second!.id), other, { recursive: true });
  const { code, message } = await failureOf(t, mergeSweep(config, [b], { out: a }));
  t.is(code, "CONFIG_CONFLICT");
  t.true(message.includes(first!.id));
});

test("a ledger that is lost is found again in the folders, and a folder that is lost is computed again", async (t) => {
  const config = await small();
  const out = await folder();
  const result = await sweep(config, { out });
  await rm(join(out, "ledger.jsonl"));
  const found = await watched(config, { out });
  t.deepEqual(found.ended, []);
  t.deepEqual(await essence(found.result), await essence(result));
  const [gone] = result.trials;
  const before = await essence(result);
  await rm(gone!.dir!, { recursive: true });
  const again = await watched(config, { out });
  t.deepEqual(again.ended, [`${gone!.id} done`]);
  t.deepEqual(await essence(again.result), before);
});

test("what a killed process left half made goes with the end of the sweep, what somebody is making stays", async (t) => {
  const out = await folder();
  const dead = spawnSync(process.execPath, ["--version"]).pid;
  const of = async (pid: number): Promise<string> => `.disentangle-${await machine()}-${pid}-00000000.tmp`;
  const [left, made] = [await of(dead), await of(process.pid)];
  let making: Promise<unknown> | undefined;
  await sweep(await small(), {
    out,
    onEvent: ({ kind }) => {
      if (kind === "start") making = Promise.all([left, made].map((name) => mkdir(join(out, ".work", name))));
    },
  });
  await making;
  t.deepEqual(await readdir(join(out, ".work")), [made]);
});

test("what was committed but not moved to its place is moved by the next start", async (t) => {
  const config = await small();
  const out = await folder();
  const { trials } = await sweep(config, { out });
  const { rename } = await import("node:fs/promises");
  const [one] = trials;
  await rename(one!.dir!, join(out, ".work", `${one!.id}.1`));
  t.deepEqual((await watched(config, { out })).ended, []);
  t.true((await readdir(out)).includes(one!.id));
});

test("trials of other code are told, and computed again only where that is asked for", async (t) => {
  const config = await small();
  const out = await folder();
  await sweep(config, { out });
  const file = (await readSweepFile(out))!;
  // As if all of it had been computed by another version.
  const renamed = file.trials.map((trial) => ({ ...trial, id: `${trial.id}-old` }));
  const { rename } = await import("node:fs/promises");
  const ledger = await openLedger(out, "writer");
  for (const [i, { id }] of renamed.entries()) {
    const old = file.trials[i]!.id;
    const { result } = stateOf(ledger, old);
    await rename(join(out, old), join(out, id));
    await ledger.commit(
      { kind: "merged", trial: id, epoch: 1, ...result! } as Entry,
      { kind: "retry", trial: old, epoch: 1 } as Entry,
    );
  }
  await ledger.close();
  await writeSweepFile(out, { ...file, code: { version: "0.0.9", sources: "other" }, trials: renamed });
  const { code, message, hint } = await failureOf(t, sweep(config, { out }));
  t.is(code, "CONFIG_CONFLICT");
  t.regex(message, /4 trials were computed by other code, 0\.0\.9 \(other\)/);
  t.regex(hint ?? "", /--rerun/);
  t.is((await watched(config, { out, rerun: true })).ended.length, 4);
  const why = await whyOf(out, file.trials[0]!.id);
  t.is(why.state, "done");
  t.true((await readdir(out)).includes(renamed[0]!.id));
});

test("why a trial is new: the key, or the data", async (t) => {
  const out = await folder();
  const config = await small();
  await sweep(config, { out });
  const wider = { ...config, base: { ...config.base, batchSize: 32 } };
  const controller = new AbortController();
  const onEvent = (): void => controller.abort();
  await failureOf(t, sweep(wider, { out, signal: controller.signal, onEvent }));
  const { trials, earlier } = await statusOf(out);
  t.is(earlier, 4);
  const { nearest, state } = await whyOf(out, trials[0]!.id);
  t.is(state, "waiting");
  t.deepEqual(nearest?.differences, [{ path: "batchSize", there: 64, here: 32 }]);
});

test("two coordinators share one sweep: each trial is done once", async (t) => {
  const base = { ...(await small()).base, steps: 200 };
  const config = { ...(await small()), base, seeds: 4 };
  const out = await folder();
  // The second finds the folder of the first.
  const [a, b] = await Promise.all([watched(config, { out }), sleep(300).then(() => watched(config, { out }))]);
  const ended = [...a.ended, ...b.ended];
  t.is(ended.length, 8);
  t.is(new Set(ended).size, 8);
  t.deepEqual(a.result.trials, b.result.trials);
});

test("a folder that holds something else is no place for a sweep", async (t) => {
  const out = await mkdtemp(join(tmpdir(), "disentangle-sweep-"));
  await writeFile(join(out, "thesis.txt"), "");
  t.is((await failureOf(t, sweep(await small(), { out }))).code, "FILE_WRITE");
  t.deepEqual(await readdir(out), ["thesis.txt"]);
});

test("a link that leads nowhere yet is a place for a sweep", async (t) => {
  const [there, out] = [await folder(), await folder()];
  await symlink(there, out);
  const { trials } = await sweep({ ...(await small()), seeds: 1 }, { out });
  t.is(trials.length, 2);
  t.true((await readdir(there)).includes("sweep.json"));
});

test("early termination in a shard is refused, and so are shards that there are not", async (t) => {
  const config = await small();
  const early = { ...config, early_terminate: { type: "hyperband", min_iter: 10 } } as const;
  t.is((await failureOf(t, sweep(early, { out: await folder(), shard: { index: 0, of: 2 } }))).code, "CONFIG_CONFLICT");
  t.is(
    (await failureOf(t, sweep(config, { out: await folder(), shard: { index: 2, of: 2 } }))).code,
    "CONFIG_OUT_OF_RANGE",
  );
  t.is((await failureOf(t, sweep(config, { out: await folder(), jobs: 0 }))).code, "CONFIG_OUT_OF_RANGE");
});
