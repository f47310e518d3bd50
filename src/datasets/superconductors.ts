// Superconductors: from a table of formulas and critical temperatures to shares of elements and 81 tasks.
import { basename } from "node:path";
import { z } from "zod";
import type { JsonSchema } from "../config-keys.js";
import { openFile } from "../data/open.js";
import { jsonSchemaOf, parseKeys } from "../data/parse-keys.js";
import { indexColumns, missingColumns } from "../data/patterns.js";
import type { Dataset } from "../data/read.js";
import { fail, failAll } from "../errors.js";
import type { NativeTable } from "../native.js";
import { ELEMENT_TABLE, ELEMENTS } from "./elements.js";
import { type Composition, fractionsOf, isFlaw, parseFormula } from "./formula.js";
import { hasProperties, PROPERTY_NAMES, propertiesOf } from "./properties.js";
import { name, whole } from "./source-keys.js";

const flag = z.boolean({ error: "expected true or false" });

const superconductorsSchema = z.strictObject({
  source: name("the path of a table").describe(
    "Table of formulas and critical temperatures, such as the supercon.csv of vstanev1/Supercon.",
  ),
  formula: name("the name of a column").default("name").describe("Column with the chemical formulas."),
  tc: name("the name of a column")
    .default("Tc")
    .describe("Column with the critical temperatures in kelvin; materials with none, or 0, are left out."),
  leakTc: flag.default(false).describe("Make the critical temperature an input too, as the published code does."),
  skipInvalid: flag.default(false).describe("Leave out formulas that cannot be read, and say which."),
  minMaterials: whole(1)
    .default(20)
    .describe("Materials that an element must occur in; those with a rarer element are left out."),
});

/** How the superconductors are prepared; `disentangle prepare superconductors --help` says what each key means. */
export interface SuperconductorsConfig {
  readonly source: string;
  readonly formula?: string | undefined;
  readonly tc?: string | undefined;
  readonly leakTc?: boolean | undefined;
  readonly skipInvalid?: boolean | undefined;
  readonly minMaterials?: number | undefined;
}

/** The JSON Schema of `SuperconductorsConfig`. */
export function superconductorsJsonSchema(): JsonSchema {
  return jsonSchemaOf(superconductorsSchema);
}

/** What was read, what was left out and why; stands under `cleaning` in the provenance of the data set. */
export interface Cleaning {
  /** Rows of the source. */
  readonly read: number;
  /** Rows without a critical temperature. */
  readonly withoutTc: number;
  /** Formulas that could not be read. */
  readonly invalid: readonly { readonly row: number; readonly formula: string; readonly reason: string }[];
  /** Formulas with an open amount of oxygen at the end, "O" or "OY". */
  readonly openOxygen: number;
  /** Mistakes of the source that are known by name. */
  readonly mistakes: readonly string[];
  /** Formulas with an element whose properties are not all known. */
  readonly withoutProperties: number;
  /** Rows that were merged with another of the same composition. */
  readonly merged: number;
  /** Materials with an element that is rarer than `minMaterials`. */
  readonly rare: number;
  /** Materials that are left. */
  readonly materials: number;
}

// A lost decimal point or a slip of the pen; none of them is a material.
const MISTAKES: ReadonlySet<string> = new Set([
  "Bi1.6Pb0.4Sr2Cu3Ca2O1013",
  "La1.85Sr0.15Cu98Ni0.02O4",
  "Pr185Ce0.15Cu1O4",
  "Y1Ba2Cu3O6050",
]);

/** The name of the task, and with `leakTc` of the input. */
const TC = "critical_temp";

interface Material {
  readonly formula: string;
  readonly fractions: Composition;
  readonly tcs: readonly number[];
}

/**
 * Prepares the superconductors: inputs are the shares of the elements, targets 80 properties and the critical temperature.
 * Rebuilt by the rules of the documentation; not the UCI file.
 *
 * @throws `DATA_FORMULA` for a formula that cannot be read, unless `skipInvalid`; what reading the table throws
 */
export async function superconductors(config: SuperconductorsConfig): Promise<Dataset> {
  const { source, formula, tc, leakTc, skipInvalid, minMaterials } = parseKeys(
    superconductorsSchema,
    config satisfies z.input<typeof superconductorsSchema>,
    {
      about: "superconductors",
    },
  );
  const rows = await readRows(source, formula, tc);
  const { materials, cleaning } = clean(rows, minMaterials);
  const [first] = cleaning.invalid;
  if (first !== undefined && !skipInvalid) refuse(source, formula, first, cleaning.invalid.length);
  if (materials.length === 0) {
    fail("DATA_EMPTY", `${source}: no material is left of ${rows.length}`, {
      path: source,
      hint: `check the columns --formula and --tc, and --min-materials (${minMaterials})`,
      context: { ...cleaning },
    });
  }
  return assemble(materials, leakTc, {
    source,
    note: `rebuilt from ${/supercon(?!duct)/i.test(basename(source)) ? "SuperCon" : basename(source)}, not the UCI file`,
    elements: ELEMENT_TABLE,
    leakTc,
    cleaning,
  });
}

interface Row {
  readonly row: number;
  readonly formula: string;
  readonly tc: number;
}

