// Tiny fits of every method on one device, one line of JSON for each. Started by cuda-check.mjs and cuda-test.mjs, in a process of its own:
// which addon is loaded is a matter of the environment.
//
//   node scripts/cuda-fits.mjs '{"device": "cpu", "methods": ["tbr"], "steps": 200}'

import { createHash } from "node:crypto";
import { catalogue, configSchema, fit, isDisentangleError, simulate } from "../dist/index.js";

const WORLDS = [
  { simulator: "tree-world", seed: 1, depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 3 },
  { simulator: "task-world", seed: 1, tasks: 8, pointsPerTask: 60, latents: 4 },
  { simulator: "intervention-world", seed: 1, latents: 3, inputs: 6, pointsPerEnvironment: 1000 },
  { simulator: "modality-world", seed: 1, points: 600, inputsPerModality: 6 },
];

const { device, methods, steps } = JSON.parse(process.argv[2]);
for (const name of methods ?? catalogue().methods.map(({ name }) => name)) {
  console.log(JSON.stringify({ method: name, ...(await tried(name)) }));
}

/** What a fit says, or how it failed. */
async function tried(method) {
  try {
    return await fitted(method);
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    const { code, message, hint } = error;
    return { code, message, hint };
  }
}

/** A fit of the first of the worlds that a method takes. */
async function fitted(method) {
  const { properties } = (await configSchema(method)).oneOf[0];
  const small = { latentDim: 3, steps, seed: 2, device, batchSize: 64, hidden: [16] };
  const config = Object.fromEntries(Object.entries(small).filter(([key]) => key in properties));
  // It finds the number of latents itself.
  if (method === "interventional") delete config.latentDim;
  for (const [i, world] of WORLDS.entries()) {
    const data = await simulate(world);
    try {
      const model = await fit({ method, data, ...config }, { budgets: { steps } }).result;
      return await told(model, data);
    } catch (error) {
      const refused = isDisentangleError(error) && error.code.startsWith("DATA_");
      if (!refused || i === WORLDS.length - 1) throw error;
    }
  }
}

async function told(model, data) {
  const { latents, summary, history, outcome } = model;
  const scores = await model.score(data);
  return {
    outcome: outcome.kind,
    warnings: summary.warnings.map(({ code, message }) => ({ code, message })),
    curves: history.stages.flatMap(({ name, terms, gradientNorms = [] }) => [
      ...Object.entries(terms).map(([term, values]) => ({ name: `${name}, ${term}`, values })),
      { name: `${name}, norm of the gradient`, values: gradientNorms },
    ]),
    latents: createHash("sha256").update(new Uint8Array(latents.data.buffer)).digest("hex"),
    mcc: scores.mcc.value ?? undefined,
  };
}
