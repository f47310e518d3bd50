// Encoders and decoders as ONNX graphs, computed by ONNX Runtime and compared with the model that they come from.
import { onnxOf } from "../../src/export/onnx.js";
import type { Layers } from "../../src/export/plain-model.js";
import {
  catalogue,
  type Dataset,
  exportModel,
  fit,
  isDisentangleError,
  type Model,
  type RunConfig,
  simulate,
} from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { largestDifference, runOnnx } from "./runtime.js";

const ROWS = 256;
/**
 * Of latents whose standard deviation is about 1, and of inputs: both sides round to 32 bits after each layer, in other orders of
 * summation. A wrong activation, map or scale is off by more than a hundredth.
 */
const TOLERANCE = 2e-5;

const tree = simulate({ simulator: "tree-world", seed: 1, depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 3 });
const tasks = simulate({ simulator: "task-world", seed: 1, tasks: 8, pointsPerTask: 60, latents: 4 });
const changed = () =>
  simulate({ simulator: "intervention-world", seed: 1, latents: 3, inputs: 6, pointsPerEnvironment: 1000 });
const modalities = () => simulate({ simulator: "modality-world", seed: 1, points: 600, inputsPerModality: 6 });

/** The model as graphs, on rows of its own data. */
async function parity(model: Model, data: Dataset): Promise<Record<string, number>> {
  const { cols } = data.inputs;
  const rows = { data: data.inputs.data.slice(0, ROWS * cols), shape: [ROWS, cols] as const };
  const files = new Map((await exportModel(model, "onnx")).map(({ name, content }) => [name, content as Uint8Array]));
  const latents = await model.transform({ ...data, ...firstRows(data) });
  const found: Record<string, number> = {
    encoder: largestDifference(await runOnnx(files.get("model.onnx")!, rows), latents.data),
  };
  const decoder = files.get("model-decoder.onnx");
  if (decoder !== undefined) {
    const inputs = await model.decode(latents);
    found.decoder = largestDifference(await runOnnx(decoder, latents), inputs.data);
  }
  return found;
}

/** The rows of a data set that are compared, without what is not needed to encode them. */
function firstRows({ inputs, rowIds }: Dataset): Pick<Dataset, "inputs" | "rowIds" | "labels"> {
  return {
    inputs: { data: inputs.data.slice(0, ROWS * inputs.cols), rows: ROWS, cols: inputs.cols },
    rowIds: rowIds.slice(0, ROWS),
    labels: {},
  };
}

const short = { budgets: { steps: 30 } };

/** Methods that find the number of latents themselves. */
const OWN_DIMENSION = new Set(["interventional"]);

/** A short fit of a method to the first of the worlds that it takes. */
async function fitted(method: string): Promise<{ readonly model: Model; readonly data: Dataset }> {
  const refused: string[] = [];
  for (const world of [() => tree, () => tasks, changed, modalities]) {
    const data = await world();
    try {
      const size = OWN_DIMENSION.has(method) ? {} : { latentDim: 3 };
      return { data, model: await fit({ method, data, ...size, seed: 2 } as RunConfig, short).result };
    } catch (error) {
      if (!isDisentangleError(error) || !error.code.startsWith("DATA_")) throw error;
      refused.push(error.message);
    }
  }
  throw new Error(`${method} takes none of the worlds: ${refused.join("; ")}`);
}

test("encoder and decoder of every method give the same numbers in ONNX Runtime", async (t) => {
  for (const { name, gives } of catalogue().methods) {
    const { model, data } = await fitted(name);
    const found = await parity(model, data);
    t.log(
      `${name}: ${Object.entries(found)
        .map(([part, largest]) => `${part} ${largest.toExponential(1)}`)
        .join(", ")}`,
    );
    t.true(
      Object.values(found).every((largest) => largest <= TOLERANCE),
      `${name}: ${JSON.stringify(found)}`,
    );
    if (gives.includes("decoder")) t.true("decoder" in found, `${name} has a decoder`);
  }
});

