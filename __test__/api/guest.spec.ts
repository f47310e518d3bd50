// A guest in somebody's process: what it is given is copied, what it gives can be handed on, and nothing is held up or swallowed.
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { snapshot } from "../../src/config.js";
import { copyNumbers } from "../../src/data/memory.js";
import { DisentangleError } from "../../src/errors.js";
import {
  type Dataset,
  fit,
  fitQueue,
  inspect,
  latentSilence,
  load,
  type RunConfig,
  readDataset,
  simulate,
  withMaxMemory,
  withSignal,
} from "../../src/index.js";
import { native } from "../../src/native.js";
import { testWithAddon as test } from "../addon.js";

const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 50, inputs: 6, latents: 2 });
const table = {
  a: Array.from({ length: 50 }, (_, i) => Math.sin(i * i)),
  b: Array.from({ length: 50 }, (_, i) => i % 7),
};
const pca = { method: "pca", latentDim: 1, data: table } as const;

test("whatever is given is copied: buffers, views, other realms, class instances, Arrow tables", (t) => {
  const buffer = Buffer.from([1, 2, 3]);
  const view = new Float32Array(new Float32Array([1, 2, 3, 4]).buffer, 4, 2);
  const foreign = runInNewContext("({ list: [1, 2], numbers: new Float32Array([1, 2]) })") as {
    list: number[];
    numbers: Float32Array;
  };
  class Columns {
    x = [1, 2];
    get y(): number[] {
      return this.x;
    }
  }
  const columns = new Columns();
  const rows = [[1], [2]];
  const arrow = {
    schema: { fields: [{ name: "x" }] },
    numRows: 2,
    getChild: (name: string) => (name === "x" ? { get: (row: number) => rows[row]![0] } : null),
  };
  const copy = snapshot({ buffer, view, foreign, columns, arrow, none: null });
  buffer.fill(9);
  view.fill(9);
  foreign.list[0] = 9;
  foreign.numbers[0] = 9;
  columns.x[0] = 9;
  rows[0]![0] = 9;
  t.deepEqual([...copy.buffer], [1, 2, 3]);
  t.false(Buffer.isBuffer(copy.buffer));
  t.deepEqual([...copy.view], [2, 3]);
  t.deepEqual(
    [copy.foreign.list, [...copy.foreign.numbers]],
    [
      [1, 2],
      [1, 2],
    ],
  );
  t.deepEqual({ ...copy.columns }, { x: [1, 2], y: [1, 2] });
  t.is(copy.arrow.getChild("x")?.get(0), 1);
  t.is(copy.none, null);
  const detached = new Float32Array(2);
  structuredClone(detached, { transfer: [detached.buffer] });
  t.throws(() => snapshot({ data: detached }), { code: "DATA_DETACHED" });
});

test("results are arrays that can be handed to another thread", async (t) => {
  const model = await fit({ method: "tbr", latentDim: 2, steps: 5, data: await world() }).result;
  const transformed = await model.transform({ data: new Float32Array(12), shape: [2, 6] });
  for (const array of [model.latents.data, model.rows, transformed.data, (await world()).inputs.data]) {
    structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
    t.is(array.length, 0);
  }
});

test("an error is itself again after JSON, a message between threads, and what --json prints", async (t) => {
  const error = (await t.throwsAsync(fit({ method: "pca", data: "/nope.csv" }).result)) as unknown as DisentangleError;
  const back = DisentangleError.from(JSON.parse(JSON.stringify(error)));
  t.deepEqual(back.toJSON(), error.toJSON());
  t.true(back instanceof DisentangleError);
  t.deepEqual(DisentangleError.from({ error: error.toJSON() }).toJSON(), error.toJSON());
  const cloned = DisentangleError.from(structuredClone(error));
  t.is(cloned.code, "DATA_NOT_FOUND");
  t.is(cloned.message, error.message);
  t.is(DisentangleError.from(error), error);
  for (const other of [new Error("mine"), "text", null, { code: 3 }])
    t.is(DisentangleError.from(other).code, "INTERNAL_PANIC");
});

test("null means none, and what is no signal, no callback or no object is told through the result", async (t) => {
  t.is(
    (await fit(pca, { signal: null, onProgress: null, checkpoint: null, budgets: null }).result).outcome.kind,
    "converged",
  );
  t.is((await fit(pca, null).result).latents.shape[0], 50);
  for (const options of [{ signal: {} }, { signal: "now" }, { onProgress: 3 }, 7, { maxSteps: "9" }]) {
    await t.throwsAsync(fit(pca, options as never).result, { code: "CONFIG_WRONG_TYPE" } as never);
  }
});

