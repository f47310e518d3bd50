// Superconductors: latents of the shares of elements that explain 81 properties, each of them a task. Nobody knows the true
// ones, so two seeds are compared with each other: as they are (strong), and after the best linear map (weak).
//   node --import=tsx examples/superconductors.ts [supercon.csv]
// Without a file it takes textbook values: examples/data/superconductors/NOTICE.md.
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fit, type Model, prepare, report, score } from "disentangle";

const [source = fileURLToPath(new URL("data/superconductors/textbook.csv", import.meta.url))] = process.argv.slice(2);
const isWhole = process.argv.length > 2;

// Of two hundred materials half as many would be left if every element had to occur in twenty.
const data = await prepare({
  dataset: "superconductors",
  source,
  skipInvalid: true,
  ...(!isWhole && { minMaterials: 6 }),
});
const { note } = JSON.parse(data.provenance) as { note: string };
console.log(
  `${data.inputs.rows} materials, ${data.inputs.cols} elements, ${data.targets?.columns.length} tasks: ${note}`,
);

async function fitted(seed: number): Promise<Model> {
  const split = isWhole ? {} : { split: { train: 0.7, validation: 0.15, test: 0.15 } };
  return fit({ method: "mtlcm", data, latentDim: 3, seed, ...split }).result;
}

const [first, second] = [await fitted(0), await fitted(1)];
const { mcc, mccWeak } = await score(first.latents, { z: second.latents });
console.log(`two seeds agree: strong MCC ${mcc.value?.toFixed(2)}, weak MCC ${mccWeak.value?.toFixed(2)}`);

await mkdir("runs", { recursive: true });
await writeFile("runs/superconductors.html", (await report([first, second])).html);
