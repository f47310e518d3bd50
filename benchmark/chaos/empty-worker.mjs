// `node empty-worker.mjs URL JOBS CACHE STALE`: a worker whose trials take no time: what is left is the way there and back.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runWorker } from "../../dist/sweep/remote/worker.js";

const [redis, jobs, cache, stale] = process.argv.slice(2);
const result = { values: { error: 0.5 }, outcome: "converged", steps: 1, elapsedMs: 0 };
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
await runWorker({
  redis,
  jobs: Number(jobs),
  cache,
  staleMs: 1000 * Number(stale),
  signal: stopping.signal,
  pool: () => ({
    async run({ dir }) {
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, "manifest.json"), "{}\n");
      return { kind: "done", result };
    },
    stop() {},
    async close() {},
  }),
});
