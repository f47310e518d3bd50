// Answers each request, a line of JSON, with the times of some blocks of the work that `make` makes of the first one.

import { createInterface } from "node:readline";

const BLOCK_MS = 2;
const WARM_UP_CALLS = 3;

export async function answer(make) {
  let work;
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const request = JSON.parse(line);
      if (work === undefined) {
        work = make(request);
        for (let i = 0; i < WARM_UP_CALLS; i++) work();
      }
      console.log(JSON.stringify({ us: blocks(work, request.seconds) }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error).slice(0, 500) }));
    }
  }
}

/** Microseconds per call, block by block. */
function blocks(work, seconds) {
  const began = performance.now();
  work();
  const repeats = Math.max(1, Math.min(500, Math.floor(BLOCK_MS / (performance.now() - began))));
  const times = [];
  const end = performance.now() + 1e3 * seconds;
  while (times.length === 0 || performance.now() < end) {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) work();
    times.push(((performance.now() - start) / repeats) * 1e3);
  }
  return times;
}
