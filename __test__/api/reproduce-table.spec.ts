// What rows of a reproduction ask of trials, what its table says, and what the documents say of both.
import { readFileSync } from "node:fs";
import test from "ava";
import { presets } from "../../src/index.js";
import { inverse } from "../../src/reproduce/before-map.js";
import type { FinishedTrial } from "../../src/reproduce/kept.js";
import { MEASURES, titleOf } from "../../src/reproduce/measures.js";
import { markdownOf } from "../../src/reproduce/table.js";

test("calibration over all seeds is that of one curve, not the mean of many", (t) => {
  const trial = (...bins: readonly object[]) =>
    ({ scores: { calibration: { edges: { bins } } } }) as unknown as FinishedTrial;
  const bin = (from: number, entries: number, probability: number, share: number) => ({
    from,
    entries,
    probability,
    share,
  });
  // Each seed alone is off by .2, in opposite directions; both together have .25 come true of what was said to be .25.
  const trials = [
    trial(bin(0.2, 10, 0.25, 0.45), bin(0.9, 10, 1, 1)),
    trial(bin(0.2, 10, 0.25, 0.05), bin(0.9, 10, 1, 0.6)),
  ];
  const of = (name: string, given: readonly FinishedTrial[], kind: string) => {
    const measure = MEASURES[name]!;
    return "ofAll" in measure ? measure.ofAll(given, kind) : undefined;
  };
  t.true(Math.abs(Number(of("calibration", trials, "edges")) - 0.1) < 1e-12);
  const byChance = Math.sqrt((2 / Math.PI) * 20 * 0.25 * 0.75) / 40;
  t.true(Math.abs(Number(of("calibration-by-chance", trials, "edges")) - byChance) < 1e-12);
  t.is(of("calibration", trials, "silence"), undefined);
});

test("a table shows the pooled curve, bin by bin, from the least probable up", (t) => {
  const bins = (from: number, share: number) => ({
    scores: { calibration: { edges: { bins: [{ from, entries: 10, probability: from + 0.05, share }] } } },
  });
  const trials = [bins(0.9, 1), bins(0.1, 0.2), bins(0.1, 0.4)] as unknown as readonly FinishedTrial[];
  const measure = MEASURES.calibration!;
  const curve = "curve" in measure ? measure.curve?.(trials, "edges") : undefined;
  t.is(curve?.entries, 30);
  t.deepEqual(
    curve?.bins.map(({ from, entries, share }) => [from, entries, Number(share.toFixed(12))]),
    [
      [0.1, 20, 0.3],
      [0.9, 10, 1],
    ],
  );
});

test("what latents are named as is held against what was found of them", (t) => {
  const trial = (
    perLatent: readonly number[],
    matching: readonly (number | null)[],
    ...statuses: readonly string[]
  ) => {
    const latents = statuses.map((_, i) => `z${i}`);
    const identification = statuses.map((status, i) => ({ latent: latents[i], status }));
    return {
      summary: { identification },
      scores: { latents, mcc: { perLatent, matching } },
    } as unknown as FinishedTrial;
  };
  // Columns change places: true latent 0 matches the second column, which is named as not identified and was found.
  const trials = [
    trial([0.99, 0.5], [1, 0], "ok", "violated"),
    trial([0.8, 0.999], [0, 1], "violated", "ok"),
    // Without a match a column says nothing, as one that could not be checked calls nothing.
    trial([0.98], [2], "ok", "ok", "unknown"),
  ];
  const of = (name: string, named: string) => {
    const measure = MEASURES[name]!;
    return "ofAll" in measure ? measure.ofAll(trials, named) : undefined;
  };
  t.is(of("named-as", "identified"), 2);
  t.is(of("found-among", "identified"), 0.5);
  t.is(of("wrong-calls", "identified"), 1 / 5);
  t.is(of("named-as", "not-identified"), 2);
  t.is(of("found-among", "not-identified"), 0.5);
  t.is(of("wrong-calls", "not-identified"), 1 / 5);
  const none = MEASURES["found-among"]!;
  t.is("ofAll" in none && none.ofAll([trial([0.9], [0], "ok")], "not-identified"), "no latent is named so");
});

test("the documents name every measure", (t) => {
  const page = readFileSync(new URL("../../docs/reproduce.md", import.meta.url), "utf8");
  for (const [name, measure] of Object.entries(MEASURES)) {
    t.true(page.includes("argument" in measure ? `\`${name}:` : `\`${name}\``), name);
  }
});

