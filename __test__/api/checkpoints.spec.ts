// Checkpoints, resumption and budgets through the API.
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type Failure, isDisentangleError } from "../../src/errors.js";
import { type Dataset, type FitOptions, fit, type Model, simulate } from "../../src/index.js";
import type { CheckpointEvent, ResumedEvent } from "../../src/progress.js";
import { testWithAddon as test } from "../addon.js";

const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", seed: 3, depth: 2, pointsPerEnvironment: 150, inputs: 6, latents: 2 });
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-checkpoints-"));
/** Long enough to be stopped at its first checkpoint. */
const config = { method: "tbr", latentDim: 2, steps: 5000, batchSize: 128, seed: 5 } as const;
const short = { ...config, steps: 60 } as const;

/** Everything that a fit gives, without its times. */
function essence({ manifest, history, summary, latents, rows, info }: Model): unknown {
  return { manifest: { ...manifest, createdAt: "", elapsedMs: 0 }, history, summary, latents, rows, info };
}

async function failureOf(t: ExecutionContext, failing: Promise<unknown>): Promise<Failure> {
  const error = await t.throwsAsync(failing);
  if (!isDisentangleError(error)) throw error;
  return error.toJSON();
}

/** Stops a fit at its first checkpoint. */
async function stopped(t: ExecutionContext, data: Dataset, dir: string): Promise<Failure> {
  const controller = new AbortController();
  const onCheckpoint = (): void => controller.abort();
  const options = { signal: controller.signal, checkpoint: { dir, every: 10 }, onCheckpoint };
  return failureOf(t, fit({ ...config, data }, options).result);
}

test("a fit that is stopped writes a checkpoint, and the next goes on from it to the same bits", async (t) => {
  const data = await world();
  const whole = await fit({ ...config, data }).result;
  const dir = join(await folder(), "deep", "er");
  const { code, hint, context } = await stopped(t, data, dir);
  t.is(code, "FIT_CANCELLED");
  t.like(context, { saved: true, checkpoint: dir });
  t.regex(hint ?? "", /resume: true/);
  const { step } = (context as { outcome: { step: number } }).outcome;
  const file = `step-${step}.dsn`;
  t.true((await readdir(dir)).includes(file));

  const told: ResumedEvent[] = [];
  const onResumed = (event: ResumedEvent): void => void told.push(event);
  const resumed = await fit({ ...config, data }, { checkpoint: { dir }, resume: true, onResumed }).result;
  t.deepEqual(told, [{ step, file }]);
  t.deepEqual(essence(resumed), essence(whole));
});

test("checkpoints are told one by one, and iterating yields progress alone", async (t) => {
  const data = await world();
  const dir = await folder();
  const told: CheckpointEvent[] = [];
  const run = fit({ ...short, data }, { checkpoint: { dir, every: 20 }, onCheckpoint: (event) => told.push(event) });
  for await (const progress of run) t.deepEqual(Object.keys(progress).includes("file"), false);
  const model = await run.result;
  t.deepEqual(
    told.map(({ step, file }) => [step, file]),
    [20, 40].map((step) => [step, `step-${step}.dsn`]),
  );
  t.deepEqual(essence(model), essence(await fit({ ...short, data }).result));
});

test("to resume from a folder without checkpoints is to begin", async (t) => {
  const data = await world();
  const dir = await folder();
  const told: ResumedEvent[] = [];
  const onResumed = (event: ResumedEvent): void => void told.push(event);
  const model = await fit({ ...short, data }, { checkpoint: { dir }, resume: true, onResumed }).result;
  t.deepEqual(told, [{ step: 0 }]);
  t.deepEqual(essence(model), essence(await fit({ ...short, data }).result));
});

test("damaged checkpoints are told by name and passed over", async (t) => {
  const data = await world();
  const dir = await folder();
  await writeFile(join(dir, "step-30.dsn"), "not a checkpoint");
  const told: ResumedEvent[] = [];
  const onResumed = (event: ResumedEvent): void => void told.push(event);
  await fit({ ...short, data }, { checkpoint: { dir }, resume: true, onResumed }).result;
  t.deepEqual(told, [{ step: 0, damaged: ["step-30.dsn"] }]);
});

