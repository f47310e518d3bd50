import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWithAddon as test } from "../addon.js";
import { run } from "./run.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-cli-"));
const SMALL = ["--depth", "2", "--points-per-environment", "150", "--inputs", "6", "--latents", "2", "--seed", "3"];
const QUICK = ["--method", "tbr", "--latent-dim", "2", "--steps", "60", "--batch-size", "128", "--seed", "5"];

async function world(cwd: string): Promise<void> {
  const { code, stderr } = await run(["simulate", "tree-world", ...SMALL, "--out", "world"], { cwd });
  if (code !== 0) throw new Error(stderr);
}

test("from a world to a report, with one JSON object on stdout each time", async (t) => {
  const cwd = await folder();
  const json = async (args: readonly string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await run([...args, "--json"], { cwd });
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const simulated = await json(["simulate", "tree-world", ...SMALL, "--out", "world"]);
  t.is(simulated.columns, 6);

  const inspected = await json(["inspect", "world"]);
  t.is(inspected.rows, simulated.rows);

  const fitted = await json(["fit", ...QUICK, "--data", "world", "--out", "runs/a"]);
  t.like(fitted, { runDir: "runs/a", seed: 5, method: "tbr", latentDim: 2, steps: 60 });
  t.true(["converged", "step-limit", "rising", "early-stop"].includes(String(fitted.outcome)));
  t.is(typeof fitted.elapsedMs, "number");
  const files = await readdir(join(cwd, "runs", "a"));
  for (const file of [
    "config.json",
    "manifest.json",
    "metrics.jsonl",
    "model",
    "latents.npy",
    "scores.json",
    "report.html",
  ]) {
    t.true(files.includes(file), file);
  }

  const scored = (await json(["score", "runs/a", "--rows", "all"])) as { mcc: { matching: unknown[]; nulls: object } };
  t.is(scored.mcc.matching.length, 2);
  t.deepEqual(Object.keys(scored.mcc.nulls).sort(), ["linear", "rotation", "unrelated"]);

  const transformed = await json(["transform", "runs/a", "--data", "world", "--out", "latents.npy"]);
  t.deepEqual(transformed.shape, [simulated.rows, 2]);
  const [latents, ofRun] = await Promise.all(
    ["latents.npy", "runs/a/latents.npy"].map((file) => readFile(join(cwd, file))),
  );
  t.deepEqual(latents, ofRun);

  t.like(await json(["report", "runs/a", "--out", "page.md"]), { out: "page.md", format: "md", runs: 1 });
  t.true((await readFile(join(cwd, "page.md"), "utf8")).includes("tbr"));
});

test("without --out a run goes to runs/METHOD-ID, and the same run goes there again", async (t) => {
  const cwd = await folder();
  await world(cwd);
  const args = ["fit", ...QUICK, "--data", "world", "--no-report", "--json"];
  const first = JSON.parse((await run(args, { cwd })).stdout) as { runDir: string; runId: string };
  t.is(first.runDir, join("runs", `tbr-${first.runId.slice(0, 8)}`));
  const latents = await readFile(join(cwd, first.runDir, "latents.npy"));
  const second = JSON.parse((await run(args, { cwd })).stdout) as { runDir: string };
  t.is(second.runDir, first.runDir);
  t.deepEqual(await readFile(join(cwd, second.runDir, "latents.npy")), latents);
  t.deepEqual(await readdir(join(cwd, "runs")), [first.runDir.split(/[\\/]/)[1]]);
});

test("for people a fit says how it ended, its error against the mean predictor, and what to do next", async (t) => {
  const cwd = await folder();
  await world(cwd);
  const { code, stdout, stderr } = await run(["fit", ...QUICK, "--data", "world", "--out", "a", "--no-report"], {
    cwd,
    env: { FORCE_COLOR: undefined },
  });
  t.is(code, 0, stderr);
  for (const part of ["tbr", "after 60 steps", "of the mean predictor", "MCC", "Next: disentangle score a"]) {
    t.true(stdout.includes(part), `${part} in\n${stdout}`);
  }
  t.false(`${stdout}${stderr}`.includes("\u001b"));
});

test("mistakes in a file are told with file, line and column, mistakes in flags beside them", async (t) => {
  const cwd = await folder();
  await writeFile(join(cwd, "run.yaml"), "method: tbr\nlatentDim: 0\ndata: world\nenviroment: site\n");
  const { code, stdout, stderr } = await run(["fit", "--config", "run.yaml", "--seed", "-1"], { cwd });
  t.is(code, 2);
  t.is(stdout, "");
  t.regex(stderr, /run\.yaml:2:12: latentDim: 0 is not >= 1/);
  t.regex(stderr, /run\.yaml:4:1: .*enviroment/);
  t.regex(stderr, /did you mean "environment"/);
  t.regex(stderr, /seed: -1 is not >= 0/);
  t.deepEqual(await readdir(cwd), ["run.yaml"]);
});

test("a failed fit leaves nothing behind", async (t) => {
  const cwd = await folder();
  const { code, stderr } = await run(["fit", ...QUICK, "--data", "missing.csv", "--out", "runs/a"], { cwd });
  t.is(code, 1);
  t.regex(stderr, /DATA_NOT_FOUND/);
  t.deepEqual(await readdir(cwd), []);
});

test("a folder that holds something else is not touched, before anything is trained", async (t) => {
  const cwd = await folder();
  await world(cwd);
  const { code, stderr } = await run(["fit", ...QUICK, "--data", "world", "--out", "world"], { cwd });
  t.is(code, 1);
  t.regex(stderr, /holds dataset\.json, which is no part of a run/);
});

test("the replay command of a run gives the same latents", async (t) => {
  const cwd = await folder();
  await world(cwd);
  await run(["fit", ...QUICK, "--data", "world", "--out", "a", "--no-report"], { cwd });
  const { command } = JSON.parse(await readFile(join(cwd, "a", "manifest.json"), "utf8")) as { command: string };
  const [, fit = "", ...args] = command.split(" ");
  t.is((await run([fit, ...args, "--out", "b", "--no-report"], { cwd })).code, 0);
  t.is((await run(["fit", "--config", "a/config.json", "--out", "c", "--no-report"], { cwd })).code, 0);
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((dir) => readFile(join(cwd, dir, "latents.npy"))));
  t.deepEqual(b, a);
  t.deepEqual(c, a);
});

