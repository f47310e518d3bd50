import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Group } from "h5wasm/node";
import h5wasm from "h5wasm/node";
import { inspect, readDataset } from "../../src/data/index.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";

const home = mkdtempSync(join(tmpdir(), "disentangle-mudata-"));
test.after.always(() => rmSync(home, { recursive: true }));

interface Modality {
  readonly cells: readonly string[];
  readonly genes: readonly string[];
  readonly values: readonly number[];
  readonly counts?: readonly number[];
}

const rna: Modality = {
  cells: ["c1", "c2", "c3"],
  genes: ["A", "B"],
  values: [1, 2, 3, 4, 5, 6],
  counts: [9, 8, 7, 6, 5, 4],
};
const atac: Modality = { cells: ["c3", "c1"], genes: ["A"], values: [30, 10] };

/** Writes a file as one of the two generations of MuData writers does. */
async function mudata(
  name: string,
  modalities: Readonly<Record<string, Modality>>,
  {
    isOld = false,
    axis = 0,
    obs = ["c3", "c2", "c1"],
  }: { isOld?: boolean; axis?: number; obs?: readonly string[] } = {},
): Promise<string> {
  await h5wasm.ready;
  const path = join(home, name);
  const file = new h5wasm.File(path, "w");
  if (!isOld) {
    file.create_attribute("encoding-type", "MuData");
    file.create_attribute("axis", axis, [], "<i8");
  }
  const mod = file.create_group("mod");
  if (!isOld) mod.create_attribute("mod-order", Object.keys(modalities));
  for (const [view, { cells, genes, values, counts }] of Object.entries(modalities)) {
    const group = mod.create_group(view);
    const matrix = { shape: [cells.length, genes.length], dtype: "<f4" as const };
    group.create_dataset({ name: "X", data: Float32Array.from(values), ...matrix });
    if (counts !== undefined) {
      const layers = group.create_group("layers");
      layers.create_dataset({ name: "counts", data: Float32Array.from(counts), ...matrix });
    }
    frame(group, "obs", cells);
    frame(group, "var", genes);
  }
  const shared = frame(file as unknown as Group, "obs", obs, ["kind"]);
  shared.create_dataset({ name: "kind", data: obs.map((id) => `kind of ${id}`) });
  file.close();
  return path;
}

function frame(parent: Group, name: string, index: readonly string[], columns: readonly string[] = []): Group {
  const group = parent.create_group(name);
  group.create_attribute("_index", "_index");
  if (columns.length > 0) group.create_attribute("column-order", [...columns]);
  group.create_dataset({ name: "_index", data: [...index] });
  return group;
}

test("modalities are views; rows are joined by obs names, whichever writer wrote the file", async (t) => {
  for (const isOld of [false, true]) {
    const path = await mudata(`${isOld ? "old" : "new"}.h5mu`, isOld ? { atac, rna } : { rna, atac }, { isOld });
    const data = await readDataset({ data: path, environment: "kind" });
    const [first, second] = isOld ? ["atac", "rna"] : ["rna", "atac"];
    t.deepEqual(
      data.views?.map(({ name }) => name),
      [first, second],
    );
    const rows = isOld ? ["c3", "c1"] : ["c1", "c3"];
    t.deepEqual(data.rowIds, rows);
    const expected = { c1: [1, 2, 10], c3: [5, 6, 30] };
    const order = isOld ? [2, 0, 1] : [0, 1, 2];
    t.deepEqual(
      matrixOf(data.inputs),
      rows.map((id) => order.map((j) => expected[id as "c1" | "c3"][j]!)),
    );
    t.deepEqual(
      textsOf(data.labels.environment!),
      rows.map((id) => `kind of ${id}`),
      "obs of the file, by its own names",
    );
    t.deepEqual(
      JSON.parse(data.provenance).joined.tables.find(({ view }: { view: string }) => view === "rna").dropped,
      1,
    );
  }
});

test("modalities and the matrix of each can be chosen", async (t) => {
  const path = await mudata("choice.h5mu", { rna, atac });
  const one = await readDataset({ data: path, modalities: { rna: { matrix: "counts", inputs: "B" } } });
  t.deepEqual([one.inputNames, matrixOf(one.inputs)], [["rna.B"], [[8], [6], [4]]]);
  const both = await readDataset({ data: path, modalities: { atac: {}, rna: { matrix: "counts" } } });
  t.deepEqual(
    both.views?.map(({ name }) => name),
    ["atac", "rna"],
  );
  t.deepEqual(matrixOf(both.inputs)[0], [30, 5, 4]);
  const unknown = await thrown(t, readDataset({ data: path, modalities: { rnb: {} } }));
  t.like(unknown, { code: "DATA_MISSING_COLUMN", path: "modalities.rnb", hint: 'did you mean "rna"?' });
  const matrix = await thrown(t, readDataset({ data: path, modalities: { rna: { matrix: "raw" } } }));
  t.is(matrix.code, "DATA_MISSING_COLUMN");
  t.is((await inspect({ data: path })).views?.length, 2);
});

test("shared variables, names that disagree and no common row are refused", async (t) => {
  const refused = async (path: Promise<string>) => thrown(t, readDataset({ data: await path }));
  t.like(await refused(mudata("axis1.h5mu", { rna, atac }, { axis: 1 })), {
    code: "DATA_UNSUPPORTED",
    context: { axis: 1 },
  });
  const strange = await refused(mudata("strange.h5mu", { rna, atac }, { obs: ["c1", "c2"] }));
  t.like(strange, { code: "DATA_CORRUPT", context: { count: 1, missing: ["c3"] } });
  t.is((await refused(mudata("apart.h5mu", { rna, atac: { ...atac, cells: ["d1", "d2"] } }))).code, "DATA_JOIN");
  t.is((await refused(mudata("twice.h5mu", { rna, atac: { ...atac, cells: ["c1", "c1"] } }))).code, "DATA_JOIN");
});

test("a zarr with AnnData under mod is MuData, in which rows are joined alike", async (t) => {
  const folder = join(home, "cells.zarr");
  const group = '{"zarr_format": 3, "node_type": "group", "attributes": {}}';
  cpSync(fixture("cells.zarr"), folder, { recursive: true });
  for (const name of ["a", "b"]) cpSync(fixture("cells.zarr"), join(folder, "mod", name), { recursive: true });
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(folder, "mod", "zarr.json"), group);
  const alone = await readDataset({ data: fixture("cells.zarr") });
  const both = await readDataset({ data: folder, environment: "cell_type" });
  t.deepEqual(
    both.views?.map(({ name }) => name),
    ["a", "b"],
  );
  t.deepEqual(both.rowIds, alone.rowIds);
  t.deepEqual(
    matrixOf(both.inputs),
    matrixOf(alone.inputs).map((row) => [...row, ...row]),
  );
});
