// The same five sensors in 30 environments. Two hidden causes act on them, and on each other more or less strongly from one environment
// to the next. Nobody sees a cause, and no environment has a target: only the shifts tell them apart.
import { mkdir, writeFile } from "node:fs/promises";
import { fit, report, simulate } from "disentangle";

const world = { latents: 2, inputs: 5, environments: 30, pointsPerEnvironment: 300 } as const;
const data = await simulate({ simulator: "shift-world", ...world, seed: 1 });
const model = await fit({ method: "latent-anm", data, latentDim: 2, training: { steps: 1200 }, threads: 2 }).result;

const { graph, identification = [], warnings } = model.summary;
for (const [i, row] of (graph?.weights ?? []).entries()) {
  for (const [j, weight] of row.entries()) {
    if (weight > 0)
      console.log(`${graph!.names[i]} -> ${graph!.names[j]}, certainty ${graph!.certainty![i]![j]!.toFixed(2)}`);
  }
}
// Which latents can be relied on: one without effects can never be checked.
for (const { latent, status, finding } of identification) console.log(`${latent}: ${status}. ${finding}`);
for (const { message } of warnings) console.log(`warning: ${message}`);

const { mcc } = await model.score(); // the truth is read here
console.log(`MCC ${mcc.value?.toFixed(3)}`);

// What if the first cause were held at 1? In each environment the second one answers by its own mechanism.
const { latents, environments = [] } = await model.intervene({ do: { z1: 1 }, count: 3000 });
const answers = new Map<string, number[]>();
for (const [row, environment] of environments.entries()) {
  answers.set(environment, [...(answers.get(environment) ?? []), latents.data[row * 2 + 1]!]);
}
for (const [environment, values] of [...answers].slice(0, 3)) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(`z2 under do(z1 = 1) in ${environment}: ${mean.toFixed(2)}`);
}

await mkdir("runs", { recursive: true });
await writeFile("runs/shifting-causes.html", (await report([model])).html);