test("another configuration and other data are refused with every difference, a used folder without `resume`", async (t) => {
  const data = await world();
  const dir = await folder();
  await stopped(t, data, dir);
  const before = await readdir(dir);
  const changed = { ...data, inputs: { ...data.inputs, data: data.inputs.data.map((x) => x + 1) } };
  const other = { ...config, data: changed, seed: 6, keep: "last" } as const;
  const mismatch = await failureOf(t, fit(other, { checkpoint: { dir }, resume: true }).result);
  t.is(mismatch.code, "CHECKPOINT_MISMATCH");
  const differences = mismatch.context?.differences as { path: string }[];
  t.deepEqual(differences.map(({ path }) => path).sort(), ["data", "keep", "seed"]);
  const used = await failureOf(t, fit({ ...config, data }, { checkpoint: { dir } }).result);
  t.like(used, { code: "CONFIG_CONFLICT", path: "checkpoint.dir" });
  t.deepEqual(await readdir(dir), before);
});

test("a budget of steps ends a fit, and raised it ends in the same bits as without", async (t) => {
  const data = await world();
  const dir = await folder();
  const limited = await fit({ ...short, data }, { checkpoint: { dir }, budgets: { steps: 25 } }).result;
  t.deepEqual(limited.outcome, { kind: "step-limit", step: 25, term: "budget of steps" });
  const raised = await fit({ ...short, data }, { checkpoint: { dir }, resume: true }).result;
  t.deepEqual(essence(raised), essence(await fit({ ...short, data }).result));
});

test("a budget of time ends a fit", async (t) => {
  const model = await fit({ ...config, steps: 50_000_000, data: await world() }, { budgets: { elapsedMs: 50 } }).result;
  t.like(model.outcome, { kind: "step-limit", term: "budget of time" });
});

const mistakes: Readonly<Record<string, [options: object, code: string, path: string]>> = {
  "a checkpoint without a folder": [{ checkpoint: {} }, "CONFIG_WRONG_TYPE", "checkpoint.dir"],
  "a folder without a name": [{ checkpoint: { dir: " " } }, "CONFIG_WRONG_TYPE", "checkpoint.dir"],
  "a folder that is no text": [{ checkpoint: { dir: 7 } }, "CONFIG_WRONG_TYPE", "checkpoint.dir"],
  "no steps between checkpoints": [{ checkpoint: { dir: "x", every: 0 } }, "CONFIG_OUT_OF_RANGE", "checkpoint.every"],
  "half a step more": [{ checkpoint: { dir: "x", every: 1.5 } }, "CONFIG_WRONG_TYPE", "checkpoint.every"],
  "a misspelt option": [{ checkpoint: { dir: "x", evry: 5 } }, "CONFIG_UNKNOWN_KEY", "checkpoint.evry"],
  "a budget of no steps": [{ budgets: { steps: 0 } }, "CONFIG_OUT_OF_RANGE", "budgets.steps"],
  "a budget that is not a number": [{ budgets: { elapsedMs: Number.NaN } }, "CONFIG_WRONG_TYPE", "budgets.elapsedMs"],
  "to resume from nowhere": [{ resume: true }, "CONFIG_MISSING", "checkpoint"],
  "to resume perhaps": [{ resume: "yes", checkpoint: { dir: "x" } }, "CONFIG_WRONG_TYPE", "resume"],
};

for (const [name, [options, code, path]] of Object.entries(mistakes)) {
  test(`refused before anything is trained: ${name}`, async (t) => {
    const before = await readdir(".");
    t.like(await failureOf(t, fit({ ...short, data: await world() }, options as FitOptions).result), { code, path });
    t.deepEqual(await readdir("."), before);
  });
}

test("what the new callbacks throw stops the fit and is told by the callback's name", async (t) => {
  const data = await world();
  const thrown = new Error("mine");
  for (const name of ["onCheckpoint", "onResumed"] as const) {
    const options = {
      checkpoint: { dir: await folder(), every: 10 },
      resume: true,
      [name]: () => {
        throw thrown;
      },
    };
    const error = await t.throwsAsync(fit({ ...config, steps: 50_000_000, data }, options).result, {
      code: "CALLBACK_THREW",
    });
    t.true(error?.message.startsWith(`${name} threw`), error?.message);
    t.is(error?.cause, thrown);
  }
});
