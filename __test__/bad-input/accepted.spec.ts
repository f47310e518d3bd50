// What looks wrong and is not: the same numbers in another dress, odd labels, and data that only deserve a warning.
import { join } from "node:path";
import { fit, load, type Model, readDataset } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { type Files, folderOf, runBatch } from "./fault.js";
import { cells, GOOD, text, withColumn } from "./table.js";

const good = cells();

/** A fit in a folder with these files, with keys that differ from the configuration that works. */
async function fitted(files: Files, change: Record<string, unknown> = {}): Promise<Model> {
  const dir = await folderOf(files);
  const config = { ...GOOD, ...change };
  return fit({ ...config, data: join(dir, config.data), tree: join(dir, config.tree) }).result;
}

const dresses: readonly { name: string; file: string; content: string | Uint8Array; config?: object }[] = [
  { name: "a mark of UTF-8", file: "other.csv", content: `\ufeff${text(good)}` },
  { name: "line ends of Windows", file: "other.csv", content: text(good, ",", "\r\n") },
  { name: "line ends of old", file: "other.csv", content: text(good, ",", "\r") },
  { name: "semicolons", file: "other.csv", content: text(good, ";") },
  { name: "tabs", file: "other.tsv", content: text(good, "\t") },
  { name: "no line end at the end", file: "other.csv", content: text(good).trimEnd() },
  { name: "blank lines", file: "other.csv", content: text(good).replaceAll("\n", "\n\n") },
  { name: "a quote around everything", file: "other.csv", content: text(good.map((row) => row.map((c) => `"${c}"`))) },
  {
    name: "columns that nobody asked for, of text with delimiters, quotes and line breaks",
    file: "other.csv",
    content: text(good.map((row, i) => [...row, i === 0 ? "note" : `"said ""${i}"",\nand left"`])),
  },
  {
    name: "columns in another order, when they are named",
    file: "other.csv",
    content: text(good.map((row) => [...row].reverse())),
    config: { inputs: ["x0", "x1", "x2", "x3"] },
  },
  {
    name: "lines of JSON",
    file: "other.jsonl",
    content: good
      .slice(1)
      .map(
        (row) => `${JSON.stringify(Object.fromEntries(row.map((c, j) => [good[0]![j]!, j === 4 ? c : Number(c)])))}\n`,
      )
      .join(""),
  },
];

for (const { name, file, content, config } of dresses) {
  test(`the same table with ${name} is the same data set`, async (t) => {
    const dir = await folderOf({ [file]: content });
    const { environment, target } = GOOD;
    const read = (data: string) =>
      readDataset({ data: join(dir, data), environment, target, tree: join(dir, GOOD.tree), name: "same", ...config });
    const [plain, dressed] = await Promise.all([read("good.csv"), read(file)]);
    t.deepEqual({ ...dressed, provenance: "" }, { ...plain, provenance: "" });
  });
}

test("labels that look like numbers, dates or nothing are labels", async (t) => {
  const labels = ["007", "7", "2024-01-01"];
  const model = await fitted(
    {
      "odd.csv": withColumn(4, (_, row) => labels[row % 3]!),
      "odd.nwk": "(007:1,7:1,2024-01-01:1)true;",
    },
    { data: "odd.csv", tree: "odd.nwk" },
  );
  t.deepEqual(model.info.environments.toSorted(), [...labels, "true"].toSorted());
});

test("an inner node of the tree may be an environment", async (t) => {
  const model = await fitted(
    { "inner.csv": withColumn(4, (label) => (label === "c" ? "n" : label)) },
    { data: "inner.csv" },
  );
  t.true(model.summary.tree!.rows[model.summary.tree!.names.indexOf("n")]! > 0);
});

test("a leaf without rows is a warning that names it, on the command line too", async (t) => {
  const files = { "more.nwk": "((a:1,b:1)n:1,(c:1,z:1)m:1)r;" };
  const model = await fitted(files, { tree: "more.nwk" });
  t.deepEqual(
    model.summary.warnings.map(({ code }) => code),
    ["TREE_LEAF_WITHOUT_ROWS"],
  );
  t.regex(model.summary.warnings[0]!.message, /"z"/);
  const dir = await folderOf(files);
  const args =
    "fit --method tbr --data good.csv --environment env --target y --tree more.nwk --latent-dim 2 --steps 20 --out a";
  const [ended] = await runBatch([{ cwd: dir, args: args.split(" ") }]);
  t.is(ended?.code, 0);
  t.regex(ended!.stderr, /warning leaves of the tree without rows: "z"\n {2}what is said about them/);
});

