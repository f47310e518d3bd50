// Superconductors: ten compounds against NumPy, the rules of cleaning one by one, and what a data set folder says afterwards.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { ELEMENTS, PROPERTIES } from "../../src/datasets/elements.js";
import { fractionsOf, isFlaw, parseFormula } from "../../src/datasets/formula.js";
import type { Cleaning } from "../../src/datasets/index.js";
import { hasProperties, PROPERTY_NAMES, propertiesOf } from "../../src/datasets/properties.js";
import { type Dataset, inspect, prepare, readDataset, writeDataset } from "../../src/index.js";
import { run } from "../cli/run.js";
import { matrixOf, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-materials-"));
test.after.always(() => rmSync(folder, { recursive: true }));

function write(name: string, rows: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `name,Tc\n${rows.join("\n")}\n`);
  return path;
}

const made = (source: string, more: object = {}): Promise<Dataset> =>
  prepare({ dataset: "superconductors", source, minMaterials: 1, ...more });
const cleaningOf = ({ provenance }: Dataset): Cleaning => (JSON.parse(provenance) as { cleaning: Cleaning }).cleaning;

interface Golden {
  readonly formula: string;
  readonly composition: Readonly<Record<string, number>>;
  readonly properties: readonly number[];
}
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../golden/superconductors.json", import.meta.url)), "utf8"),
) as readonly Golden[];

for (const { formula, composition, properties } of golden) {
  test(`${formula}: composition and 80 properties are those of NumPy`, (t) => {
    const parsed = parseFormula(formula);
    if (isFlaw(parsed)) return t.fail(parsed.message);
    t.deepEqual(new Set(parsed.keys()), new Set(Object.keys(composition)));
    for (const [symbol, amount] of parsed) t.true(Math.abs(amount - composition[symbol]!) < 1e-12, symbol);
    const ours = propertiesOf(fractionsOf(parsed));
    t.is(ours.length, 80);
    ours.forEach((value, j) => {
      // Ionisation energies are tabulated with nine digits; a variance of nearly equal numbers loses some of them.
      const size = Math.max(1, Math.abs(properties[j]!));
      t.true(Math.abs(value - properties[j]!) < 1e-6 * size, `${PROPERTY_NAMES[j]}: ${value}, NumPy ${properties[j]}`);
    });
  });
}

test("the table has every property of the 78 elements that materials are made of", (t) => {
  t.is(ELEMENTS.length, 103);
  t.is(PROPERTIES.length, 8);
  const known = ELEMENTS.map(([symbol]) => symbol).filter(hasProperties);
  t.is(known.length, 78);
  t.true(["H", "O", "Cu", "Ba", "La", "Bi"].every((symbol) => known.includes(symbol)));
  t.false(["He", "Ar", "Pm", "Th", "U"].some((symbol) => known.includes(symbol)));
});

test("inputs are shares of the elements in order of atomic number, targets 80 properties and the critical temperature", async (t) => {
  const dataset = await made(write("two.csv", ["MgB2,39", "Nb3Sn1,18"]));
  t.deepEqual(dataset.inputNames, ["B", "Mg", "Nb", "Sn"]);
  t.deepEqual(
    matrixOf(dataset.inputs),
    [
      [2 / 3, 1 / 3, 0, 0],
      [0, 0, 0.75, 0.25],
    ].map((row) => row.map(Math.fround)),
  );
  t.deepEqual(dataset.rowIds, ["MgB2", "Nb3Sn1"]);
  t.deepEqual(dataset.targets?.columns, [...PROPERTY_NAMES, "critical_temp"]);
  t.deepEqual(
    matrixOf(dataset.targets!.values).map((row) => row[80]),
    [39, 18],
  );
  t.is(dataset.targets!.columns[0], "mean_atomic_mass");
  const provenance = JSON.parse(dataset.provenance) as { note: string; elements: string };
  t.is(provenance.note, "rebuilt from two.csv, not the UCI file");
  const named = JSON.parse((await made(write("Supercon_data.csv", ["MgB2,39"]))).provenance) as { note: string };
  t.is(named.note, "rebuilt from SuperCon, not the UCI file");
  t.regex(provenance.elements, /matminer 0\.10\.1/);
});

test("the critical temperature is an input only where one says so", async (t) => {
  const source = write("leak.csv", ["MgB2,39", "Nb3Sn1,18"]);
  const { inputs, inputNames, targets } = await made(source, { leakTc: true });
  t.deepEqual(inputNames, ["B", "Mg", "Nb", "Sn", "critical_temp"]);
  t.deepEqual(
    matrixOf(inputs).map((row) => row[4]),
    [39, 18],
  );
  t.is(targets?.columns.at(-1), "critical_temp");
});

test("each rule of cleaning leaves out what it says, and counts it", async (t) => {
  const source = write("rules.csv", [
    "MgB2,39",
    "Nb3Sn1,18",
    "Nb1C1,0", // no critical temperature
    "Nb1N1,", // none either
    "YBa2Cu3O7-x,92", // cannot be read
    "Hf1V2D0.5,5.9", // cannot be read
    "Bi2Sr2Ca1Cu2OY,85", // the y of Oy, not yttrium
    "Y1Ba2Cu3O,90", // no amount of oxygen
    "Y1Ba2Cu3O6050,22", // a lost decimal point
    "U1Pt3,0.5", // no electron affinity of uranium
    "Mg2B4,37", // the same composition
    "Mg0.5B1,38",
  ]);
  const dataset = await made(source, { skipInvalid: true });
  t.deepEqual(cleaningOf(dataset), {
    read: 12,
    withoutTc: 2,
    invalid: [
      { row: 5, formula: "YBa2Cu3O7-x", reason: 'unexpected "-" at character 10' },
      { row: 6, formula: "Hf1V2D0.5", reason: 'unknown element "D" at character 6' },
    ],
    openOxygen: 2,
    mistakes: ["Y1Ba2Cu3O6050"],
    withoutProperties: 1,
    merged: 2,
    rare: 0,
    materials: 2,
  });
  t.deepEqual(dataset.rowIds, ["MgB2", "Nb3Sn1"]);
  // Of 39, 37 and 38 the median.
  t.deepEqual(
    matrixOf(dataset.targets!.values).map((row) => row[80]),
    [38, 18],
  );
});

