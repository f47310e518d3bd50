// An optical device: three colors of light through two polarizers, seen by nine sensors. In each of five environments one actuator was
// changed; nothing says which. By default its sensors are simulated; with a path, the measurements of the real device are read:
// lt_interventions_standard_v1 of the causal chambers (CC BY 4.0, https://doi.org/10.1038/s42256-024-00964-x) as one table.
import { mkdir, writeFile } from "node:fs/promises";
import { fit, readDataset, report, simulate } from "disentangle";

const [file] = process.argv.slice(2);
const data =
  file === undefined
    ? await simulate({ simulator: "chamber-world", pointsPerEnvironment: 10_000, seed: 0 })
    : await readDataset({
        data: file,
        inputs: ["current", "angle_1", "angle_2", "ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3"],
        environment: "environment",
        truth: ["red", "green", "blue", "pol_1", "pol_2"],
      });

// It sees sensors and environments, never an actuator. Nothing is tuned on validation rows, so most rows can be learnt from.
const split = { train: 0.8, validation: 0.05, test: 0.15 };
const model = await fit({ method: "interventional", data, split }).result;
const { assumptions, warnings, graph, latents } = model.summary;
for (const { status, question, finding } of assumptions) console.log(`${status}: ${question} ${finding}`);
for (const { message } of warnings) console.log(`warning: ${message}`);
for (const [i, row] of (graph?.weights ?? []).entries()) {
  for (const [j, weight] of row.entries()) {
    const sure = graph?.certainty?.[i]?.[j] ?? 0;
    if (weight !== 0) console.log(`${latents.names[i]} -> ${latents.names[j]} ${weight.toFixed(2)}, certainty ${sure}`);
  }
}

const { mcc, methodGraph } = await model.score(); // the truth is read here
console.log(`MCC ${mcc.value?.toFixed(4)}`);
if (graph !== undefined) {
  console.log(`SHD ${methodGraph?.shd}`);
}
if (graph?.order !== undefined) {
  // What would the sensors have shown with the cause at two standard deviations?
  const cause = latents.names[graph.order[0] ?? 0]!;
  const { inputs } = await model.intervene({ do: { [cause]: 2 }, count: 3, environment: "reference" });
  console.log(`${cause} set to 2: ${inputs === undefined ? "no decoder" : "sensors are decoded"}`);
}

await mkdir("runs", { recursive: true });
await writeFile("runs/light-tunnel.html", (await report([model])).html);
