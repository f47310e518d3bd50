// Every failure that the product can produce is reached from outside, with its code.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import plainTest from "ava";
import { parseConfig, readConfigFile } from "../../src/cli/config-file.js";
import { type ErrorCode, failuresOf, isDisentangleError } from "../../src/errors.js";
import { onnxOf } from "../../src/export/onnx.js";
import { explanations } from "../../src/generated/errors.js";
import {
  type Dataset,
  fit,
  load,
  logToMlflow,
  prepare,
  type RunConfig,
  readDataset,
  readRun,
  type SweepConfig,
  score,
  simulate,
  sweep,
  writeDataset,
} from "../../src/index.js";
import { native } from "../../src/native.js";
import { ownFolder } from "../../src/owned-folder.js";
import { reopenRun } from "../../src/run-folder.js";
import { plan, train } from "../../src/train.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "../cli/run.js";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url));
const quick = { method: "tbr", latentDim: 2, steps: 20, batchSize: 128 } as const;

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "disentangle-codes-")), name);
  await writeFile(path, content);
  return path;
}

const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 2 });

/** A fit of a world in which something was spoilt. */
async function spoilt(change: (data: Dataset) => void, config: Partial<RunConfig> = {}): Promise<unknown> {
  const data = await world();
  change(data);
  return fit({ ...quick, data, ...config } as RunConfig).result;
}

/** A fit of two modalities of three columns, the second of them made of the first. */
async function modalities(second: (row: Float32Array, column: number, at: number) => number): Promise<unknown> {
  const data = await world();
  const { cols, rows, data: values } = data.inputs;
  for (let at = 0; at < rows; at += 1) {
    const row = values.subarray(at * cols, (at + 1) * cols);
    for (let column = 3; column < cols; column += 1) row[column] = second(row, column, at);
  }
  data.views = [
    { name: "a", start: 0, end: 3 },
    { name: "b", start: 3, end: cols },
  ];
  return fit({ method: "multimodal", training: { steps: 400 }, data }).result;
}

const csv = async (content: string | Uint8Array, config: object = {}): Promise<unknown> =>
  readDataset({ data: await file("table.csv", content), ...config });

/** A fit under a tree over two environments. */
async function under(tree: { names: string[]; parents: number[]; lengths: number[] }): Promise<unknown> {
  return fit({
    ...quick,
    data: { x: [1, 2, 3, 4], y: [1, 3, 2, 4], z: [2, 5, 3, 1], site: ["a", "a", "b", "b"] },
    environment: "site",
    target: "y",
    tree,
  }).result;
}

/** A saved run of the world in `dir/world`. */
async function saved(): Promise<{ cwd: string; dir: string }> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-codes-"));
  await run(["simulate", "tree-world", "--depth", "2", "--points-per-environment", "100", "--out", "world"], { cwd });
  await run(
    ["fit", "--method", "tbr", "--latent-dim", "2", "--steps", "20", "--data", "world", "--out", "a", "--no-report"],
    { cwd },
  );
  return { cwd, dir: join(cwd, "a") };
}

/** A sweep through a server at this port of this machine. */
async function sweepThrough(port: number): Promise<unknown> {
  const out = join(await mkdtemp(join(tmpdir(), "disentangle-codes-")), "sweep");
  const config = {
    parameters: { latentDim: { values: [1] } },
    base: { method: "tbr", steps: 20, data: await world() },
  };
  return sweep(config as SweepConfig, { out, redis: `redis://127.0.0.1:${port}` });
}

/** What becomes of `work` with a server that always gives this answer. */
async function withAnswer(answer: string, work: (port: number) => Promise<unknown>): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    // Of several commands at once each gets its answer.
    socket.on("data", (text) =>
      socket.write(answer.repeat(text.toString("latin1").match(/(?:^|\n)\*\d/g)?.length ?? 0)),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    return await work((server.address() as { port: number }).port);
  } finally {
    server.close();
  }
}

