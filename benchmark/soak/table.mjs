// The table of the soak: apart from the program that runs it, since README.md is written by both.

import { number, table } from "../tables.mjs";

export const about =
  "The service of the examples under a mixed load: errors, and the slopes of its resident memory, with and without the young generation of V8, which is enlarged in steps, and of what JavaScript holds after each of its own full collections, all after the first quarter, with their standard errors (jackknife over ten blocks)";

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
      "without young, last MiB",
      "KiB an hour",
      "standard error",
      "held by JavaScript, MiB",
      "KiB an hour",
      "standard error",
    ],
    rows.map(({ minutes, requests, errors, firstMiB, lastMiB, mostMiB, slopeKiBPerHour, errorKiBPerHour, ...more }) => [
      number(minutes),
      Object.values(requests).reduce((sum, count) => sum + count, 0),
      errors,
      number(firstMiB),
      number(lastMiB),
      number(mostMiB),
      number(slopeKiBPerHour),
      number(errorKiBPerHour),
      ...[more.withoutYoung, more.heap].flatMap((part) => [
        number(part?.lastMiB),
        number(part?.slopeKiBPerHour),
        number(part?.errorKiBPerHour),
      ]),
    ]),
  );
}
