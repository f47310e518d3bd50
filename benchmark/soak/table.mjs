// The table of the soak: apart from the program that runs it, since README.md is written by both.

import { number, table } from "../tables.mjs";

export const about =
  "The service of the examples under a light mixed load: errors, and the slope of its resident memory after the first quarter, with its standard error (jackknife over ten blocks of time)";

export function render(rows) {
  return table(
    ["minutes", "requests", "errors", "first MiB", "last MiB", "most MiB", "KiB an hour", "standard error"],
    rows.map(({ minutes, requests, errors, firstMiB, lastMiB, mostMiB, slopeKiBPerHour, errorKiBPerHour }) => [
      number(minutes),
      Object.values(requests).reduce((sum, count) => sum + count, 0),
      errors,
      number(firstMiB),
      number(lastMiB),
      number(mostMiB),
      number(slopeKiBPerHour),
      number(errorKiBPerHour),
    ]),
  );
}
