import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GraphOfRun } from "../../src/cli/commands/graph.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "./run.js";

const WORLD = ["--depth", "2", "--points-per-environment", "150", "--inputs", "6", "--latents", "3", "--seed", "3"];
const FIT = ["--method", "tbr", "--latent-dim", "3", "--steps", "60", "--batch-size", "128", "--no-report"];

test("the graph that PC finds on a run's latents is told, and kept in pc-graph.json", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-graph-"));
  const disentangle = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args, { cwd });
    t.is(code, 0, stderr);
    return stdout;
  };
  await disentangle("simulate", "tree-world", ...WORLD, "--out", "world");
  await disentangle("fit", ...FIT, "--data", "world", "--out", "a");

  const graph = JSON.parse(await disentangle("graph", "a", "--alpha", ".01", "--json")) as GraphOfRun;
  t.deepEqual([graph.latents, graph.alpha, graph.rows.split], [["z1", "z2", "z3"], 0.01, "all"]);
  t.is(graph.evidence.length + graph.separations.length, 3);
  t.is(graph.graph.arrows.length + graph.graph.lines.length, graph.evidence.length);
  t.true(graph.evidence.every(({ p }) => p <= 0.01) && graph.separations.every(({ p }) => p > 0.01));
  t.deepEqual(JSON.parse(await readFile(join(cwd, "a", "pc-graph.json"), "utf8")), graph);
  const threaded = JSON.parse(await disentangle("graph", "a", "--alpha", ".01", "--threads", "2", "--json"));
  t.deepEqual(threaded, graph);

  const { count } = (JSON.parse(await disentangle("graph", "a", "--rows", "test", "--json")) as GraphOfRun).rows;
  t.true(count > 0 && count < graph.rows.count);
  t.regex(await disentangle("graph", "a", "--depth", "0"), /^\d+ rows \(all\), 3 tests at level 0\.05\n/);

  for (const [flag, value, message] of [
    ["--alpha", "0", /alpha/],
    ["--alpha", "high", /alpha/],
    ["--threads", "0", /threads/],
    ["--depth", "-1", /depth/],
  ] as const) {
    const { code, stderr } = await run(["graph", "a", flag, value], { cwd });
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  }
});
