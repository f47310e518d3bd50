import test from "ava";
import { isDisentangleError } from "../../src/errors.js";
import type { RunRecord } from "../../src/record.js";
import { report } from "../../src/report/index.js";
import { sections, text } from "./page.js";
import { altered, record, withoutTruth } from "./records.js";

const HOSTILE = `<script>alert("x")</script>'&|\`\u202e\u0000 ${"long ".repeat(60)}\u4f60\u597d \\N {{7*7}} ]]> --> --`;

function ids(html: string): string[] {
  return [...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
}

function failing(base: RunRecord): RunRecord {
  return altered(base, { manifest: { outcome: { kind: "diverged", step: 311, term: "fit" } } });
}

test("a report of nothing is refused with a code", async (t) => {
  const error = await t.throwsAsync(report([]));
  t.true(isDisentangleError(error) && error.code === "RUN_NOT_FOUND");
});

test("a report of one run reads as before", async (t) => {
  const { html, markdown, json } = await report([record()]);
  t.snapshot(markdown, "markdown");
  t.snapshot(JSON.parse(json), "json");
  t.snapshot(sections(html), "sections");
});

test("a report of a method beside its baseline reads as before", async (t) => {
  const records = [0, 1, 2].flatMap((seed) => [
    record({ seed }),
    record({ seed, method: "shared-head", quality: 0.45 }),
  ]);
  const { html, markdown } = await report(records);
  t.snapshot(markdown, "markdown");
  t.snapshot(sections(html), "sections");
});

test("equal records give equal bytes, wherever they lie", async (t) => {
  const records = [record(), record({ seed: 1 })];
  const first = await report(records);
  const again = await report(records.map((run) => ({ ...structuredClone(run), dir: "/elsewhere" })));
  t.deepEqual(first, again);
});

test("a report holds no folder, no date, no script and no address", async (t) => {
  const { html, markdown, json } = await report([record(), record({ method: "shared-head", quality: 0.4 })]);
  for (const form of [html, markdown, json]) {
    t.false(/\/home\/somebody/.test(form));
    t.false(/\b20\d\d-\d\d-\d\d\b/.test(form));
  }
  t.false(/<script|<link rel="stylesheet"|@import|https?:|<img|<iframe|<object/i.test(html));
  for (const [, target] of html.matchAll(/(?:href|src)="([^"]*)"/g)) t.regex(target!, /^(#|data:,$)/);
});

test("ids are unique and every link inside the page has its target", async (t) => {
  const many = [
    record(),
    record({ method: "shared-head" }),
    altered(record({ depth: 2 }), { manifest: { dataset: { ...record().manifest.dataset, name: "other" } } }),
  ];
  const { html } = await report(many);
  const all = ids(html);
  t.deepEqual(
    all.filter((id, i) => all.indexOf(id) !== i),
    [],
  );
  const known = new Set(all);
  const links = [...html.matchAll(/href="#([^"]+)"|aria-labelledby="([^"]+)"|url\(#([^)]+)\)/g)];
  t.true(links.length > 20);
  for (const [, link, labels, clip] of links)
    for (const id of (link ?? labels ?? clip)!.split(" ")) t.true(known.has(id), id);
});

test("headings descend one level at a time", async (t) => {
  for (const records of [
    [record()],
    [record(), altered(record(), { manifest: { dataset: { ...record().manifest.dataset, name: "b" } } })],
  ]) {
    const levels = [...(await report(records)).html.matchAll(/<h([1-6])[ >]/g)].map((match) => Number(match[1]));
    t.is(levels[0], 1);
    t.is(levels.filter((level) => level === 1).length, 1);
    for (const [i, level] of levels.entries()) if (i > 0) t.true(level - levels[i - 1]! <= 1);
  }
});

test("names from outside are text in every form", async (t) => {
  const hostile = record({ names: (kind, i) => `${kind}${i} ${HOSTILE}` });
  const named = altered(hostile, {
    manifest: {
      method: HOSTILE,
      command: `disentangle fit ${HOSTILE} \`\`\``,
      versions: { [HOSTILE]: HOSTILE },
      dataset: { ...hostile.manifest.dataset, name: HOSTILE, target: HOSTILE, provenance: { [HOSTILE]: HOSTILE } },
    },
    summary: {
      warnings: [{ code: HOSTILE, message: HOSTILE, hint: HOSTILE }],
      facts: [{ id: "a", label: HOSTILE, value: 1 }],
      assumptions: [{ id: "a", question: HOSTILE, status: "violated", finding: HOSTILE }],
      choices: [{ parameter: HOSTILE, chosen: 1, rule: HOSTILE, curve: [{ value: 1, validation: 1 }] }],
    },
  });
  const { html, markdown, json } = await report([named], { title: HOSTILE, introduction: HOSTILE });
  t.false(/<script/i.test(html));
  t.false(/[\u0000\u202e]/.test(html));
  t.true(text(html).includes('<script>alert("x")</script>'));
  const outsideCode = markdown.replace(/^(`{3,})[\s\S]*?^\1$/gm, "");
  t.false(/<script/i.test(outsideCode));
  t.is(outsideCode.match(/```/), null);
  t.is(JSON.parse(json).runs, undefined);
  t.is(JSON.parse(json).studies[0].runs[0].method, HOSTILE);
});

test("a number that is not defined is never shown as a number", async (t) => {
  const base = record({ latents: 3 });
  const mcc = {
    ...base.scores!.mcc,
    value: null,
    reason: "latent z2 is constant",
    interval: null,
    outOfSample: null,
    perLatent: [0.9, null, 0.8],
    matching: [0, null, 2],
    correlation: [
      [0.9, null, 0.1],
      [0.1, null, 0.1],
      [0.1, null, 0.8],
    ],
  };
  const constant = altered(base, {
    scores: { mcc, mccSpearman: mcc, r2: { value: Number.NaN, reason: "latent z2 is constant", perLatent: [] } },
    summary: {
      latents: { ...base.summary.latents, sd: [1, 0, Number.NaN] },
      errors: [
        { split: "test", rows: 5, mse: Number.NaN, meanMse: 0 },
        { split: "test", environment: "e1", rows: 5, mse: 1, meanMse: 0 },
      ],
      facts: [{ id: "a", label: "A fact", value: null }],
      heads: { rows: ["e1"], columns: ["z1"], values: [[Number.POSITIVE_INFINITY]] },
    },
  });
  const broken = {
    ...constant,
    history: { stages: [{ name: "joint", steps: [1, 2], terms: { total: [1, Number.NaN] } }] },
  };
  const { html, markdown, json } = await report([broken]);
  for (const form of [text(html), markdown, json]) {
    t.false(/\bNaN\b|Infinity|\[object/.test(form));
    t.true(/latent z2 is constant/.test(form));
  }
  t.false(/"(?:NaN|undefined|null)"|NaN|>(?:undefined|null)</.test(html));
  t.true(/The score is not defined/.test(text(html)));
  t.is(JSON.parse(json).studies[0].runs[0].scores.mcc.value, null);
});

test("runs that gave no result are named, and their numbers are left out", async (t) => {
  const bad = failing(record({ seed: 2, quality: 0.01 }));
  const { html, json } = await report([record({ seed: 0 }), record({ seed: 1 }), bad]);
  t.true(/1 of 3 runs of tbr gave no result: seed 2 diverged at step 311 \(fit\)/.test(text(html)));
  const [study] = JSON.parse(json).studies;
  t.is(study.methods[0].measures.mcc.count, 2);
  t.true(study.methods[0].measures.mcc.mean > 0.98);
});

test("a report of failed runs only shows how they failed and no result", async (t) => {
  const { html } = await report([failing(record())]);
  t.true(/No run of tbr ended with a result/.test(text(html)));
  t.deepEqual(sections(html), ["training", "dataset", "replay"]);
});

test("without truth the report judges by agreement and says that this is not truth", async (t) => {
  const runs = [0, 1, 2].map((seed) => withoutTruth(record({ seed })));
  const agreement = {
    pairs: [
      { a: "seed 0", b: "seed 1", mcc: 0.81 },
      { a: "seed 0", b: "seed 2", mcc: 0.86 },
      { a: "seed 1", b: "seed 2", mcc: null },
    ],
    mean: 0.835,
    sd: 0.035,
    null: { mean: 0.2, sd: 0.03, q95: 0.25, draws: 200, explanation: "Latents with their rows shuffled." },
  };
  const { html } = await report(runs, { agreement });
  const shown = sections(html);
  t.true(shown.includes("agreement"));
  t.false(shown.includes("scores") || shown.includes("correlation"));
  t.true(/agree with an MCC of 0\.835 .* not that it is true/.test(text(html)));
  const alone = await report(runs.slice(0, 1));
  t.true(/The true latents are not known here/.test(text(alone.html)));
});

test("every optional part may be missing", async (t) => {
  const { scores, ...bare } = record({ method: "pca" });
  const { target, environments, ...dataset } = bare.manifest.dataset;
  const least: RunRecord = {
    config: {},
    manifest: { ...bare.manifest, versions: {}, dataset: { ...dataset, inputs: [], provenance: {} } },
    history: { stages: [] },
    summary: {
      method: "pca",
      latents: { names: [], mean: [], sd: [] },
      errors: [],
      choices: [],
      assumptions: [],
      warnings: [],
      facts: [],
    },
  };
  const { html, markdown } = await report([least]);
  t.deepEqual(sections(html), ["dataset", "replay"]);
  t.true(/^# Hidden causes in tree world/.test(markdown));
});

test("ten seeds are ten dots and one mean", async (t) => {
  const { json, html } = await report(Array.from({ length: 10 }, (_, seed) => record({ seed, depth: 2 })));
  t.is(JSON.parse(json).studies[0].methods[0].measures.mcc.count, 10);
  t.true(/over 10 seeds/.test(text(html)));
  const picture = html.match(/<figure id="data-1-compare-ate"[\s\S]*?<\/svg>/)![0];
  t.is(picture.match(/fill="var\(--card\)" stroke="var\(--series-1\)"/g)!.length, 10);
});

test("runs of one method with other settings are not averaged", async (t) => {
  const other = record({ seed: 1 });
  const changed = {
    ...other,
    config: { ...other.config, tbr: { latentDim: 5, lambda: 0.5, learningRate: 0.01, passes: 4 } },
  };
  const { methods } = JSON.parse((await report([record(), changed])).json).studies[0];
  t.deepEqual(
    methods.map(({ label }: { label: string }) => label),
    ["tbr (lambda 0.00100)", "tbr (lambda 0.500)"],
  );
});

test("a tree of 254 edges labels the changed edges only, each with its name and size", async (t) => {
  const big = record({ depth: 7 });
  const { html } = await report([big]);
  const drawing = html
    .match(/<figure id="data-1-tree"[\s\S]*?<\/figure>/)![0]
    .match(/<svg[^>]*role="img"[\s\S]*?<\/svg>/)![0];
  const real = big.summary.tree!.real.flat().filter(Boolean).length;
  t.is([...drawing.matchAll(/class="edge"/g)].length, 254);
  t.is([...drawing.matchAll(/>z\d [+\u2212][\d.]+<\/text>/g)].length, real);
  t.is([...drawing.matchAll(/stroke="#/g)].length, 0, "every colour follows the theme");
});

test("sixty environments all have their row", async (t) => {
  const base = record({ depth: 2 });
  const errors = Array.from({ length: 60 }, (_, i) => ({
    split: "test" as const,
    environment: `env ${i}`,
    rows: 40,
    mse: 0.1 + i / 100,
    meanMse: 1,
  }));
  const { html } = await report([altered(base, { summary: { errors } })]);
  const figure = html.match(/<figure id="data-1-errors"[\s\S]*?<\/figure>/)![0];
  for (let i = 0; i < 60; i++) t.true(figure.includes(`>env ${i}</text>`), `env ${i}`);
});