test("help of every command has examples, and that of a method default and range of every key", async (t) => {
  for (const name of ["simulate", "fit", "transform", "score", "report", "inspect", "methods", "doctor", "schema"]) {
    const { code, stdout } = await run([name, "--help"]);
    t.is(code, 0);
    t.regex(stdout, /Examples:\n {2}\$ disentangle/, name);
  }
  const { stdout } = await run(["fit", "--method", "tbr", "--help"]);
  t.regex(stdout.replace(/\s+/g, " "), /--seed <integer> .*default: 0; >= 0/);
});

test("methods, doctor and schema print one JSON object", async (t) => {
  const parsed = async (args: readonly string[]) => JSON.parse((await run(args)).stdout) as Record<string, unknown>;
  const { methods } = (await parsed(["methods", "--json"])) as { methods: { name: string }[] };
  t.true(methods.some(({ name }) => name === "tbr"));
  t.is((await parsed(["methods", "tbr", "--json"])).name, "tbr");
  t.is((await parsed(["doctor", "--json"])).node, process.versions.node);
  const branches = (await parsed(["schema"])).oneOf as { properties: Record<string, unknown> }[];
  for (const { properties } of branches) t.true("data" in properties && "seed" in properties);
  const unknown = await run(["methods", "tbrr"]);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /did you mean "tbr"/);
});
