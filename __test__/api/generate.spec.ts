import { type Dataset, fit, type Model, simulate } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";

const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", seed: 3, depth: 2, pointsPerEnvironment: 100, inputs: 4, latents: 2 });

async function principal(latentDim: number): Promise<{ data: Dataset; model: Model }> {
  const data = await world();
  return { data, model: await fit({ method: "pca", latentDim, data }).result };
}

test("decoding the latents of all components gives the inputs back", async (t) => {
  const { data, model } = await principal(4);
  const inputs = await model.decode(model.latents);
  t.deepEqual([inputs.shape[1], inputs.columns], [4, data.inputNames]);
  // Single precision, and the ratio of the largest to the least variance along an axis.
  t.true(inputs.data.every((value, i) => Math.abs(value - data.inputs.data[i]!) < 1e-3));
  t.true(model.summary.reconstruction!.every(({ explained }) => explained! > 0.9999));
  t.deepEqual(
    model.summary.traversals!.map(({ latent }) => latent),
    ["z1", "z2", "z3", "z4"],
  );
});

test("latents are matched by name in any order, and by position where they have none", async (t) => {
  const { model } = await principal(2);
  const byName = await model.decode({ z2: [1, 2], z1: [3, 4] });
  const byPlace = await model.decode([
    [3, 1],
    [4, 2],
  ]);
  t.deepEqual(byName.data, byPlace.data);
  await t.throwsAsync(async () => model.decode([[1, 2, 3]]), { code: "DATA_COLUMN_MISMATCH" });
  await t.throwsAsync(async () => model.decode({ z1: [1, 2], z3: [1, 2] }), { code: "DATA_COLUMN_MISMATCH" });
});

test("an intervention is judged before anything is computed", async (t) => {
  const { model } = await principal(2);
  const refused: [Parameters<Model["intervene"]>[0], string][] = [
    [{ do: {} }, "CONFIG_MISSING"],
    [{ do: { z3: 1 } }, "CONFIG_UNKNOWN_KEY"],
    [{ do: { z1: Number.NaN } }, "CONFIG_WRONG_TYPE"],
    [{ do: { z1: Number.POSITIVE_INFINITY } }, "CONFIG_WRONG_TYPE"],
    [{ do: { z1: 1e300 } }, "CONFIG_OUT_OF_RANGE"],
    [{ do: { z1: 1 }, count: 0 }, "CONFIG_OUT_OF_RANGE"],
    [{ do: { z1: 1 } }, "MODEL_NO_MECHANISMS"],
  ];
  for (const [options, code] of refused) {
    const error = await t.throwsAsync(async () => model.intervene(options), { code });
    t.truthy((error as { hint?: string }).hint, code);
  }
  await model.close();
  await t.throwsAsync(async () => model.intervene({ do: { z1: 1 } }), { code: "MODEL_CLOSED" });
  await t.throwsAsync(async () => model.decode([[1, 2]]), { code: "MODEL_CLOSED" });
});
