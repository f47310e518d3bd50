// Saves two models in turns into one folder until it is told to stop, then tells how often.

import { parentPort, workerData } from "node:worker_threads";
import { fit, simulate } from "disentangle";

const data = await simulate({ simulator: "tree-world", depth: 3, pointsPerEnvironment: 50, inputs: 6, latents: 2 });
const models = [];
for (const seed of workerData.models) {
  models.push(await fit({ method: "tbr", latentDim: 2, steps: 30, data, seed }).result);
}
let [saves, going] = [0, true];
parentPort.on("message", () => {
  going = false;
});
while (going) {
  await models[++saves % models.length].save(workerData.dir);
  if (saves % 10 === 0) parentPort.postMessage(saves);
}
parentPort.postMessage(saves);
parentPort.close();