const variants: Readonly<Record<string, Partial<Record<string, unknown>>>> = {
  "pdgmm on an autoencoder": { method: "pdgmm", representation: "autoencoder", flow: { use: "never" } },
  "pdgmm with a flow": { method: "pdgmm", representation: "inputs", flow: { use: "always", steps: 20 } },
  "pdgmm as published": { method: "pdgmm", algorithm: "paper", representation: "autoencoder" },
  "vade on inputs": { method: "vade", representation: "inputs" },
  "vade on an autoencoder": { method: "vade", representation: "autoencoder" },
  "ivae with a linear decoder": { method: "ivae", decoder: "linear" },
  "latent-anm with as many latents as inputs": { method: "latent-anm", latentDim: 6, starts: 2 },
  "latent-anm on an autoencoder": { method: "latent-anm", representation: "autoencoder", starts: 2 },
  "latent-anm as published": { method: "latent-anm", algorithm: "paper" },
  "latent-anm as published, with linear mechanisms": {
    method: "latent-anm",
    algorithm: "paper",
    mechanisms: "linear",
  },
  "pca that drops directions": { method: "pca", latentDim: 2 },
};

for (const [name, config] of Object.entries(variants)) {
  test(`${name} gives the same numbers in ONNX Runtime`, async (t) => {
    const data = await tree;
    const model = await fit({ data, latentDim: 3, seed: 2, ...config } as unknown as RunConfig, {
      budgets: { steps: 120 },
    }).result;
    const found = await parity(model, data);
    t.log(JSON.stringify(found));
    t.true(
      Object.values(found).every((largest) => largest <= TOLERANCE),
      JSON.stringify(found),
    );
    t.true("decoder" in found);
  });
}

test("modalities of different sizes, one of them with a code of one number, give the same numbers in ONNX Runtime", async (t) => {
  const data = await modalities();
  const sizes = { latentDim: { m1: 1, m2: 2 }, privateDim: { m1: 0, m2: 2 } };
  const model = await fit({ method: "multimodal", data, ...sizes, seed: 2, training: { steps: 400 } }).result;
  const found = await parity(model, data);
  t.log(JSON.stringify(found));
  t.true("decoder" in found);
  t.true(
    Object.values(found).every((largest) => largest <= TOLERANCE),
    JSON.stringify(found),
  );
});

for (const [height, width, channels, coders] of [
  [12, 12, 1, {}],
  [9, 7, 3, { decoder: "linear" }],
  [7, 10, 2, { encoder: "mlp" }],
] as const) {
  test(`convolutions of ${channels} x ${height} x ${width} with ${JSON.stringify(coders)} give the same numbers in ONNX Runtime`, async (t) => {
    const [rows, cols] = [300, channels * height * width];
    const values = Float32Array.from({ length: rows * cols }, (_, at) => {
      const [row, pixel] = [Math.floor(at / cols), at % cols];
      return Math.sin(row * 1.3 + pixel * 0.4) + Math.cos(row * 0.7 - pixel * 0.9);
    });
    const data: Dataset = {
      ...(await tree),
      inputs: { data: values, rows, cols },
      inputNames: [],
      rowIds: [],
      labels: {},
      truth: {},
      views: [{ name: "images", start: 0, end: cols, image: { channels, height, width } }],
    };
    for (const key of ["targets", "tree"] as const) delete data[key];
    const model = await fit({ method: "vae", latentDim: 3, batchSize: 32, seed: 2, ...coders, data } as RunConfig, {
      budgets: { steps: 40 },
    }).result;
    const { layers } = await model.plain();
    const kinds = [...layers.encoder!, ...layers.decoder!].map(({ op }) => op);
    t.true(kinds.includes("convolution"));
    const found = await parity(model, data);
    t.log(JSON.stringify(found));
    t.true("decoder" in found);
    t.true(
      Object.values(found).every((largest) => largest <= TOLERANCE),
      JSON.stringify(found),
    );
  });
}

test("the couplings of a flow that was trained bend the latents: a graph without them would differ", async (t) => {
  const config = { method: "pdgmm", representation: "inputs", flow: { use: "always", steps: 20 }, latentDim: 3 };
  const { layers, tensors } = await (await fit({ ...config, data: await tree } as RunConfig).result).plain();
  t.true(layers.encoder!.some(({ op }) => op === "coupling"));
  const last = tensors.filter(({ name }) => /^trained\/flow\.\d+\.2\.weight$/.test(name));
  t.true(last.length > 0 && last.every(({ data }) => data.some((value) => Math.abs(value) > 1e-4)));
});

