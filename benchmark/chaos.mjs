// `npm run chaos [-- --only NAME] [--scale small|large] [--json]`: fits are killed, stopped and starved, and must lose
// nothing. The small scale is part of `npm run ready`; a whole run at the large one leaves its rows in results/chaos.json.
// Exits 1 when a promise is broken.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { about, render } from "./chaos/table.mjs";
import { provenance } from "./provenance.mjs";
import { updateReadme } from "./readme.mjs";

/** Each gives rows `{ fault, trials, broken, figure?, value?, limit? }`. */
const FAULTS = {
  kills: () => import("./chaos/kills.mjs"),
  syscalls: () => import("./chaos/syscalls.mjs"),
  stops: () => import("./chaos/stops.mjs"),
  stalls: async () => (await import("./chaos/owners.mjs")).ownersThatStall,
  loads: async () => (await import("./chaos/owners.mjs")).loadsBesideSaves,
  writers: async () => (await import("./chaos/owners.mjs")).killsOfWriters,
  service: () => import("./chaos/service.mjs"),
  memory: () => import("./chaos/memory.mjs"),
  sweeps: () => import("./chaos/sweeps.mjs"),
  machines: () => import("./chaos/machines.mjs"),
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    scale: { type: "string", default: "small" },
    json: { type: "boolean", default: false },
  },
});
const names = values.only === undefined ? Object.keys(FAULTS) : [values.only];
const unknown = names.find((name) => !(name in FAULTS));
if (unknown !== undefined || !["small", "large"].includes(values.scale)) {
  console.error(`--only is one of ${Object.keys(FAULTS).join(", ")}; --scale is small or large`);
  process.exit(2);
}
const rows = [];
for (const name of names) {
  const { run } = await FAULTS[name]();
  rows.push(...(await run({ large: values.scale === "large", log: (line) => console.error(`${name}: ${line}`) })));
}
const late = ({ value, limit }) => value !== undefined && limit !== undefined && value > limit;
// Other work on the machine makes anything late: limits are held to at the large scale, on a quiet one.
const broken = rows.filter((row) => row.broken > 0 || (values.scale === "large" && late(row)));
const result = { benchmark: "chaos", scale: values.scale, about, ...provenance(), rows };
if (values.scale === "large" && values.only === undefined) {
  writeFileSync(new URL("./results/chaos.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
  await updateReadme();
}
console.log(values.json ? JSON.stringify(result, null, 2) : render(rows));
if (broken.length > 0) {
  console.error(`broken: ${broken.map((row) => row.fault).join(", ")}`);
  process.exitCode = 1;
}
