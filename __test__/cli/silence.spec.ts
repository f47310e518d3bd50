import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Failure } from "../../src/errors.js";
import { native } from "../../src/native.js";
import { testWithAddon as test } from "../addon.js";
import { run, start } from "./run.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-silence-"));
const WORLD = ["simulate", "silent-world", "--latents", "4", "--layers", "1", "--rows", "3000", "--seed", "1"];
const FIT = ["fit", "--method", "pdgmm", "--latent-dim", "4", "--set", "flow.use=never", "--no-report"];

async function succeeds(cwd: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args, { cwd });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

test("transform writes which latents are silent beside the latents: for the rows of the fit, what the run folder holds", async (t) => {
  const cwd = await folder();
  await succeeds(cwd, [...WORLD, "--out", "world"]);
  await succeeds(cwd, [...FIT, "--data", "world", "--out", "a"]);
  const transform = ["transform", "a", "--data", "world"];
  const told = JSON.parse(await succeeds(cwd, [...transform, "--out", "new/latents.npy", "--json"])) as object;
  const silence = { silent: "new/silent.npy", probability: "new/silence-probability.npy" };
  t.deepEqual(told, { out: "new/latents.npy", shape: [3000, 4], columns: ["z1", "z2", "z3", "z4"], silence });
  const names = ["latents.npy", "silence-probability.npy", "silent.npy"];
  t.deepEqual((await readdir(join(cwd, "new"))).sort(), names);
  for (const name of names) {
    const [ofRun, again] = await Promise.all(["a", "new"].map((dir) => readFile(join(cwd, dir, name))));
    t.deepEqual(again, ofRun, name);
  }

  // Under another name they keep out of the way of those of the run.
  const text = await succeeds(cwd, [...transform, "--out", "a-new.csv"]);
  t.is(text, ["a-new", "a-new-silent", "a-new-silence-probability"].map((name) => `${name}.csv: 3000 x 4\n`).join(""));
  const [header, ...rows] = (await readFile(join(cwd, "a-new-silent.csv"), "utf8")).trimEnd().split("\n");
  t.is(header, "z1,z2,z3,z4");
  t.deepEqual(
    rows.flatMap((row) => row.split(",").map(Number)),
    [...native().npyRead(join(cwd, "a", "silent.npy")).data],
  );

  const printed = JSON.parse(await succeeds(cwd, [...transform, "--json"])) as {
    values: number[][];
    silence: { silent: number[][]; probability: number[][] };
  };
  t.deepEqual(printed.silence.silent.flat(), [...native().npyRead(join(cwd, "a", "silent.npy")).data]);
  t.is(printed.silence.probability.length, 3000);
});

test("of a method that does not look for silence, transform writes the latents alone", async (t) => {
  const cwd = await folder();
  await succeeds(cwd, [...WORLD, "--out", "world"]);
  await succeeds(cwd, ["fit", "--method", "pca", "--latent-dim", "4", "--no-report", "--data", "world", "--out", "a"]);
  const out = ["transform", "a", "--data", "world", "--out", "new/latents.npy", "--json"];
  t.false("silence" in (JSON.parse(await succeeds(cwd, out)) as object));
  t.deepEqual(await readdir(join(cwd, "new")), ["latents.npy"]);
});

test("latents that are silent together are scored by block", async (t) => {
  const cwd = await folder();
  await succeeds(cwd, [...WORLD, "--blocks", "1", "1", "2", "--out", "world"]);
  await succeeds(cwd, [...FIT, "--data", "world", "--out", "a"]);
  const { blocks } = JSON.parse(await succeeds(cwd, ["score", "a", "--json"])) as {
    blocks: { value: number; leakage: number; dependence: number; blocks: { truth: number[]; latents: number[] }[] };
  };
  t.true(blocks.value > 0.95 && Math.abs(blocks.leakage - blocks.dependence) < 0.05, JSON.stringify(blocks));
  t.deepEqual(
    blocks.blocks.map(({ truth }) => truth),
    [[0], [1], [2, 3]],
  );
  t.deepEqual(blocks.blocks.flatMap(({ latents }) => latents).sort(), [0, 1, 2, 3]);
  const text = await succeeds(cwd, ["score", "a"]);
  t.regex(text, /R2 of blocks on their own latents +(1|0\.9\d*)\n/);
  t.regex(text, /z3 z4\s+z\d z\d/);
  await succeeds(cwd, ["report", "a", "--out", "page.json"]);
  const page = JSON.parse(await readFile(join(cwd, "page.json"), "utf8")) as {
    studies: { runs: { scores: { blocks: { blocks: { truth: string[]; latents: string[] }[] } } }[] }[];
  };
  t.deepEqual(page.studies[0]?.runs[0]?.scores.blocks.blocks[2]?.truth, ["z3", "z4"]);
});

test("a run that was shown a truth is another run when that truth has changed, and one that was not is the same", async (t) => {
  const cwd = await folder();
  await succeeds(cwd, [...WORLD, "--out", "world"]);
  const shown = [...FIT, "--oracle", "silent", "--data", "world", "--json"];
  const idOf = async (args: readonly string[]): Promise<unknown> =>
    (JSON.parse(await succeeds(cwd, args)) as { runId: unknown }).runId;
  const [first, plain] = [
    await idOf([...shown, "--out", "a"]),
    await idOf([...FIT, "--data", "world", "--json", "--out", "b"]),
  ];
  const { child, ended } = start(
    [...shown, "--set", "flow.use=always", "--set", "flow.steps=100000000", "--out", "cut"],
    { cwd },
  );
  child.stderr?.on("data", (text: string) => {
    if (text.includes("begins")) child.kill("SIGKILL");
  });
  t.is((await ended).signal, "SIGKILL");
  // The table is changed, and its digest left out as where a folder is made by hand.
  const manifest = JSON.parse(await readFile(join(cwd, "world", "dataset.json"), "utf8")) as {
    truth: { silent: { digest?: string } };
  };
  const path = join(cwd, "world", "truth", "silent.npy");
  const { shape, data } = native().npyRead(path);
  native().npyWrite(path, { shape, data: data.map((silent) => 1 - silent) });
  delete manifest.truth.silent.digest;
  await writeFile(join(cwd, "world", "dataset.json"), JSON.stringify(manifest));
  t.not(await idOf([...shown, "--out", "c"]), first);
  t.is(await idOf([...FIT, "--data", "world", "--json", "--out", "d"]), plain);

  // Also before its first checkpoint a fit belongs to the truth that it began with.
  const { error } = JSON.parse((await run(["fit", "--resume", "cut", "--json"], { cwd })).stdout) as { error: Failure };
  const { differences } = error.context as { differences: { path: string }[] };
  t.deepEqual([error.code, differences.map(({ path }) => path)], ["CHECKPOINT_MISMATCH", ["data.truth"]]);
});

test("a fit tells of every assumption that the data violate, and of none that they do not", async (t) => {
  const cwd = await folder();
  const told: string[] = [];
  for (const [name, ...flags] of [["alone"], ["together", "--blocks", "2", "1", "1"]] as const) {
    await succeeds(cwd, [...WORLD, ...flags, "--out", name]);
    const { code, stderr } = await run([...FIT, "--data", name, "--out", `${name}-run`, "--quiet"], { cwd });
    t.is(code, 0, stderr);
    told.push(stderr);
  }
  const [alone, together] = told;
  t.false(alone!.includes("violated"), alone);
  t.regex(together!, /warning assumption violated: Are latents silent in different rows\?\n {2}z\d and z\d are silent/);
});
