// Fits that are disturbed while they run: arrays that change, signals that abort, callbacks that throw, a core that panics.
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { isDisentangleError } from "../../src/errors.js";
import { type Dataset, fit, type Model, readDataset, simulate } from "../../src/index.js";
import { native } from "../../src/native.js";
import { testWithAddon as test } from "../addon.js";
import { checkTold, contentOf, folderOf, type Told } from "./fault.js";
import { GOOD } from "./table.js";

const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 2 });
const quick = { method: "tbr", latentDim: 2, steps: 40 } as const;
/** Longer than any test. */
const endless = { ...quick, steps: 50_000_000 } as const;

async function told(t: ExecutionContext, work: Promise<unknown>, expected: Told): Promise<void> {
  const error = await t.throwsAsync(work);
  if (!isDisentangleError(error)) return t.fail(String(error?.stack));
  checkTold(t, error.toJSON(), expected);
}

test("arrays that are written into, or given away, while a fit runs change nothing", async (t) => {
  const table = (): Record<string, Float32Array | string[]> => ({
    x0: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
    x1: Float32Array.from({ length: 60 }, (_, i) => Math.cos(2 * i)),
    y: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i) + (i % 3)),
    env: Array.from({ length: 60 }, (_, i) => "abc"[i % 3]!),
  });
  const tree = { names: ["r", "a", "b", "c"], parents: [-1, 0, 0, 0] };
  const config = { ...quick, environment: "env", target: "y", tree };
  const undisturbed = await fit({ ...config, data: table() }).result;
  const mine = table();
  const running = fit({ ...config, data: mine });
  (mine.x0 as Float32Array).fill(Number.NaN);
  (mine.env as string[]).fill("nowhere");
  structuredClone(mine.x1, { transfer: [(mine.x1 as Float32Array).buffer as ArrayBuffer] });
  tree.names.fill("");
  t.deepEqual((await running.result).latents, undisturbed.latents);
});

test("a data set that is written into while a fit runs changes nothing", async (t) => {
  const data = await world();
  const undisturbed = await fit({ ...quick, data }).result;
  const running = fit({ ...quick, data });
  data.inputs.data.fill(Number.NaN);
  data.targets?.values.data.fill(0);
  data.inputNames.fill("same");
  t.deepEqual((await running.result).latents, undisturbed.latents);
});

test("a file that changes after it was read changes nothing", async (t) => {
  const dir = await folderOf();
  const data = join(dir, GOOD.data);
  const dataset = await readDataset({ data, environment: "env", target: "y", tree: join(dir, GOOD.tree) });
  await writeFile(data, "gone");
  t.is((await fit({ ...quick, data: dataset }).result).latents.shape[0], 60);
});

test("aborted before: nothing is read", async (t) => {
  const expected: Told = { code: "FIT_CANCELLED", path: "", says: ["before it began"], hint: "nothing was" };
  const aborted = { signal: AbortSignal.abort() };
  await told(t, fit({ ...quick, data: "/no/such/file.csv" }, aborted).result, expected);
  const handle = fit({ ...quick, data: "/no/such/file.csv" });
  handle.cancel();
  await told(t, handle.result, expected);
});

test("aborted while it trains: it ends at once, and says at which step", async (t) => {
  const controller = new AbortController();
  const running = fit({ ...endless, data: await world() }, { signal: controller.signal });
  for await (const { step } of running) {
    if (step > 10) break;
  }
  controller.abort(new Error("enough"));
  const expected: Told = { code: "FIT_CANCELLED", path: "", says: [/at step \d+/], hint: "nothing was saved" };
  await told(t, running.result, expected);
  const error = (await t.throwsAsync(running.result))!;
  t.is((error.cause as Error).message, "enough");
});

test("aborted after: the model is there and stays", async (t) => {
  const controller = new AbortController();
  const running = fit({ ...quick, data: await world() }, { signal: controller.signal });
  const model = await running.result;
  controller.abort();
  running.cancel();
  t.is((await model.transform(await world())).shape[1], 2);
  t.is(await running.result, model);
});

