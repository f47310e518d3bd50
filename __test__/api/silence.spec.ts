import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { fit, isDisentangleError, latentGraph, latentSilence, readRun, simulate } from "../../src/index.js";
import { native } from "../../src/native.js";
import { digestWork, silenceDigest, silenceWork } from "../../src/silence.js";
import { atOnce, byTurns } from "../../src/turns.js";
import { testWithAddon } from "../addon.js";
import { silenceOf, silentLatents } from "../report/silence-records.js";

const latents = silentLatents();
const summary = { method: "pdgmm", silence: silenceOf() };

test("an entry is silent within the threshold of its latent's silent value", async (t) => {
  const { silent, shape, columns } = await latentSilence(latents, summary);
  t.deepEqual([shape, columns], [[600, 4], latents.columns]);
  silent.forEach((value, at) => {
    t.is(value, Number(Math.floor(at / 4) % 4 === at % 4));
  });
});

test("probabilities are those of Bayes' rule, and calls at half agree with the threshold where both parts cross there", async (t) => {
  const [part] = silenceOf().latents;
  const { spike, slab } = part!;
  const normal = (z: number, { mean, sd }: { mean: number; sd: number }) =>
    Math.exp(-0.5 * ((z - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));
  const values = [0, 0.05, 0.0999, -0.1, 0.2, 3];
  const one = { data: Float32Array.from(values), shape: [6, 1] as const, columns: ["z1"] };
  const { probability } = await latentSilence(one, { method: "pdgmm", silence: { latents: [part!] } });
  for (const [i, z] of one.data.entries()) {
    const narrow = spike.weight * normal(z, spike);
    const expected = narrow / (narrow + (1 - spike.weight) * normal(z, slab));
    t.true(Math.abs(probability[i]! - expected) < 1e-6, `${z}: ${probability[i]}, expected ${expected}`);
  }
});

test("far from both parts a probability is still a number, and a latent of one part is certain", async (t) => {
  const [part] = silenceOf().latents;
  const of = async (weight: number) => {
    const { probability } = await latentSilence(
      { data: Float32Array.of(1e30, 0), shape: [2, 1], columns: ["z1"] },
      { method: "pdgmm", silence: { latents: [{ ...part!, spike: { ...part!.spike, weight } }] } },
    );
    return [...probability];
  };
  t.deepEqual(await of(0), [0, 0]);
  t.deepEqual(await of(1), [1, 1]);
  t.true((await of(0.5)).every((p) => p >= 0 && p <= 1));
});

test("of latents in a block the block decides, by all of their values", async (t) => {
  const [part] = silenceOf().latents;
  const block = {
    names: ["z2", "z3"],
    start: 1,
    value: [1, -1],
    threshold: 0.5,
    share: 0.25,
    certainty: 0.9,
    spike: { mean: [1, -1], sd: 0.2, weight: 0.25 },
    slab: { mean: [0, 0], sd: 1, weight: 0.75 },
  };
  const rows = [
    [0, 1.3, -1.3],
    [0, 1.4, -1.4],
  ];
  const told = { data: Float32Array.from(rows.flat()), shape: [2, 3] as const, columns: ["z1", "z2", "z3"] };
  const silence = { latents: [part!, part!, part!], blocks: [block] };
  const { silent, probability } = await latentSilence(told, { method: "pdgmm", silence });
  // The first row is sqrt(.18) = .42 away from the silent point, the second sqrt(.32) = .57.
  t.deepEqual([...silent], [1, 1, 1, 1, 0, 0]);
  const narrow = (0.25 / (2 * Math.PI * 0.04)) * Math.exp(-0.18 / 0.08);
  const wide = (0.75 / (2 * Math.PI)) * Math.exp(-(1.3 ** 2));
  t.true(Math.abs(probability[1]! - narrow / (narrow + wide)) < 1e-5);
  t.is(probability[1], probability[2]);
  t.deepEqual(silenceDigest(told, silence).most, [
    { pattern: "100", rows: 1 },
    { pattern: "111", rows: 1 },
  ]);
});

test("latents of another model and methods that do not look for silence are refused", async (t) => {
  const without = await t.throwsAsync(() => latentSilence(latents, { method: "pca" }));
  t.true(isDisentangleError(without) && without.code === "CONFIG_CONFLICT");
  const other = await t.throwsAsync(() => latentSilence(silentLatents({ latents: 3 }), summary));
  t.true(isDisentangleError(other) && other.code === "METRIC_SHAPE");
});

test("a digest counts every row once and every value that is not extreme", (t) => {
  const { rows, different, most, sample, histograms } = silenceDigest(latents, silenceOf());
  t.deepEqual([rows, different], [600, 4]);
  t.deepEqual(most[0], { pattern: "0001", rows: 150 });
  t.is(
    most.reduce((sum, one) => sum + one.rows, 0),
    600,
  );
  t.is(sample.length, 150);
  for (const [j, { from, width, counts }] of histograms.entries()) {
    const counted = counts.reduce((sum, count) => sum + count, 0);
    t.true(counted > 590 && counted <= 600, `${counted}`);
    // A bar is centred on the silent value, and holds the rows in which the latent is silent.
    const bar = (j / 10 - from) / width - 0.5;
    t.true(Math.abs(bar - Math.round(bar)) < 1e-9);
    t.true(counts[Math.round(bar)]! >= 150);
  }
});

test("silence of many rows is counted in pieces, with the same result", async (t) => {
  const many = silentLatents({ rows: 40_000 });
  t.deepEqual(await byTurns(digestWork(many, silenceOf())), silenceDigest(many, silenceOf()));
  t.deepEqual(await latentSilence(many, summary), atOnce(silenceWork(many, summary)));
  t.true([...digestWork(many, silenceOf())].length > 10);
});

test("a latent that never varies has one bar", (t) => {
  const constant = { data: new Float32Array(5).fill(2), shape: [5, 1] as const, columns: ["z1"] };
  const [part] = silenceOf().latents;
  const digest = silenceDigest(constant, { latents: [{ ...part!, value: 2 }] });
  t.deepEqual([digest.histograms[0]!.counts, digest.different], [[5], 1]);
});

testWithAddon("silence goes from a fit to its folder, to new rows, to scores and to the graph", async (t) => {
  const data = await simulate({ simulator: "silent-world", latents: 4, layers: 1, rows: 4000, seed: 1 });
  const model = await fit({ method: "pdgmm", data, latentDim: 4, flow: { use: "never" } }).result;
  const { silent, probability } = await latentSilence(model.latents, model.summary);
  const { silence, mcc } = await model.score();
  t.true(silence!.f1! > 0.95 && silence!.f1! > silence!.f1OfAll! && mcc.value! > 0.98, JSON.stringify(silence));

  const dir = join(await mkdtemp(join(tmpdir(), "disentangle-silence-")), "run");
  await model.save(dir);
  t.deepEqual(Uint8Array.from(native().npyRead(join(dir, "silent.npy")).data), silent);
  t.deepEqual(native().npyRead(join(dir, "silence-probability.npy")).data, probability);
  const kept = await readRun(dir);
  t.deepEqual(kept.silence, model.record().silence);
  t.is(kept.silence!.rows, 4000);

  const again = await latentSilence(await model.transform(data), model.summary);
  const differing = again.silent.filter((value, at) => value !== silent[at]).length;
  t.is(differing, 0);

  // Edges can only show where both latents are active; with none left there is nothing to test.
  const [told, untold] = await Promise.all([latentGraph(model.latents, { silent }), latentGraph(model.latents)]);
  t.notDeepEqual(told.separations, untold.separations);
  const everything = await t.throwsAsync(latentGraph(model.latents, { silent: new Uint8Array(silent.length).fill(1) }));
  t.true(isDisentangleError(everything) && everything.code === "DATA_TOO_FEW_ROWS");
});
