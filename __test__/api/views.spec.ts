import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { fit, isDisentangleError, load, type NamedArray, report, simulate } from "../../src/index.js";
import { idx, noise, png, write } from "../data/pictures.js";

const home = mkdtempSync(join(tmpdir(), "disentangle-views-"));
test.after.always(() => rmSync(home, { recursive: true }));

const at = (name: string): string => join(home, name);
const table = (name: string, rows: number, columns: readonly string[], seed: number): string => {
  const values = noise(rows * columns.length, seed);
  const line = (i: number) => [`s${i}`, ...columns.map((_, j) => values[i * columns.length + j])].join(",");
  return write(
    at(name),
    [["id", ...columns].join(","), ...Array.from({ length: rows }, (_, i) => line(i)), ""].join("\n"),
  );
};

test("a model of two modalities transforms the same two, and says what a single table lacks", async (t) => {
  const modalities = { a: { data: table("a.csv", 40, ["x", "y"], 1) }, b: { data: table("b.csv", 40, ["z"], 2) } };
  const model = await fit({ method: "pca", latentDim: 2, modalities, join: "id" }).result;
  t.deepEqual(
    model.info.views?.map(({ name, start, end }) => [name, start, end]),
    [
      ["a", 0, 2],
      ["b", 2, 3],
    ],
  );
  t.deepEqual(model.info.inputs, ["a.x", "a.y", "b.z"]);
  const again = await model.transform({ modalities });
  t.deepEqual(again.data, model.latents.data, "by the column of the fit");
  const turned = await model.transform({ modalities: { b: modalities.b, a: modalities.a }, join: "id" });
  t.deepEqual(turned.data, model.latents.data, "columns are found by name");
  const error = await t.throwsAsync(model.transform(modalities.a.data));
  t.true(isDisentangleError(error) && error.code === "DATA_COLUMN_MISMATCH");
  t.regex(error!.message, /the model was fitted on 2 views, a \(2 columns\), b \(1 columns\)/);
  t.regex(String((error as { hint?: string }).hint), /--modality a=FILE --modality b=FILE --join COLUMN/);
  t.regex(model.manifest.command, /--modality a=\S+a\.csv --modality b=\S+b\.csv/);
  await model.save(at("run"));
  t.deepEqual((await (await load(at("run"))).transform({ modalities })).data, model.latents.data);
});

test("a model of images takes fewer images than pixels, names none of them and refuses another size", async (t) => {
  const [rows, side] = [12, 6];
  const values = noise(rows * side * side, 5);
  // A corner that is black in all images.
  for (let i = 0; i < rows; i++) values[i * side * side] = 0;
  const data = write(at("images-idx3-ubyte"), idx([rows, side, side], values));
  const model = await fit({ method: "pca", latentDim: 3, data }).result;
  const image = { channels: 1, height: side, width: side };
  t.deepEqual(model.info.views, [{ name: "images", start: 0, end: 36, image }]);
  t.deepEqual(model.info.inputs, []);
  t.deepEqual((await model.transform(data)).data, model.latents.data);
  const folder = at("pngs");
  for (let i = 0; i < rows; i++) {
    write(join(folder, `${10 + i}.png`), png(side, side, values.slice(i * side * side, (i + 1) * side * side)));
  }
  t.deepEqual((await model.transform(folder)).data, model.latents.data, "the same images from another place");
  const flat = { data: Float32Array.from(values), shape: [rows, side * side] };
  t.deepEqual((await model.transform(flat)).data, model.latents.data, "a matrix without names, by position");
  const other = await t.throwsAsync(model.transform(write(at("small-idx3-ubyte"), idx([4, 5, 5], noise(100)))));
  t.true(isDisentangleError(other) && other.code === "DATA_COLUMN_MISMATCH");
  t.regex(other!.message, /the images are 1 x 5 x 5, the model was fitted on 1 x 6 x 6/);
  await model.save(at("image-run"));
  const { html } = await report([await load(at("image-run"))]);
  t.regex(html, /images of 6 x 6/);
  for (const text of [html, readFileSync(join(at("image-run"), "manifest.json"), "utf8")])
    t.notRegex(text, /images\.0\.\d/);
  t.false(readFileSync(join(at("image-run"), "model", "model.bin")).includes("images.0."));
});

test("methods that need as many rows as columns say so by name", async (t) => {
  const data = write(at("few-idx3-ubyte"), idx([9, 4, 4], noise(144)));
  const error = await t.throwsAsync(fit({ method: "vade", latentDim: 2, data }).result);
  t.true(isDisentangleError(error) && error.code === "DATA_TOO_FEW_ROWS");
  t.regex(error!.message, /vade needs at least as many rows as input columns: 9 rows, 16 columns/);
});

test("images are scaled by channel, or to [0, 1]", async (t) => {
  const data = write(at("scaled-idx3-ubyte"), idx([30, 2, 2], noise(120)));
  const [channel, unit] = await Promise.all(
    (["channel", "unit"] as const).map((imageScale) => fit({ method: "pca", latentDim: 2, data, imageScale }).result),
  );
  t.is((await unit!.transform(data)).shape[0], 30);
  // Whitened components know no common scale of all pixels, and no shift once they are centered.
  const [a, b] = [centered(channel!.latents), centered(unit!.latents)];
  t.true(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) < 1e-3);
  const raw = await fit({ method: "pca", latentDim: 2, data, standardize: "none" }).result;
  t.notDeepEqual(raw.latents.data, unit!.latents.data);
});

function centered({ data, shape: [rows, columns] }: NamedArray): number[] {
  const means = Array.from({ length: columns }, (_, j) => {
    return data.reduce((sum, value, i) => (i % columns === j ? sum + value : sum), 0) / rows;
  });
  return Array.from(data, (value, i) => value - means[i % columns]!);
}

test("true latents that are named after modalities are scored between them, others are not", async (t) => {
  const data = await simulate({ simulator: "modality-world", seed: 1, points: 2000, layers: 1, edgesWithin: 1 });
  const model = await fit({ method: "fast-ica", latentDim: 6, data }).result;
  const { graph } = await model.score();
  t.is(typeof graph?.betweenModalities?.shd, "number");
  t.true(graph!.betweenModalities!.shd <= graph!.shd!);
  const { latents } = data.truth;
  const renamed = { ...latents!, columns: ["a", "b", "c", "d"] };
  const other = await model.score({ truth: { ...data.truth, latents: renamed } });
  t.is(other.graph?.betweenModalities, undefined);
  t.is(other.graph?.shd, graph!.shd);
});
