// Files as neighbouring tools and their old versions write them; golden/formats.py made them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { matrixOf, textsOf, thrown } from "./support.js";

interface Golden {
  readonly x: number[][];
  readonly texts: Record<string, string[]>;
  readonly dates: string[];
  readonly days: string[];
  readonly sparse: number[][];
  readonly symmetric: number[][];
}
const golden = JSON.parse(readFileSync(new URL("../../golden/formats.json", import.meta.url), "utf8")) as Golden;
const file = (name: string): string => fileURLToPath(new URL(`../fixtures/formats/${name}`, import.meta.url));
const inputs = ["a", "b", "c"];

// Labels

const labelled: Readonly<Record<string, string | string[]>> = {
  "labels.h5ad": inputs,
  "labels.zarr.zip": inputs,
  "labels.npz": "x",
  "labels.parquet": ["IL2"],
};
for (const [name, names] of Object.entries(labelled)) {
  for (const [column, expected] of Object.entries(golden.texts)) {
    // Parquet's numbers are written as DuckDB writes them: a double always has a point.
    const exact = name.endsWith(".parquet") && column.startsWith("float") ? expected.map(pointed) : expected;
    test(`${name}: labels of ${column} are exact`, async (t) => {
      const { labels } = await readDataset({ data: file(name), environment: column, inputs: names });
      t.deepEqual(textsOf(labels.environment!), exact);
    });
  }
}

function pointed(text: string): string {
  if (text === "1e-8") return "1e-08";
  return /^\d+$/.test(text) ? `${text}.0` : text;
}

test("labels in memory are exact: 64-bit whole numbers, doubles, single precision", async (t) => {
  const big = [2n ** 53n, 2n ** 53n + 1n];
  const labels = async (e: unknown) =>
    textsOf((await readDataset({ data: { x: [1, 2], e } as never, environment: "e" })).labels.environment!);
  t.deepEqual(await labels(big), big.map(String));
  t.deepEqual(await labels(BigInt64Array.from(big)), big.map(String));
  t.deepEqual(await labels(Float64Array.of(16777217, 0.1)), ["16777217", "0.1"]);
  t.deepEqual(await labels(Float32Array.of(0.1, 3)), ["0.1", "3"]);
  const matrix = { data: Float64Array.of(1, 16777217, 2, 16777216), shape: [2, 2], columns: ["x", "e"] };
  t.deepEqual(textsOf((await readDataset({ data: matrix, environment: "e" })).labels.environment!), [
    "16777217",
    "16777216",
  ]);
});

test("dates and text of .npz are labels, dates to the nanosecond", async (t) => {
  const data = file("labels.npz");
  const texts = async (environment: string) =>
    textsOf((await readDataset({ data, inputs: "x", environment })).labels.environment!);
  t.deepEqual(await texts("when"), golden.dates);
  t.deepEqual(await texts("day"), golden.days);
  t.deepEqual(await texts("text"), [..."äbcdef"]);
  t.deepEqual(await texts("bytes"), [..."abcabc"]);
  t.deepEqual(await texts("big"), golden.texts.int64);
  t.deepEqual(await texts("half"), ["0.1", "0.2", "1", "2", "3", "4"]);
  t.deepEqual(
    await texts("pairs1"),
    golden.texts.int64!.map((text) => String(BigInt(text) + 100n)),
  );
  t.deepEqual((await readDataset({ data, inputs: "x", rowId: "text" })).rowIds, [..."äbcdef"]);
  t.like(await thrown(t, readDataset({ data, inputs: "text" })), { code: "DATA_UNSUPPORTED" });
  t.like(await thrown(t, readDataset({ data: file("text.npy") })), { code: "DATA_UNSUPPORTED" });
});

test("decimals keep their scale, timestamps their nanoseconds, NaN is a missing label in Parquet", async (t) => {
  const data = file("labels.parquet");
  const texts = async (environment: string) =>
    textsOf((await readDataset({ data, inputs: "IL2", environment })).labels.environment!);
  t.deepEqual(await texts("decimal"), ["1.00", "1.10", "1.20", "1.30", "1.40", "1.50"]);
  t.deepEqual(
    await texts("when"),
    [...Array(6).keys()].map((i) => `2020-01-01 00:00:00${i === 0 ? "" : `.00000000${i}`}`),
  );
  t.deepEqual(await texts("holes"), ["", "1.0", "", "2.0", "1.0", "1.0"]);
  const error = await thrown(t, texts("zoned"));
  t.like(error, { code: "DATA_UNSUPPORTED", context: { column: "zoned" } });
  t.regex(error.hint!, /tz_localize/);
  t.is((await inspect({ data })).columns.find(({ name }) => name === "zoned")?.kind, "unknown");
});

// Names