for (const [name, thrown, says] of [
  ["an error", new Error("mine"), "mine"],
  ["a text", "mine too", "mine too"],
  ["nothing", undefined, "undefined"],
  ["an object without a text", Object.create(null), "prototype"],
] as const) {
  test(`a callback that throws ${name} stops the fit, and the process lives`, async (t) => {
    const running = fit(
      { ...endless, data: await world() },
      {
        onProgress() {
          throw thrown;
        },
      },
    );
    const error = await t.throwsAsync(running.result);
    if (!isDisentangleError(error)) return t.fail(String(error));
    t.is(error.code, "CALLBACK_THREW");
    t.true(error.message.includes(says), error.message);
    t.is(error.cause, thrown);
    t.regex(error.hint ?? "", /catch/);
  });
}

test("a callback that rejects stops the fit as one that throws", async (t) => {
  const onProgress = async (): Promise<void> => {
    throw new Error("later");
  };
  const expected: Told = { code: "CALLBACK_THREW", path: "", says: ["later"], hint: "catch" };
  await told(t, fit({ ...endless, data: await world() }, { onProgress }).result, expected);
});

test("a callback that throws at the last event does not cost the process", async (t) => {
  const onProgress = ({ step, steps }: { step: number; steps: number }): void => {
    if (step === steps) throw new Error("at the end");
  };
  const expected: Told = { code: "CALLBACK_THREW", path: "", says: ["at the end"], hint: "catch" };
  await told(t, fit({ ...quick, data: await world() }, { onProgress }).result, expected);
});

test("a fit that nobody awaits ends the process with its own error, a fit that is read only by its events does not", async (t) => {
  const running = fit({ ...quick, data: "/no/such/file.csv" });
  const expected: Told = { code: "DATA_NOT_FOUND", path: "file.csv", says: ["no such file"], hint: "check the path" };
  await told(
    t,
    (async () => {
      for await (const _ of running) t.fail("there is nothing to tell");
    })(),
    expected,
  );
  await told(t, running.result, expected);
});

test("fits that fail leave nothing behind that the next one meets", async (t) => {
  const data = await world();
  const models: Model[] = [];
  for (let i = 0; i < 3; i++) {
    const controller = new AbortController();
    const cancelled = fit({ ...endless, data }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    await t.throwsAsync(cancelled.result);
    models.push(await fit({ ...quick, data }).result);
  }
  t.deepEqual(models[1]?.latents, models[0]?.latents);
  t.deepEqual(models[2]?.latents, models[0]?.latents);
});

test("the guard against panics works in this build", (t) => {
  t.true((JSON.parse(native().doctor()) as { panicGuard: boolean }).panicGuard);
});

test("a configuration that is no object, and a data set that is none, are told as what they are", async (t) => {
  const wrong = { code: "CONFIG_WRONG_TYPE", path: "" } as const;
  for (const config of [undefined, null, "tbr", 7]) {
    await told(t, fit(config as never).result, { ...wrong, says: ["expected an object"], hint: "method" });
  }
  const data = await world();
  const { labels, ...rest } = data;
  const doubles = { ...data, inputs: { ...data.inputs, data: Float64Array.from(data.inputs.data) } };
  const hint = "Float32Array";
  await told(t, fit({ ...quick, data: doubles as never }).result, { ...wrong, says: ["Float64Array"], hint });
  await told(t, fit({ ...quick, data: rest as never }).result, { ...wrong, says: ["labels"], hint });
  t.truthy(labels.environment);
});

test("integers of 64 bits are numbers", async (t) => {
  const model = await fit({ ...quick, data: await world(), seed: 3n as never, latentDim: 2n as never }).result;
  t.is(model.manifest.seed, 3);
});

test("what cannot be saved is not half saved", async (t) => {
  const dir = await folderOf({ "thesis/chapter.tex": "", file: "" });
  const model = await fit({ ...quick, data: await world() }).result;
  const before = await contentOf(dir);
  const expected: Told = { code: "FILE_WRITE", path: "", says: [], hint: "name a folder" };
  for (const name of ["thesis", "file", "file/run", ""]) {
    await told(t, model.save(name === "" ? "" : join(dir, name)), expected);
  }
  t.deepEqual(await contentOf(dir), before);
  t.true((await readdir(dir)).includes("thesis"));
});
