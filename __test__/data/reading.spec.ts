import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { fit, load, score } from "../../src/index.js";
import { matrixOf, textsOf, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-reading-"));
test.after.always(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const N = 30;
const rows = (of: (i: number) => string): string => Array.from({ length: N }, (_, i) => `${of(i)}\n`).join("");
const number = (i: number, step: number): string => (Math.sin(i * step + step) * 10).toFixed(2);

test("decimal commas are found, said, and read again in a file that does not show them", async (t) => {
  const data = write(
    "comma.csv",
    `a;b;c\n${rows((i) => [1, 2.3, 3.1].map((step) => number(i, step).replace(".", ",")).join(";"))}`,
  );
  const { inputs, provenance } = await readDataset({ data });
  t.is(matrixOf(inputs)[0]![0], Math.fround(Number(number(0, 1))));
  t.regex(provenance, /decimal commas/);
  t.true((await inspect({ data })).notes.some((note) => note.includes("decimal commas")));
  const model = await fit({ method: "pca", data, latentDim: 2 }).result;
  const dir = join(folder, "run-comma");
  await model.save(dir);
  await using again = await load(dir);
  const one = await again.transform(write("one.csv", "a;b;c\n1,500;2;3\n"));
  const point = await again.transform([[1.5, 2, 3]]);
  t.deepEqual(one.data, point.data);
  // What the new file or the caller says wins.
  t.deepEqual((await again.transform(write("points.csv", "a,b,c\n1.5,2,3\n"))).data, point.data);
  t.deepEqual(
    (await again.transform(write("thousands.csv", 'a,b,c\n"1,500",2,3\n'), { decimal: "." })).data,
    (await again.transform([[1500, 2, 3]])).data,
  );
});

test("thousands are read where they are separated, and said", async (t) => {
  const data = write(
    "thousands.tsv",
    `reads\tx\n${rows((i) => `${i % 2 === 0 ? `${i + 1},${100 + i}` : 100 + i}\t${number(i, 1)}`)}`,
  );
  const { inputs, inputNames, provenance } = await readDataset({ data });
  t.deepEqual([inputNames, matrixOf(inputs)[0]![0]], [["reads", "x"], 1100]);
  t.regex(provenance, /separators of thousands/);
});

test("numbers with commas that are none are pointed out", async (t) => {
  const data = write("mixed.csv", `a;b\n${rows((i) => `${number(i, 1)};${number(i, 2).replace(".", ",")}`)}`);
  t.true((await inspect({ data })).notes.some((note) => /numbers with commas in "b"/.test(note)));
  t.deepEqual((await readDataset({ data, decimal: "," })).inputNames, ["b"]);
});

test("a label `None` is a label, other words are missing, and the message shows the word", async (t) => {
  const data = write(
    "none.csv",
    `x,arm,batch\n${rows((i) => `${number(i, 1)},${["None", "KLF1"][i % 2]},${i === 4 ? "NA" : "a"}`)}`,
  );
  const { labels, provenance } = await readDataset({ data, environment: "arm" });
  t.deepEqual(labels.environment?.levels, ["None", "KLF1"]);
  t.regex(provenance, /None.*is a label of 15 rows/);
  const { notes } = await inspect({ data });
  t.true(notes.some((note) => note.includes('"batch": "NA" is read as missing in 1 rows')));
  const lost = await thrown(t, readDataset({ data, environment: "batch", inputs: "x", tree: "dendrogram" }));
  t.regex(lost.hint ?? "", /"NA" is read as missing.*--missing-values ''/);
  t.deepEqual((await readDataset({ data, environment: "arm", missingValues: "None" })).labels.environment?.levels, [
    "",
    "KLF1",
  ]);
  t.deepEqual((await readDataset({ data, environment: "batch", missingValues: "" })).labels.environment?.levels, [
    "a",
    "NA",
  ]);
});

test("names are found without the blanks around them, and a column without a name by its place", async (t) => {
  const data = write(
    "names.csv",
    `,g0, g1 , env\n${rows((i) => `s${i},${number(i, 1)},${number(i, 2)},${"ab"[i % 2]}`)}`,
  );
  const { inputNames, rowIds } = await readDataset({ data, inputs: "g0,g1", environment: "env" });
  t.deepEqual([inputNames, rowIds[2]], [["g0", "g1"], "s2"]);
  for (const rowId of ["", "Unnamed: 0"]) t.is((await readDataset({ data, rowId })).rowIds[3], "s3");
  t.is((await inspect({ data })).columns[0]?.role, "rowId");
  await using model = await fit({ method: "pca", data, latentDim: 1 }).result;
  t.deepEqual((await model.transform(data)).data, model.latents.data);
  const memory = await readDataset({ data: { "": [5, 6, 7], " a": [1, 2, 4] }, inputs: "a" });
  t.deepEqual([memory.inputNames, memory.rowIds], [[" a"], ["5", "6", "7"]]);
});

test("several files and patterns are stacked, with a column of their origin", async (t) => {
  const parts = join(folder, "parts");
  mkdirSync(parts);
  for (const site of ["north", "south"]) {
    const names = site === "north" ? "x,y" : "y,x";
    writeFileSync(
      join(parts, `${site}.csv`),
      `${names}\n${rows((i) => (site === "north" ? `${i}.5,1` : `2,${i}.25`))}`,
    );
  }
  const all = await readDataset({ data: join(parts, "*.csv"), environment: "origin" });
  t.deepEqual([all.inputs.rows, all.inputNames], [2 * N, ["x", "y"]]);
  t.deepEqual(matrixOf(all.inputs)[N + 1], [1.25, 2]);
  t.deepEqual([...new Set(textsOf(all.labels.environment!))], ["north", "south"]);
  writeFileSync(join(parts, "west.csv"), "x,z\n1,2\n");
  const error = await thrown(t, readDataset({ data: [join(parts, "north.csv"), join(parts, "west.csv")] }));
  t.is(error.code, "DATA_COLUMN_MISMATCH");
  t.is((await thrown(t, readDataset({ data: join(parts, "none-*.csv") }))).code, "DATA_NOT_FOUND");
});

test("a truth takes the same rules: its row index is no latent", async (t) => {
  const z = write("z.csv", `,z0,z1\n${rows((i) => `${i},${number(i, 1)},${number(i, 2)}`)}`);
  const data = write("x.csv", `a,b\n${rows((i) => `${number(i, 1)},${number(i, 2)}`)}`);
  t.deepEqual((await readDataset({ data, truth: z })).truth.latents?.columns, ["z0", "z1"]);
  t.is((await score(data, { z })).truth.length, 2);
});

test("predictions of a target far from zero keep its digits", async (t) => {
  const text = (offset: number) => `x,w,y\n${rows((i) => `${number(i, 1)},${number(i, 2)},${offset + ((i * 7) % N)}`)}`;
  const [near, far] = [write("near.csv", text(0)), write("far.csv", text(1_600_000_000))];
  const config = { method: "shared-head", target: "y", latentDim: 1, steps: 20, seed: 3 } as const;
  await using a = await fit({ ...config, data: near }).result;
  await using b = await fit({ ...config, data: far }).result;
  const [ofNear, ofFar] = [await a.predict(near), await b.predict(far)];
  t.true(ofFar instanceof Float64Array);
  for (const [i, value] of ofNear.entries()) t.true(Math.abs(ofFar[i]! - 1_600_000_000 - value) < 1e-3);
});

test("inputs far from zero are kept relative to the offsets of the fit, also in a single new row", async (t) => {
  const text = (offset: number) => `x,w\n${rows((i) => `${offset + ((i * 7) % N)},${number(i, 2)}`)}`;
  await using near = await fit({ method: "pca", latentDim: 2, data: write("in-near.csv", text(0)) }).result;
  await using far = await fit({ method: "pca", latentDim: 2, data: write("in-far.csv", text(1_600_000_000)) }).result;
  const one = await near.transform(write("one-near.csv", "x,w\n5,0.5\n"));
  const other = await far.transform(write("one-far.csv", "x,w\n1600000005,0.5\n"));
  // The sign of a component is free.
  for (const [j, value] of one.data.entries()) t.true(Math.abs(Math.abs(value) - Math.abs(other.data[j]!)) < 1e-4);
});

test("labels of numbers in memory are those that were given", async (t) => {
  const data = {
    x: [1, 2, 4, 8],
    id: new BigInt64Array([9007199254740993n, 9007199254740992n, 1n, 2n]),
    f: [0.1, 0.1, 0.25, 1],
  };
  const { rowIds, labels } = await readDataset({ data: data as never, inputs: "x", rowId: "id", environment: "f" });
  t.deepEqual(rowIds, ["9007199254740993", "9007199254740992", "1", "2"]);
  t.deepEqual(labels.environment?.levels, ["0.1", "0.25", "1"]);
  const matrix = { data: new Float64Array([20200101, 1, 20200102, 2]), shape: [2, 2], columns: ["day", "x"] };
  t.deepEqual((await readDataset({ data: matrix, inputs: "x", environment: "day" })).labels.environment?.levels, [
    "20200101",
    "20200102",
  ]);
});

test("what a method would stumble over is said before", async (t) => {
  const data = write(
    "flaws.csv",
    `id,x,again,g\n${rows((i) => `r${i},${number(i, 1)},${(2 * Number(number(i, 1)) + 3).toFixed(2)},${i === 0 ? "alone" : "ab"[i % 2]}`)}`,
  );
  const { notes } = await inspect({ data, environment: "g" });
  t.true(notes.some((note) => note.includes('"again" is "x" again')));
  t.true(notes.some((note) => note.includes('labels of a single row: "alone"')));
  const { problems } = await inspect({ data: { x: [1, Number.POSITIVE_INFINITY, 3, 5] } });
  t.true(problems.some(({ code, message }) => code === "DATA_NOT_FINITE" && message.includes("1 infinite value")));
});