test("the times of the documents are those of the presets", (t) => {
  const page = readFileSync(new URL("../../docs/reproduce.md", import.meta.url), "utf8");
  const free = presets.filter(({ scales }) => !scales.tiny.experiments.some(({ data }) => "given" in data));
  const minutes = (scale: "tiny" | "paper", prefix = ""): number =>
    free.filter(({ name }) => name.startsWith(prefix)).reduce((sum, { scales }) => sum + scales[scale].seconds, 0) / 60;
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| (\d+) min \|(.*)\|$/gm)];
  t.deepEqual(
    rows.map(([, method]) => method).toSorted(),
    [...new Set(free.map(({ name }) => name.split("/")[0]))].toSorted(),
  );
  for (const [line = "", method = "", shown = "", parts = ""] of rows) {
    t.is(Math.round(minutes("paper", `${method}/`)), Number(shown), line);
    for (const [, name = "", part = ""] of parts.matchAll(/`([\w-]+)` (\d+) min/g))
      t.is(Math.round(minutes("paper", `${method}/${name}`)), Number(part), `${line}: ${name}`);
  }
  t.regex(page, new RegExp(`take about ${(minutes("paper") / 60).toFixed(1)}\\s+hours`));
  t.regex(page, new RegExp(`small form in about ${minutes("tiny").toFixed(0)} minutes`));
});

test("headings of measures are told apart", (t) => {
  const titles = Object.entries(MEASURES).flatMap(([name, measure]) => ("argument" in measure ? [] : [titleOf(name)]));
  t.is(new Set(titles).size, titles.length);
  t.is(titleOf("fact:condition"), "condition");
});

test("undoing a map: the inverse of a matrix, with rows that have to change places, and none where there is none", (t) => {
  const undo = inverse([
    [0, 2],
    [1, 1],
  ]);
  t.deepEqual(undo, [
    [-0.5, 1],
    [0.5, 0],
  ]);
  t.is(
    inverse([
      [1, 2],
      [2, 4],
    ]),
    undefined,
  );
  t.is(inverse([[1, 2]]), undefined);
});

test("the table as Markdown", (t) => {
  const row = { experiment: "S = 1", fit: "tbr", measure: "mcc", title: "MCC" };
  const table = markdownOf({
    preset: "tbr/x",
    title: "Is it so?",
    repeats: "Figure 1",
    paper: "A paper",
    scale: "paper",
    verdict: "incomplete",
    rows: [
      {
        ...row,
        values: [
          { seed: "0", value: 0.99123 },
          { seed: "1", value: 0.98 },
        ],
        missing: [],
        mean: 0.985615,
        sd: 0.005615,
        published: { mean: 0.98, sd: 0.03, note: "n = 10" },
        band: { atLeast: 0.985, on: "mean" },
        before: { band: { atLeast: 0.99 }, verdict: "outside", date: "2026-01-31", reason: "It was too narrow." },
        verdict: "in band",
      },
      {
        ...row,
        title: "MCC of E[z|x]",
        values: [{ seed: "0", value: 1 }],
        missing: [{ seed: "1", reason: "it failed [NUMERIC_NOT_FINITE]" }],
        mean: null,
        sd: null,
        band: { atLeast: 1, atMost: 1 },
        verdict: "failed",
      },
    ],
    trials: { total: 2, kept: 0, failed: [] },
    files: { json: "", markdown: "" },
    version: "1.2.3",
    part: "1 of 2 experiments",
    seeds: [
      { experiment: "S = 1", declared: [0, 1], run: [0, 1] },
      { experiment: "S = 2", declared: [0, 1, 2, 3], run: [] },
    ],
    command: "disentangle reproduce tbr/x --scale paper --only 'S = 1'",
    commit: "0123456789ab",
    addon: "cdef",
    sources: "abcd",
    machine: { node: "20.0.0", platform: "linux-x64", cores: 2, model: "a processor" },
  });
  t.is(
    table,
    `# tbr/x, paper scale

Is it so? Repeats Figure 1 (A paper).

**Incomplete**: 1 of 2 experiments. Rows in band, of those that were run: 1 of 2.

| data | fit | measure | mean ± sd | n | published | band | verdict |
| --- | --- | --- | --- | --- | --- | --- | --- |
| S = 1 | tbr | MCC | 0.9856 ± 0.0056 | 2 | 0.98 ± 0.03 (n = 10) | mean >= 0.985 | in band; >= 0.99 before: outside |
| S = 1 | tbr | MCC of E[z\\|x] | - | 1 of 2 |  | = 1 | failed |

Spread: standard deviation with divisor n. A band holds on every seed unless it says "mean".

Bands that were changed after they had been missed, and what they gave:

- MCC, >= 0.99 until 2026-01-31: 1 of 1 rows outside. It was too narrow.

## By seed

| data | fit | measure | value (seed) |
| --- | --- | --- | --- |
| S = 1 | tbr | MCC | 0.9912 (0), 0.98 (1) |
| S = 1 | tbr | MCC of E[z\\|x] | 1 (0), - (1: it failed [NUMERIC_NOT_FINITE]) |

## Seeds

| data | seeds declared | seeds run |
| --- | --- | --- |
| S = 1 | 0, 1 | 0, 1 |
| S = 2 | 0 to 3 | none |

\`disentangle reproduce tbr/x --scale paper --only 'S = 1'\`; disentangle 1.2.3, commit 0123456789ab, addon cdef, sources abcd, node 20.0.0, linux-x64, 2 cores of a processor.
`,
  );
});