test("a signal of another class, as jsdom has one, stops a fit", async (t) => {
  const target = new EventTarget() as EventTarget & { aborted: boolean; reason?: unknown };
  target.aborted = false;
  const { result } = fit(
    { method: "tbr", latentDim: 2, steps: 10_000_000, data: await world() },
    { signal: target as never },
  );
  await sleep(100);
  target.aborted = true;
  target.dispatchEvent(new Event("abort"));
  await t.throwsAsync(result, { code: "FIT_CANCELLED" } as never);
});

test("callbacks run in the asynchronous context of their fit", async (t) => {
  const context = new AsyncLocalStorage<string>();
  const seen = new Set<string | undefined>();
  const hooks = {
    onProgress: () => seen.add(context.getStore()),
    onStage: () => seen.add(context.getStore()),
  } as never;
  const data = await world();
  await context.run("one", () => fit({ method: "tbr", latentDim: 2, steps: 50, data }, hooks).result);
  t.deepEqual([...seen], ["one"]);
});

/** Runs a module that has `fit`; gives its exit code and what it said. */
function program(text: string): Promise<{ code: number | null; said: string }> {
  const api = new URL("../../src/index.ts", import.meta.url).href;
  const child = spawn(process.execPath, [
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "-e",
    `import { fit } from ${JSON.stringify(api)}; ${text}`,
  ]);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => (said += part));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, said })));
}

test("a fit that nobody awaits fails aloud; one whose events are read, or that was cancelled, does not end the process", async (t) => {
  const silent = await program('fit({ method: "pca", data: "/nope.csv" }, { onProgress() {} });');
  t.not(silent.code, 0);
  t.regex(silent.said, /nope\.csv/);
  const read = await program(
    'try { for await (const _ of fit({ method: "pca", data: "/nope.csv" })); } catch (e) { console.log(e.code); }',
  );
  t.deepEqual(read, { code: 0, said: "DATA_NOT_FOUND\n" });
  t.is((await program('fit({ method: "pca", data: "/nope.csv" }).cancel();')).code, 0);
});

test("global timers are not needed", async (t) => {
  const config = JSON.stringify(pca);
  const { code, said } = await program(
    `for (const name of ["setImmediate", "setTimeout", "clearTimeout", "performance"]) delete globalThis[name]; const m = await fit(${config}).result; await m.transform({ data: new Float32Array(2), shape: [1, 2] }); console.log(m.latents.shape[0]);`,
  );
  t.deepEqual({ code, said }, { code: 0, said: "50\n" });
});

test("two fits cannot keep checkpoints in one folder", async (t) => {
  const dir = join(await mkdtemp(join(tmpdir(), "disentangle-guest-")), "checkpoints");
  const config: RunConfig = { method: "tbr", latentDim: 2, steps: 10_000_000, data: await world() };
  const first = fit(config, { checkpoint: { dir } });
  for await (const _ of first) break;
  await t.throwsAsync(fit(config, { checkpoint: { dir }, resume: true }).result, { code: "RUN_BUSY" } as never);
  first.cancel();
  await t.throwsAsync(first.result, { code: "FIT_CANCELLED" } as never);
  const last = await fit(config, { checkpoint: { dir }, resume: true, maxSteps: 1 }).result;
  t.is(last.outcome.kind, "step-limit");
});

test("a fit ends at its limits of steps and seconds", async (t) => {
  const config: RunConfig = { method: "tbr", latentDim: 2, steps: 10_000_000, data: await world() };
  t.like((await fit(config, { maxSteps: 12 }).result).outcome, { kind: "step-limit", step: 12 });
  const began = Date.now();
  t.is((await fit(config, { maxSeconds: 0.2 }).result).outcome.kind, "step-limit");
  t.true(Date.now() - began < 10_000);
});

