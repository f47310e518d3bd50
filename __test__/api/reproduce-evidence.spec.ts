// What a table of a reproduction is worth as evidence: it says what of its preset was run, by which code, and which bands were changed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { homedir, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import plainTest from "ava";
import {
  type Experiment,
  type FitConfig,
  type Preset,
  presets,
  type Reproduction,
  reproduce,
} from "../../src/index.js";
import { partOf, type SeedsRun, seedList } from "../../src/reproduce/coverage.js";
import { worstOf } from "../../src/reproduce/judge.js";
import { addonPath, testWithAddon as test } from "../addon.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-evidence-"));

const QUICK = { method: "shared-head", latentDim: 2, hidden: [8], steps: 20 } satisfies FitConfig;

/** Two experiments on the same small world: the rows of the first lie in their bands, one of the second does not. */
const PRESET: Preset = (() => {
  const experiment = (name: string, steps: number): Experiment => ({
    name,
    data: { simulator: "tree-world", depth: 2, pointsPerEnvironment: 100, inputs: 4, latents: 2 },
    fits: { a: { ...QUICK, steps } },
    seeds: [0, 1],
    rows: [
      { fit: "a", measure: "mcc" },
      {
        fit: "a",
        measure: "steps",
        band: { atLeast: 20, atMost: 20 },
        before: {
          band: { atLeast: 100 },
          verdict: "outside",
          date: "2026-01-31",
          reason: "There were more steps once.",
        },
      },
    ],
  });
  const study = { seconds: 1, experiments: [experiment("good", 20), experiment("bad", 21)] };
  return { name: "test/evidence", title: "", repeats: "", paper: "", scales: { tiny: study, paper: study } };
})();

const verdictsOf = ({ rows }: Reproduction) => rows.flatMap(({ verdict }) => verdict ?? []);

test("a part of the experiments or seeds is incomplete, whatever its rows say, and they say how they came out", async (t) => {
  const out = await folder();
  const good = await reproduce(PRESET, { out, only: "good" });
  t.deepEqual([good.verdict, good.part, verdictsOf(good)], ["incomplete", "1 of 2 experiments", ["in band"]]);
  t.deepEqual(good.seeds, [
    { experiment: "good", declared: [0, 1], run: [0, 1] },
    { experiment: "bad", declared: [0, 1], run: [] },
  ]);
  const bad = await reproduce(PRESET, { out, only: "bad", seeds: [1] });
  t.deepEqual(
    [bad.verdict, bad.part, verdictsOf(bad)],
    ["incomplete", "1 of 2 experiments; seeds 1 of 0, 1", ["outside"]],
  );
  t.is(bad.command, `await reproduce(preset, {"scale":"paper","only":"bad","seeds":[1]})`);
  const page = await readFile(bad.files.markdown, "utf8");
  t.regex(
    page,
    /^\*\*Incomplete\*\*: 1 of 2 experiments; seeds 1 of 0, 1\. Rows in band, of those that were run: 0 of 1\.$/m,
  );
  t.regex(page, /^\| good \| 0, 1 \| none \|\n\| bad \| 0, 1 \| 1 \|$/m);

  const whole = await reproduce(PRESET, { out });
  t.deepEqual([whole.verdict, whole.part, verdictsOf(whole)], ["outside", undefined, ["in band", "outside"]]);
  t.false((await readFile(whole.files.markdown, "utf8")).includes("Incomplete"));
  // The order of the seeds is nobody's choice of them, and more of them are.
  t.is((await reproduce(PRESET, { out, seeds: [1, 0] })).verdict, "outside");
  const more = await reproduce(PRESET, { out, seeds: [0, 1, 2] });
  t.deepEqual([more.verdict, more.part], ["incomplete", "seeds 0 to 2 in place of 0, 1"]);
});

test("a band that was changed after a miss stays beside the new one, with its verdict, day and reason", async (t) => {
  const { rows, files } = await reproduce(PRESET, { out: await folder(), only: "good", seeds: [0] });
  const steps = rows.find(({ measure }) => measure === "steps")!;
  t.is(steps.verdict, "in band");
  t.like(steps.before, { band: { atLeast: 100 }, verdict: "outside", date: "2026-01-31" });
  const page = await readFile(files.markdown, "utf8");
  t.regex(page, /\| = 20 \| in band; >= 100 before: outside \|/);
  t.regex(page, /^- steps, >= 100 until 2026-01-31: 1 of 1 rows outside\. There were more steps once\.$/m);
});

