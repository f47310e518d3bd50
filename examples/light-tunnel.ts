// A real optical device: three colors of light through two polarizers, seen by nine sensors. In each of five environments one actuator was
// changed, in fifteen others a sensor or what no sensor sees; nothing says which. A computer set the actuators, so the truth is known.
// With `simulated` the sensors are simulated without noise. The data: examples/data/light-tunnel/NOTICE.md (CC BY 4.0).
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fit, readDataset, report, simulate } from "disentangle";

const ACTUATORS = ["red", "green", "blue", "pol_1", "pol_2"];
const isSimulated = process.argv[2] === "simulated";

const data = isSimulated
  ? await simulate({ simulator: "chamber-world", pointsPerEnvironment: 10_000, seed: 0 })
  : await readDataset({
      data: fileURLToPath(new URL("data/light-tunnel/light_tunnel.csv", import.meta.url)),
      inputs: ["current", "angle_1", "angle_2", "ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3"],
      environment: "environment",
      truth: ACTUATORS,
    });

// It sees sensors and environments, never an actuator. On the real device no linear model holds, and a nonlinear one follows.
const model = await fit({ method: "interventional", data, reference: "reference" }).result;
const { assumptions, warnings, facts, graph, latents } = model.summary;
for (const { status, question, finding } of assumptions) console.log(`${status}: ${question} ${finding}`);
for (const { message } of warnings) console.log(`warning: ${message}`);
for (const [i, row] of (graph?.weights ?? []).entries()) {
  for (const [j, weight] of row.entries()) {
    const sure = graph?.certainty?.[i]?.[j] ?? 0;
    if (weight !== 0) console.log(`${latents.names[i]} -> ${latents.names[j]} ${weight.toFixed(2)}, certainty ${sure}`);
  }
}

// The truth is read here, on rows that were kept out of the fit, of the environments that change no sensor.
const environments = ["reference", ...ACTUATORS.map((name) => `${name}_strong`)];
const { mcc, methodGraph, ...scores } = await model.score(undefined, isSimulated ? {} : { environments });
console.log(`MCC ${mcc.value?.toFixed(4)}`);
for (const [i, match] of mcc.matching.entries()) {
  // A latent that single rows hardly tell has a high score all the same where an environment moves it far.
  const reliability = facts.find(({ id }) => id === `reliability-${scores.latents[match ?? -1]}`)?.value;
  console.log(
    `${scores.truth[i]}: correlation ${mcc.perLatent[i]?.toFixed(3)}, reliability ${reliability?.toFixed(2)}`,
  );
}
if (graph !== undefined) console.log(`SHD ${methodGraph?.shd}`);
if (graph?.order !== undefined) {
  // What would the sensors have shown with the cause at two standard deviations?
  const cause = latents.names[graph.order[0] ?? 0]!;
  const { inputs } = await model.intervene({ do: { [cause]: 2 }, count: 3, environment: "reference" });
  console.log(`${cause} set to 2: ${inputs === undefined ? "no decoder" : "sensors are decoded"}`);
}

await mkdir("runs", { recursive: true });
await writeFile("runs/light-tunnel.html", (await report([model])).html);
