// Protein signaling in single cells under nine conditions (Sachs et al. 2005): logarithms of eleven proteins, and the consensus graph.
import { z } from "zod";
import type { JsonSchema } from "../config-keys.js";
import { openFile } from "../data/open.js";
import { jsonSchemaOf, parseKeys } from "../data/parse-keys.js";
import { indexColumns, missingColumns } from "../data/patterns.js";
import type { Dataset } from "../data/read.js";
import { fail, failAll } from "../errors.js";
import type { NativeTable } from "../native.js";
import { name } from "./source-keys.js";

const sachsSchema = z.strictObject({
  source: name("the path of a table").describe(
    "Table with a row per cell: eleven proteins as raw intensities, and the condition that the cell was under.",
  ),
  condition: name("the name of a column").default("condition").describe("Column with the conditions."),
});

/** How the cells are prepared; `disentangle prepare sachs --help` says what each key means. */
export interface SachsConfig {
  readonly source: string;
  readonly condition?: string | undefined;
}

/** The JSON Schema of `SachsConfig`. */
export function sachsJsonSchema(): JsonSchema {
  return jsonSchemaOf(sachsSchema);
}

const PROTEINS = ["raf", "mek", "plc", "pip2", "pip3", "erk", "akt", "pka", "pkc", "p38", "jnk"];

/**
 * The 20 edges of the consensus as the example data sets of the Causal Learning group (cmu-phil) list them; that of bnlearn has 17 of
 * them. What is known from the literature, not measured here: contested, without cycles and without hidden causes.
 */
const CONSENSUS: Readonly<Record<string, readonly string[]>> = {
  erk: ["akt"],
  mek: ["erk"],
  pip2: ["pkc"],
  pip3: ["akt", "pip2", "plc"],
  pka: ["akt", "erk", "jnk", "mek", "p38", "raf"],
  pkc: ["jnk", "mek", "p38", "raf", "pka"],
  plc: ["pip2", "pkc"],
  raf: ["mek"],
};

/**
 * Prepares the cells: inputs are the logarithms of the proteins, environments the conditions. The proteins are given as the truth, too, so
 * that latents are matched with them and graphs compared with the consensus; they are measured, and nobody knows what lies behind them.
 *
 * @throws `DATA_NOT_FINITE` for an intensity that has no logarithm; what reading the table throws
 */
export async function sachs(config: SachsConfig): Promise<Dataset> {
  const { source, condition } = parseKeys(sachsSchema, config, { about: "sachs" });
  const { numbers, labels } = await read(source, condition);
  const levels = [...new Set(labels)];
  const codes = new Map(levels.map((level, code) => [level, code]));
  const rows = labels.length;
  const data = numbers.map((value, at) => logarithm(value, source, at));
  const values = { data, rows, cols: PROTEINS.length };
  return {
    name: "sachs",
    inputs: values,
    inputNames: [...PROTEINS],
    rowIds: [],
    labels: {
      environment: { column: condition, levels, codes: Uint32Array.from(labels, (label) => codes.get(label)!) },
    },
    truth: { latents: { columns: [...PROTEINS], values: { ...values, data: data.slice() } }, graph: consensus() },
    provenance: JSON.stringify({
      source,
      note: `logarithms of the intensities of ${rows} cells; the graph is the consensus of 20 edges`,
    }),
  };
}

async function read(path: string, condition: string): Promise<{ numbers: Float32Array; labels: readonly string[] }> {
  const source = await openFile(path);
  try {
    const index = indexColumns((await source.describe("names")).columns);
    failAll([
      ...(index.names.has(condition) ? [] : missingColumns("condition", [condition], index)),
      ...missingColumns(
        "source",
        PROTEINS.filter((protein) => !index.names.has(protein)),
        index,
      ),
    ]);
    const { numeric, text } = await source.read({ numeric: PROTEINS, text: [condition] });
    return { numbers: Float32Array.from(numeric), labels: text[0]! };
  } finally {
    await source.close();
  }
}

function logarithm(value: number, path: string, at: number): number {
  if (value > 0) return Math.log(value);
  const [row, column] = [Math.floor(at / PROTEINS.length) + 1, PROTEINS[at % PROTEINS.length]];
  return fail("DATA_NOT_FINITE", `column ${JSON.stringify(column)}, row ${row}: ${value} has no logarithm`, {
    path,
    hint: "intensities are positive: give the raw ones, not their logarithms, and leave out rows without one",
    context: { row, column },
  });
}

/** Row = cause, column = effect. */
function consensus(): NativeTable {
  const size = PROTEINS.length;
  const data = new Float32Array(size * size);
  for (const [cause, effects] of Object.entries(CONSENSUS))
    for (const effect of effects) data[PROTEINS.indexOf(cause) * size + PROTEINS.indexOf(effect)] = 1;
  return { columns: [...PROTEINS], rows: [...PROTEINS], values: { data, rows: size, cols: size } };
}
