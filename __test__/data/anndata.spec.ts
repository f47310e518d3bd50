import { readFileSync } from "node:fs";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";

interface Golden {
  readonly genes: string[];
  readonly rawGenes: string[];
  readonly cells: string[];
  readonly X: number[][];
  readonly counts: number[][];
  readonly raw: number[][];
  readonly texts: Record<string, string[]>;
  readonly numbers: Record<string, (number | null)[]>;
}
const golden = JSON.parse(readFileSync(new URL("../../golden/ingestion.json", import.meta.url), "utf8")) as Golden;
// "score" names a gene and a column of obs.
const genes = golden.genes.map((name) => (name === "score" ? "var:score" : name));

for (const file of ["cells.h5ad", "cells-v2.zarr.zip", "cells-v3.zarr.zip"]) {
  const data = fixture(file);

  test(`${file}: without named inputs all variables of X are read, in order, with their cells`, async (t) => {
    const dataset = await readDataset({ data });
    t.deepEqual(dataset.inputNames, genes);
    t.deepEqual(dataset.rowIds, golden.cells);
    t.deepEqual(matrixOf(dataset.inputs), golden.X);
  });

  test(`${file}: chosen variables come in the order they were named`, async (t) => {
    const { inputs } = await readDataset({ data, inputs: ["ID2", "IL1B"] });
    t.deepEqual(
      matrixOf(inputs),
      golden.X.map((row) => [row[4], row[0]]),
    );
  });

  for (const [matrix, rows] of [
    ["counts", golden.counts],
    ["by_gene", golden.counts],
    ["raw", golden.raw],
  ] as const) {
    test(`${file}: matrix ${matrix} is read sparse`, async (t) => {
      const dataset = await readDataset({ data, matrix });
      t.is(dataset.inputNames.length, matrix === "raw" ? golden.rawGenes.length : genes.length);
      t.deepEqual(matrixOf(dataset.inputs), rows);
      const some = await readDataset({ data, matrix, inputs: ["CD40", "CCL5"] });
      t.deepEqual(
        matrixOf(some.inputs),
        rows.map((row) => [row[2], row[1]]),
      );
    });
  }

  for (const column of ["donor", "cluster", "is_doublet"]) {
    test(`${file}: ${column} are labels as text`, async (t) => {
      const { labels } = await readDataset({ data, environment: column });
      t.deepEqual(textsOf(labels.environment!), golden.texts[column]);
      t.deepEqual(labels.environment!.levels, [...new Set(golden.texts[column])]);
    });
  }

  for (const column of ["n_genes", "is_doublet", "maybe", "cluster", "perc#mito?"]) {
    test(`${file}: ${column} are numbers as a target`, async (t) => {
      const { targets } = await readDataset({ data, target: [column], inputs: "IL1B" });
      t.deepEqual(
        matrixOf(targets!.values).flat(),
        golden.numbers[column]!.map((value) => (value === null ? Number.NaN : Math.fround(value))),
      );
    });
  }

  test(`${file}: a name of obs and var is told apart by its prefix`, async (t) => {
    const dataset = await readDataset({ data, inputs: "var:score", target: "obs:score" });
    t.deepEqual(
      matrixOf(dataset.inputs).flat(),
      golden.X.map((row) => row[3]),
    );
    t.deepEqual(
      matrixOf(dataset.targets!.values).flat(),
      golden.numbers.score!.map((value) => Math.fround(value!)),
    );
    const error = await thrown(t, readDataset({ data, target: "score" }));
    t.is(error.code, "DATA_MISSING_COLUMN");
  });

  test(`${file}: a categorical without a value is a missing label`, async (t) => {
    const { labels } = await readDataset({ data, environment: "cell_type" });
    t.deepEqual(textsOf(labels.environment!), golden.texts.cell_type);
    t.is(golden.texts.cell_type![3], "");
  });

  test(`${file}: text as a target is refused with its row`, async (t) => {
    const error = await thrown(t, readDataset({ data, target: "donor" }));
    t.is(error.code, "DATA_NOT_NUMERIC");
    t.like(error.context, { column: "donor", row: 1, got: "007" });
  });

  test(`${file}: an absent layer is refused with those that are there`, async (t) => {
    const error = await thrown(t, readDataset({ data, matrix: "spliced" }));
    t.is(error.code, "DATA_MISSING_COLUMN");
    t.deepEqual([...(error.context.found as string[])].sort(), ["X", "by_gene", "counts", "raw"]);
  });

  test(`${file}: missing labels are counted by inspect`, async (t) => {
    const report = await inspect({ data, environment: "cell_type" });
    t.is(report.rows, golden.cells.length);
    t.is(report.columns.find(({ name }) => name === "cell_type")?.missing, 1);
    t.is(report.columns.find(({ name }) => name === "maybe")?.missing, 2);
    t.deepEqual(report.environment?.sizes, [
      { label: "B", rows: 3 },
      { label: "T", rows: 2 },
      { label: "NK", rows: 1 },
    ]);
  });
}

test("a zarr folder is read like its zip", async (t) => {
  const data = fixture("cells.zarr");
  const { inputs, inputNames } = await readDataset({ data });
  t.deepEqual(inputNames, golden.genes);
  t.deepEqual(matrixOf(inputs), golden.X);
  t.deepEqual(matrixOf((await readDataset({ data, matrix: "counts" })).inputs), golden.counts);
});

test("categories of anndata 0.7 are labels", async (t) => {
  const report = await inspect({ data: fixture("legacy.h5ad") });
  t.deepEqual(
    report.environment?.sizes.map(({ label }) => label),
    ["B", "T", "NK"],
  );
});

test("a filter without a plug-in is named", async (t) => {
  const error = await thrown(t, readDataset({ data: fixture("lzf.h5ad") }));
  t.is(error.code, "DATA_UNSUPPORTED");
  t.regex(error.message, /lzf/);
});

test("a double beyond 32 bits is refused with its place", async (t) => {
  const error = await thrown(t, readDataset({ data: fixture("overflow.h5ad") }));
  t.is(error.code, "DATA_OVERFLOW");
  t.like(error.context, { column: "1", row: 2 });
});

for (const [file, reason] of [
  ["truncated.h5ad", /truncated file/],
  ["truncated.zarr.zip", /central directory/],
] as const) {
  test(`${file} is corrupt, for a reason on one line`, async (t) => {
    const error = await thrown(t, readDataset({ data: fixture(file) }));
    t.is(error.code, "DATA_CORRUPT");
    t.regex(error.message, reason);
    t.notRegex(error.message, /\n/);
  });
}
