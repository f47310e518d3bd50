import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dataset, fit, load, readRun, readRuns, report, score, simulate } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";

const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", seed: 3, depth: 2, pointsPerEnvironment: 150, inputs: 6, latents: 2 });
const quick = { method: "tbr", latentDim: 2, steps: 60, batchSize: 128, seed: 5 } as const;
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-model-"));

test("transforming the rows of the fit gives the latents of the fit", async (t) => {
  const data = await world();
  const model = await fit({ ...quick, data }).result;
  const { data: values, rows, cols } = data.inputs;
  const latents = await model.transform({ data: values, shape: [rows, cols], columns: data.inputNames });
  t.deepEqual([...latents.shape], [rows, 2]);
  t.deepEqual(latents.columns, model.latents.columns);
  t.deepEqual(latents.data, model.latents.data);
});

test("columns are matched by name in any order, and by position where they have none", async (t) => {
  const data = await world();
  const model = await fit({ ...quick, data }).result;
  const row = [...data.inputs.data.subarray(0, 6)];
  const plain = await model.transform([row]);
  const reversed = await model.transform({
    data: Float32Array.from(row.toReversed()),
    shape: [1, 6],
    columns: data.inputNames.toReversed(),
  });
  t.deepEqual(plain.data, model.latents.data.slice(0, 2));
  t.deepEqual(reversed.data, plain.data);
});

test("rows that do not fit the model are refused", async (t) => {
  const data = await world();
  const model = await fit({ ...quick, data }).result;
  const columns = ["other", ...data.inputNames.slice(1)];
  await t.throwsAsync(async () => model.transform({ data: new Float32Array(6), shape: [1, 6], columns }), {
    code: "DATA_COLUMN_MISMATCH",
  });
  await t.throwsAsync(async () => model.transform([[1, 2, 3]]), { code: "DATA_COLUMN_MISMATCH" });
  await t.throwsAsync(async () => model.transform([[1, 2, 3, 4, 5, Number.NaN]]), { code: "DATA_NOT_FINITE" });
});

test("predictions beat the mean, and an unknown environment is refused", async (t) => {
  const data = await world();
  const model = await fit({ ...quick, data, steps: 400 }).result;
  const predicted = await model.predict(data);
  const target = data.targets?.values.data ?? new Float32Array();
  const mean = target.reduce((sum, y) => sum + y, 0) / target.length;
  const error = (of: (i: number) => number): number => target.reduce((sum, y, i) => sum + (y - of(i)) ** 2, 0);
  t.is(predicted.length, target.length);
  t.true(error((i) => predicted[i] ?? Number.NaN) < 0.5 * error(() => mean));
  await t.throwsAsync(async () => model.predict([[1, 2, 3, 4, 5, 6]], { environments: ["nowhere"] }), {
    code: "DATA_UNKNOWN_ENVIRONMENT",
  });
});

test("a score has its matching and its nulls, over the rows that were asked for", async (t) => {
  const data = await world();
  const model = await fit({ ...quick, data }).result;
  const scores = await model.score();
  t.is(scores.rows.split, "test");
  t.is(scores.mcc.matching.length, 2);
  t.truthy(scores.mcc.nulls.unrelated);
  const truth = data.truth.latents;
  if (truth === undefined) return t.fail();
  const all = await model.score({ z: truth }, { rows: "all" });
  t.is(all.rows.count, data.inputs.rows);
  await t.throwsAsync(
    async () =>
      model.score({
        z: [
          [1, 2],
          [3, 4],
        ],
      }),
    { code: "METRIC_SHAPE" },
  );
});

test("without a truth there is no score", async (t) => {
  const data = { ...(await world()), truth: {} };
  const model = await fit({ ...quick, data }).result;
  await t.throwsAsync(async () => model.score(), { code: "METRIC_NEEDS_TRUTH" });
});

test("the truth scored against itself, permuted and scaled, is perfect", async (t) => {
  const z = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
  const { mcc } = await score(
    z.map(([a = 0, b = 0]) => [-2 * b, a]),
    { z },
  );
  t.true(Math.abs((mcc.value ?? 0) - 1) < 1e-6);
  t.deepEqual(mcc.matching, [1, 0]);
});

test("a saved model comes back with everything, and its folder is a run folder", async (t) => {
  const data = await world();
  const dir = join(await folder(), "saved");
  const model = await fit({ ...quick, data }).result;
  await model.save(dir);
  t.deepEqual((await readdir(dir)).sort(), [
    "config.json",
    "latents.npy",
    "manifest.json",
    "metrics.jsonl",
    "model",
    "rows.npy",
    "split.npy",
    "summary.json",
  ]);
  const loaded = await load(dir);
  t.deepEqual(loaded.latents.data, model.latents.data);
  t.deepEqual(loaded.rows, model.rows);
  t.deepEqual(loaded.history, model.history);
  t.deepEqual(loaded.summary, model.summary);
  t.deepEqual((await loaded.transform([[1, 2, 3, 4, 5, 6]])).data, (await model.transform([[1, 2, 3, 4, 5, 6]])).data);
  t.deepEqual((await load(join(dir, "model"))).manifest, model.manifest);
  t.is((await readRun(dir)).manifest.runId, model.manifest.runId);
  t.is((await readRuns(join(dir, ".."))).length, 1);
});

test("after close every verb says so, and closing again does nothing", async (t) => {
  const model = await fit({ ...quick, data: await world() }).result;
  await model.close();
  await model.close();
  const verbs = [() => model.transform([[1]]), () => model.predict([[1]]), () => model.score(), () => model.save("x")];
  for (const verb of verbs) await t.throwsAsync(async () => verb(), { code: "MODEL_CLOSED" });
  t.throws(() => model.record(), { code: "MODEL_CLOSED" });
});

test("a model is reported on as it is, with its latest scores", async (t) => {
  const model = await fit({ ...quick, data: await world() }).result;
  const { mcc } = await model.score();
  t.is(model.record().scores?.mcc.value, mcc.value);
  const { html, markdown } = await report([model]);
  t.true(html.startsWith("<!doctype html>") || html.startsWith("<!DOCTYPE html>"));
  t.true(markdown.includes("tbr"));
});
