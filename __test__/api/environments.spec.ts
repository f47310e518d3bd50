// Environments of rows that are known: what they change in latents, and scores of some of them.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dataset, fit, load, type Model, simulate, writeDataset } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "../cli/run.js";

const SMALL = {
  latents: 2,
  inputs: 4,
  referencePoints: 400,
  pointsPerEnvironment: 200,
  inputNoise: 0.5,
  edgeProbability: 0,
};
const FIT = {
  method: "interventional",
  reference: "reference",
  nonlinear: "on",
  steps: 20,
  hidden: [4] as [number],
} as const;

const made = simulateOnce();
async function simulateOnce(): Promise<{ data: Dataset; model: Model; labels: readonly string[] }> {
  const data = await simulate({ simulator: "intervention-world", seed: 1, ...SMALL });
  const { levels, codes } = data.labels.environment!;
  const labels = Array.from(codes, (code) => levels[code]!);
  return { data, model: await fit({ ...FIT, data }).result, labels };
}

test("environments that are known change the latents of a nonlinear model, however they are given", async (t) => {
  const { data, model, labels } = await made;
  const unknown = await model.transform(data);
  t.deepEqual(
    unknown.data,
    model.latents.data,
    "a data set with environments is one of unknown ones unless it is said",
  );
  const known = await model.transform(data, { environments: true });
  t.notDeepEqual(known.data, unknown.data);
  t.deepEqual((await model.transform(data, { environments: labels })).data, known.data);
  const { rows, cols } = data.inputs;
  const bare = { data: data.inputs.data, shape: [rows, cols] as const };
  t.deepEqual((await model.transform(bare, { environments: labels })).data, known.data);
  const again = await load(model.toBytes());
  t.deepEqual((await again.transform(bare, { environments: labels })).data, known.data);
});

test("environments that are not there are told, and those of other methods change nothing", async (t) => {
  const { data, model, labels } = await made;
  const { rows, cols } = data.inputs;
  const bare = { data: data.inputs.data, shape: [rows, cols] as const };
  await t.throwsAsync(model.transform(bare, { environments: true }), { code: "DATA_NEEDS_ENVIRONMENTS" } as never);
  const other = labels.map((label) => label.replace("reference", "referense"));
  const unknown = await t.throwsAsync(model.transform(data, { environments: other }));
  t.like(unknown, { code: "DATA_UNKNOWN_ENVIRONMENT" });
  t.regex((unknown as unknown as { hint: string }).hint, /did you mean "reference"\?/);
  await t.throwsAsync(model.transform(bare, { environments: ["e1"] }), { code: "DATA_SHAPE" } as never);
  const plain = await fit({ method: "pca", latentDim: 2, data }).result;
  t.deepEqual((await plain.transform(data, { environments: labels })).data, plain.latents.data);
});

test("rows of some environments are scored alone, and the scores say so", async (t) => {
  const { data, model } = await made;
  const all = await model.score();
  const one = await model.score(undefined, { environments: ["reference"] });
  // A fifth of the rows of each environment is kept out of the fit.
  t.is(one.rows.count, 80);
  t.is(all.rows.count, 160);
  t.true(one.notes.some((note) => note.includes("only rows of the environments reference are scored")));
  const unknown = await t.throwsAsync(model.score(undefined, { environments: ["e9"] }));
  t.like(unknown, { code: "DATA_UNKNOWN_ENVIRONMENT", path: "environments" });
  const bare = await load(model.toBytes()).then(() =>
    model.score({ z: data.truth.latents! }, { environments: ["e1"] }),
  );
  t.is(bare.rows.count, 40);
});

test("the command line takes both", async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), "disentangle-environments-"));
  const { data } = await made;
  await writeDataset(join(cwd, "world"), data);
  const ok = async (args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args, { cwd });
    t.is(code, 0, stderr);
    return stdout;
  };
  const options = ["--reference", "reference", "--nonlinear", "on", "--steps", "20", "--hidden", "[4]"];
  await ok(["fit", "--method", "interventional", "--data", "world", ...options, "--out", "run", "--no-report"]);
  const [unknown, known] = [
    await ok(["transform", "run", "--data", "world"]),
    await ok(["transform", "run", "--data", "world", "--environment"]),
  ];
  t.not(known, unknown);
  const scores = JSON.parse(await ok(["score", "run", "--environments", "reference", "e1", "--json"]));
  t.is(scores.rows.count, 120);
});
