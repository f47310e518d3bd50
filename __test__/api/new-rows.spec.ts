// New rows take a short way where they are numbers of the right width: it must give what the long one gives.
import test from "ava";
import { fit, type Model, type TransformOptions } from "../../src/index.js";
import { matrixOf, taken } from "../../src/new-rows.js";
import { ranked } from "../../src/ranked.js";
import { atOnce, byTurns, inRanges } from "../../src/turns.js";
import { testWithAddon } from "../addon.js";

const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i * i), i % 7, Math.cos(3 * i) + 0.1 * i]);
const fitted = (config: object = {}): Promise<Model> =>
  fit({ method: "pca", data: rows, latentDim: 2, ...config } as Parameters<typeof fit>[0]).result;
const typed = (values: readonly (readonly number[])[]) => ({
  data: Float32Array.from(values.flat()),
  shape: [values.length, values[0]!.length] as const,
});

testWithAddon("rows of numbers give the latents of the same numbers in an array, one or many", async (t) => {
  const model = await fitted();
  for (const some of [rows.slice(0, 1), rows]) {
    t.deepEqual((await model.transform(some)).data, (await model.transform(typed(some))).data);
  }
  t.truthy(matrixOf(rows, ["x0", "x1", "x2"]));
  // A model that knows the columns by other numbers takes them by these.
  t.is(matrixOf(rows, ["x2", "x1", "x0"]), undefined);
  t.is(matrixOf(typed(rows), ["x2", "x1", "x0"]), undefined);
  t.truthy(matrixOf(rows, ["x1", "x2", "x3"]));
});

testWithAddon("rows that are no numbers of the right width are judged where data are read", async (t) => {
  const model = await fitted();
  const one = rows[0]!;
  for (const [bad, code] of [
    [[one, [1, 2]], "DATA_RAGGED_ROW"],
    [[[1, 2]], "DATA_COLUMN_MISMATCH"],
    [[[1, 2, "high"]], "DATA_NOT_NUMERIC"],
    [[[1, 2, null]], "DATA_NOT_FINITE"],
    [[[1, 2, Number.NaN]], "DATA_NOT_FINITE"],
    [[[1, 2, 1e300]], "DATA_OVERFLOW"],
  ] as const) {
    const error = await t.throwsAsync(model.transform(bad as never), undefined, JSON.stringify(bad));
    t.is((error as { code?: string } | undefined)?.code, code, JSON.stringify(bad));
  }
});

testWithAddon("numbers that stand for no value are read so, also in an array", async (t) => {
  const model = await fitted({ missingValues: "-999", missing: "mean" });
  const given = [[1, -999, 2]];
  const { data } = await model.transform(typed(given));
  t.deepEqual(data, (await model.transform(given)).data);
  t.deepEqual(data, (await model.transform([[1, Number.NaN, 2]])).data);
});

testWithAddon("rows that 32 bits would collapse keep their digits", async (t) => {
  const days = Array.from({ length: 60 }, (_, i) => [1.7e9 + 7 * i, i % 5]);
  const model = await fit({ method: "pca", data: rows.map(([a, b]) => [a!, b!]), latentDim: 2 }).result;
  t.is(matrixOf(days, ["x0", "x1"]), undefined);
  const wide = { data: Float64Array.from(days.flat()), shape: [60, 2] as const };
  t.deepEqual((await model.transform(days)).data, (await model.transform(wide)).data);
});

testWithAddon("arrays that are taken over are gone, whole ones only, and the result is the same", async (t) => {
  const model = await fitted();
  const expected = (await model.transform(typed(rows))).data;
  const [own, kept] = [typed(rows), typed(rows)];
  const moved: TransformOptions = { transfer: true };
  t.deepEqual((await model.transform(own, moved)).data, expected);
  t.is(own.data.length, 0);
  t.deepEqual((await model.transform(kept)).data, expected);
  t.is(kept.data.length, 180);
  const part = { data: new Float32Array([0, ...rows.flat()]).subarray(1), shape: [60, 3] as const };
  t.deepEqual((await model.transform(part, moved)).data, expected);
  t.is(part.data.length, 180);
  const shared = new Float32Array(new SharedArrayBuffer(12));
  t.not(taken({ data: shared, shape: [1, 3] }).data, shared);
  t.is(shared.length, 3);
  t.deepEqual((await model.transform(rows, moved)).data, expected);
});

testWithAddon("a fit takes arrays over where it is told to, each once, and gives the same model", async (t) => {
  const [data, target] = [typed(rows), Float32Array.from(rows, ([a]) => a!)];
  const config = { method: "shared-head", latentDim: 1, steps: 20, seed: 0, data, target } as const;
  const model = await fit(config).result;
  t.is(data.data.length + target.length, 240);
  const handle = fit({ ...config, environment: Array.from(rows, () => "a") }, { transfer: true });
  t.is(data.data.length + target.length, 0);
  t.deepEqual((await handle.result).latents.data, model.latents.data);
  const twice = typed(rows);
  t.is(
    (await fit({ method: "pca", data: twice, latentDim: 1, truth: "x0" }, { transfer: true }).result).latents.shape[0],
    60,
  );
  await t.throwsAsync(fit(config, { transfer: 1 } as never).result, { code: "CONFIG_WRONG_TYPE" } as never);
});

test("a value by its rank is that of a sorted list", (t) => {
  const values = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i * i) * 10 ** ((i % 60) - 30));
  values.set([0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 1, 1, -1e-45, 1e-45], 100);
  const ranks = [0, 1, 5, 2499, 2500, 2501, 4998, 4999];
  const sorted = values.slice().sort();
  const found = atOnce(ranked(values, ranks));
  t.deepEqual(
    found,
    ranks.map((rank) => sorted[rank]!),
  );
  t.deepEqual(atOnce(ranked(new Float32Array(), [0])), []);
});

test("work in pieces gives others a turn between them, and what is short is done in one", async (t) => {
  let turns = 0;
  let done = false;
  const others = (): void => {
    turns += 1;
    if (!done) setImmediate(others);
  };
  setImmediate(others);
  const seen: number[] = [];
  const work = (from: number, to: number) => void seen.push(to - from);
  await byTurns(inRanges(10, 3, work));
  done = true;
  t.deepEqual(seen, [3, 3, 3, 1]);
  t.true(turns >= 3);
  const steps = [...inRanges(3, 3, work)];
  t.is(steps.length, 0);
});
