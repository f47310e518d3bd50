// The inputs of a fit lie in memory once while it trains: where nobody else has them, they are given back.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dataset, fit, simulate } from "../../src/index.js";
import { native, plain } from "../../src/native.js";
import { isFinished, plan, train } from "../../src/train.js";
import { testWithAddon as test } from "../addon.js";

const quick = { method: "tbr", latentDim: 2, steps: 20, batchSize: 128 } as const;
const world = (): Promise<Dataset> =>
  simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 2 });

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-inputs-"));

test("inputs stay in their data set folder until the core needs them, and the fit is the same", async (t) => {
  const dir = await folder();
  const data = await world();
  native().writeDatasetFolder(dir, data);
  const planned = await plan({ ...quick, data: dir });
  t.is(planned.dataset.inputs.data.length, 0);
  t.deepEqual([planned.card.rows, planned.card.columns], [data.inputs.rows, data.inputs.cols]);
  const [ofFolder, ofMemory] = [await train(planned), await train(await plan({ ...quick, data }))];
  if (!isFinished(ofFolder) || !isFinished(ofMemory)) return t.fail();
  t.deepEqual(ofFolder.latents.data, ofMemory.latents.data);
  t.is(ofFolder.manifest.runId, ofMemory.manifest.runId);
});

test("a choice of inputs is read at once", async (t) => {
  const dir = await folder();
  const data = await world();
  native().writeDatasetFolder(dir, data);
  const inputs = data.inputNames.slice(0, 3);
  const { dataset } = await plan({ ...quick, data: dir, inputs });
  t.is(dataset.inputs.data.length, data.inputs.rows * 3);
});

test("inputs that were read of a file are freed when the core has them", async (t) => {
  const path = join(await folder(), "rows.csv");
  const rows = Array.from({ length: 200 }, (_, i) => `${Math.sin(i)},${Math.cos(3 * i)},${Math.sin(i) + Math.cos(i)}`);
  await writeFile(path, `a,b,c\n${rows.join("\n")}\n`);
  const planned = await plan({ method: "pca", latentDim: 2, data: path });
  t.is(planned.dataset.inputs.data.length, 600);
  const run = await train(planned);
  t.is(planned.dataset.inputs.data.length, 0);
  t.true(isFinished(run));
});

test("inputs that the caller has stay the caller's", async (t) => {
  const data = await world();
  const before = data.inputs.data.slice();
  await fit({ ...quick, data }).result;
  t.deepEqual(data.inputs.data, before);
});

test("a long result is copied and the core's memory freed; a short one is copied", async (t) => {
  for (const [rows, left] of [
    [(1 << 17) + 1, 0],
    [4, 32],
  ] as const) {
    const dir = await folder();
    const data = Float32Array.from({ length: 2 * rows }, (_, i) => i);
    native().npyWrite(join(dir, "x.npy"), { shape: [rows, 2], data });
    const read = native().npyRead(join(dir, "x.npy"));
    const own = await plain(read);
    t.deepEqual(own.data, data);
    t.is(read.data.byteLength, left);
    structuredClone(own.data, { transfer: [own.data.buffer as ArrayBuffer] });
    t.is(own.data.length, 0);
  }
});
