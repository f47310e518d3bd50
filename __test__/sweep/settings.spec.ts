// From a sweep file to its settings and trials: a pure function of the file and the seed.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { parseConfig } from "../../src/cli/config-file.js";
import { type Failure, failuresOf, isDisentangleError } from "../../src/errors.js";
import { checkSweep, type ParameterSpec, type SweepConfig } from "../../src/sweep/config.js";
import { planOf } from "../../src/sweep/plan.js";
import type { SweepTrial } from "../../src/sweep/planned.js";
import { settingsOf } from "../../src/sweep/space.js";
import { testWithAddon } from "../addon.js";

function settings(config: SweepConfig): readonly object[] {
  return settingsOf(checkSweep(config));
}

function failures(config: unknown): readonly Failure[] {
  try {
    checkSweep(config);
  } catch (error) {
    if (isDisentangleError(error)) return failuresOf(error);
    throw error;
  }
  return [];
}

test("a grid is every combination once, the last parameter runs fastest", (t) => {
  const parameters = { steps: { values: [10, 20] }, latentDim: { min: 1, max: 3 } };
  t.deepEqual(settings({ parameters }), [
    { latentDim: 1, steps: 10 },
    { latentDim: 1, steps: 20 },
    { latentDim: 2, steps: 10 },
    { latentDim: 2, steps: 20 },
    { latentDim: 3, steps: 10 },
    { latentDim: 3, steps: 20 },
  ]);
  t.is(settings({ parameters, run_cap: 4 }).length, 4);
  t.is(settings({ parameters: { steps: { values: [10, 10, 20] } } }).length, 2);
});

test("the order of keys changes neither a grid nor random draws", (t) => {
  const a = {
    steps: { values: [10, 20] },
    learningRate: { distribution: "log_uniform_values", min: 1e-4, max: 1e-2 },
  } as const;
  const b = { learningRate: a.learningRate, steps: a.steps };
  const random = { method: "random", run_cap: 20, seed: 4 } as const;
  t.deepEqual(settings({ ...random, parameters: a }), settings({ ...random, parameters: b }));
  t.notDeepEqual(settings({ ...random, parameters: a }), settings({ ...random, parameters: a, seed: 5 }));
});

test("another parameter changes no draw of the others, and a larger cap none of the first", (t) => {
  const learningRate = { distribution: "uniform", min: 0, max: 1 } as const;
  const of = (parameters: SweepConfig["parameters"], run_cap: number): unknown[] =>
    settings({ method: "random", run_cap, parameters }).map((one) => (one as { learningRate: number }).learningRate);
  const few = of({ learningRate }, 5);
  t.deepEqual(of({ learningRate, weightDecay: { distribution: "normal" } }, 5), few);
  t.deepEqual(of({ learningRate }, 50).slice(0, 5), few);
});

test("draws follow their distribution", (t) => {
  const n = 4000;
  const draws = (spec: ParameterSpec): number[] =>
    settings({ method: "random", run_cap: n, parameters: { x: spec } }).map((one) => (one as { x: number }).x);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const sd = (values: readonly number[]): number => Math.sqrt(mean(values.map((one) => (one - mean(values)) ** 2)));
  // Four standard errors: of a mean of n draws, and of the standard deviation of a normal one.
  const near = (got: number, want: number, error: number): boolean =>
    t.true(Math.abs(got - want) < 4 * error, `${got} ${want}`);
  const uniform = draws({ distribution: "uniform", min: -1, max: 3 });
  near(mean(uniform), 1, 4 / Math.sqrt(12 * n));
  t.true(uniform.every((one) => one >= -1 && one < 3));
  const logs = draws({ distribution: "log_uniform_values", min: 1e-4, max: 1e-1 }).map(Math.log10);
  near(mean(logs), -2.5, 3 / Math.sqrt(12 * n));
  t.true(logs.every((one) => one >= -4 && one <= -1));
  const powers = draws({ distribution: "log_uniform", min: -2, max: 2 }).map(Math.log);
  near(mean(powers), 0, 4 / Math.sqrt(12 * n));
  const normal = draws({ distribution: "normal", mu: 5, sigma: 2 });
  near(mean(normal), 5, 2 / Math.sqrt(n));
  near(sd(normal), 2, 2 / Math.sqrt(2 * n));
  near(mean(draws({ distribution: "log_normal", mu: 1, sigma: 0.5 }).map(Math.log)), 1, 0.5 / Math.sqrt(n));
});

