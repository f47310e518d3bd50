// Standard normal numbers in single precision: ours from Philox streams, NumPy's from Philox, PyTorch's from its own.

import { best } from "./statistics.mjs";
import { number, table } from "./tables.mjs";
import { inTurns, programs } from "./turns.mjs";

export const about = "Draws of standard normal numbers, in millions a second, one thread";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

const COUNTS = [1280, 100_000, 1_000_000];
const name = (count) => `normals-${count}`;

export async function run({ torch, works, log }) {
  const tools = programs(torch, log);
  const rows = [];
  for (const count of COUNTS.filter((size) => works(name(size)))) {
    const request = { net: { kind: "normals", count }, batch: 1 };
    const peers = { numpy: ["Philox"], pytorch: ["randn"] };
    rows.push(...(await inTurns(name(count), { request, peers, threads: [1] }, tools, log)));
    log(`${count}: ${number(count / best(rows, name(count), "disentangle").minUs)} million a second`);
  }
  return { rows, versions: tools.versions };
}

export function render(rows) {
  const done = COUNTS.filter((count) => best(rows, name(count), "disentangle"));
  return table(
    ["numbers in a draw", "ours", "NumPy, Philox", "ratio", "PyTorch", "ratio"],
    done.map((count) => {
      const rate = (engine) => {
        const row = best(rows, name(count), engine);
        return row && count / row.minUs;
      };
      const own = rate("disentangle");
      const beside = ["numpy", "pytorch"].flatMap((engine) =>
        rate(engine) ? [number(rate(engine)), `${number(own / rate(engine))}x`] : ["", ""],
      );
      return [count, number(own), ...beside];
    }),
  );
}