test("fits in a queue wait for each other, and one that is cancelled while it waits ends at once", async (t) => {
  const data = await world();
  const queue = fitQueue({ concurrency: 2 });
  const endless: RunConfig = { method: "tbr", latentDim: 2, steps: 10_000_000, data };
  const running = [0, 1].map(() => queue.fit(endless));
  const order: number[] = [];
  const short = [0, 1, 2].map((i) => {
    const one = queue.fit({ method: "tbr", latentDim: 2, steps: 5, data, seed: i });
    return Object.assign(one, { ended: one.result.then(() => order.push(i)) });
  });
  const cancelled = queue.fit(endless);
  await sleep(50);
  t.deepEqual([queue.running, queue.waiting], [2, 4]);
  cancelled.cancel();
  await t.throwsAsync(cancelled.result, { code: "FIT_CANCELLED" } as never);
  t.is(queue.waiting, 3);
  running[0]!.cancel();
  await Promise.all(short.map(({ ended }) => ended));
  t.deepEqual(order, [0, 1, 2]);
  t.is(queue.running, 1);
  running[1]!.cancel();
  await Promise.allSettled(running.map(({ result }) => result));
  t.deepEqual([queue.running, queue.waiting], [0, 0]);
  t.throws(() => fitQueue({ concurrency: 0 }), { code: "CONFIG_OUT_OF_RANGE" });
});

test("a model is loaded alone, from its bytes, and frees what it holds", async (t) => {
  const dir = join(await mkdtemp(join(tmpdir(), "disentangle-guest-")), "run");
  const model = await fit({ method: "tbr", latentDim: 2, steps: 20, data: await world() }).result;
  await model.save(dir);
  const x = { data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)), shape: [10, 6] } as const;
  const want = await model.transform(x);
  const alone = await load(dir, { only: "model" });
  const bytes = model.toBytes();
  const copied = await load(bytes);
  bytes.fill(0);
  for (const one of [alone, copied]) {
    t.deepEqual(await one.transform(x), want);
    t.deepEqual(one.manifest, model.manifest);
    t.deepEqual(one.summary, model.summary);
    t.is(one.latents.data.length + one.rows.length, 0);
    await t.throwsAsync(one.save(`${dir}2`), { code: "CONFIG_CONFLICT" } as never);
  }
  await t.throwsAsync(load(model.toBytes().subarray(0, 200)), { code: "ARTIFACT_CORRUPT" } as never);
  await t.throwsAsync(load(new Uint8Array(3)), { code: "ARTIFACT_CORRUPT" } as never);
  const whole = await load(dir);
  const calls = Promise.all(Array.from({ length: 20 }, () => whole.transform(x)));
  await calls;
  for (const one of await calls) t.deepEqual(one, want);
  await whole.close();
  await whole.close();
  t.is(whole.latents.data.length + whole.rows.length, 0);
  await t.throwsAsync(whole.transform(x), { code: "MODEL_CLOSED" } as never);
  t.throws(() => whole.toBytes(), { code: "MODEL_CLOSED" });
});

test("a model that is opened gives its bytes back, and saves as before", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "disentangle-guest-"));
  const model = await fit({ method: "tbr", latentDim: 2, steps: 20, data: await world() }).result;
  const before = model.toBytes();
  await model.save(join(folder, "before"));
  const x = { data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)), shape: [10, 6] } as const;
  // Asked while it is being opened, and afterwards.
  const [want, meanwhile] = await Promise.all([model.transform(x), model.toBytes()]);
  t.deepEqual([meanwhile, model.toBytes()], [before, before]);
  await model.save(join(folder, "after"));
  const saved = await Promise.all(["before", "after"].map((name) => readFile(join(folder, name, "model/model.bin"))));
  t.deepEqual(saved[0], saved[1]);
  t.deepEqual(await (await load(model.toBytes())).transform(x), want);
  await model.close();
  t.throws(() => model.toBytes(), { code: "MODEL_CLOSED" });
});

test("a model that found no memory opens at the next call", async (t) => {
  const data = Array.from({ length: 40 }, (_, i) => Array.from({ length: 20 }, (_, j) => Math.sin((i + 1) * (j + 2))));
  const target = data.map(([a = 0]) => a);
  const model = await fit({ method: "shared-head", data, target, latentDim: 2, hidden: [512, 512], steps: 1 }).result;
  const short = withMaxMemory("1MiB", () => model.transform(data));
  await t.throwsAsync(short, { code: "MEMORY_LIMIT" } as never);
  t.deepEqual((await model.transform(data)).shape, [40, 2]);
});

test.serial("a row is answered while the same model works on a batch", async (t) => {
  const { model, few, all } = await wideModel();
  const row = { data: few.data.slice(0, 50), shape: [1, 50] } as const;
  const want = await model.transform(row);
  const batch = model.transform(all, { transfer: true });
  // The batch is under way once its thread has begun.
  while (native().held()[0] === 0) await sleep(1);
  const answered: string[] = [];
  const small = model.transform(row).then((latents) => {
    answered.push("row");
    return latents;
  });
  await Promise.all([batch.then(() => answered.push("batch")), small]);
  t.deepEqual(await small, want);
  t.deepEqual(answered, ["row", "batch"]);
});

