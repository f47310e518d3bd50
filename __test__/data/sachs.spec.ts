// Cells under nine conditions: logarithms as inputs, conditions as environments, and the consensus graph.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "../cli/run.js";
import { matrixOf } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-sachs-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const NAMES = ["raf", "mek", "plc", "pip2", "pip3", "erk", "akt", "pka", "pkc", "p38", "jnk"];
const CELLS = ["cd3_cd28,1,2,4,8,16,32,64,128,256,512,1024", "u0126,26.4,13.2,8.82,18.3,58.8,6.61,17,414,17,44.9,40"];

function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

test("cells become logarithms with their conditions, and the graph has the edges of the consensus", async (t) => {
  const source = write("cells.csv", [`condition,${NAMES.join(",")}`, ...CELLS]);
  const { inputs, inputNames, labels, truth } = await prepare({ dataset: "sachs", source });
  t.deepEqual(inputNames, NAMES);
  const [first] = matrixOf(inputs);
  // Powers of two: every logarithm is a multiple of that of 2, to the rounding of 32 bits.
  for (const [power, value] of first!.entries()) t.true(Math.abs(value - power * Math.LN2) < 1e-6);
  t.deepEqual(labels.environment?.levels, ["cd3_cd28", "u0126"]);
  const graph = matrixOf(truth.graph!.values);
  const edges = graph.flatMap((row, i) =>
    row.flatMap((entry, j) => (entry === 1 ? [`${NAMES[i]} -> ${NAMES[j]}`] : [])),
  );
  t.is(edges.length, 20);
  for (const edge of ["raf -> mek", "mek -> erk", "pka -> raf", "pip3 -> pip2", "plc -> pkc"])
    t.true(edges.includes(edge));
  t.false(edges.includes("mek -> raf"));
});

test("an intensity without a logarithm, a column that is missing and a folder of the command line", async (t) => {
  const zero = write("zero.csv", [`condition,${NAMES.join(",")}`, CELLS[0]!, CELLS[1]!.replace("18.3", "0")]);
  const refused = await t.throwsAsync(prepare({ dataset: "sachs", source: zero }));
  t.like(refused, { code: "DATA_NOT_FINITE" });
  t.regex(refused!.message, /column "pip2", row 2: 0 has no logarithm/);
  const short = write("short.csv", [`condition,${NAMES.slice(1).join(",")}`, "a,1,2,3,4,5,6,7,8,9,10"]);
  t.like(await t.throwsAsync(prepare({ dataset: "sachs", source: short })), { code: "DATA_MISSING_COLUMN" });
  const source = write("again.csv", [`state,${NAMES.join(",")}`, ...CELLS]);
  const out = join(folder, "out");
  const { code, stdout, stderr } = await run([
    "prepare",
    "sachs",
    source,
    "--condition",
    "state",
    "--out",
    out,
    "--json",
  ]);
  t.is(code, 0, stderr);
  t.like(JSON.parse(stdout), { name: "sachs", rows: 2, columns: 11 });
});
