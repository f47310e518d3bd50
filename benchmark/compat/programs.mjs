// Programs of users: they fit a model and use it, so that the addon has to be found and loaded.

const BODY = `
const world = { simulator: "tree-world", seed: 1, depth: 2, pointsPerEnvironment: 50, inputs: 4, latents: 2 };
const use = async () => {
  const data = await simulate(world);
  const model = await fit({ method: "pca", data, latentDim: 2 }).result;
  const { shape } = await model.transform(data);
  await model.close();
  return shape.join(" x ");
};
`;

/** What each of them prints. */
export const PRINTED = "300 x 2";

/** As an ES module. */
export const ESM = `import { fit, simulate } from "disentangle";
${BODY}console.log(await use());
`;

/** As a CommonJS module. */
export const CJS = `const { fit, simulate } = require("disentangle");
${BODY}use().then((text) => console.log(text));
`;

/** A module that exports \`use\`. */
export const EXPORTED = `import { fit, simulate } from "disentangle";
${BODY}export { use };
`;

/** In the types of the package: configuration, events, results, errors, and that they are not \`any\`. */
export const TYPED = `import { catalogue, DisentangleError, fit, readDataset, simulate } from "disentangle";
import type { Catalogue, ErrorCode, FitHandle, Model, NativeDataset, Progress, RunConfig, Scores } from "disentangle";

const all: Catalogue = catalogue();
const names: readonly string[] = all.methods.map((method) => method.name);
const code: ErrorCode = new DisentangleError({ code: "DATA_NOT_FOUND", message: names.join() }).code;

export async function use(config: RunConfig): Promise<Float32Array> {
  const data: NativeDataset = await simulate({ simulator: "tree-world", seed: 1 });
  const run: FitHandle = fit({ ...config, data });
  for await (const event of run) note(event);
  const model: Model = await run.result;
  const scores: Scores = await model.score();
  // @ts-expect-error the types are there, and are not \`any\`
  scores.nothing;
  return (await model.transform(data)).data;
}

function note(event: Progress): string {
  return event.stage;
}

// @ts-expect-error a code that does not exist
const wrong: ErrorCode = "NO_SUCH_CODE";
export default [code, wrong, readDataset];
`;