test("the bends of latent-anm bend, and its decoder is the inverse of its encoder", async (t) => {
  const config = { method: "latent-anm", latentDim: 6, starts: 2, data: await tree, seed: 2 };
  const model = await fit(config as unknown as RunConfig, { budgets: { steps: 60 } }).result;
  const { layers, tensors } = await model.plain();
  const bends = layers.encoder!.filter((layer) => layer.op === "bend");
  t.true(bends.length > 0);
  for (const { slope } of bends)
    t.true(tensors.find(({ name }) => name === slope)!.data.some((value) => Math.abs(value - 1) > 0.01));
  const files = (await exportModel(model, "onnx")).map(({ content }) => content as Uint8Array);
  const { inputs } = await tree;
  const rows = { data: inputs.data.slice(0, ROWS * inputs.cols), shape: [ROWS, inputs.cols] as const };
  const latents = await runOnnx(files[0]!, rows);
  const back = await runOnnx(files[1]!, { data: Float32Array.from(latents), shape: [ROWS, 6] });
  // 32 bits between the layers, multiplied by the condition of five maps; a wrong slope is off by more than a tenth.
  t.true(largestDifference(back, rows.data) <= 1e-3);
});

test("missing inputs are filled in the graph where the model fills them", async (t) => {
  const data = await tree;
  const gaps = { ...data, inputs: { ...data.inputs, data: data.inputs.data.slice() } };
  for (let i = 0; i < gaps.inputs.data.length; i += 7) gaps.inputs.data[i] = Number.NaN;
  const model = await fit({ method: "pca", data: gaps, latentDim: 3, missing: "mean" }).result;
  const found = await parity(model, gaps);
  t.true(found.encoder! <= TOLERANCE, JSON.stringify(found));
});

test("inputs far from zero keep their differences: such a graph takes numbers of 64 bits", async (t) => {
  const count = 300;
  const column = (of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));
  // Steps of a millisecond in a time of 13 digits: 32 bits hold steps of two minutes.
  const data = { time: column((i) => 1.7e12 + ((i * 7919) % 1000)), other: column((i) => Math.sin(i)) };
  const model = await fit({ method: "pca", data, latentDim: 2 }).result;
  const [file] = await exportModel(model, "onnx");
  const rows = Float64Array.from({ length: 2 * ROWS }, (_, at) => (at % 2 === 0 ? data.time : data.other)[at >> 1]!);
  const got = await runOnnx(file!.content as Uint8Array, { data: rows, shape: [ROWS, 2] });
  const latents = await model.transform({ time: data.time.slice(0, ROWS), other: data.other.slice(0, ROWS) });
  t.true(largestDifference(got, latents.data) <= TOLERANCE);
  await t.throwsAsync(runOnnx(file!.content as Uint8Array, { data: Float32Array.from(rows), shape: [ROWS, 2] }));
});

test("a method that does not write its layers down is refused, and so is a decoder where there is none", (t) => {
  const layers: Layers = { encoder: null, decoder: null, decodes: false, doublePrecisionInputs: false };
  const card = { method: "mine", version: "1", inputs: 2, latents: 1, metadata: {} };
  const encoder = t.throws(() => onnxOf("encoder", { layers, tensors: [] }, card), { code: "MODEL_NOT_EXPORTABLE" });
  t.regex(encoder!.message, /encoder of mine/);
  t.throws(() => onnxOf("decoder", { layers, tensors: [] }, card), { code: "MODEL_NO_DECODER" });
  t.throws(() => onnxOf("decoder", { layers: { ...layers, decodes: true }, tensors: [] }, card), {
    code: "MODEL_NOT_EXPORTABLE",
  });
});

test("a model that is closed, and a format that does not exist, are refused", async (t) => {
  const model = await fit({ method: "pca", data: await tree, latentDim: 2 }).result;
  await t.throwsAsync(exportModel(model, "pickle" as never), { code: "CONFIG_OUT_OF_RANGE", message: /onnx/ });
  await model.close();
  await t.throwsAsync(exportModel(model, "onnx"), { code: "MODEL_CLOSED" });
});
