// 700 blood cells: programs of genes that are switched off in part of the cells. Nobody knows the true ones, so there is nothing
// to score against: what is said is how often a latent is silent, its genes, whether another seed finds it, and whether the data
// are what the method assumes. Here they are in part: silence of some is another kind of cell. examples/data/pbmc68k/NOTICE.md
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fit, type Model, readDataset, report, score, selectInputs } from "disentangle";

const sum = (a: number, b: number): number => a + b;
const data = fileURLToPath(new URL("data/pbmc68k/10x_pbmc68k_reduced.zarr.zip", import.meta.url));
const { inputs: counts, ...cells } = await readDataset({ data, matrix: "counts" });
const { rows, cols } = counts;

// From a cell that is read more deeply more is counted: shares of its counts, in ten thousandths, on a logarithmic scale.
const depths = Array.from({ length: rows }, (_, i) => counts.data.subarray(i * cols, (i + 1) * cols).reduce(sum));
const values = counts.data.map((count, at) => Math.log1p((1e4 * count) / depths[Math.floor(at / cols)]!));
const expression = { ...cells, inputs: { data: values, rows, cols } };
const variances = cells.inputNames.map((name, gene) => ({
  name,
  variance: deviations(column(values, cols, gene)).variance,
}));
const variable = variances.sort((a, b) => b.variance - a.variance).slice(0, 60);
const chosen = selectInputs(expression, { inputs: variable.map(({ name }) => name) });

async function fitted(seed: number): Promise<Model> {
  // Few rows: no flow, most of them for training.
  const small = { latentDim: 5, flow: { use: "never" }, split: { train: 0.7, validation: 0.15, test: 0.15 } } as const;
  return fit({ method: "pdgmm", data: chosen, seed, ...small }).result;
}

const models = [await fitted(0), await fitted(1)] as const;
const [{ latents, summary }] = models;
for (const [j, { name, share, certainty }] of (summary.silence?.latents ?? []).entries()) {
  const latent = deviations(column(latents.data, latents.shape[1], j)).scores;
  const loadings = chosen.inputNames.map((gene, g) => {
    const { scores } = deviations(column(chosen.inputs.data, chosen.inputs.cols, g));
    return { gene, loading: scores.map((value, i) => value * latent[i]!).reduce(sum) / rows };
  });
  const heaviest = loadings.sort((a, b) => Math.abs(b.loading) - Math.abs(a.loading)).slice(0, 3);
  const genes = heaviest.map(({ gene, loading }) => `${gene} ${loading.toFixed(2)}`).join(", ");
  console.log(
    `${name}: silent in ${(100 * share).toFixed(0)} % of the cells, certainty ${certainty.toFixed(2)}; ${genes}`,
  );
}

const { mcc, mccWeak } = await score(latents, { z: models[1].latents });
console.log(`two seeds agree: strong MCC ${mcc.value?.toFixed(2)}, weak MCC ${mccWeak.value?.toFixed(2)}`);
for (const { question, status, finding } of summary.assumptions) console.log(`${status}: ${question} ${finding}`);

await mkdir("runs", { recursive: true });
await writeFile("runs/silent-genes.html", (await report(models)).html);

function column(matrix: Float32Array, width: number, place: number): number[] {
  return Array.from({ length: matrix.length / width }, (_, row) => matrix[row * width + place]!);
}
function deviations(numbers: readonly number[]): { variance: number; scores: number[] } {
  const mean = numbers.reduce(sum) / numbers.length;
  const variance = numbers.map((value) => (value - mean) ** 2).reduce(sum) / numbers.length;
  return { variance, scores: numbers.map((value) => (value - mean) / Math.sqrt(variance)) };
}