test("discrete draws keep to their values and their probabilities", (t) => {
  const of = (spec: ParameterSpec): number[] => {
    // The second parameter keeps equal draws of the first apart.
    const parameters = { x: spec, y: { distribution: "uniform", min: 0, max: 1 } as const };
    return settings({ method: "random", run_cap: 3000, parameters }).map((one) => (one as { x: number }).x);
  };
  const shares = of({ values: [1, 2, 3], probabilities: [0.5, 0, 0.5] });
  t.false(shares.includes(2));
  // Four standard errors of a share of 3000 draws.
  t.true(Math.abs(shares.filter((one) => one === 1).length / 3000 - 0.5) < 4 * Math.sqrt(0.25 / 3000));
  t.deepEqual([...new Set(of({ distribution: "int_uniform", min: 2, max: 4 }))].sort(), [2, 3, 4]);
  t.deepEqual([...new Set(of({ distribution: "q_uniform", min: 0, max: 1, q: 0.5 }))].sort(), [0, 0.5, 1]);
  t.true(of({ distribution: "q_log_uniform_values", min: 1, max: 100, q: 5 }).every((one) => one % 5 === 0));
  t.true(of({ distribution: "q_normal", mu: 0, sigma: 3, q: 2 }).every((one) => one % 2 === 0));
});

test("a small space ends random draws before the cap, each setting once", (t) => {
  t.is(settings({ method: "random", run_cap: 50, parameters: { x: { values: [1, 2, 3] } } }).length, 3);
});

testProp(
  "settings of a random sweep are different from each other, and a function of file and seed",
  [fc.integer({ min: 1, max: 30 }), fc.nat(1000), fc.array(fc.integer(), { minLength: 1, maxLength: 6 })],
  (t, run_cap, seed, values) => {
    const config = { method: "random", run_cap, seed, parameters: { a: { values }, b: { min: 0, max: 3 } } } as const;
    const made = settings(config);
    t.is(new Set(made.map((one) => JSON.stringify(one))).size, made.length);
    t.true(made.length <= run_cap);
    t.deepEqual(settings(config), made);
  },
  { numRuns: 60, seed: 4 },
);

test("nested keys and dotted paths are the same", (t) => {
  const train = { values: [0.5, 0.7] };
  t.deepEqual(
    settings({ parameters: { split: { parameters: { train } } } }),
    settings({ parameters: { "split.train": train } }),
  );
});

test("every mistake is told at once, with its place in the file", (t) => {
  const found = failures({
    method: "random",
    metric: { name: "mcc" },
    parameters: {
      steps: { value: [] as number[], values: [] },
      rate: { distribution: "log_uniform_values", min: 0, max: 1 },
      x: 3,
    },
    seeds: [1, 1],
    base: { seed: 3 },
  });
  t.deepEqual(found.map(({ code, path }) => [code, path]).sort(), [
    ["CONFIG_CONFLICT", "base.seed"],
    ["CONFIG_CONFLICT", "metric.name"],
    ["CONFIG_CONFLICT", "seeds"],
    ["CONFIG_MISSING", "run_cap"],
    ["CONFIG_OUT_OF_RANGE", "parameters.rate.min"],
    ["CONFIG_UNKNOWN_KEY", "parameters.steps.values"],
    ["CONFIG_WRONG_TYPE", "parameters.x"],
  ]);
});

for (const [what, config, code] of [
  ["an unknown key", { parameters: {}, metod: "grid" }, "CONFIG_UNKNOWN_KEY"],
  ["no parameters", {}, "CONFIG_MISSING"],
  ["an unknown metric", { parameters: {}, metric: { name: "errror" } }, "CONFIG_UNKNOWN_METHOD"],
  ["a distribution in a grid", { parameters: { x: { distribution: "normal" } } }, "CONFIG_CONFLICT"],
  [
    "a misspelt distribution",
    { parameters: { x: { distribution: "unifrom", min: 0, max: 1 } } },
    "CONFIG_OUT_OF_RANGE",
  ],
  ["an inverted range", { parameters: { x: { min: 3, max: 1 } } }, "CONFIG_OUT_OF_RANGE"],
  [
    "probabilities that are none",
    { parameters: { x: { values: [1, 2], probabilities: [1, 1] } } },
    "CONFIG_OUT_OF_RANGE",
  ],
  ["the seed as a parameter", { parameters: { seed: { values: [1, 2] } } }, "CONFIG_CONFLICT"],
  ["agreement of one seed", { parameters: {}, metric: { name: "agreement" } }, "CONFIG_CONFLICT"],
  [
    "agreement before the end",
    { parameters: {}, seeds: 2, metric: { name: "agreement" }, early_terminate: { type: "hyperband", min_iter: 5 } },
    "CONFIG_CONFLICT",
  ],
  ["a key of both", { parameters: { steps: { values: [1] } }, base: { steps: 2 } }, "CONFIG_CONFLICT"],
  ["a prototype", { parameters: { "__proto__x.__proto__": { values: [1] } } }, "CONFIG_UNKNOWN_KEY"],
  ["a list of seeds with text", { parameters: {}, seeds: ["a"] }, "CONFIG_WRONG_TYPE"],
] as const) {
  test(`${what} is refused with ${code}`, (t) => {
    t.deepEqual(
      failures(config).map((one) => one.code),
      [code],
    );
  });
}

