import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { thinned } from "../../src/report/charts/lines.js";
import { count, deviation, finite, percent, score, shortened, significant } from "../../src/report/format.js";
import { inline } from "../../src/report/markdown.js";
import { html, prose, render } from "../../src/report/markup.js";
import { moments } from "../../src/report/measures.js";
import { modelOf } from "../../src/report/model.js";
import { inkOn, PALETTES, relativeLuminance, STYLE } from "../../src/report/style.js";
import { chance, isBeyondChance } from "../../src/report/verdict.js";
import { altered, record } from "./records.js";

const hostile = fc.string({ unit: "binary", maxLength: 60 });

test("text in a template never becomes markup", (t) => {
  fc.assert(fc.property(hostile, (text) => !/[<>"']/.test(render(html`${text}`))));
  t.is(
    render(html`<b title="${'"'}">${["a", html`<i>${"<"}</i>`, null, 0]}</b>`),
    '<b title="&quot;">a<i>&lt;</i>0</b>',
  );
});

test("what stands between backticks is to be typed; a single one, and what is in between, stay text", (t) => {
  t.is(
    render(prose("set `rows` & `<b>` or it's `open")),
    "set <code>rows</code> &amp; <code>&lt;b&gt;</code> or it&#39;s `open",
  );
  t.is(render(prose("")), "");
});

test("text in Markdown stays on one line and opens no tag", (t) => {
  fc.assert(fc.property(hostile, (text) => !/[<>\n]|(?<!\\)[|`*]/.test(inline(text).replaceAll("\\\\", ""))));
  t.is(inline("a|b\n`c`"), "a\\|b \\`c\\`");
});

test("shortened names fit, stay distinct and keep what is short", (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(hostile, { maxLength: 30 }), fc.integer({ min: 10, max: 30 }), (names, length) => {
      const labels = shortened(names, length);
      return new Set(labels).size === names.length && labels.every((label) => Array.from(label).length <= length);
    }),
  );
  t.deepEqual(shortened(["abc", "a".repeat(30)], 9), ["abc", "aaaaa\u2026aaa"]);
});

test("numbers are short, and what is no number says so", (t) => {
  t.deepEqual(
    [0, 1234567, 1234.5, 0.5, -2.25, 1e-7, 12345678].map((value) => significant(value)),
    ["0", "1,234,567", "1,235", "0.500", "\u22122.25", "1.00e\u22127", "1.23e7"],
  );
  for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.is(finite(value), null);
    for (const text of [significant, score, percent, deviation]) t.is(text(value), "not defined");
  }
  t.deepEqual(
    [score(0.98765), score(-0.5), percent(0.0311), count(-12345)],
    ["0.988", "\u22120.500", "3.1\u00a0%", "\u221212,345"],
  );
  t.deepEqual([deviation(0.00071), deviation(0.1234), deviation(1e-9)], ["0.0007", "0.12", "< 0.0001"]);
});

test("mean and standard deviation agree with their closed forms", (t) => {
  t.deepEqual(moments([]), { mean: null, sd: null });
  t.deepEqual(moments([3]), { mean: 3, sd: null });
  const { mean, sd } = moments([1, 2, 3, 4]);
  t.is(mean, 2.5);
  t.true(Math.abs(sd! - Math.sqrt(5 / 3)) < 1e-15);
});

test("thinning keeps the first and the last place and no more than asked, plus one", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2, max: 400 }), (length, most) => {
      const places = thinned(length, most);
      return places[0] === 0 && places.at(-1) === length - 1 && places.length <= most + 1;
    }),
  );
  t.deepEqual(thinned(0, 5), []);
});

test("chance is the larger null, and a score beyond it must clear it with its whole interval", (t) => {
  const { mcc } = record().scores!;
  t.is(chance(mcc), mcc.nulls.rotation!.q95);
  t.true(isBeyondChance({ ...mcc, value: 0.8, interval: [0.713, 0.9] }));
  t.false(isBeyondChance({ ...mcc, value: 0.8, interval: [0.711, 0.9] }));
  t.false(isBeyondChance({ ...mcc, nulls: { unrelated: null, rotation: null, linear: null } }));
});

test("the verdict follows the score: recovered, in part, not, not defined, failed", (t) => {
  const verdict = (runs: ReturnType<typeof record>[]) => modelOf(runs, {}).studies[0]!.verdict;
  const level = (...runs: ReturnType<typeof record>[]) => verdict(runs).level;
  t.is(level(record({ quality: 0.99 })), "good");
  t.is(level(record({ quality: 0.8 })), "partial");
  t.is(level(record({ quality: 0.5 })), "poor");
  t.is(level(record({ quality: 0.99 }), record({ quality: 0.5, seed: 1 }), record({ quality: 0.5, seed: 2 })), "poor");
  t.is(level(altered(record(), { manifest: { outcome: { kind: "cancelled", step: 3 } } })), "failed");
  const { mcc } = record().scores!;
  t.is(level(altered(record(), { scores: { mcc: { ...mcc, value: null, reason: "constant" } } })), "unknown");
  const said = (...runs: ReturnType<typeof record>[]) => verdict(runs).sentences.join(" ");
  t.regex(said(record()), /the score is beyond both\./);
  t.regex(said(record({ quality: 0.5 })), /the score is beyond the first only\. .* mixed/);
  t.regex(said(record({ quality: 0.02 })), /the score is beyond neither\./);
  t.regex(
    said(record(), record({ seed: 1, quality: 0.5 })),
    /1 of 2 runs is beyond both and 1 of 2 runs is beyond the first only/,
  );
  t.is(verdict([record({ quality: 0.5 })]).headline, "The hidden causes were not told apart");
  t.is(verdict([record({ quality: 0.02 })]).headline, "The hidden causes were not recovered");
});

test("the run shown in detail is the lowest seed, not the best one", (t) => {
  const [study] = modelOf([record({ seed: 7, quality: 0.999 }), record({ seed: 3, quality: 0.6 })], {}).studies;
  t.is(study!.study.focus.manifest.seed, 3);
});

test("text has a contrast of 4.5 and marks one of 3, in both themes", (t) => {
  const contrast = (a: string, b: string) => {
    const [low, high] = [relativeLuminance(a), relativeLuminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  };
  t.true(Math.abs(contrast("#000000", "#ffffff") - 21) < 1e-9);
  for (const palette of Object.values(PALETTES))
    for (const ground of [palette.card!, palette.page!]) {
      for (const ink of ["ink", "ink-2", "ink-3", "accent", "good", "partial", "poor", "unknown"])
        t.true(contrast(palette[ink]!, ground) >= 4.5, `${ink} on ${ground}: ${contrast(palette[ink]!, ground)}`);
      for (let i = 1; i <= 7; i++)
        t.true(
          contrast(palette[`series-${i}`]!, palette.card!) >= 3,
          `series ${i}: ${contrast(palette[`series-${i}`]!, palette.card!)}`,
        );
    }
  for (const [, step] of STYLE.matchAll(/--(?:seq|div)-\d:(#[0-9a-f]{6})/g))
    t.true(contrast(step!, inkOn(step!)) >= 4.5, step!);
});

test("nothing heavy is imported before a report is made", (t) => {
  const root = new URL("../../src/report/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  t.true(files.length > 30);
  for (const file of files) {
    const source = readFileSync(new URL(file, root), "utf8");
    t.notRegex(source, /^import (?!type)[^;]*from "(?:vega|vega-lite|@viz-js\/viz)"/m, file);
    t.notRegex(source, /native\.js|\bDate\b|Math\.random|process\./, file);
  }
});
