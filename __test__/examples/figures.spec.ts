// Numbers in the documents are those of the committed measurements.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { root } from "./run.js";

const folder = join(root, "benchmark/results/tbr-bands");

test("the table of TBR's page says what the committed fits say", (t) => {
  const page = readFileSync(join(root, "docs/methods/tbr.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([\w-]+\.[\w-]+)` \|.*\| (\d+) \| ([\d.]+) \| ([\d.]+) \|$/gm)];
  t.true(rows.length >= 10);
  for (const [, cells = "", seeds, lowest, highest] of rows) {
    const files = readdirSync(folder).filter((name) => name.startsWith(`${cells}.`));
    const scores = files.map((name) => (JSON.parse(readFileSync(join(folder, name), "utf8")) as { mcc: number }).mcc);
    const expected = [files.length, Math.min(...scores).toFixed(3), Math.max(...scores).toFixed(3)];
    t.deepEqual([Number(seeds), lowest, highest], expected, cells);
  }
});