/** The failure that a command prints. */
async function printed(args: readonly string[], options: Parameters<typeof run>[1] = {}): Promise<unknown> {
  const { stdout } = await run([...args, "--json"], options);
  const { error } = JSON.parse(stdout) as { error?: { code: string; message: string } };
  if (error !== undefined)
    throw Object.assign(new Error(error.message), { name: "DisentangleError", context: {}, ...error });
  return stdout;
}

/** A fit of the world with keys that the types refuse. */
const wrong = async (config: object): Promise<unknown> =>
  fit({ ...quick, data: await world(), ...config } as unknown as RunConfig).result;

const cases: Partial<Record<ErrorCode, () => unknown>> = {
  CONFIG_INVALID: () => wrong({ latentDims: 3, sed: 1 }),
  CONFIG_UNKNOWN_KEY: () => wrong({ latentDims: 3 }),
  CONFIG_WRONG_TYPE: () => wrong({ batchSize: "many" }),
  CONFIG_OUT_OF_RANGE: () => wrong({ batchSize: 0 }),
  CONFIG_MISSING: () => fit({ ...quick } as unknown as RunConfig).result,
  CONFIG_UNKNOWN_METHOD: () => wrong({ method: "tbrr" }),
  MEMORY_LIMIT: () =>
    fit({ ...quick, data: { data: new Float32Array(1 << 19), shape: [1 << 9, 1 << 10] } }, { maxMemory: "1MiB" })
      .result,
  CONFIG_CONFLICT: async () => fit({ ...quick, data: await world(), target: "y" }).result,
  CONFIG_PARSE: () => parseConfig("inputs: [a", "run.yaml"),
  CONFIG_USAGE: () => readConfigFile("/no/such/file.yaml"),
  DATA_NOT_FOUND: () => readDataset({ data: "/no/such/file.csv" }),
  DATA_UNKNOWN_FORMAT: async () => readDataset({ data: await file("table.xyz", "a b") }),
  DATA_ENCODING: () => csv(Buffer.from("\ufeffa,b\n1,2\n", "utf16le")),
  DATA_EMPTY: () => csv(""),
  DATA_RAGGED_ROW: () => csv("a,b\n1,2\n3\n"),
  DATA_NOT_NUMERIC: () => csv("a,b\n1,2\nx,3\n", { inputs: ["a", "b"] }),
  DATA_FORMULA: async () =>
    prepare({ dataset: "superconductors", source: await file("f.csv", "name,Tc\nMgB2,39\nXx2,1\n") }),
  DATA_NOT_FINITE: () =>
    spoilt(({ inputs }) => {
      inputs.data[7] = Number.NaN;
    }),
  DATA_OVERFLOW: () => readDataset({ data: [[1e39, 1]] }),
  DATA_DUPLICATE_COLUMN: () => csv("a,a\n1,2\n"),
  DATA_MISSING_COLUMN: () => csv("a,b\n1,2\n", { environment: "site" }),
  DATA_CONSTANT_COLUMN: () =>
    spoilt(({ inputs: { data, cols } }) => {
      for (let i = 0; i < data.length; i += cols) data[i] = 1;
    }),
  DATA_SHAPE: () => readDataset({ data: { data: new Float32Array(5), shape: [2, 3] } }),
  DATA_JOIN: () => {
    const table = (id: string) => ({ data: { id: [id], x: [1] } });
    return readDataset({ modalities: { a: table("01"), b: table("1") }, join: "id" });
  },
  DATA_CORRUPT: () => readDataset({ data: fixture("truncated.npz") }),
  DATA_CHANGED: async () => {
    const data = await mkdtemp(join(tmpdir(), "disentangle-codes-"));
    native().writeDatasetFolder(data, await world());
    const planned = await plan({ ...quick, data });
    const other = await world();
    other.inputs.data[0]! += 1;
    native().writeDatasetFolder(data, other);
    return train(planned);
  },
  DATA_UNSUPPORTED: () => readDataset({ data: fixture("pickled.npy") }),
  DATA_DETACHED: () => {
    const values = new Float32Array(4);
    structuredClone(values, { transfer: [values.buffer] });
    return readDataset({ data: { data: values, shape: [2, 2] } });
  },
  DATA_TOO_FEW_ROWS: () =>
    fit({ ...quick, data: { x: [1], y: [2], site: ["a"] }, environment: "site", target: "y" }).result,
  DATA_NEEDS_ENVIRONMENTS: () =>
    spoilt((data) => {
      delete data.labels.environment;
    }),
  DATA_NEEDS_IMAGES: async () => fit({ method: "vae", encoder: "convolutional", data: await world() }).result,
  DATA_NEEDS_INTERVENTIONS: async () =>
    fit({ method: "interventional", reference: "n2", data: await world() } as RunConfig).result,
  DATA_NEEDS_MODALITIES: async () => fit({ method: "multimodal", data: await world() }).result,
  DATA_DUPLICATE_MODALITY: () => modalities((row, column) => row[column - 3]!),
  DATA_MODALITIES_UNRELATED: () => modalities((_, column, at) => Math.sin(1e4 * Math.sin(97 * at + 31 * column))),
  DATA_NEEDS_REFERENCE: async () => fit({ method: "interventional", data: await world() }).result,
  DATA_NEEDS_TARGET: () =>
    spoilt((data) => {
      delete data.targets;
    }),
  DATA_NEEDS_SIMULATOR: () =>
    fit({ method: "vade", latentDim: 1, rows: "fresh", data: { x: [1, 2, 3, 4], y: [2, 1, 4, 3] } }).result,
  DATA_NEEDS_TASKS: async () => fit({ method: "mtlcm", latentDim: 2, data: await world() }).result,
  DATA_NEEDS_TRUTH: async () =>
    fit({ method: "pdgmm", latentDim: 2, oracle: ["silent"], data: await world() } as RunConfig).result,
  DATA_NEEDS_TREE: () =>
    spoilt((data) => {
      delete data.tree;
    }),
  DATA_UNKNOWN_ENVIRONMENT: () =>
    spoilt(({ labels: { environment } }) => {
      environment?.levels.splice(0, 1, "nowhere");
    }),
  DATA_COLUMN_MISMATCH: async () => {
    const model = await fit({ ...quick, data: await world() }).result;
    return model.transform([[1, 2]]);
  },
  TREE_PARSE: () => native().parseTree("((a,b)", "newick"),
  TREE_CYCLE: () => under({ names: ["r", "a", "b"], parents: [-1, 2, 1], lengths: [0, 1, 1] }),
  TREE_ROOTS: () => under({ names: ["r", "a", "b"], parents: [-1, -1, 0], lengths: [0, 1, 1] }),
  TREE_LENGTH: () => under({ names: ["r", "a", "b"], parents: [-1, 0, 0], lengths: [0, -1, 1] }),
  TREE_NAMES: () => under({ names: ["a", "a", "b"], parents: [-1, 0, 0], lengths: [0, 1, 1] }),
  METRIC_NEEDS_TRUTH: () => score([[1], [2]], { truth: {} }),
  METRIC_SHAPE: () => score([[1], [2]], { z: [[1]] }),
  ARTIFACT_CORRUPT: async () => {
    const { dir } = await saved();
    const path = join(dir, "model", "model.bin");
    await writeFile(path, (await readFile(path)).subarray(0, -1));
    return load(dir);
  },
  ARTIFACT_VERSION: async () => {
    const path = await file("manifest.json", '{"format": 99, "version": "9.0.0"}');
    return readRun(join(path, ".."));
  },
  CHECKPOINT_MISMATCH: async () => {
    const { cwd } = await saved();
    const other = ["--depth", "2", "--points-per-environment", "100", "--seed", "1", "--out", "world"];
    await run(["simulate", "tree-world", ...other], { cwd });
    return printed(["score", "a"], { cwd });
  },
  DEVICE_NOT_FOUND: async () => fit({ ...quick, data: await world(), device: "cuda" }).result,
  FILE_WRITE: async () => {
    const model = await fit({ ...quick, data: await world() }).result;
    return model.save(join(await file("thesis.tex", ""), ".."));
  },
  RUN_NOT_FOUND: () => readRun("/no/such/folder"),
  RUN_FINISHED: async () => reopenRun((await saved()).dir),
  RUN_BUSY: async () => {
    const { cwd } = await saved();
    await ownFolder(join(cwd, "a"), "test");
    return printed(["fit", "--method", "pca", "--data", "world", "--latent-dim", "2", "--out", "a", "--force"], {
      cwd,
    });
  },
  MODEL_NO_DECODER: async () => (await fit({ ...quick, data: await world() }).result).decode([[1, 2]]),
  MODEL_NO_MECHANISMS: async () => (await fit({ ...quick, data: await world() }).result).intervene({ do: { z1: 1 } }),
  // Every method of the list writes its layers down; the next one may not.
  MODEL_NOT_EXPORTABLE: () => {
    const layers = { encoder: null, decoder: null, decodes: false, doublePrecisionInputs: false };
    const card = { method: "mine", version: "1", inputs: 1, latents: 1, metadata: {} };
    return onnxOf("encoder", { layers, tensors: [] }, card);
  },
  EXPORT_REFUSED: async () =>
    logToMlflow(await fit({ ...quick, data: await world() }).result, { url: "http://127.0.0.1:9" }),
  // As if the optional packages were not there.
  PACKAGE_MISSING: async () => {
    const hook = `export async function resolve(name, context, next) {
      if (name === "ioredis") throw Object.assign(new Error("not there"), { code: "ERR_MODULE_NOT_FOUND" });
      return next(name, context);
    }`;
    const url = `data:text/javascript,${encodeURIComponent(hook)}`;
    const preload = `import { register } from "node:module"; register(${JSON.stringify(url)});`;
    const env = { NODE_OPTIONS: `--import="data:text/javascript,${encodeURIComponent(preload)}"` };
    const data = await file("world", "");
    await rm(data);
    await writeDataset(data, await world());
    const base = { method: "tbr", steps: 20, data };
    const sweepFile = await file("a.json", JSON.stringify({ parameters: { latentDim: { values: [1] } }, base }));
    const out = join(dirname(sweepFile), "sweep");
    return printed(["sweep", sweepFile, "--out", out, "--redis", "redis://127.0.0.1:9"], { env });
  },
  QUEUE_UNREACHABLE: () => sweepThrough(9),
  QUEUE_REFUSED: () => withAnswer("-NOAUTH Authentication required.\r\n", sweepThrough),
  MODEL_CLOSED: async () => {
    const model = await fit({ ...quick, data: await world() }).result;
    await model.close();
    return model.score();
  },
  FIT_CANCELLED: () => fit({ ...quick, data: [[1]] }, { signal: AbortSignal.abort() }).result,
  CALLBACK_THREW: async () => {
    const onProgress = (): void => {
      throw new Error("mine");
    };
    return fit({ ...quick, data: await world() }, { onProgress }).result;
  },
  NATIVE_VERSION: async () => {
    const addon = await file("addon.cjs", `exports.doctor = () => '{"version":"0.0.1"}';`);
    return printed(["doctor"], { env: { NAPI_RS_NATIVE_LIBRARY_PATH: addon } });
  },
  NATIVE_NOT_FOUND: () =>
    printed(["doctor"], {
      env: {
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent("Object.defineProperty(process,'arch',{value:'none'})")}`,
      },
    }),
};

/** What no input reaches: the tests of the crates force these. */
const inside: readonly ErrorCode[] = ["METRIC_GRAPH", "NUMERIC_NOT_FINITE", "NUMERIC_SINGULAR", "INTERNAL_PANIC"];

plainTest("every code is reached here or, where no input can, inside the crates", (t) => {
  t.deepEqual([...Object.keys(cases), ...inside].sort(), Object.keys(explanations).sort());
});

for (const [code, reach] of Object.entries(cases)) {
  test(`${code} is reached`, async (t) => {
    const error = await t.throwsAsync(async () => reach());
    if (!isDisentangleError(error)) return t.fail(String(error?.stack));
    t.is(error.code, code as ErrorCode, error.message);
    t.false(error.message.includes("\n"));
    t.true(failuresOf(error).length > 0);
  });
}
