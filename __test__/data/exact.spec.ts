// Numbers far from zero and labels stay what they are through everything that puts sources together.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { columnFromArray, dateDay, decimal, float64, int64, tableFromColumns } from "@uwdata/flechette";
import test from "ava";
import h5wasm from "h5wasm/node";
import type { DataConfig, Dataset } from "../../src/data/index.js";
import { formatInspection, inspect, readDataset } from "../../src/data/index.js";
import { fit } from "../../src/index.js";
import { ANNDATA } from "./forms.js";
import { noise, png, write } from "./pictures.js";
import { matrixOf, textsOf, thrown } from "./support.js";
import { vector, zip } from "./zip.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-exact-"));
test.after.always(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const N = 40;
const column = <T>(of: (i: number) => T): T[] => Array.from({ length: N }, (_, i) => of(i));
const wave = (step: number) => column((i) => Number(Math.sin(step * i + step).toFixed(4)));
const WHEN = column((i) => 1_600_000_000 + ((i * 11) % N));
const plain = { g0: wave(1), g1: wave(2.3), g2: wave(3.7) };
const id = column((i) => `s${(i * 7) % N}`);

const csv = (name: string, columns: Readonly<Record<string, readonly unknown[]>>, delimiter = ","): string => {
  const lines = column((i) => Object.values(columns).map((values) => values[i]));
  const text = [Object.keys(columns), ...lines].map((cells) => `${cells.join(delimiter)}\n`).join("");
  writeFileSync(at(name), text);
  return at(name);
};

/** Targets in their own units, by the identifiers of the rows where there are such. */
const targetsOf = ({ targets, offsets }: Dataset): number[] =>
  matrixOf(targets!.values).map(([value]) => value! + (offsets?.targets?.[0] ?? 0));

const WAYS: Readonly<Record<string, () => Promise<DataConfig>>> = {
  "joined tables in memory": async () => ({
    modalities: { a: { data: { id, ...plain } }, b: { data: { id, when: WHEN }, inputs: "when" } },
    join: "id",
    inputs: "a.*",
    target: "b.when",
  }),
  "joined files": async () => ({
    modalities: { a: { data: csv("a.csv", { id, ...plain }) }, b: { data: csv("b.csv", { id, when: WHEN }) } },
    join: "id",
    inputs: "a.*",
    target: "b.when",
  }),
  "a table of labels": async () => ({
    data: csv("plain.csv", plain),
    labels: csv("labels.csv", { when: WHEN }),
    target: "when",
  }),
  "one table cut into views": async () => ({
    data: csv("cut.csv", { ...plain, when: WHEN }),
    modalities: { one: { inputs: "g0,g1" }, two: { inputs: "g2" } },
    target: "when",
  }),
  "a stack": async () => ({ data: [csv("s1.csv", { ...plain, when: WHEN })], inputs: "g*", target: "when" }),
  "obs of an h5ad": async () => ({
    data: (await ANNDATA.h5ad!(folder, "obs", { ...plain, when: WHEN })) as string,
    target: "when",
  }),
  "the matrix of a zarr of 64-bit obs": async () => ({
    data: (await ANNDATA.zarr!(folder, "obs", { ...plain, when: WHEN })) as string,
    target: "when",
  }),
  "an npz": async () => {
    const members = Object.entries({ ...plain, when: WHEN }).map(([key, values]) => [`${key}.npy`, vector(values)]);
    return { data: write(at("when.npz"), zip(Object.fromEntries(members))), inputs: "g*", target: "when" };
  },
  "a sparse matrix of SciPy": async () => {
    const all = Object.values({ ...plain, when: WHEN });
    const cells = Array.from({ length: 4 * N }, (_, i) => [Math.floor(i / 4), i % 4] as const);
    const members = {
      "format.npy": vector(["coo"]),
      "shape.npy": vector([N, 4]),
      "data.npy": vector(cells.map(([i, j]) => all[j]![i]!)),
      "row.npy": vector(cells.map(([i]) => i)),
      "col.npy": vector(cells.map(([, j]) => j)),
    };
    return { data: write(at("sparse.npz"), zip(members)), inputs: "x0,x1,x2", target: "x3" };
  },
  "a Matrix Market file": async () => {
    const lines = Object.values({ ...plain, when: WHEN }).flatMap((values) => values.map(String));
    const text = ["%%MatrixMarket matrix array real general", `${N} 4`, ...lines, ""].join("\n");
    return { data: write(at("when.mtx"), text), inputs: "x0,x1,x2", target: "x3" };
  },
};
for (const [name, config] of Object.entries(WAYS)) {
  test(`a target far from zero keeps its digits in ${name}`, async (t) => {
    const dataset = await readDataset(await config());
    t.deepEqual(targetsOf(dataset), WHEN);
    t.regex(dataset.provenance, /40 different values/);
  });
}

test("obs of a MuData are exact", async (t) => {
  await h5wasm.ready;
  const path = at("when.h5mu");
  const file = new h5wasm.File(path, "w");
  file.create_attribute("encoding-type", "MuData");
  file.create_attribute("axis", 0, [], "<i8");
  const frame = (parent: { create_group(name: string): ReturnType<typeof file.create_group> }, index: string[]) => {
    const group = parent.create_group(index.length === N ? "obs" : "var");
    group.create_attribute("_index", "_index");
    group.create_dataset({ name: "_index", data: index });
    return group;
  };
  const mod = file.create_group("mod").create_group("rna");
  mod.create_dataset({ name: "X", data: Float32Array.from(noise(2 * N)), shape: [N, 2], dtype: "<f4" });
  frame(mod, id);
  frame(mod, ["A", "B"]);
  const obs = frame(file as unknown as typeof mod, [...id].reverse());
  obs.create_attribute("column-order", ["when"]);
  obs.create_dataset({ name: "when", data: Float64Array.from([...WHEN].reverse()), dtype: "<d" });
  file.close();
  t.deepEqual(targetsOf(await readDataset({ data: path, target: "when" })), WHEN);
});

test("inputs of views are kept relative to an offset as others are, also of new rows", async (t) => {
  const config = {
    modalities: { a: { data: { id, ...plain } }, b: { data: { id, when: WHEN } } },
    join: "id",
  };
  const { offsets, inputNames } = await readDataset(config);
  t.is(inputNames.at(-1), "b.when");
  t.true(offsets!.inputs!.at(-1)! > 1e9);
  await using model = await fit({ method: "pca", latentDim: 3, ...config }).result;
  const { data } = await model.transform(config);
  t.true(data.every((value, i) => Math.abs(value - model.latents.data[i]!) < 1e-4));
});

test("labels tell which words were missing, each of its own column, also when tables are joined", async (t) => {
  const arm = column((i) => (i === 3 ? "NA" : "control"));
  const site = column((i) => `site${i % 2}`);
  const modalities = {
    a: { data: csv("wa.csv", { id, ...plain, site }) },
    b: { data: csv("wb.csv", { id, arm }) },
  };
  const joined = await readDataset({ modalities, join: "id", environment: "b.arm", task: "a.site", target: "a.g0" });
  t.regex(joined.provenance, /b\.arm\\": \\"NA\\" is read as missing in 1 rows/);
  const labelled = await readDataset({
    data: csv("wd.csv", { ...plain, site }),
    labels: csv("wl.csv", { arm }),
    environment: "site",
    task: "arm",
    target: "g0",
  });
  t.regex(labelled.provenance, /\\"arm\\": \\"NA\\" is read as missing/);
  t.notRegex(labelled.provenance, /\\"site\\": \\"NA\\"/);
});

test("a word for no value is told of formats that have such words, by fit as by inspect", async (t) => {
  const arm = column((i) => ["None", "KLF1"][i % 2]!);
  const rows = column((i) => `${JSON.stringify({ g0: plain.g0[i], g1: plain.g1[i], arm: arm[i] })}\n`);
  const data = ["n1.jsonl", "n2.jsonl"].map((name) => write(at(name), rows.join("")));
  t.notRegex((await readDataset({ data, environment: "arm" })).provenance, /is a label of/);
  t.false((await inspect({ data, environment: "arm" })).notes.some((note) => /is a label of/.test(note)));
});

test("each note of an inspection is printed once", async (t) => {
  const report = await inspect({ data: { "Unnamed: 0": column((i) => i), ...plain } });
  const lines = formatInspection(report).split("\n");
  t.is(lines.filter((line) => line.includes("is a row index")).length, 1);
});

test("a joined model reads new tables as its own were read", async (t) => {
  const comma = (values: readonly number[]) => values.map((value) => value.toFixed(3).replace(".", ","));
  const a = { g0: column((i) => 1 + i / 8), g1: column((i) => 2 + ((i * 3) % 7) / 4) };
  const fitted = csv("ca.csv", { id, g0: comma(a.g0), g1: comma(a.g1) }, ";");
  const b = csv("cb.csv", { id, h0: plain.g2, h1: plain.g1 });
  const modalities = { a: { data: fitted }, b: { data: b } };
  await using model = await fit({ method: "pca", latentDim: 2, modalities, join: "id" }).result;
  // Nothing in it shows that 1,500 is no 1500.
  const one = write(at("one-a.csv"), `id;g0;g1\n${id[4]};${comma([a.g0[4]!])};${comma([a.g1[4]!])}\n`);
  const { data, shape } = await model.transform({ modalities: { a: { data: one }, b: { data: b } } });
  t.deepEqual(shape, [1, 2]);
  for (const j of [0, 1]) t.true(Math.abs(data[j]! - model.latents.data[4 * 2 + j]!) < 1e-5);
});

const far = { ...plain, when: WHEN };
const flat = Float64Array.from({ length: 4 * N }, (_, i) => Object.values(far)[i % 4]![Math.floor(i / 4)]!);
const NEW_ROWS = {
  "a typed array without names": { data: flat, shape: [N, 4] },
  "rows without names": column((i) => [...flat.subarray(4 * i, 4 * i + 4)]),
  "a matrix with names": { data: flat, shape: [N, 4], columns: Object.keys(far) },
  "an object of columns": far,
} as const;
for (const [name, rows] of Object.entries(NEW_ROWS)) {
  test(`a model whose inputs lie far from zero is given them exactly in ${name}`, async (t) => {
    const file = csv(`far-${name.length}.csv`, far);
    await using model = await fit({ method: "pca", data: file, latentDim: 3 }).result;
    const expected = (await model.transform(file)).data;
    // The fit standardizes before it rounds: the last bits may differ.
    t.true(expected.every((value, i) => Math.abs(value - model.latents.data[i]!) < 1e-5));
    const { data } = await model.transform(rows as Parameters<typeof model.transform>[0]);
    t.deepEqual(data, expected);
    // One row alone shows no digits that rounding would lose.
    const one = await model.transform([[...flat.subarray(0, 4)]]);
    t.deepEqual(one.data, expected.slice(0, 3));
  });
}

test("a model that was fitted on some columns of a matrix without names knows them by their numbers", async (t) => {
  const data = { data: Float64Array.from(flat), shape: [N, 4] };
  await using model = await fit({ method: "pca", data, inputs: ["x2", "x0"], latentDim: 2 }).result;
  t.deepEqual((await model.transform(data)).data, model.latents.data);
});

test("labels of a matrix without names are exact", async (t) => {
  const days = column((i) => 20_200_100 + (i % 4));
  const data = Float64Array.from({ length: 2 * N }, (_, i) => (i % 2 === 0 ? plain.g0[i >> 1]! : days[i >> 1]!));
  const { labels } = await readDataset({ data: { data, shape: [N, 2] }, inputs: "x0", environment: "x1" });
  t.deepEqual(labels.environment!.levels, ["20200100", "20200101", "20200102", "20200103"]);
  const floats = await readDataset({
    data: plain,
    environment: Float32Array.from(column((i) => (i % 2) / 10)) as never,
  });
  t.deepEqual(floats.labels.environment!.levels, ["0", "0.1"]);
});

test("labels of an IDX table are the shortest texts of their numbers", async (t) => {
  const values = Buffer.alloc(4 * N);
  column((i) => values.writeFloatBE(Math.fround((i % 4) / 10), 4 * i));
  const data = write(
    at("t.idx2-float"),
    Buffer.concat([Buffer.from([0, 0, 0x0d, 2, 0, 0, 0, N / 2, 0, 0, 0, 2]), values]),
  );
  const { labels } = await readDataset({ data, inputs: "x1", environment: "x0" });
  t.deepEqual(labels.environment!.levels, ["0", "0.2"]);
});

test("folders of images are stacked; each says which folder it is of", async (t) => {
  const values = noise(8, 3);
  for (const [k, value] of values.entries()) write(join(at(`f${k >> 2}`), `${k % 4}.png`), png(2, 2, [value, 0, 1, 2]));
  const { inputs, rowIds, labels, views } = await readDataset({ data: [at("f0"), at("f1")], environment: "origin" });
  t.deepEqual([inputs.rows, inputs.cols, views?.[0]?.image?.height], [8, 4, 2]);
  t.deepEqual(
    matrixOf(inputs).map((row) => Math.round(row[0]! * (row[0]! <= 1 ? 255 : 1))),
    values,
  );
  t.deepEqual(textsOf(labels.environment!).slice(3, 5), ["f0", "f1"]);
  t.deepEqual(rowIds.slice(3, 5), ["f0/3.png", "f1/0.png"]);
  write(join(at("f2"), "0.png"), png(1, 2, [1, 2]));
  t.is((await thrown(t, readDataset({ data: [at("f0"), at("f2")] }))).code, "DATA_SHAPE");
});

test("what was unpacked is removed where something else fails", async (t) => {
  const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith("disentangle-data-"));
  const packed = write(at("t.csv.gz"), gzipSync("id,a,b\n1,2,3\n2,3,4\n"));
  const before = temporary();
  const bad: readonly DataConfig[] = [
    { data: packed, labels: at("nothing.csv") },
    { data: packed, join: "id" },
    { modalities: { a: { data: packed }, b: { data: at("nothing.csv") } }, join: "id" },
    { modalities: { a: { data: packed }, b: { data: packed } }, join: "other" },
    { data: [packed, at("nothing.csv")] },
  ];
  for (const config of bad) await thrown(t, readDataset(config));
  t.deepEqual(temporary(), before);
});

test("labels of Arrow tables are exact: nanoseconds, decimals with their scale, whole numbers of 64 bits", async (t) => {
  const start = 1_600_000_000_123_456_788n;
  const from = columnFromArray<bigint>([start, start + 1n, start + 1n], int64());
  const when = { data: from.data, get: (row: number) => Number(from.data[0]!.values![row]) / 1e6 };
  const table = tableFromColumns({
    x: columnFromArray([1, 2, 3], float64()),
    price: columnFromArray([1.5, 1.25, null], decimal(10, 2)),
    day: columnFromArray([new Date("2020-02-29"), new Date("1969-12-31"), null], dateDay()),
    id: columnFromArray([9007199254740992n, 9007199254740993n, -1n], int64()),
  });
  const data = {
    schema: { fields: [...table.schema.fields, { name: "when", type: { typeId: 10, unit: 3 } }] },
    numRows: 3,
    getChild: (name: string) => (name === "when" ? when : table.getChild(name)),
  } as unknown as NonNullable<DataConfig["data"]>;
  const labels = async (environment: string) =>
    textsOf((await readDataset({ data, inputs: "x", environment })).labels.environment!);
  t.deepEqual(await labels("when"), [
    "2020-09-13 12:26:40.123456788",
    ...Array(2).fill("2020-09-13 12:26:40.123456789"),
  ]);
  t.deepEqual(await labels("price"), ["1.50", "1.25", ""]);
  t.deepEqual(await labels("day"), ["2020-02-29", "1969-12-31", ""]);
  t.deepEqual(await labels("id"), ["9007199254740992", "9007199254740993", "-1"]);
  // Decimals are numbers, times are not, as in Parquet.
  const { inputNames, inputs } = await readDataset({ data });
  t.deepEqual(inputNames, ["x", "price", "id"]);
  t.deepEqual(
    matrixOf(inputs).map((row) => row[1]),
    [1.5, 1.25, Number.NaN],
  );
});

test("numbers of JSON are labels as they are written", async (t) => {
  const written = ["1.50", "1.5", "12345678901234567890123", "12345678901234567890124", "1e3", "-0.10"];
  const rows = written.map(
    (number, i) => `{"x": ${i}, "note": "a \\"code\\": 7.0", "code": ${number}, "in": {"code": 2.0}}`,
  );
  for (const [name, text] of [
    ["codes.jsonl", rows.join("\n")],
    ["codes.json", `[${rows.join(",\n")}]`],
  ] as const) {
    const { labels } = await readDataset({
      data: write(at(name), text),
      inputs: "x",
      environment: "code",
      task: "note",
      target: "x",
    }).catch(() => readDataset({ data: at(name), inputs: "x", environment: "code", task: "note" }));
    t.deepEqual(textsOf(labels.environment!), written);
    t.is(textsOf(labels.task!)[0], 'a "code": 7.0');
  }
});

test("an infinity in a column far from zero is a problem that inspect tells, not an end of it", async (t) => {
  const when = column((i) => (i === 5 ? "inf" : WHEN[i]!));
  const { problems, rows } = await inspect({ data: csv("infinite.csv", { ...plain, when }) });
  t.deepEqual([rows, problems.map(({ code }) => code)], [N, ["DATA_NOT_FINITE"]]);
});

test("many columns far from zero are read again at once", async (t) => {
  const wide = Object.fromEntries(Array.from({ length: 300 }, (_, j) => [`t${j}`, WHEN.map((value) => value + j)]));
  const { offsets, inputs } = await readDataset({ data: csv("wide.csv", wide) });
  t.is(offsets!.inputs!.length, 300);
  t.is(inputs.data[7 * 300 + 299]! + offsets!.inputs![299]!, WHEN[7]! + 299);
});