test("names that differ in case are two columns in Parquet; the same name twice is refused", async (t) => {
  const { inputs: both } = await readDataset({ data: file("labels.parquet"), inputs: ["Il2", "IL2"] });
  t.deepEqual(
    matrixOf(both),
    golden.x.map(([first, second]) => [second, first]),
  );
  const error = await thrown(t, readDataset({ data: file("twice.parquet") }));
  t.like(error, { code: "DATA_DUPLICATE_COLUMN", context: { column: "a" } });
});

// AnnData of every age

test("half precision is read, and a column that cannot be read blocks no other", async (t) => {
  const data = file("labels.h5ad");
  const { targets } = await readDataset({ data, target: "half" });
  t.deepEqual(
    matrixOf(targets!.values).flat(),
    golden.x.map(([first]) => first),
  );
  t.deepEqual(matrixOf((await readDataset({ data: file("labels.zarr.zip") })).inputs), golden.x);
  const error = await thrown(t, readDataset({ data, target: "complex" }));
  t.like(error, { code: "DATA_UNSUPPORTED", context: { column: "complex" } });
  t.regex(error.message, /complex numbers/);
  t.is((await inspect({ data })).rows, 6);
});

test("one category, nullable text", async (t) => {
  for (const data of [file("labels.h5ad"), file("labels.zarr.zip")]) {
    const texts = async (environment: string) =>
      textsOf((await readDataset({ data, environment })).labels.environment!);
    t.deepEqual(await texts("only"), Array(6).fill("one"));
    t.deepEqual(await texts("nullable"), ["a", "", "b", "a", "b", "a"]);
  }
});

test("anndata 0.7: categories of a name with a slash, and of one level", async (t) => {
  const data = file("slash.h5ad");
  const { labels, inputs: x } = await readDataset({ data, environment: "site/batch", task: "only" });
  t.deepEqual(textsOf(labels.environment!), ["north", "south", "", "north", "south", "north"]);
  t.deepEqual(textsOf(labels.task!), Array(6).fill("one"));
  t.deepEqual(matrixOf(x), golden.x);
});

test("anndata 0.6: frames of records, categories in uns, raw beside X", async (t) => {
  const data = file("records.h5ad");
  const dataset = await readDataset({ data, environment: "site", task: "only", target: "y" });
  t.deepEqual(textsOf(dataset.labels.environment!), ["north", "south", "", "north", "south", "north"]);
  t.deepEqual(textsOf(dataset.labels.task!), Array(6).fill("one"));
  t.deepEqual(textsOf((await readDataset({ data, environment: "subject" })).labels.environment!), golden.texts.int64);
  t.deepEqual(dataset.rowIds, ["c0", "c1", "c2", "c3", "c4", "c5"]);
  t.deepEqual(
    matrixOf(dataset.targets!.values).flat(),
    golden.texts.float32!.map((text) => Math.fround(Number(text))),
  );
  t.deepEqual(textsOf((await readDataset({ data, environment: "flag" })).labels.environment!), golden.texts.flag);
  const raw = await readDataset({ data, matrix: "raw" });
  t.deepEqual(
    matrixOf(raw.inputs),
    golden.x.map((row) => row.map((value) => 5 * value)),
  );
});

test("embeddings and layers are inputs", async (t) => {
  for (const data of [file("labels.h5ad"), file("labels.zarr.zip")]) {
    const pca = await readDataset({ data, matrix: "obsm/X_pca", environment: "flag" });
    t.deepEqual(pca.inputNames, ["X_pca0", "X_pca1"]);
    t.deepEqual(
      matrixOf(pca.inputs),
      golden.x.map((row) => row.slice(0, 2).map((value) => 2 * value)),
    );
    t.deepEqual(matrixOf((await readDataset({ data, matrix: "obsm/sparse" })).inputs), golden.x);
    const triple = golden.x.map((row) => row.map((value) => 3 * value));
    t.deepEqual(matrixOf((await readDataset({ data, matrix: "layers/counts" })).inputs), triple);
  }
});

test("without X columns of obs can be read, and the matrices that there are are offered", async (t) => {
  const data = file("no-x.h5ad");
  const {
    targets,
    rowIds,
    inputs: y,
  } = await readDataset({ data, inputs: "y", rowId: "y" }).catch(() => readDataset({ data, inputs: "y" }));
  t.is(targets, undefined);
  t.deepEqual(rowIds, golden.texts.int64);
  t.deepEqual(
    matrixOf(y).flat(),
    golden.x.map(([first]) => first),
  );
  const error = await thrown(t, readDataset({ data }));
  t.is(error.code, "DATA_EMPTY");
  t.regex(error.hint!, /--matrix: counts/);
});

// 10x Genomics, SciPy, Matrix Market

