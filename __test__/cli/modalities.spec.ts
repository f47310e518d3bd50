// Several tables of the same subjects, from the command line to latents that carry the names of their tables.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulate } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "./run.js";

/** Rows of some columns as CSV, each with the id of its subject. */
function table(values: Float32Array, cols: number, from: number, to: number): string {
  const head = ["subject", ...Array.from({ length: to - from }, (_, column) => `c${from + column}`)].join(",");
  const rows = Array.from({ length: values.length / cols }, (_, row) =>
    [`s${row}`, ...values.subarray(row * cols + from, row * cols + to)].join(","),
  );
  return `${[head, ...rows].join("\n")}\n`;
}

test("two tables of the same subjects become latents of each and one graph", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "disentangle-modalities-"));
  const at = (name: string): string => join(folder, name);
  const { inputs } = await simulate({ simulator: "modality-world", seed: 1, points: 500, inputsPerModality: 6 });
  await writeFile(at("rna.csv"), table(inputs.data, inputs.cols, 0, 6));
  await writeFile(at("protein.csv"), table(inputs.data, inputs.cols, 6, 12));
  const tables = [
    "--modality",
    `rna=${at("rna.csv")}`,
    "--modality",
    `protein=${at("protein.csv")}`,
    "--join",
    "subject",
  ];
  const sizes = ["--latent-dim", "2", "--private-dim", "1", "--set", "training.steps=300", "--seed", "1"];
  const fitted = await run(["fit", "--method", "multimodal", ...tables, ...sizes, "--out", at("run")]);
  t.is(fitted.code, 0, fitted.stderr);
  const summary = JSON.parse(await readFile(at("run/summary.json"), "utf8")) as {
    latents: { names: string[] };
    graph: { names: string[] };
  };
  const names = ["rna.z1", "rna.z2", "protein.z1", "protein.z2"];
  t.deepEqual(summary.latents.names, names);
  t.deepEqual(summary.graph.names, names);

  const transformed = await run(["transform", at("run"), ...tables, "--out", at("z.csv")]);
  t.is(transformed.code, 0, transformed.stderr);
  const [head, ...rows] = (await readFile(at("z.csv"), "utf8")).trim().split("\n");
  t.true(
    names.every((name) => head!.includes(name)),
    head,
  );
  t.is(rows.length, 500);
});
