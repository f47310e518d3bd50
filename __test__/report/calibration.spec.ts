// The reliability curves of a report: what is pooled, what is drawn, and what the error does not show.
import test from "ava";
import type { RunRecord } from "../../src/record.js";
import { report } from "../../src/report/index.js";
import { figure, sections, text } from "./page.js";
import { record } from "./records.js";

const bin = (from: number, entries: number, probability: number, share: number) => ({
  from,
  entries,
  probability,
  share,
});

/** A run whose method gives probabilities of edges, with these bins. */
function calibrated(seed: number, quality: number, bins: readonly ReturnType<typeof bin>[], spare = 0): RunRecord {
  const run = record({ seed, latents: 3, quality });
  const scores = run.scores!;
  const edges = { error: 0.1, byChance: 0.05, brier: 0.1, brierOfShare: 0.2, entries: 6, bins: [...bins] };
  const latents = [...scores.latents, ...Array.from({ length: spare }, (_, i) => `spare${i}`)];
  return { ...run, scores: { ...scores, latents, calibration: { value: 0.1, edges } } };
}

test("curves are pooled over seeds, and every bin is a mark and a row", async (t) => {
  const runs = [
    calibrated(0, 0.99, [bin(0, 4, 0.05, 0), bin(0.9, 2, 1, 1)]),
    calibrated(1, 0.99, [bin(0, 4, 0.05, 0.5), bin(0.5, 2, 0.55, 0.5)]),
  ];
  const { html, markdown } = await report(runs);
  t.true(sections(html).includes("calibration"));
  const drawn = figure(html, "calibration");
  // The diagonal is a line; bins at 0, .5 and .9 are three marks in each of the two drawings.
  t.is(drawn.match(/<path[^>]*fill="var\(--series-1\)"/g)?.length, 6 + 1, "marks, and the one of the legend");
  // Off by |.4 - 2|, |1.1 - 1| and 0 of 12 entries.
  t.regex(text(html), /tbr, edges: the calibration error is 0\.142 over 12 entries of 2 seeds together;/);
  t.regex(markdown, /\| tbr, edges \| 0\.0 to 0\.1 \| 8 \| 0\.050 \| 0\.250 \|/);
  t.notRegex(text(html), /is not judged|was not found is compared/);
});

test("latents beyond the truth and latents that were not found are named beside the error", async (t) => {
  const { html, markdown } = await report([calibrated(0, 0.5, [bin(0, 6, 0, 0)], 2)]);
  for (const page of [text(html), markdown]) {
    t.regex(page, /tbr: 3 of 5 latents match a true one; what is said of the others is not judged\./);
    t.regex(page, /tbr: the lowest correlation of a latent with its true one is 0\.\d+\./);
  }
});

test("a report without probabilities has no word of their calibration", async (t) => {
  const { html } = await report([record()]);
  t.false(sections(html).includes("calibration"));
});