test("a table says which commit and which addon computed it, and neither a path nor a host", async (t) => {
  const { commit, addon, files } = await reproduce(PRESET, { out: await folder(), only: "good", seeds: [0] });
  t.is(addon, createHash("sha256").update(readFileSync(addonPath)).digest("hex").slice(0, 16));
  if (existsSync(join(root, ".git"))) {
    const head = execFileSync("git", ["rev-parse", "HEAD"], { cwd: root }).toString();
    t.true(head.startsWith(commit!.replace("-dirty", "")) && commit!.length >= 12, commit);
  } else t.is(commit, undefined);
  const [json, page] = await Promise.all([readFile(files.json, "utf8"), readFile(files.markdown, "utf8")]);
  t.regex(page, /; disentangle \S+,( commit [0-9a-f]{12}(-dirty)?,)? addon [0-9a-f]{16}, sources /);
  // The folder that the caller named is the caller's to tell.
  const { files: _, ...told } = JSON.parse(json) as Reproduction;
  // A host that is called by a word of the table would not be told by it.
  for (const secret of [root, homedir(), hostname(), tmpdir()].filter((one) => one.length > 5)) {
    t.false(JSON.stringify(told).includes(secret), secret);
    t.false(page.includes(secret), secret);
  }
});

plainTest("what of a preset was run, in words, for every experiment whose seeds differ", (t) => {
  const seeds = (experiment: string, declared: readonly number[], run: readonly number[]): SeedsRun => ({
    experiment,
    declared,
    run,
  });
  t.is(partOf([seeds("a", [1, 2], [2, 1])]), undefined);
  t.is(partOf([seeds("a", [1, 2], [1, 2]), seeds("b", [1, 2], [])]), "1 of 2 experiments");
  t.is(partOf([seeds("a", [1, 2], [1]), seeds("b", [1, 2], [1])]), "seeds 1 of 1, 2");
  t.is(
    partOf([seeds("a", [1, 2], [1]), seeds("b", [1], [1]), seeds("c", [3, 4, 5, 9], [1]), seeds("d", [1], [])]),
    '3 of 4 experiments; seeds 1 of 1, 2 in "a"; seeds 1 in place of 3 to 5, 9 in "c"',
  );
  t.deepEqual([[], [4], [4, 5], [4, 5, 6, 8]].map(seedList), ["none", "4", "4, 5", "4 to 6, 8"]);
});

/** A table as it is committed: the older ones lack what was not written then. */
type Committed = Pick<Reproduction, "preset" | "scale" | "verdict" | "part" | "rows"> & Partial<Reproduction>;

const TABLES = join(root, "benchmark/results/reproduced");
const committed = readdirSync(TABLES)
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({
    file,
    table: JSON.parse(readFileSync(join(TABLES, file), "utf8")) as Committed,
    page: readFileSync(join(TABLES, file.replace(/json$/, "md")), "utf8"),
  }));

/** Seeds of an experiment that are in a table; pairs of seeds are two. */
function seedsIn({ rows }: Committed, experiment: string): ReadonlySet<string> {
  const readings = rows
    .filter((row) => row.experiment === experiment)
    .flatMap((row) => [...row.values, ...row.missing]);
  return new Set(readings.flatMap(({ seed }) => seed.split("-")).filter((seed) => seed !== "all"));
}

/**
 * Experiments of the preset that a table lacks or has with fewer seeds or rows. Seeds are counted, not compared: a preset may have had
 * others when the table was computed, and then they are not missing.
 */
function lackingIn(table: Committed): readonly string[] {
  const { experiments } = presets.find(({ name }) => name === table.preset)!.scales[table.scale];
  return experiments
    .filter(
      ({ name, seeds, rows }) =>
        seedsIn(table, name).size < seeds.length ||
        table.rows.filter(({ experiment }) => experiment === name).length < rows.length,
    )
    .map(({ name }) => name);
}

plainTest(
  "every committed table that has less than its preset declares is incomplete and says what it has, and no other",
  (t) => {
    t.true(committed.length > 50);
    for (const { file, table, page } of committed) {
      const lacking = lackingIn(table);
      const said = page.match(/^\*\*Incomplete\*\*: (.*)\. Rows in band, of those that were run: \d+ of \d+\.$/m)?.[1];
      if (lacking.length > 0) {
        t.is(table.verdict, "incomplete", `${file} lacks ${lacking.join("; ")}`);
        t.truthy(table.part, file);
        t.is(said, table.part, file);
        const ran = table.seeds!.filter(({ run }) => run.length > 0);
        t.deepEqual(
          ran.map(({ experiment, run }) => [experiment, run.map(String)]),
          ran.map(({ experiment }) => [experiment, [...seedsIn(table, experiment)].sort()]),
          file,
        );
        // Rows that the preset has had since stand after the rest.
        t.true(table.part!.startsWith(partOf(table.seeds!) ?? ""), file);
      } else {
        t.is(table.verdict, worstOf(table.rows), file);
        t.deepEqual([table.part, said], [undefined, undefined], file);
      }
    }
  },
);

plainTest("the committed tables keep the bands that their presets keep", (t) => {
  const { rows } = committed.find(({ file }) => file === "mtlcm-linear.json")!.table;
  const { experiments } = presets.find(({ name }) => name === "mtlcm/linear")!.scales.paper;
  t.deepEqual(
    rows.map(({ before }) => before),
    experiments.flatMap((one) => one.rows).map(({ before }) => before),
  );
  t.is(rows.filter(({ before }) => before?.verdict === "outside").length, 13);
});