const counts = [
  [0, 0, 0, 2],
  [5, 0, 0, 0],
  [0, 7, 0, 0],
  [0, 0, 9, 0],
  [0, 0, 0, 0],
  [0, 1, 0, 0],
];
for (const [name, kinds] of [
  ["tenx3.h5", 2],
  ["tenx2.h5", 1],
  ["tenx", 2],
] as const) {
  test(`${name}: barcodes are rows, features columns, called by their id where a symbol repeats`, async (t) => {
    const all = ["GENE", "ENSG2", "ENSG3", "CD3"];
    const dataset = await readDataset({ data: file(name), inputs: all });
    t.deepEqual(
      dataset.rowIds,
      [...Array(6).keys()].map((i) => `ACGT${i}-1`),
    );
    t.deepEqual(matrixOf(dataset.inputs), counts);
    const { inputNames } = await readDataset({ data: file(name) });
    t.deepEqual(inputNames, kinds === 2 ? all.slice(0, 3) : all);
    t.is(
      (
        await thrown(
          t,
          readDataset({ data: file(name), inputs: "GENE", environment: "CD3" }).then(() =>
            readDataset({ data: file(name), inputs: "none" }),
          ),
        )
      ).code,
      "DATA_MISSING_COLUMN",
    );
  });
}

for (const kind of ["csr", "csc", "coo"]) {
  test(`scipy.sparse in ${kind} is its matrix`, async (t) => {
    const dataset = await readDataset({ data: file(`${kind}.npz`) });
    t.deepEqual(dataset.inputNames, ["x0", "x1", "x2", "x3"]);
    t.deepEqual(matrixOf(dataset.inputs), golden.sparse);
    const some = await readDataset({ data: file(`${kind}.npz`), inputs: ["x3", "x1"] });
    t.deepEqual(
      matrixOf(some.inputs),
      golden.sparse.map((row) => [row[3]!, row[1]!]),
    );
  });
}

for (const kind of ["dia", "bsr"]) {
  test(`scipy.sparse in ${kind} is refused by name`, async (t) => {
    const error = await thrown(t, readDataset({ data: file(`${kind}.npz`) }));
    t.like(error, { code: "DATA_UNSUPPORTED", context: { format: kind } });
    t.regex(error.hint!, /tocsr/);
  });
}

test("Matrix Market: sparse, dense and symmetric", async (t) => {
  // Text has as many digits as were written.
  const near = (got: number[][], expected: number[][]) =>
    got.flat().every((value, i) => Math.abs(value - expected.flat()[i]!) <= 1e-6);
  for (const name of ["general.mtx", "dense.mtx"]) {
    t.true(near(matrixOf((await readDataset({ data: file(name) })).inputs), golden.sparse), name);
  }
  t.deepEqual(matrixOf((await readDataset({ data: file("symmetric.mtx") })).inputs), golden.symmetric);
});

test("arrays of .npz whose columns share a name are told apart", async (t) => {
  const data = file("collision.npz");
  const { inputNames, inputs: x } = await readDataset({ data, inputs: "x" });
  t.deepEqual(inputNames, ["x0", "x:x1", "x2"]);
  t.deepEqual(matrixOf(x), golden.x);
  t.deepEqual(matrixOf((await readDataset({ data, inputs: "x1:x1" })).inputs).flat(), [0, 100, 200, 300, 400, 500]);
  const error = await thrown(t, readDataset({ data, inputs: "x1" }));
  t.is(error.code, "DATA_MISSING_COLUMN");
  t.regex(error.hint!, /"x:x1" or "x1:x1"/);
});

test("arrays that numpy.savez numbered: the matrix is what is learnt from", async (t) => {
  const dataset = await readDataset({ data: file("positional.npz"), environment: "arr_1" });
  t.deepEqual(matrixOf(dataset.inputs), golden.x);
  t.deepEqual(textsOf(dataset.labels.environment!), golden.texts.float64);
});

// What is known and not read

for (const [name, pattern, hint] of [
  ["codec.parquet", /LZ4/i, /zstd or snappy/],
  ["loom.loom", /loom/, /read_loom/],
] as const) {
  test(`${name} is unsupported, not damaged`, async (t) => {
    const error = await thrown(t, readDataset({ data: file(name) }));
    t.is(error.code, "DATA_UNSUPPORTED");
    t.regex(error.message, pattern);
    t.regex(error.hint!, hint);
  });
}

test("another HDF5 file says what it holds", async (t) => {
  const error = await thrown(t, readDataset({ data: file("other.h5") }));
  t.is(error.code, "DATA_UNKNOWN_FORMAT");
  t.regex(error.message, /model_weights/);
});

test("truth may be an AnnData file", async (t) => {
  const { truth } = await readDataset({ data: golden.x, truth: file("labels.h5ad") });
  t.deepEqual(matrixOf(truth.latents!.values), golden.x);
});
