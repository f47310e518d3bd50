import test from "ava";
import { activeRuns } from "../../src/report/charts/silence.js";
import { report } from "../../src/report/index.js";
import { figure, sections, text } from "./page.js";
import { silentRecord } from "./silence-records.js";

test("a report on silence reads as before", async (t) => {
  const { html, markdown, json } = await report([silentRecord()]);
  t.snapshot(markdown, "markdown");
  const [run] = JSON.parse(json).studies[0].runs;
  t.snapshot([run.silence, run.scores.silence, run.scores.mccUnrotated], "json");
  t.snapshot(sections(html), "sections");
});

test("rows with the same pattern are one block, and silence is a gap", (t) => {
  t.deepEqual(activeRuns(["00", "00", "01", "11", "10"], 0), [[0, 3]]);
  t.deepEqual(activeRuns(["00", "00", "01", "11", "10"], 1), [
    [0, 2],
    [4, 5],
  ]);
  t.deepEqual(activeRuns(["1"], 0), []);
});

test("patterns are drawn, and the most frequent are listed by their active latents", async (t) => {
  const { html } = await report([silentRecord()]);
  const patterns = figure(html, "patterns");
  // Each latent is silent in one block of rows, at the end for the last: two blocks of activity or one, and its ground.
  const blocks = patterns.match(/<svg[^>]*role="img"[\s\S]*?<\/svg>/)![0].match(/fill="var\(--series-1\)"/g)!;
  t.is(blocks.length, 6);
  t.regex(text(patterns), /150 rows, taken evenly from 600/);
  t.regex(text(patterns), /z1, z2, z3 150 25 %/);
});

test("every latent has its histogram, with threshold, silent value and what was fitted", async (t) => {
  const { html } = await report([silentRecord({ latents: 3 })]);
  const picture = figure(html, "silent-values").match(/<svg[^>]*role="img"[\s\S]*?<\/svg>/)![0];
  t.deepEqual(
    [...picture.matchAll(/>(z\d)<\/text>/g)].map(([, name]) => name),
    ["z1", "z2", "z3"],
  );
  t.is(picture.match(/fill="var\(--series-1\)"/g)!.length, 3);
  t.is(picture.match(/fill="var\(--seq-2\)"/g)!.length, 3);
  t.is(picture.match(/stroke="var\(--ink-2\)"/g)!.length, 6);
});

test("of many latents the first twenty have a histogram, which is said, and the table has all", async (t) => {
  const { html } = await report([silentRecord({ latents: 24, rows: 240 })]);
  t.regex(figure(html, "silent-values"), /The first 20 of 24 latents/);
  t.regex(text(html), /z24 2\.30 0\.100 4\.2 %/);
});

test("what is said of silence stands against its truth, and without latents at hand only the table is left", async (t) => {
  const whole = silentRecord();
  const said = text((await report([whole])).html);
  t.regex(said, /On average 1\.0 of 4 latents are silent in a row/);
  t.regex(said, /600 rows have 4 different patterns/);
  t.regex(said, /Of what is silent in truth 85\.5 % was found, and 95 % of the calls are true/);
  const { silence: _, ...bare } = whole;
  const { html } = await report([bare]);
  t.regex(text(html), /When latents are silent/);
  t.is(figure(html, "patterns") + figure(html, "silent-values"), "");
});

test("methods are compared by what they found of silence, where they look for it", async (t) => {
  const { html, json } = await report([silentRecord(), silentRecord({ method: "pca" })]);
  t.regex(text(html), /Silence found, F1/);
  const [main, other] = JSON.parse(json).studies[0].methods;
  t.is(main.measures.silence.mean, 0.9);
  t.is(main.measures["mcc-unrotated"].mean, 0.96);
  t.is(other.measures.silence, undefined);
});
