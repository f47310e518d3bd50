import { writeFile } from "node:fs/promises";
import { fit, report, simulate } from "disentangle";

// 126 environments on a tree. Five hidden causes z act on y; each edge of the tree changes the effect of one of them.
const world = await simulate({ simulator: "tree-world", depth: 6, pointsPerEnvironment: 400, seed: 0 });

const run = fit({ method: "tbr", data: world, latentDim: 5, seed: 0 }); // sees x, y, environments and tree, never z
for await (const { step, steps, loss } of run) console.log(`step ${step} of ${steps}, loss ${loss.toFixed(3)}`);
const model = await run.result;

const { mcc } = await model.score(); // the truth is read here, on rows that were kept out of the fit
const { unrelated, rotation } = mcc.nulls;
console.log(
  `MCC ${mcc.value?.toFixed(2)}, unrelated latents ${unrelated?.mean.toFixed(2)}, mixed ${rotation?.mean.toFixed(2)}`,
);

await model.save("runs/quickstart");
await writeFile("runs/quickstart/report.html", (await report([model])).html);
