// The presets of a method at the scale of its paper, as a benchmark: `disentangle reproduce` with a table for README.md.

import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { presets, reproduce } from "disentangle";
import { cellsOf, HEADINGS, seedsText } from "../dist/reproduce/table.js";
import { table } from "./tables.mjs";

// Where the command line keeps them too when it runs in the checkout.
const out = fileURLToPath(new URL("../reproduce", import.meta.url));

/** The benchmark of all presets whose name begins with `method/`. `fresh` forgets the trials of every preset. */
export function bands(method) {
  return {
    async run({ works, log, fresh }) {
      if (fresh) rmSync(out, { recursive: true, force: true });
      const rows = [];
      for (const { name } of presets.filter(({ name }) => name.startsWith(`${method}/`) && works(name))) {
        const onTrial = ({ done, total }) => log(`${name}: ${done} of ${total}`);
        const reproduction = await reproduce(name, { out, onTrial });
        rows.push(...reproduction.rows.map((row) => ({ preset: name, ...row })));
      }
      return { rows };
    },
    render: (rows) =>
      table(
        ["preset", ...HEADINGS, "by seed"],
        rows.map((row) => [row.preset, ...cellsOf(row), seedsText(row)]),
      ),
  };
}
