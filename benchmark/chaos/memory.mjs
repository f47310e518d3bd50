// Many small fits in one process: memory, threads and file descriptors come back.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./repeating.mjs", import.meta.url));

export async function run({ large, log }) {
  if (process.platform !== "linux") return [];
  const fits = large ? 2000 : 150;
  const printed = execFileSync(process.execPath, ["--expose-gc", child, String(fits)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { slope, threads, descriptors } = JSON.parse(printed);
  log(
    `${fits} fits: ${slope.toFixed(3)} KiB a fit; ${threads} threads and ${descriptors} descriptors more than before`,
  );
  // A slope over few fits is noise: only the large scale is held to the limit.
  const limit = large ? { limit: 0.5 } : {};
  return [
    { fault: "many fits in one process", trials: fits, broken: 0, figure: "memory, KiB a fit", value: slope, ...limit },
    {
      fault: "many fits in one process",
      trials: fits,
      broken: Number(threads > 0),
      figure: "threads left",
      value: threads,
      limit: 0,
    },
    {
      fault: "many fits in one process",
      trials: fits,
      broken: Number(descriptors > 0),
      figure: "descriptors left",
      value: descriptors,
      limit: 0,
    },
  ];
}
