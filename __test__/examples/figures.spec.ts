// Numbers in the documents are those of the committed measurements.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { ReproducedRow } from "../../src/index.js";
import { root } from "./run.js";

test("the table of TBR's page says what the committed fits say", (t) => {
  const page = readFileSync(join(root, "docs/methods/tbr.md"), "utf8");
  const { rows } = JSON.parse(readFileSync(join(root, "benchmark/results/tbr-bands.json"), "utf8")) as {
    rows: ReproducedRow[];
  };
  const lines = [...page.matchAll(/^\| `([^`]+)` \| `([\w-]+)` \|.*\| (\d+) \| ([\d.]+) \| ([\d.]+) \|$/gm)];
  t.true(lines.length >= 10);
  for (const [, experiment, fit, seeds, lowest, highest] of lines) {
    const row = rows.find((one) => one.experiment === experiment && one.fit === fit && one.measure === "mcc");
    const scores = row?.values.map(({ value }) => value) ?? [];
    const expected = [scores.length, Math.min(...scores).toFixed(3), Math.max(...scores).toFixed(3)];
    t.deepEqual([Number(seeds), lowest, highest], expected, `${experiment}: ${fit}`);
  }
});

/** Mean and lowest seed of a measure of a fit in a committed table, as the pages write them. */
function committed(file: string, experiment: string, fit: string, measure: string): readonly string[] {
  const path = join(root, "benchmark/results/reproduced", `${file}.json`);
  const { rows } = JSON.parse(readFileSync(path, "utf8")) as { rows: ReproducedRow[] };
  const row = rows.find((one) => one.experiment === experiment && one.fit === fit && one.measure === measure);
  const values = row?.values.map(({ value }) => value) ?? [];
  const short = (value: number): string => value.toFixed(3).replace(/^0/, "");
  return [short(values.reduce((sum, value) => sum + value, 0) / values.length), short(Math.min(...values))];
}

test("the table of pdGMM's page says what the committed fits say", (t) => {
  const page = readFileSync(join(root, "docs/methods/pdgmm.md"), "utf8");
  const lines = [
    ...page.matchAll(/^\| (\d+), (half|three quarters|one)(?: \([^)]*\))? \| (\.\d+)(?: \[(\.\d+)\])? \| (\.\d+) \|/gm),
  ];
  t.true(lines.length >= 11);
  const words = { half: "50 % active", "three quarters": "75 % active", one: "one active" };
  for (const [line, latents, active, mean, lowest, planes] of lines) {
    const experiment = `n = ${latents}, ${words[active as keyof typeof words]}`;
    const part = { half: "-50", "three quarters": "-75", one: "-one" }[active!];
    const file = `pdgmm-table-1.n${latents}${latents === "5" ? "" : part}`;
    const [expected, least] = committed(file, experiment, "pdgmm", "mcc");
    t.is(mean, expected, line);
    if (lowest !== undefined) t.is(lowest, least, line);
    // Without the flow: what the fit had before it.
    t.is(planes, committed(file, experiment, "planes only", "mcc")[0], line);
  }
});

test("the linear row of MTLCM's page says what the committed fits say", (t) => {
  const page = readFileSync(join(root, "docs/methods/mtlcm.md"), "utf8");
  const [, found] = /mean global MCC, k = 2: ([\d. /]+) for D = 3 \/ 5 \/ 10 \/ 20 \/ 50 \/ 100/.exec(page) ?? [];
  const file = join(root, "benchmark/results/reproduced/mtlcm-linear.json");
  const { rows } = JSON.parse(readFileSync(file, "utf8")) as { rows: ReproducedRow[] };
  const sizes = [3, 5, 10, 20, 50, 100];
  const names = sizes.map((d) => rows.find(({ experiment }) => new RegExp(`D = ${d}\\b.*k = 2`).test(experiment)));
  t.deepEqual(
    found?.split(" / "),
    names.map((row) => committed("mtlcm-linear", row?.experiment ?? "", "mtlcm", "mcc")[0]),
  );
});
