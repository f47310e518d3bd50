import type { ExecutionContext } from "ava";
import { type Dataset, type FitOptions, fit, isDisentangleError, type Progress, simulate } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";

const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", seed: 3, depth: 2, pointsPerEnvironment: 150, inputs: 6, latents: 2 });

const quick = { method: "tbr", latentDim: 2, steps: 60, batchSize: 128, seed: 5 } as const;
/** Long enough to be stopped on any machine. */
const endless = { ...quick, steps: 50_000_000 } as const;

async function codeOf(t: ExecutionContext, failing: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(async () => failing);
  return isDisentangleError(error) ? error.code : String(error);
}

test("a fit gives a model with latents, history, summary and how it ended", async (t) => {
  const data = await world();
  await using model = await fit({ ...quick, data }).result;
  t.deepEqual([...model.latents.shape], [data.inputs.rows, 2]);
  t.is(model.latents.data.length, data.inputs.rows * 2);
  t.true(model.latents.data.every(Number.isFinite));
  t.true(["converged", "step-limit", "rising", "early-stop"].includes(model.outcome.kind), model.outcome.kind);
  t.true(model.history.stages.length > 0);
  t.is(model.summary.latents.names.length, 2);
  t.is(model.manifest.seed, 5);
  t.is(model.manifest.dataset.rows, data.inputs.rows);
});

test("the same seed gives the same bits, another seed others", async (t) => {
  const data = await world();
  const [a, b, c] = await Promise.all(
    [5, 5, 6].map(async (seed) => (await fit({ ...quick, data, seed }).result).latents.data),
  );
  t.deepEqual(a, b);
  t.notDeepEqual(a, c);
});

test("iterating alone is enough, and ends with the last step", async (t) => {
  const steps: number[] = [];
  for await (const { step, steps: of, loss } of fit({ ...quick, data: await world() })) {
    t.true(step <= of && Number.isFinite(loss));
    steps.push(step);
  }
  t.is(steps.at(-1), 60);
});

test("iterating alone throws what stopped the fit", async (t) => {
  const failing = async (): Promise<void> => {
    for await (const _ of fit({ ...quick, data: "/no/such/file.csv" })) t.fail("nothing can have happened");
  };
  t.is(await codeOf(t, failing()), "DATA_NOT_FOUND");
});

test("what onProgress throws stops the fit and is the cause of its error", async (t) => {
  const data = await world();
  const thrown = new Error("mine");
  const throwing: Record<string, NonNullable<FitOptions["onProgress"]>> = {
    sync: () => {
      throw thrown;
    },
    async: async () => {
      throw thrown;
    },
  };
  for (const onProgress of Object.values(throwing)) {
    const error = await t.throwsAsync(async () => fit({ ...endless, data }, { onProgress }).result, {
      code: "CALLBACK_THREW",
    });
    t.is(error?.cause, thrown);
  }
});

test("an abort before the fit rejects without touching the data", async (t) => {
  const { result } = fit({ ...quick, data: "/no/such/file.csv" }, { signal: AbortSignal.abort() });
  t.is(await codeOf(t, result), "FIT_CANCELLED");
});

test("an abort during the fit rejects soon and says at which step", async (t) => {
  const controller = new AbortController();
  const seen: Progress[] = [];
  const run = fit(
    { ...endless, data: await world() },
    {
      signal: controller.signal,
      onProgress(progress) {
        seen.push(progress);
        controller.abort();
      },
    },
  );
  const error = await t.throwsAsync(async () => run.result, { code: "FIT_CANCELLED" });
  t.true(seen.length > 0);
  t.true(isDisentangleError(error) && error.context.saved === false);
});

test("an abort after the fit changes nothing, and neither does cancel", async (t) => {
  const controller = new AbortController();
  const run = fit({ ...quick, data: await world() }, { signal: controller.signal });
  const model = await run.result;
  controller.abort();
  run.cancel();
  t.is(await run.result, model);
  t.is((await model.transform([[1, 2, 3, 4, 5, 6]])).shape[0], 1);
});

test("cancel stops the fit", async (t) => {
  const run = fit({ ...endless, data: await world() });
  for await (const _ of run) break;
  run.cancel();
  t.is(await codeOf(t, run.result), "FIT_CANCELLED");
});

test("arrays written into after the call change nothing", async (t) => {
  const reference = await fit({ ...quick, data: await world() }).result;
  const data = await world();
  const run = fit({ ...quick, data });
  data.inputs.data.fill(Number.NaN);
  t.deepEqual((await run.result).latents.data, reference.latents.data);
});

test("an array that was detached is refused", async (t) => {
  const values = new Float32Array(12);
  structuredClone(values, { transfer: [values.buffer] });
  t.is(await codeOf(t, fit({ ...quick, data: { data: values, shape: [6, 2] } }).result), "DATA_DETACHED");
});

test("mistakes in keys of the data and of the method are told at once, each with the nearest of all keys", async (t) => {
  const config = { ...quick, data: await world(), enviroment: "site", latentDims: 3, batchSize: 0 };
  const error = await t.throwsAsync(async () => fit(config).result, { code: "CONFIG_INVALID" });
  if (!isDisentangleError(error)) return t.fail();
  const failures = error.context.failures as { code: string; path: string; hint?: string }[];
  const found = new Map(failures.map((one) => [one.path, one]));
  t.deepEqual([...found.keys()].sort(), ["batchSize", "enviroment", "latentDims"]);
  t.regex(found.get("enviroment")?.hint ?? "", /"environment"/);
  t.regex(found.get("latentDims")?.hint ?? "", /"latentDim"/);
  t.is(found.get("batchSize")?.code, "CONFIG_OUT_OF_RANGE");
});

test("several fits at once leave each other alone", async (t) => {
  const data = await world();
  const models = await Promise.all([0, 1, 2, 3].map((seed) => fit({ ...quick, data, seed }).result));
  t.deepEqual(
    models.map(({ manifest }) => manifest.seed),
    [0, 1, 2, 3],
  );
  t.is(new Set(models.map(({ manifest }) => manifest.runId)).size, 4);
});