/** A model whose batches take a while, rows that it was fitted to, and such a batch. */
async function wideModel() {
  const [rows, columns] = [60_000, 50];
  const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 1.7));
  const few = { data: values.slice(0, 100 * columns), shape: [100, columns] } as const;
  const target = Array.from({ length: 100 }, (_, i) => Math.sin(i));
  const model = await fit({ method: "shared-head", data: few, target, latentDim: 5, hidden: [256, 256], steps: 1 })
    .result;
  return { model, few, all: { data: values, shape: [rows, columns] } as const };
}

test.serial("a batch stops when its signal aborts, and the model answers others", async (t) => {
  const { model, few, all } = await wideModel();
  await model.transform(few);
  while (native().held()[0] !== 0) await sleep(1);
  const controller = new AbortController();
  const batch = withSignal(controller.signal, () => model.transform(all, { transfer: true }));
  while (native().held()[0] === 0) await sleep(1);
  controller.abort(new Error("hung up"));
  await t.throwsAsync(batch, { message: "hung up" });
  t.deepEqual((await model.transform(few)).shape, [100, 5]);
  // Its thread ends, too.
  while (native().held()[0] !== 0) await sleep(1);
  const counted = withSignal(AbortSignal.abort(new Error("told before")), () => latentSilence(...silent(2 ** 16)));
  await t.throwsAsync(counted, { message: "told before" });
});

/** Latents of many rows, and what is known of their silence. */
function silent(rows: number): Parameters<typeof latentSilence> {
  const part = { mean: 0, sd: 1, weight: 0.5 };
  const latent = { name: "z1", value: 0, threshold: 0.1, share: 0.5, certainty: 1, spike: part, slab: part };
  const latents = { data: new Float32Array(rows), shape: [rows, 1], columns: ["z1"] } as const;
  return [latents, { method: "pdgmm", silence: { latents: [latent] } }] as unknown as Parameters<typeof latentSilence>;
}

test("the event loop goes on while a large batch is transformed", async (t) => {
  const [rows, columns] = [100_000, 50];
  const data = new Float32Array(rows * columns).map((_, i) => Math.sin(i * i * 0.37));
  const model = await fit({
    method: "pca",
    latentDim: 5,
    data: { data: data.slice(0, 500 * columns), shape: [500, columns] },
  }).result;
  let [last, worst, turns] = [performance.now(), 0, 0];
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last);
    last = now;
    turns += 1;
  }, 1);
  last = performance.now();
  const began = last;
  t.deepEqual((await model.transform({ data, shape: [rows, columns] })).shape, [rows, 5]);
  clearInterval(timer);
  // Whatever else the machine does: it was on this thread for a small part of the time, or the time was short.
  const whole = performance.now() - began;
  t.true(worst < Math.max(100, 0.7 * whole), `${worst} of ${whole} ms, ${turns} turns`);
});

test("reading of NumPy files is on a thread of its own, and stops where it is told to", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-guest-"));
  const file = join(dir, "x.npy");
  const data = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i * i));
  native().npyWrite(file, { shape: [20, 3], data });
  t.deepEqual((await readDataset({ data: file })).inputs, { data, rows: 20, cols: 3 });
  const stopped = withSignal(AbortSignal.abort(new Error("told to stop")), () => readDataset({ data: file }));
  await t.throwsAsync(stopped, { message: "told to stop" });
});

test("what fit has copied is not copied again where it is read, and what others hold is", (t) => {
  const given = new Float32Array(6).fill(1);
  const { data: own } = snapshot({ data: given });
  t.not(own, given);
  t.is(copyNumbers(["x"], own), own);
  t.not(copyNumbers(["x"], given), given);
});

test("large tables are looked through on a thread of its own, and that stops where it is told to", async (t) => {
  const large = { data: Float32Array.from({ length: 300_000 }, (_, i) => Math.sin(i * i)), shape: [100_000, 3] };
  for (const look of [readDataset, inspect]) {
    const stopped = withSignal(
      AbortSignal.abort(new Error("told to stop")),
      async (): Promise<unknown> => look({ data: large }),
    );
    await t.throwsAsync(stopped, { message: "told to stop" });
  }
  t.is((await readDataset({ data: large })).inputs.rows, 100_000);
  t.is((await inspect({ data: large })).columns.length, 3);
});
