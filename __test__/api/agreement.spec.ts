import test from "ava";
import { agreementsOf, type KeptLatents } from "../../src/agreement.js";
import { report } from "../../src/report.js";
import { record } from "../report/records.js";

const ROWS = 60;
/** Two independent columns, turned by an angle; only every n-th row is kept. */
function turned(angle: number, every = 1): KeptLatents {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const rows = Uint32Array.from({ length: ROWS / every }, (_, i) => i * every);
  const data = new Float32Array(rows.length * 2);
  rows.forEach((row, i) => {
    const [a, b] = [((row * 37) % 61) / 30, ((row * 23) % 59) / 29];
    data.set([cos * a + sin * b, cos * b - sin * a], 2 * i);
  });
  return { latents: { data, shape: [rows.length, 2], columns: ["z1", "z2"] }, rows };
}

test("runs that keep other rows are compared on the rows they share, strong and weak", async (t) => {
  const runs = [0, 1, 2].map((seed) => record({ seed }));
  const kept = [turned(0), turned(0, 2), turned(Math.PI / 4)];
  const [found, ...others] = await agreementsOf(runs, async ({ manifest }) => kept[manifest.seed]);
  t.deepEqual(others, []);
  t.deepEqual(
    found!.pairs.map(({ a, b }) => `${a}, ${b}`),
    ["seed 0, seed 1", "seed 0, seed 2", "seed 1, seed 2"],
  );
  const [same, mixed] = found!.pairs;
  t.true(Math.abs(same!.mcc! - 1) < 1e-6, `${same!.mcc}`);
  t.true(mixed!.mcc! < 0.85, `turned axes: ${mixed!.mcc}`);
  t.true(mixed!.weak! > 0.999, `the same space: ${mixed!.weak}`);
  const mean = found!.pairs.reduce((sum, { mcc }) => sum + mcc!, 0) / 3;
  t.true(Math.abs(found!.mean! - mean) < 1e-12);
});

test("one pair that is not defined leaves the means undefined", async (t) => {
  const runs = [0, 1].map((seed) => record({ seed }));
  const still = turned(0);
  still.latents.data.fill(1);
  const [found] = await agreementsOf(runs, async ({ manifest }) => (manifest.seed === 0 ? turned(0) : still));
  t.is(found!.pairs[0]!.mcc, null);
  t.is(found!.mean, null);
  t.is(found!.weak, null);
});

test("runs on other data, of one seed, and without latents are not compared", async (t) => {
  const other = record({ seed: 1 });
  const elsewhere = {
    ...other,
    manifest: { ...other.manifest, dataset: { ...other.manifest.dataset, fingerprint: "x" } },
  };
  t.deepEqual(await agreementsOf([record(), elsewhere], async () => turned(0)), []);
  t.deepEqual(await agreementsOf([record(), record()], async () => turned(0)), []);
  t.deepEqual(await agreementsOf([record(), record({ seed: 1 })], async () => undefined), []);
});

test("a report on models says how far they agree; one on bare records does not", async (t) => {
  const models = [0, 1].map((seed) => ({ record: () => record({ seed, depth: 2 }), ...turned(seed) }));
  t.is(JSON.parse((await report(models)).json).studies[0].agreements.length, 1);
  const bare = models.map((model) => ({ ...model.record(), dir: "/nowhere" }));
  t.is(JSON.parse((await report(bare)).json).studies[0].agreement, null);
});
