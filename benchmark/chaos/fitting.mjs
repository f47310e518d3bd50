// A fit that would take an hour: on a worker it says when it trains; as a process it exits by itself after a while.

import { parentPort } from "node:worker_threads";
import { fit, simulate } from "disentangle";

const data = await simulate({ simulator: "tree-world", depth: 4, pointsPerEnvironment: 500, seed: 0 });
for await (const _ of fit({ method: "tbr", data, latentDim: 5, steps: 10_000_000, seed: 0 })) {
  if (parentPort !== null) parentPort.postMessage("training");
  else {
    await new Promise((resolve) => setTimeout(resolve, Number(process.argv[2])));
    process.stderr.write(`${Date.now()}\n`);
    process.exit(7);
  }
}
