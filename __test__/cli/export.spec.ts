import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWithAddon as test } from "../addon.js";
import { run } from "./run.js";

const WORLD = ["--depth", "2", "--points-per-environment", "100", "--inputs", "6", "--latents", "3", "--seed", "3"];

async function place(): Promise<{
  readonly cwd: string;
  readonly disentangle: (...args: string[]) => ReturnType<typeof run>;
}> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-export-"));
  const disentangle = (...args: string[]) => run(args, { cwd });
  await disentangle("simulate", "tree-world", ...WORLD, "--out", "world");
  for (const [name, seed] of [
    ["a", "0"],
    ["b", "1"],
  ] as const) {
    const fit = ["fit", "--method", "pca", "--data", "world", "--latent-dim", "3", "--no-report", "--seed", seed];
    await disentangle(...fit, "--out", join("runs", name));
  }
  return { cwd, disentangle };
}

test("a run is written in every format, under the names that were asked for", async (t) => {
  const { cwd, disentangle } = await place();
  const exported = async (...args: string[]): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await disentangle("export", ...args, "--json");
    t.is(code, 0, stderr);
    return (JSON.parse(stdout) as { files: string[] }).files;
  };
  t.deepEqual(await exported("runs/a", "--out", "out/pca.onnx"), ["out/pca.onnx", "out/pca-decoder.onnx"]);
  t.deepEqual(await exported("runs/a", "--out", "out/pca.safetensors"), ["out/pca.safetensors", "out/pca.json"]);
  t.deepEqual(await exported("runs/a", "--out", "out/g.graphml"), ["out/g.graphml"]);
  t.deepEqual(await exported("runs/a", "--out", "out/g.gv"), ["out/g.gv"]);
  t.deepEqual(await exported("runs", "--out", "out/t.tex"), ["out/t.tex"]);
  t.deepEqual(await exported("runs/a", "--out", "out/card.md"), ["out/card.md"]);
  const [events] = await exported("runs/a", "--format", "tensorboard", "--out", "out/logs");
  t.regex(events!.replaceAll("\\", "/"), /^out\/logs\/events\.out\.tfevents\.\d+\.disentangle$/);
  t.is((await readdir(join(cwd, "out"))).length, 9);

  const text = (name: string): Promise<string> => readFile(join(cwd, "out", name), "utf8");
  const about = JSON.parse(await text("pca.json")) as {
    latents: string[];
    inputs: string[];
    encoder: { op: string }[];
    tensors: { name: string; shape: number[]; dtype: string }[];
  };
  t.deepEqual(about.latents, ["z1", "z2", "z3"]);
  t.deepEqual(
    about.encoder.map(({ op }) => op),
    ["scale", "dense"],
  );
  t.deepEqual(
    about.tensors.find(({ name }) => name === "solved/map"),
    { name: "solved/map", shape: [3, 6], dtype: "F64" },
  );
  t.regex(await text("g.gv"), /^digraph causes \{/);
  t.regex(await text("g.graphml"), /<graphml/);
  t.regex(await text("t.tex"), /pca & 2 & /);
  const card = await text("card.md");
  t.regex(card, /^---\nlibrary_name: disentangle\n/);
  for (const part of ["# Principal", "## Data", "## Evaluation", "## Limits", "disentangle fit --data world --method pca"])
    t.true(card.includes(part), `${part}\n${card}`);
});

test("a run is sent to an MLflow server with the credentials that its clients use", async (t) => {
  const { cwd } = await place();
  const heard: { readonly url: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    heard.push({ url: request.url!, authorization: request.headers.authorization });
    request.resume();
    response.end(JSON.stringify({ experiment: { experiment_id: "1" }, run: { info: { run_id: "r1" } } }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.teardown(() => server.close());
  const out = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ["export", "runs/a", "--format", "mlflow", "--out", out, "--experiment", "cells"];
  const { code, stdout, stderr } = await run(args, { cwd, env: { MLFLOW_TRACKING_TOKEN: "secret" } });
  t.is(code, 0, stderr);
  t.regex(stdout, /^MLflow run r1: \d+ parameters, \d+ metrics\n$/);
  t.true(heard.length >= 4 && heard.every(({ authorization }) => authorization === "Bearer secret"));
  t.regex(heard[0]!.url, /experiment_name=cells$/);
});

test("what cannot be exported is told before anything is written", async (t) => {
  const { cwd, disentangle } = await place();
  const before = (await readdir(cwd)).sort();
  for (const [args, message] of [
    [["runs/a", "--out", "model.bin"], /its ending names no format/],
    [["runs/a", "--out", "model.onnx", "--format", "card"], /--format card beside --out model\.onnx/],
    [["runs/a", "runs/b", "--out", "model.onnx"], /expected one run, got 2/],
    [["runs/a", "--out", "model.onnx", "--experiment", "e"], /only mlflow has experiments/],
    [["runs/a", "--format", "mlflow", "--out", "somewhere"], /is not the address of a tracking server/],
    [["runs/a", "--out", "runs/a/manifest.json", "--format", "card"], /lies in .*, which it reads/],
  ] as const) {
    const { code, stderr } = await disentangle("export", ...args);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  }
  const { code, stderr } = await disentangle("export", "nowhere", "--out", "model.onnx");
  t.is(code, 1);
  t.regex(stderr, /RUN_NOT_FOUND/);
  t.deepEqual((await readdir(cwd)).sort(), before);
});
