// Whole processes that take turns: their time and the most memory they hold.

import { spawnSync } from "node:child_process";
import { timingRow } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

/** A row for each engine of one piece of work, after so many rounds. */
export function processRows(work, engines, rounds) {
  const found = Object.fromEntries(Object.keys(engines).map((engine) => [engine, { us: [], bytes: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const [engine, command] of Object.entries(engines)) {
      const { us, bytes } = timed(command);
      found[engine].us.push(us);
      found[engine].bytes.push(bytes);
    }
  }
  return Object.entries(found).map(([engine, { us, bytes }]) => ({
    ...timingRow(work, engine, "process", us),
    maxBytes: Math.max(...bytes),
  }));
}

/** Time of a process from start to end, that of the processor, and the most memory it held, as GNU time counts them; and its output. */
export function timed([command, ...args]) {
  const start = performance.now();
  const options = { encoding: "utf8", maxBuffer: 2 ** 28 };
  const { status, stderr, stdout } = spawnSync("/usr/bin/time", ["-f", "%U %S %M", command, ...args], options);
  const us = (performance.now() - start) * 1e3;
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: ${stderr}`);
  const [user, system, kilobytes] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { us, processorUs: (user + system) * 1e6, bytes: 1024 * kilobytes, stdout };
}

/** Their table. */
export function render(rows) {
  return table(
    ["work", "engine", "min / median s", "memory, MB"],
    rows.map(({ work, engine, minUs, medianUs, maxBytes }) => [
      work,
      engine,
      `${number(minUs / 1e6)} / ${number(medianUs / 1e6)}`,
      number(Math.round(maxBytes / 1e6)),
    ]),
  );
}
