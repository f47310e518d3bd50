// The table of the faults: apart from the program that makes them, since README.md is written by both.

import { number, table } from "../tables.mjs";
import { FAULTS } from "./faults.mjs";

export const about =
  "Faults: trials in which something was lost, late or left behind (none may be), and the figures with a limit";

/** Each has a file of its own in results/chaos/, measured by itself. */
export const parts = Object.keys(FAULTS);

export function render(rows) {
  const isMeasured = rows.some(({ measured }) => measured !== undefined);
  return table(
    ["fault", "trials", "broken", "figure", "value", "limit", ...(isMeasured ? ["measured"] : [])],
    rows.map(({ fault, trials, broken, figure, value, limit, measured }) => [
      fault,
      trials,
      broken,
      figure ?? "",
      value === undefined ? "" : number(value),
      limit === undefined ? "" : number(limit),
      ...(isMeasured ? [measured] : []),
    ]),
  );
}
