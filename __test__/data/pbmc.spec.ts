import { fileURLToPath } from "node:url";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";

const data = fileURLToPath(new URL("../../examples/data/pbmc68k/10x_pbmc68k_reduced.zarr.zip", import.meta.url));

test("the PBMC cells open with genes as inputs, cell types as environments and a cell-cycle score as target", async (t) => {
  const dataset = await readDataset({ data, environment: "bulk_labels", target: "S_score" });
  t.deepEqual([dataset.inputs.rows, dataset.inputs.cols], [700, 765]);
  t.deepEqual(dataset.inputNames.slice(0, 3), ["HES4", "TNFRSF4", "SSU72"]);
  t.is(dataset.rowIds[0], "AAAGCCTGGCTAAC-1");
  t.is(dataset.labels.environment?.levels.length, 10);
  t.is(dataset.inputs.data[0], Math.fround(-0.326));
  t.is(dataset.targets?.values.data[0], Math.fround(-0.1191598));
  t.true(dataset.inputs.data.every(Number.isFinite));
});

test("the raw counts of the PBMC cells are whole numbers that sum to what the file's own index says", async (t) => {
  const { inputs } = await readDataset({ data, matrix: "counts" });
  t.true(inputs.data.every((count) => Number.isInteger(count) && count >= 0));
  t.is(
    inputs.data.reduce((entries, count) => entries + Number(count !== 0), 0),
    174_400,
  );
});

test("genes may be inputs, target and truth at once, each in one role", async (t) => {
  const dataset = await readDataset({ data, inputs: ["FOS", "JUNB"], truth: ["IL1B", "CCL5"], target: "G2M_score" });
  t.deepEqual(dataset.inputNames, ["FOS", "JUNB"]);
  t.deepEqual(dataset.truth.latents?.columns, ["IL1B", "CCL5"]);
});

test("inspect takes the cell types of the PBMC cells for environments", async (t) => {
  const report = await inspect({ data });
  t.is(report.environment?.column, "bulk_labels");
  const sizes = report.environment!.sizes.map(({ rows }) => rows);
  t.deepEqual([Math.min(...sizes), Math.max(...sizes), sizes.reduce((a, b) => a + b)], [8, 240, 700]);
});
