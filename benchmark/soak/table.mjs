// The table of the soak: apart from the program that runs it, since README.md is written by both.

import { number, table } from "../tables.mjs";

export const about =
  "The service of the examples under a mixed load: errors, and the slopes of its resident memory and of what JavaScript holds after each of its own full collections, both after the first quarter, with their standard errors (jackknife over ten blocks)";

export function render(rows) {
  return table(
    [
      "minutes",
      "requests",
      "errors",
      "first MiB",
      "last MiB",
      "most MiB",
      "KiB an hour",
      "standard error",
      "held by JavaScript, MiB",
      "KiB an hour",
      "standard error",
    ],
    rows.map(({ minutes, requests, errors, firstMiB, lastMiB, mostMiB, slopeKiBPerHour, errorKiBPerHour, heap }) => [
      number(minutes),
      Object.values(requests).reduce((sum, count) => sum + count, 0),
      errors,
      number(firstMiB),
      number(lastMiB),
      number(mostMiB),
      number(slopeKiBPerHour),
      number(errorKiBPerHour),
      ...(heap === undefined ? ["", "", ""] : [heap.lastMiB, heap.slopeKiBPerHour, heap.errorKiBPerHour].map(number)),
    ]),
  );
}
