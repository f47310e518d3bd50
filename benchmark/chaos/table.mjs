// The table of the faults: apart from the program that makes them, since README.md is written by both.

import { number, table } from "../tables.mjs";

export const about =
  "Faults: trials in which something was lost, late or left behind (none may be), and the figures with a limit";

export function render(rows) {
  return table(
    ["fault", "trials", "broken", "figure", "value", "limit"],
    rows.map(({ fault, trials, broken, figure, value, limit }) => [
      fault,
      trials,
      broken,
      figure ?? "",
      value === undefined ? "" : number(value),
      limit ?? "",
    ]),
  );
}