test("materials of rare elements are left out until every element is common", async (t) => {
  // Sn is rare; without its material Nb is rare too.
  const source = write("rare.csv", ["MgB2,39", "MgB4,1", "Mg2B1,1", "Nb3Sn1,18", "NbB2,1", "NbMgB,1"]);
  const dataset = await made(source, { minMaterials: 3 });
  t.deepEqual(dataset.inputNames, ["B", "Mg"]);
  t.like(cleaningOf(dataset), { rare: 3, materials: 3 });
  t.like(await thrown(t, made(source, { minMaterials: 9 })), { code: "DATA_EMPTY", path: source });
});

test("a formula that cannot be read is refused with row, column and element", async (t) => {
  const source = write("bad.csv", ["MgB2,39", "Nb3Xx1,18", "Oops-,1"]);
  const error = await thrown(t, made(source));
  t.is(error.code, "DATA_FORMULA");
  t.is(error.path, source);
  t.is(
    error.message,
    'column "name", row 2: unknown element "Xx" at character 4 of "Nb3Xx1"; 1 more formula cannot be read',
  );
  t.regex(error.hint ?? "", /--skip-invalid/);
  t.deepEqual(error.context, { column: "name", row: 2, formula: "Nb3Xx1", count: 2 });
});

test("columns may have other names, tables other formats, and mistakes of the keys are told", async (t) => {
  const source = join(folder, "other.jsonl");
  writeFileSync(source, '{"material": "MgB2", "critical_temp": 39}\n{"material": "Nb3Sn1", "critical_temp": 18}\n');
  const { rowIds } = await made(source, { formula: "material", tc: "critical_temp" });
  t.deepEqual(rowIds, ["MgB2", "Nb3Sn1"]);
  t.like(await thrown(t, made(source, { formula: "material" })), { code: "DATA_MISSING_COLUMN", path: "tc" });
  t.like(await thrown(t, made(source, { leakTC: true })), { code: "CONFIG_UNKNOWN_KEY", path: "leakTC" });
  t.like(await thrown(t, made(source, { leakTc: "yes" })), { code: "CONFIG_WRONG_TYPE", path: "leakTc" });
  t.like(await thrown(t, made(source, { minMaterials: 0 })), { code: "CONFIG_WRONG_TYPE", path: "minMaterials" });
  t.like(await thrown(t, made(join(folder, "none.csv"))), { code: "DATA_NOT_FOUND" });
  t.like(await thrown(t, prepare({ dataset: "superconductor" as never, source })), {
    code: "CONFIG_UNKNOWN_METHOD",
    hint: 'did you mean "superconductors"?',
  });
});

test("the command writes a data set folder that knows its tasks, and says what it left out", async (t) => {
  const source = write("cli.csv", ["MgB2,39", "Nb3Sn1,18", "V3Si1,17", "D1,1", "Nb1N1,0"]);
  const out = join(folder, "cli");
  const args = ["prepare", "superconductors", source, "--min-materials", "1", "--out", out];
  const refused = await run(args);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /row 4: unknown element "D".*\[DATA_FORMULA\]\n.*--skip-invalid/s);
  const { code, stdout, stderr } = await run([...args, "--skip-invalid"]);
  t.is(code, 0, stderr);
  t.regex(stdout, /superconductors: rebuilt from cli\.csv, not the UCI file/);
  t.regex(stdout, /row 4, D1: unknown element "D" at character 1/);
  const { rows, tasks, command } = await inspect({ data: out });
  t.is(rows, 3);
  t.is(tasks?.length, 81);
  t.regex(command, /^disentangle fit --method mtlcm --data /);
  const again = await readDataset({ data: out, target: "critical_temp" });
  t.deepEqual(matrixOf(again.targets!.values).flat(), [39, 18, 17]);
  const leaky = JSON.parse((await run([...args, "--skip-invalid", "--leak-tc", "--json"])).stdout) as Record<
    string,
    unknown
  >;
  t.like(leaky, { rows: 3, columns: 7, targets: 81, cleaning: { withoutTc: 1, materials: 3 } });
});

test("a fresh clone has a table for the example, all of which can be read", async (t) => {
  const source = fileURLToPath(new URL("../../examples/data/superconductors/textbook.csv", import.meta.url));
  const dataset = await prepare({ dataset: "superconductors", source, minMaterials: 6 });
  t.like(cleaningOf(dataset), { invalid: [], withoutTc: 0, openOxygen: 0, merged: 0, withoutProperties: 0 });
  t.true(dataset.inputs.rows > 3 * dataset.inputs.cols);
  await writeDataset(join(folder, "textbook"), dataset);
  const { name, rowIds } = await readDataset({ data: join(folder, "textbook") });
  t.is(name, "superconductors");
  t.deepEqual(rowIds, dataset.rowIds);
});
