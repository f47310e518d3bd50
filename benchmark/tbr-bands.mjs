// TBR and its baseline on worlds of the paper's size, through the public API: are the bands of the paper reached?
// Every cell is a file of its own: an interrupted run goes on where it stopped, `--fresh` begins again.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { CELLS } from "./bands/cells.mjs";
import { judge } from "./bands/judge.mjs";
import { measure } from "./bands/measure.mjs";
import { provenance } from "./provenance.mjs";
import { number, table } from "./tables.mjs";

export const about = "TBR and `shared-head` on tree worlds of the paper's size (254 environments x 3000 rows)";

const folder = new URL("./results/tbr-bands/", import.meta.url);

export async function run({ works, log, fresh }) {
  if (fresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const wanted = CELLS.filter(({ id }) => works(id));
  for (const [i, cell] of wanted.entries()) {
    const file = new URL(`${cell.id}.json`, folder);
    if (existsSync(file)) continue;
    const result = { ...cell, ...(await measure(cell)), ...provenance() };
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
    log(`${i + 1}/${wanted.length} ${cell.id}: mcc ${number(result.mcc)}, fit ${number(result.seconds.fit)} s`);
  }
  return { rows: judge(finished()) };
}

/** The cells measured so far, in the order of the list: a cell that is no longer in it does not count. */
function finished() {
  const files = new Set(readdirSync(folder));
  return CELLS.filter(({ id }) => files.has(`${id}.json`)).map(({ id }) =>
    JSON.parse(readFileSync(new URL(`${id}.json`, folder), "utf8")),
  );
}

export function render(rows) {
  return table(
    ["world", "method", "what", "mean ± sd", "per seed", "bound", "published", ""],
    rows.map((row) => [
      row.work,
      row.method,
      row.what,
      row.values.length > 1 ? `${number(row.mean)} ± ${number(row.sd, 2)}` : number(row.mean),
      row.values.map((value, i) => `${number(value)} (${row.seeds[i]})`).join(", "),
      row.band ?? "",
      row.published ?? "",
      row.verdict ?? "",
    ]),
  );
}