async function readRows(path: string, formula: string, tc: string): Promise<readonly Row[]> {
  const source = await openFile(path);
  try {
    const index = indexColumns((await source.describe("names")).columns);
    failAll(
      Object.entries({ formula, tc }).flatMap(([key, column]) =>
        index.names.has(column) ? [] : missingColumns(key, [column], index),
      ),
    );
    const { numeric, text } = await source.read({ numeric: [tc], text: [formula] });
    return text[0]!.map((one, i) => ({ row: i + 1, formula: one.trim(), tc: numeric[i]! }));
  } finally {
    await source.close();
  }
}

/** Applies the rules in the order of `Cleaning`. */
function clean(rows: readonly Row[], minMaterials: number): { materials: readonly Material[]; cleaning: Cleaning } {
  const invalid: Cleaning["invalid"][number][] = [];
  const mistakes: string[] = [];
  let [openOxygen, withoutProperties, known] = [0, 0, 0];
  const byComposition = new Map<string, Material>();
  // NaN is not above 0 either.
  const measured = rows.filter(({ tc }) => tc > 0);
  for (const { row, formula, tc } of measured) {
    const parsed = parseFormula(formula);
    if (isFlaw(parsed)) invalid.push({ row, formula, reason: `${parsed.message} at character ${parsed.character}` });
    else if (isOpen(formula, parsed)) openOxygen++;
    else if (MISTAKES.has(formula)) mistakes.push(formula);
    else if (![...parsed.keys()].every(hasProperties)) withoutProperties++;
    else {
      known++;
      const fractions = fractionsOf(parsed);
      const key = keyOf(fractions);
      const same = byComposition.get(key);
      byComposition.set(key, { formula, fractions, ...same, tcs: [...(same?.tcs ?? []), tc] });
    }
  }
  const all = [...byComposition.values()];
  const materials = withoutRare(all, minMaterials);
  const cleaning = {
    read: rows.length,
    withoutTc: rows.length - measured.length,
    invalid,
    openOxygen,
    mistakes,
    withoutProperties,
    merged: known - all.length,
    rare: all.length - materials.length,
    materials: materials.length,
  };
  return { materials, cleaning };
}

/**
 * Whether the amount of oxygen is not said. SuperCon writes the open y of Oy as a capital, where yttrium would have an
 * amount, or leaves it out; of CO and other two elements nobody says that.
 */
function isOpen(formula: string, composition: Composition): boolean {
  return /OY?$/.test(formula) && composition.size > 2;
}

/** Equal for equal shares, whatever the order and the units in which they were written. */
function keyOf(fractions: Composition): string {
  return [...fractions]
    .map(([symbol, share]) => `${symbol}${share.toFixed(8)}`)
    .sort()
    .join(" ");
}

/** Materials all of whose elements occur in so many: leaving some out can make others rare. */
function withoutRare(materials: readonly Material[], least: number): readonly Material[] {
  const counts = new Map<string, number>();
  for (const { fractions } of materials)
    for (const symbol of fractions.keys()) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  const kept = materials.filter(({ fractions }) =>
    [...fractions.keys()].every((symbol) => counts.get(symbol)! >= least),
  );
  return kept.length === materials.length ? kept : withoutRare(kept, least);
}

function refuse(
  source: string,
  column: string,
  { row, formula, reason }: Cleaning["invalid"][number],
  count: number,
): never {
  const others = count === 2 ? "1 more formula" : `${count - 1} more formulas`;
  const more = count > 1 ? `; ${others} cannot be read` : "";
  fail("DATA_FORMULA", `column ${JSON.stringify(column)}, row ${row}: ${reason} of ${JSON.stringify(formula)}${more}`, {
    path: source,
    hint: hintOf(formula),
    context: { column, row, formula, count },
  });
}

function hintOf(formula: string): string {
  const parsed = parseFormula(formula);
  const fix = isFlaw(parsed) ? parsed.hint : "";
  return `${fix}; or leave such rows out with \`skipInvalid\` (--skip-invalid)`;
}

function assemble(materials: readonly Material[], leakTc: boolean, provenance: Record<string, unknown>): Dataset {
  const present = new Set(materials.flatMap(({ fractions }) => [...fractions.keys()]));
  const symbols = ELEMENTS.map(([symbol]) => symbol).filter((symbol) => present.has(symbol));
  const tc = materials.map(({ tcs }) => median(tcs));
  const inputs = table([...symbols, ...(leakTc ? [TC] : [])], materials, ({ fractions }, i) => [
    ...symbols.map((symbol) => fractions.get(symbol) ?? 0),
    ...(leakTc ? [tc[i]!] : []),
  ]);
  const targets = table([...PROPERTY_NAMES, TC], materials, ({ fractions }, i) => [...propertiesOf(fractions), tc[i]!]);
  return {
    name: "superconductors",
    inputs: inputs.values,
    inputNames: inputs.columns,
    rowIds: materials.map(({ formula }) => formula),
    labels: {},
    targets,
    truth: {},
    provenance: JSON.stringify(provenance),
  };
}

function table(
  columns: string[],
  materials: readonly Material[],
  rowOf: (material: Material, i: number) => readonly number[],
): NativeTable {
  const data = new Float32Array(materials.length * columns.length);
  materials.forEach((material, i) => {
    data.set(rowOf(material, i), i * columns.length);
  });
  return { columns, values: { data, rows: materials.length, cols: columns.length } };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
