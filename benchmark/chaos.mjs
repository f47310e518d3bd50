// `npm run chaos [-- --only NAME,...] [--scale small|large] [--json]`: fits are killed, stopped and starved, and must lose
// nothing. The small scale is part of `npm run ready`; at the large one each fault leaves its rows in results/chaos/NAME.json as soon as
// it has been tried. Exits 1 when a promise is broken.

import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FAULTS, named } from "./chaos/faults.mjs";
import { about, render } from "./chaos/table.mjs";
import { provenance } from "./provenance.mjs";
import { updateReadme } from "./readme.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    scale: { type: "string", default: "small" },
    json: { type: "boolean", default: false },
  },
});
const names = named(values.only);
if (names.length === 0 || !["small", "large"].includes(values.scale)) {
  console.error(`--only is one of ${Object.keys(FAULTS).join(", ")}; --scale is small or large`);
  process.exit(2);
}
const large = values.scale === "large";
const head = () => ({ benchmark: "chaos", scale: values.scale, about, ...provenance() });
const rows = [];
for (const name of names) {
  const { run } = await FAULTS[name]();
  const found = await run({ large, log: (line) => console.error(`${name}: ${line}`) });
  rows.push(...found);
  // What cannot be tried on this machine leaves what another one found.
  if (!large || found.length === 0) continue;
  const folder = new URL("./results/chaos/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ ...head(), rows: found }, null, 2)}\n`);
  await updateReadme();
}
const late = ({ value, limit }) => value !== undefined && limit !== undefined && value > limit;
// Other work on the machine makes anything late: limits are held to at the large scale, on a quiet one.
const broken = rows.filter((row) => row.broken > 0 || (large && late(row)));
console.log(values.json ? JSON.stringify({ ...head(), rows }, null, 2) : render(rows));
if (broken.length > 0) {
  console.error(`broken: ${broken.map((row) => row.fault).join(", ")}`);
  process.exitCode = 1;
}