test("a column without any value is no input unless it is named, and the fit says so", async (t) => {
  const dir = await folderOf({ "gap.csv": withColumn(2, () => "") });
  const args =
    "fit --method tbr --data gap.csv --environment env --target y --tree tree.nwk --latent-dim 2 --steps 20 --out a";
  const [ended] = await runBatch([{ cwd: dir, args: args.split(" ") }]);
  t.is(ended?.code, 0, ended?.stderr);
  t.regex(ended!.stderr, /3 inputs \(x0, x1, x3\)/);
  t.regex(ended!.stderr, /not x2/);
});

test("rows with gaps are left out or filled when one says so, and the fit counts them", async (t) => {
  const files = { "gaps.csv": withColumn(1, (cell, row) => (row % 10 === 0 ? "NA" : cell)) };
  for (const [missing, code, rows] of [
    ["drop", "ROWS_DROPPED", 54],
    ["mean", "MISSING_FILLED", 60],
  ] as const) {
    const model = await fitted(files, { data: "gaps.csv", missing });
    t.is(model.latents.shape[0], rows);
    const warning = model.summary.warnings.find((one) => one.code === code);
    t.regex(warning?.message ?? "", /\b6\b/, missing);
  }
});

test("without a GPU `auto` computes what `cpu` does, and the fit says that it fell back and what was tried", async (t) => {
  const fallback = (warnings: readonly { code: string; message: string; hint?: string }[]) =>
    warnings.find(({ code }) => code === "DEVICE_FALLBACK");
  const [auto, cpu] = [await fitted({}, { device: "auto" }), await fitted({}, { device: "cpu" })];
  t.deepEqual(auto.latents, cpu.latents);
  t.is(fallback(cpu.summary.warnings), undefined);
  const warning = fallback(auto.summary.warnings);
  t.regex(warning?.message ?? "", /"auto" takes the processor: tried this addon, which is built without CUDA/);
  t.regex(warning?.hint ?? "", /"cpu".*@disentangle\/cuda-linux-x64-gnu/);
  const dir = await folderOf({});
  const args =
    "fit --method tbr --data good.csv --environment env --target y --tree tree.nwk --latent-dim 2 --steps 20 --device auto --out a";
  const [ended] = await runBatch([{ cwd: dir, args: args.split(" ") }]);
  t.is(ended?.code, 0, ended?.stderr);
  t.regex(ended!.stderr, /warning device: "auto" takes the processor/);
});

test("the largest seed is a seed", async (t) => {
  const model = await fitted({}, { seed: Number.MAX_SAFE_INTEGER });
  t.is(model.manifest.seed, Number.MAX_SAFE_INTEGER);
});

test("a run is saved over an earlier one, into an empty folder, and below folders that are not there", async (t) => {
  const dir = await folderOf({ empty: null });
  const model = await fitted({});
  for (const name of ["empty", "empty", "a/b/c"]) {
    await model.save(join(dir, name));
    t.deepEqual((await load(join(dir, name))).latents, model.latents);
  }
});

test("a model that predicts no better than the mean says that nothing can be concluded", async (t) => {
  // The target is noise that has nothing to do with the inputs.
  const noise = (_: string, row: number): string => String((row * 7919) % 101);
  const dir = await folderOf({ "noise.csv": withColumn(5, noise) });
  const args =
    "fit --method tbr --data noise.csv --environment env --target y --tree tree.nwk --latent-dim 2 --steps 300 --out a";
  const [ended] = await runBatch([{ cwd: dir, args: args.split(" ") }]);
  t.is(ended?.code, 0, ended?.stderr);
  t.regex(ended!.stderr, /no better than its mean does: nothing can be concluded/);
});

test("inspect tells beforehand that a file is too wide for a fit, and what the words in capitals stand for", async (t) => {
  const dir = await folderOf({ "wide.csv": text(cells({ rows: 6, inputs: 9 })).replace(/,y$/m, ",score") });
  const [ended, asJson] = await runBatch([
    { cwd: dir, args: ["inspect", "wide.csv"] },
    { cwd: dir, args: ["inspect", "wide.csv", "--inputs", "x*", "--json"] },
  ]);
  t.is(ended?.code, 0, ended?.stderr);
  t.regex(ended!.stdout, /6 rows are too few for 10 inputs/);
  t.regex(ended!.stdout, /Next: .*--method ivae .*--inputs NAMES .*--environment env/);
  t.regex(ended!.stdout, /NAMES: the columns to learn from/);
  const { problems } = JSON.parse(asJson!.stdout) as { problems: { code: string; hint: string }[] };
  t.deepEqual(
    problems.map(({ code }) => code),
    ["DATA_TOO_FEW_ROWS"],
  );
});
