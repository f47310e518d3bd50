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
