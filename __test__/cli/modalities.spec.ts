// Several tables of the same subjects, from the command line to latents that carry the names of their tables.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, simulate } from "../../src/index.js";
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

test("a world of several modalities is drawn with a number of them, and names the method that it was made for", async (t) => {
  const out = join(await mkdtemp(join(tmpdir(), "disentangle-modalities-")), "world");
  const small = ["--modalities", "3", "--inputs-per-modality", "4", "--points", "50"];
  const drawn = await run(["simulate", "modality-world", ...small, "--out", out]);
  t.is(drawn.code, 0, drawn.stderr);
  t.regex(drawn.stdout, /input columns +12\n/);
  t.regex(drawn.stdout, /Next: .*--method multimodal /);
});

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

  // One of the modalities alone: its latents, the same numbers.
  const [rna, protein] = [`rna=${at("rna.csv")}`, `protein=${at("protein.csv")}`];
  const alone = await run(["transform", at("run"), "--modality", protein, "--out", at("protein-z.csv")]);
  t.is(alone.code, 0, alone.stderr);
  const lines = async (name: string) => (await readFile(at(name), "utf8")).trim().split("\n");
  const [aloneHead, ...aloneRows] = await lines("protein-z.csv");
  t.is(aloneHead, ",protein.z1,protein.z2");
  t.deepEqual(
    aloneRows.map((row) => row.split(",").slice(1)),
    rows.map((row) => row.split(",").slice(3)),
  );
  // What the same subjects would have been with a latent at a value; half of them is no row of the model.
  const after = await run(["intervene", at("run"), "--do", "rna.z1=0", ...tables, "--out", at("after.csv")]);
  t.is(after.code, 0, after.stderr);
  const [, ...changed] = await lines("after.csv");
  t.deepEqual(new Set(changed.map((row) => row.split(",")[1])), new Set(["0"]));
  t.deepEqual(
    changed.map((row) => row.split(",")[2]),
    rows.map((row) => row.split(",")[2]),
  );
  const half = await run(["intervene", at("run"), "--do", "rna.z1=0", "--modality", rna]);
  t.is(half.code, 1, half.stderr);
  t.regex(half.stderr, /DATA_COLUMN_MISMATCH[\s\S]*protein/);
  const unknown = await run(["transform", at("run"), "--modality", rna, "--modality", `protien=${at("protein.csv")}`]);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /CONFIG_UNKNOWN_KEY[\s\S]*did you mean "protein"\?/);

  // Subjects that lack a modality are kept when that is asked for, with what there is.
  const [first, ...others] = (await lines("rna.csv")).filter((_, row) => row !== 3);
  await writeFile(at("fewer.csv"), `${[first, ...others].join("\n")}\n`);
  const fewer = ["--modality", `rna=${at("fewer.csv")}`, "--modality", protein, "--join", "subject"];
  const common = await run(["transform", at("run"), ...fewer, "--out", at("common.csv")]);
  t.is(common.code, 0, common.stderr);
  t.is((await lines("common.csv")).length, 1 + 499);
  const kept = await run(["transform", at("run"), ...fewer, "--unmatched", "keep", "--out", at("kept.csv")]);
  t.is(kept.code, 0, kept.stderr);
  const all = (await lines("kept.csv")).slice(1);
  t.deepEqual(all, [...rows.filter((_, row) => row !== 2), `s2,,,${rows[2]!.split(",").slice(3).join(",")}`]);

  // Private variables lie in the run, apart from the latents, and are given of new rows.
  const own = await run(["transform", at("run"), ...tables, "--private", "--out", at("private.csv")]);
  t.is(own.code, 0, own.stderr);
  t.is((await lines("private.csv"))[0], ",rna.p1,protein.p1");
  const loaded = await load(at("run"));
  t.deepEqual(
    [loaded.private?.shape, loaded.private?.columns],
    [loaded.latents.shape.with(1, 2), ["rna.p1", "protein.p1"]],
  );
  const again = await loaded.transform(
    { modalities: { rna: { data: at("rna.csv") }, protein: { data: at("protein.csv") } } },
    { private: true },
  );
  t.deepEqual([...again.data.subarray(0, 8)], [...loaded.private!.data.subarray(0, 8)]);
  const copy = await run(["transform", at("run"), ...tables, "--private", "--out", at("private.h5ad")]);
  t.is(copy.code, 2);

  // Subjects that lack a modality teach a fit what they have; its results are about the others.
  const sparse = ["--unmatched", "keep", "--set", "training.steps=60", ...sizes.slice(0, 4), "--out", at("gaps")];
  const gaps = await run(["fit", "--method", "multimodal", ...fewer, ...sparse]);
  t.is(gaps.code, 0, gaps.stderr);
  t.regex(gaps.stderr, /warning 1 row lacks a modality/);
  t.is((await load(at("gaps"))).latents.shape[0], 499);
  const whole = await run(["intervene", at("gaps"), "--do", "rna.z1=0", ...fewer, "--out", at("whole.csv")]);
  t.is(whole.code, 0, whole.stderr);
  t.is((await lines("whole.csv")).length, 1 + 499);
  const nothing = await run([
    "transform",
    at("run"),
    "--data",
    at("rna.csv"),
    "--join",
    "subject",
    "--out",
    at("x.csv"),
  ]);
  t.is(nothing.code, 2);
  t.regex(nothing.stderr, /join: no modalities are named .*\[CONFIG_CONFLICT\]/);
  const refused = await run(["fit", "--method", "pca", ...fewer, "--unmatched", "keep", "--out", at("pca")]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /DATA_NOT_FINITE/);
});
