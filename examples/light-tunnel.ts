// An optical device: three colors of light through two polarizers, seen by nine sensors. In each of five environments one actuator was
// changed; nothing says which. By default its sensors are simulated; with a path, the measurements of the real device are read:
// lt_interventions_standard_v1 of the causal chambers (CC BY 4.0, https://doi.org/10.1038/s42256-024-00964-x) as one table.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fit, readDataset, report, simulate } from "disentangle";

const ACTUATORS = ["red", "green", "blue", "pol_1", "pol_2"];
const [file] = process.argv.slice(2);
await mkdir("runs", { recursive: true });

/** The real device. Environments that change a sensor would be set aside by the fit, but their rows would count in the score. */
async function measured(table: string) {
  const [head = "", ...rows] = (await readFile(table, "utf8")).trim().split(/\r?\n/);
  const at = head.split(",").indexOf("environment");
  const six = ["reference", ...ACTUATORS.map((name) => `${name}_strong`)];
  const kept = rows.filter((row) => six.includes(row.split(",")[at]!));
  await writeFile("runs/light-tunnel.csv", [head, ...kept, ""].join("\n"));
  return readDataset({
    data: "runs/light-tunnel.csv",
    inputs: ["current", "angle_1", "angle_2", "ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3"],
    environment: "environment",
    truth: ACTUATORS,
  });
}

const data =
  file === undefined
    ? await simulate({ simulator: "chamber-world", pointsPerEnvironment: 10_000, seed: 0 })
    : await measured(file);

// It sees sensors and environments, never an actuator. On the real device no linear model holds, and a nonlinear one follows.
const model = await fit({ method: "interventional", data, reference: "reference" }).result;
const { assumptions, warnings, graph, latents } = model.summary;
for (const { status, question, finding } of assumptions) console.log(`${status}: ${question} ${finding}`);
for (const { message } of warnings) console.log(`warning: ${message}`);
for (const [i, row] of (graph?.weights ?? []).entries()) {
  for (const [j, weight] of row.entries()) {
    const sure = graph?.certainty?.[i]?.[j] ?? 0;
    if (weight !== 0) console.log(`${latents.names[i]} -> ${latents.names[j]} ${weight.toFixed(2)}, certainty ${sure}`);
  }
}

const { mcc, methodGraph } = await model.score(); // the truth is read here, on rows that were kept out of the fit
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

await writeFile("runs/light-tunnel.html", (await report([model])).html);
