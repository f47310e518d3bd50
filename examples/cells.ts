// 700 blood cells of ten types: latents between twelve transcription factors and the cell-cycle score. Nobody knows the
// true ones, so there is nothing to score against. What can be said: how well the latents predict, whether another seed
// finds the same ones, and whether the data are what the method assumes. The data: examples/data/pbmc68k/NOTICE.md.
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fit, type Model, readDataset, report, score } from "disentangle";

const data = fileURLToPath(new URL("data/pbmc68k/10x_pbmc68k_reduced.zarr.zip", import.meta.url));
const FACTORS = ["CHD4", "DEK", "EGR1", "FLI1", "FOS", "GATA3", "HMGA1", "IRF1", "IRF8", "JUNB", "KLF6", "SPI1"];

// The tree is computed from all genes, the inputs are the factors alone.
const { tree } = await readDataset({ data, environment: "bulk_labels", tree: "dendrogram" });
const cells = await readDataset({ data, environment: "bulk_labels", inputs: FACTORS, target: "S_score" });

async function fitted(method: "tbr" | "shared-head", seed: number): Promise<Model> {
  // Few rows: a narrow encoder, a low learning rate, few steps.
  const small = { latentDim: 2, hidden: [32] as [number], learningRate: 1e-3, steps: 300 };
  return fit({ method, data: { ...cells, ...(tree && { tree }) }, seed, ...small }).result;
}

const models = [await fitted("tbr", 0), await fitted("tbr", 1), await fitted("shared-head", 0)] as const;
for (const { info, summary } of models) {
  const test = summary.errors.find(({ split, environment }) => split === "test" && environment === undefined);
  const { method, config } = info;
  console.log(`${method}, seed ${config.seed}: error ${test?.mse.toFixed(3)}, of the mean ${test?.meanMse.toFixed(3)}`);
}

const { mcc } = await score(models[0].latents, { z: models[1].latents });
console.log(`two seeds of tbr agree with an MCC of ${mcc.value?.toFixed(2)}`);
for (const { question, status, finding } of models[0].summary.assumptions) {
  console.log(`${status}: ${question} ${finding}`);
}

await mkdir("runs", { recursive: true });
await writeFile("runs/cells.html", (await report(models)).html);