test("a metric that reads the truth has to be asked for, and the default one does not", (t) => {
  t.regex(failures({ parameters: {}, metric: { name: "mcc" } })[0]?.hint ?? "", /truth: true/);
  t.like(checkSweep({ parameters: {}, metric: { name: "mcc", truth: true } }).metric, {
    name: "mcc",
    goal: "maximize",
    truth: true,
  });
  t.deepEqual(checkSweep({ parameters: {} }).metric, { name: "held-out", goal: "minimize", truth: false });
});

const ROWS = Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(3 * i)},${i % 7}`);

async function table(): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "disentangle-sweep-")), "table.csv");
  await writeFile(path, ["a,b,y", ...ROWS].join("\n"));
  return path;
}

async function trialsOf(text: string, data: string): Promise<readonly SweepTrial[]> {
  const { config } = parseConfig(text.replaceAll("DATA", data), "sweep.yaml");
  return (await planOf(checkSweep(config), { put: async () => "" })).trials;
}

const TEXT = `
parameters: { steps: { values: [10, 20] }, batchSize: { values: [16] } }
seeds: 2
base: { method: shared-head, target: y, latentDim: 1, data: DATA }
`;

testWithAddon("a file that is only reformatted has the same trials", async (t) => {
  const data = await table();
  const ids = (await trialsOf(TEXT, data)).map(({ id }) => id);
  t.is(new Set(ids).size, 4);
  const reformatted = `{"base": {"data": "DATA", "target": "y", "method": "shared-head", "latentDim": 1}, "seeds": [0, 1],
    "parameters": {"batchSize": {"value": 16}, "steps": {"values": [20, 10]}}, "method": "grid"}`;
  t.deepEqual((await trialsOf(reformatted, data)).map(({ id }) => id).sort(), ids.toSorted());
  // A default that is written out is the same configuration, and so is another number of threads.
  const written = TEXT.replace("latentDim: 1", "latentDim: 1, threads: 2, device: cpu");
  t.deepEqual(
    (await trialsOf(written, data)).map(({ id }) => id),
    ids,
  );
});

testWithAddon("several methods and several data sets are parameters like any other", async (t) => {
  const [first, second] = [await table(), await table()];
  await writeFile(second, ["a,b,y", ...ROWS.slice(2)].join("\n"));
  const text = `
parameters: { method: { values: [shared-head, pca] }, data: { values: [${first}, ${second}] } }
seeds: 2
base: { target: y, latentDim: 1 }
`;
  const trials = await trialsOf(text, first);
  t.is(new Set(trials.map(({ id }) => id)).size, 8);
  t.deepEqual(new Set(trials.map(({ method }) => method)), new Set(["shared-head", "pca"]));
  const fingerprints = (path: string): Set<string> =>
    new Set(trials.filter(({ config }) => config.data === path).map(({ data }) => data));
  t.is(fingerprints(first).size, 1);
  t.is(fingerprints(second).size, 1);
  t.notDeepEqual(fingerprints(first), fingerprints(second));
});

testWithAddon("other data of the same name, or another default, are other trials", async (t) => {
  const data = await table();
  const ids = (await trialsOf(TEXT, data)).map(({ id }) => id);
  const other = (await trialsOf(TEXT.replace("latentDim: 1", "latentDim: 2"), data)).map(({ id }) => id);
  await writeFile(data, ["a,b,y", ...ROWS.slice(1)].join("\n"));
  const changed = (await trialsOf(TEXT, data)).map(({ id }) => id);
  t.is(new Set([...ids, ...other, ...changed]).size, 12);
});

testWithAddon("a mistake in the configuration of fits is told once, at its place in the sweep", async (t) => {
  const data = await table();
  const text = TEXT.replace("values: [16]", "values: [0, -1]").replace("latentDim: 1", "latentDimm: 1");
  const error = await t.throwsAsync(trialsOf(text, data));
  if (!isDisentangleError(error)) throw error;
  const paths = failuresOf(error).map(({ path }) => path);
  t.deepEqual([...new Set(paths)].sort(), ["base.latentDimm", "parameters.batchSize"]);
});
