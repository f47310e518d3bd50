// Public tables that packages ship, read by this package: half of `public_tables.py`, which compares every cell with pandas.
// Reads the paths in the JSON file argv[2]; writes one JSON line per table on stdout.

import { readFileSync } from "node:fs";
import { readDataset } from "../dist/data/index.js";
import { locateAll, openAll } from "../dist/data/open-source.js";

for (const path of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const started = performance.now();
  try {
    process.stdout.write(`${JSON.stringify({ path, ...(await read(path)), ms: performance.now() - started })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ path, error: `${error.code} ${error.message}` })}\n`);
  }
}

async function read(path) {
  const source = await openAll(await locateAll(path), {});
  const { columns, reading } = await source.describe("kinds");
  const of = (kind) => columns.filter((column) => column.kind === kind).map(({ name }) => name);
  const numeric = of("number");
  const text = [...of("text"), ...of("unknown")];
  const refused = [];
  const values = {};
  const words = (await source.read({ numeric: [], text })).text;
  text.forEach((name, j) => {
    values[name] = words[j];
  });
  for (const name of numeric) {
    try {
      const { numeric: column } = await source.read({ numeric: [name], text: [] });
      values[name] = Array.from(column, (value) => (Number.isNaN(value) ? null : value));
    } catch (error) {
      refused.push({ name, reason: `${error.code} ${error.message}` });
    }
  }
  const usual = await readDataset({ data: path }).catch((error) => ({ error: `${error.code}` }));
  return { columns, reading, values, refused, inputs: usual.inputNames ?? [], refusal: usual.error };
}
