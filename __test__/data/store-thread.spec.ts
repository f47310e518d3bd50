// AnnData and the like as the built package reads them: on a thread of their own. Sources have no module for such a thread, and read in place.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import test from "ava";
import { File, ready } from "h5wasm/node";
import { readDataset as inPlace } from "../../src/data/index.js";
import { isDisentangleError } from "../../src/errors.js";
import type * as Package from "../../src/index.js";
import { fixture } from "./support.js";

const built = async (): Promise<typeof Package> =>
  (await import(new URL("../../dist/index.js", import.meta.url).href)) as typeof Package;

/** Rows x columns compressed numbers, ids and labels. */
async function large(file: string, rows: number, cols: number): Promise<void> {
  await ready;
  const opened = new File(file, "w");
  const data = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * i));
  opened.create_dataset({ name: "X", data, shape: [rows, cols], chunks: [1000, cols], compression: "gzip" });
  for (const [name, length, order] of [
    ["obs", rows, ["site"]],
    ["var", cols, []],
  ] as const) {
    const group = opened.create_group(name);
    group.create_attribute("encoding-type", "dataframe");
    group.create_attribute("_index", "_index");
    group.create_attribute("column-order", [...order]);
    group.create_dataset({ name: "_index", data: Array.from({ length }, (_, i) => `${name}${i}`) });
    if (name === "obs") {
      group.create_dataset({ name: "site", data: Array.from({ length }, (_, i) => "abc"[i % 3]!) });
    }
  }
  opened.close();
}

for (const [file, keys] of [
  ["data/cells.h5ad", { environment: "cell_type", target: "n_genes" }],
  ["data/cells.h5ad", { matrix: "counts" }],
  ["data/cells-v2.zarr.zip", { environment: "donor" }],
  ["data/cells.zarr", {}],
  ["formats/tenx3.h5", {}],
  ["formats/labels.h5ad", {}],
] as const) {
  test(`${file} ${JSON.stringify(keys)} is read on a thread to what is read in place`, async (t) => {
    const { readDataset } = await built();
    const data = fixture(`../${file}`);
    t.deepEqual(await readDataset({ data, ...keys }), await inPlace({ data, ...keys }));
  });
}

for (const file of ["truncated.h5ad", "lzf.h5ad", "overflow.h5ad", "truncated.zarr.zip"]) {
  test(`what is wrong with ${file} is told by the thread in the same words`, async (t) => {
    const { readDataset } = await built();
    const said = async (reading: Promise<unknown>) => {
      const error: unknown = await t.throwsAsync(reading);
      if (!isDisentangleError(error)) return t.fail(String(error));
      return { code: error.code, message: error.message, hint: error.hint, context: error.context };
    };
    const data = fixture(file);
    t.deepEqual(await said(readDataset({ data })), await said(inPlace({ data })));
  });
}

test.serial("the process answers others while a large file is read, and stops it", async (t) => {
  const { readDataset, withSignal } = await built();
  const folder = mkdtempSync(join(tmpdir(), "disentangle-store-thread-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, "large.h5ad");
  await large(data, 20_000, 250);
  // Modules are loaded at first use.
  await readDataset({ data: fixture("cells.h5ad"), environment: "donor" });
  const before = performance.eventLoopUtilization();
  const dataset = await readDataset({ data, environment: "site" });
  const { utilization } = performance.eventLoopUtilization(before);
  t.is(dataset.inputs.rows, 20_000);
  t.is(dataset.inputs.data[4_999_999], Math.fround(Math.sin(4_999_999 ** 2)));
  t.deepEqual([dataset.rowIds.length, dataset.rowIds.at(-1)], [20_000, "obs19999"]);
  // Read in place it is above 0.9.
  t.true(utilization < 0.5, `${utilization} of the time the event loop was held`);
  const stop = new AbortController();
  const reading = withSignal(stop.signal, () => readDataset({ data }));
  const reason = new Error("the client hung up");
  setTimeout(() => stop.abort(reason), 50);
  t.is(await t.throwsAsync(reading), reason);
});

test("a thread that reads does not hold the process, and where none is permitted files are read and reports drawn in place", (t) => {
  const index = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);
  const program = `
    const { readDataset, fit, report } = await import(${index});
    const { inputs } = await readDataset({ data: ${JSON.stringify(fixture("cells.zarr"))} });
    const hdf5 = await readDataset({ data: ${JSON.stringify(fixture("cells.h5ad"))} }).then(() => "read", ({ code }) => code);
    const model = await fit({ method: "pca", latentDim: 1, data: [[1, 2], [2, 1], [3, 5], [4, 3], [5, 9], [6, 4]] }).result;
    console.log(inputs.rows, (await report([model])).html.length > 1000, hdf5);`;
  const permission = Number(process.versions.node.split(".")[0]) < 24 ? "--experimental-permission" : "--permission";
  const permitted = [permission, "--allow-addons", "--allow-fs-read=*", "--allow-fs-write=*"];
  for (const [flags, hdf5] of [
    [[], "read"],
    [permitted, "DATA_UNSUPPORTED"],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, "--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    t.deepEqual([status, stdout.trim()], [0, `7 true ${hdf5}`], stderr);
  }
});
