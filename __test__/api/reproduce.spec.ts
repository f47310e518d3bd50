import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type FitConfig,
  isDisentangleError,
  type Preset,
  presets,
  type ReproduceOptions,
  type Reproduction,
  type Row,
  reproduce,
  type Study,
  simulate,
} from "../../src/index.js";
import { studyOf } from "../../src/reproduce/check.js";
import { plannedTrials } from "../../src/reproduce/trials.js";
import { testWithAddon as test } from "../addon.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-reproduce-"));
const WORLD = { simulator: "tree-world", depth: 2, pointsPerEnvironment: 100, inputs: 4, latents: 2 } as const;
const QUICK = { method: "shared-head", latentDim: 2, hidden: [8], steps: 20 } satisfies FitConfig;

/** A preset of one experiment: two quick fits on a small world. */
function presetOf(rows: readonly Row[], experiment: Partial<Study["experiments"][number]> = {}): Preset {
  const study: Study = {
    seconds: 1,
    experiments: [{ name: "small", data: WORLD, fits: { a: QUICK, b: QUICK }, seeds: [0, 1], rows, ...experiment }],
  };
  return { name: "test/small", title: "", repeats: "", paper: "", scales: { tiny: study, paper: study } };
}

async function events(preset: Preset, options: ReproduceOptions): Promise<{ table: Reproduction; fits: string[] }> {
  const fits: string[] = [];
  const table = await reproduce(preset, {
    ...options,
    onTrial: ({ last }) => void (last && fits.push(`${last.fit} ${last.seed}`)),
  });
  return { table, fits };
}

test("a band that no seed can reach makes the verdict, and one on the mean asks only for the mean", async (t) => {
  const out = await folder();
  const { verdict, rows } = await reproduce(
    presetOf([
      { fit: "a", measure: "mcc", band: { atLeast: 1.1 } },
      { fit: "a", measure: "mcc", band: { atMost: 1 } },
      { fit: "a", measure: "steps", band: { atLeast: 20, atMost: 20, on: "mean" } },
      { fit: "a", measure: "mcc" },
    ]),
    { out },
  );
  t.is(verdict, "outside");
  t.deepEqual(
    rows.map((row) => row.verdict),
    ["outside", "in band", "in band", undefined],
  );
  const [row] = rows;
  const [x, y] = row!.values.map(({ value }) => value) as [number, number];
  t.is(row!.mean, (x + y) / 2);
  t.true(Math.abs(row!.sd! - Math.abs(x - y) / 2) < 1e-12);
});

test("a fit that fails is shown with its error and has no mean; the others stand, and it is tried again", async (t) => {
  const out = await folder();
  // Two environments of one row each cannot be split.
  const data = { ...WORLD, depth: 1, pointsPerEnvironment: 1 };
  const preset = presetOf([{ fit: "a", measure: "mcc" }], { data, seeds: [0] });
  const { table, fits } = await events(preset, { out });
  t.is(table.verdict, "failed");
  const [row] = table.rows;
  t.like(row, { mean: null, sd: null, values: [], verdict: "failed" });
  t.regex(row!.missing[0]!.reason, /\[DATA_TOO_FEW_ROWS\]/);
  t.like(table.trials.failed[0], { experiment: "small", fit: "a", seed: 0, code: "DATA_TOO_FEW_ROWS" });
  t.regex(
    await readFile(table.files.markdown, "utf8"),
    /\| small \| a \| MCC \| - \| 0 of 1 \|[\s\S]*DATA_TOO_FEW_ROWS/,
  );
  t.deepEqual((await events(preset, { out })).fits, fits);
});

test("a world that cannot be drawn fails its own trials only", async (t) => {
  const small = presetOf([{ fit: "a", measure: "mcc" }]).scales.tiny.experiments[0]!;
  const impossible = { ...small, name: "impossible", data: { ...WORLD, changes: 3 } };
  const study = { seconds: 1, experiments: [impossible, small] };
  const preset = { ...presetOf([]), scales: { tiny: study, paper: study } };
  const { rows, trials } = await reproduce(preset, { out: await folder(), seeds: [0] });
  t.deepEqual(
    rows.map(({ verdict, values }) => [verdict, values.length]),
    [
      ["failed", 0],
      [undefined, 1],
    ],
  );
  t.is(trials.failed.length, 2);
});

test("only what changed is fitted again, and equal fits are fitted once", async (t) => {
  const out = await folder();
  const rows = [{ fit: "a", measure: "mcc" }];
  t.deepEqual((await events(presetOf(rows), { out })).fits, ["a 0", "a 1"]);
  const changed = presetOf(rows, { fits: { a: QUICK, b: { ...QUICK, steps: 21 } } });
  t.deepEqual((await events(changed, { out })).fits, ["b 0", "b 1"]);
  t.deepEqual((await events(changed, { out, seeds: [1, 2] })).fits, ["a 2", "b 2"]);
});

test("a part of the experiments can be run alone, and the whole takes what it left", async (t) => {
  const out = await folder();
  const rows = [{ fit: "a", measure: "mcc" }];
  const { scales, ...named } = presetOf(rows);
  const [small] = scales.paper.experiments as [Study["experiments"][number]];
  const larger = { ...small, name: "larger", data: { ...WORLD, pointsPerEnvironment: 120 } };
  const study = { seconds: 1, experiments: [small, larger] };
  const preset = { ...named, scales: { tiny: study, paper: study } };
  const part = await events(preset, { out, seeds: [0], only: "large" });
  t.deepEqual([part.fits, part.table.rows.map(({ experiment }) => experiment)], [["a 0"], ["larger"]]);
  const whole = await events(preset, { out, seeds: [0] });
  t.deepEqual([whole.fits, whole.table.rows.length], [["a 0"], 2]);
  t.deepEqual(whole.table.rows[1], part.table.rows[0]);
});

test("a trial is run again for a score that nobody had asked for, and then has it for everybody", async (t) => {
  const out = await folder();
  const tbr = { method: "tbr", latentDim: 2, hidden: [8], steps: 20 } satisfies FitConfig;
  const [mcc, before] = ["mcc", "mcc-before"].map((measure) => ({ fit: "a", measure })) as [Row, Row];
  const asked = (...rows: readonly Row[]) => events(presetOf(rows, { fits: { a: tbr } }), { out, seeds: [0] });
  const first = await asked(mcc);
  const second = await asked(mcc, before);
  t.deepEqual(second.fits, ["a 0"]);
  t.deepEqual(second.table.rows[0], first.table.rows[0]);
  t.true(second.table.rows[1]!.mean! > 0);
  t.not(second.table.rows[1]!.mean, second.table.rows[0]!.mean);
  t.deepEqual((await asked(mcc)).fits, []);
  t.deepEqual((await asked(mcc, before)).fits, []);
});

test("a trial whose file is gone or damaged is run again, and the same number comes of it", async (t) => {
  const out = await folder();
  const preset = presetOf([{ fit: "a", measure: "mcc" }], { fits: { a: QUICK } });
  const { table } = await events(preset, { out, seeds: [0] });
  const trials = join(out, "trials");
  const [id] = (await readdir(trials)).filter((name) => name.startsWith("shared-head-"));
  await writeFile(join(trials, id!, "trial.json"), '{ "format": 1, "id":');
  const damaged = await events(preset, { out, seeds: [0] });
  t.deepEqual([damaged.fits, damaged.table.rows], [["a 0"], table.rows]);
  for (const name of await readdir(trials)) await rm(join(trials, name), { recursive: true });
  const again = await events(preset, { out, seeds: [0] });
  t.deepEqual(again.fits, ["a 0"]);
  t.deepEqual(again.table.rows, table.rows);
});

test("several at a time give the same table, each with the times of its own process", async (t) => {
  const rows = ["mcc", "r2", "mcc-weak", "test-mse"].map((measure) => ({ fit: "a", measure }));
  const alone = await reproduce(presetOf(rows), { out: await folder() });
  const together = await reproduce(presetOf([...rows, { fit: "a", measure: "processor-seconds" }]), {
    out: await folder(),
    jobs: 2,
  });
  t.deepEqual(together.rows.slice(0, -1), alone.rows);
  t.true(together.rows.at(-1)!.values.every(({ value }) => value > 0));
});

test("a ratio is taken seed by seed, over another fit to the same data or another measure of the same", async (t) => {
  const { rows } = await reproduce(
    presetOf(
      [
        { fit: "a", measure: "steps", over: "b" },
        { fit: "b", measure: "steps", over: "a" },
        { fit: "a", measure: "mcc" },
        { fit: "a", measure: "mcc-linear" },
        { fit: "a", measure: "mcc", overMeasure: "mcc-linear" },
      ],
      { fits: { a: QUICK, b: { ...QUICK, steps: 10 } } },
    ),
    { out: await folder() },
  );
  t.deepEqual(
    rows.slice(0, 2).map(({ mean }) => mean),
    [2, 0.5],
  );
  const [own, ceiling, share] = rows.slice(2).map(({ values }) => values.map(({ value }) => value));
  t.deepEqual(
    share,
    own!.map((value, i) => value / ceiling![i]!),
  );
  t.is(rows[4]!.title, "MCC, over the MCC of the best linear map");
});

test("without a truth the seeds are compared with each other, pair by pair", async (t) => {
  const world = await simulate({ ...WORLD, seed: 0 });
  const preset = presetOf(
    [
      { fit: "a", measure: "agreement" },
      { fit: "a", measure: "agreement-weak" },
      { fit: "a", measure: "mcc" },
    ],
    { data: { given: "a table" }, fits: { a: QUICK }, seeds: [0, 1, 2] },
  );
  const out = await folder();
  await t.throwsAsync(reproduce(preset, { out }), { code: "CONFIG_MISSING", message: /needs a table/ } as never);
  const { rows } = await reproduce(preset, { out, data: { ...world, truth: {} } });
  const [strong, weak, scored] = rows;
  t.deepEqual(
    strong!.values.map(({ seed }) => seed),
    ["0-1", "0-2", "1-2"],
  );
  t.true(strong!.values.every(({ value }) => value > 0 && value <= 1));
  t.true(weak!.mean! >= 0 && weak!.mean! <= 1);
  t.deepEqual(scored!.values, []);
  // Other data are other trials.
  const other = await simulate({ ...WORLD, seed: 1 });
  const { trials } = await reproduce(preset, { out, data: { ...other, truth: {} } });
  t.is(trials.kept, 0);
});

test("a signal stops it, and says what is kept", async (t) => {
  const controller = new AbortController();
  const out = await folder();
  const error = await t.throwsAsync(
    reproduce(presetOf([{ fit: "a", measure: "mcc" }]), {
      out,
      signal: controller.signal,
      onTrial: ({ done }) => void (done === 1 && controller.abort()),
    }),
  );
  t.true(isDisentangleError(error) && error.code === "FIT_CANCELLED" && error.hint!.includes(join(out, "trials")));
  t.is((await readdir(join(out, "trials"))).filter((name) => name.startsWith("shared-head-")).length, 1);
});

test("every mistake of a preset is told at once, before anything is written", async (t) => {
  const out = join(await folder(), "never");
  const preset = presetOf(
    [
      { fit: "c", measure: "mcc" },
      { fit: "a", measure: "mcd" },
      { fit: "a", measure: "fact" },
      { fit: "a", measure: "mcc:1" },
      { fit: "a", measure: "agreement", over: "b" },
      { fit: "a", measure: "mcc", band: {} },
      { fit: "a", measure: "mcc", overMeasure: "ceiling" },
      { fit: "a", measure: "calibration:edges", over: "b" },
      { fit: "a", measure: "calibration:edge" },
      { fit: "a", measure: "found-among:" },
      { fit: "a", measure: "mcc", before: { band: {}, verdict: "outside", date: "2026-01-31", reason: "" } },
    ],
    { seeds: [0, 0] },
  );
  const error = await t.throwsAsync(reproduce(preset, { out }));
  const messages = error.message;
  for (const part of [
    "a seed stands there twice",
    'small.rows[0].fit: no fit is called "c", only a, b',
    'small.rows[1].measure: no measure is called "mcd"',
    'small.rows[2].measure: "fact" needs an argument after a colon',
    'small.rows[3].measure: "mcc:1" takes no argument',
    'small.rows[8].measure: "calibration:edge" takes one of silence, causes, edges after a colon',
    'small.rows[9].measure: "found-among:" takes one of identified, not-identified after a colon',
    "small.rows[4].over: a number of several seeds cannot be divided by another, nor divide one",
    "small.rows[7].over: a number of several seeds cannot be divided by another, nor divide one",
    "small.rows[5].band: a band needs atLeast or atMost",
    "small.rows[10].before.band: a band needs atLeast or atMost",
    'small.rows[6].overMeasure: no measure is called "ceiling"',
  ]) {
    t.true(messages.includes(part), `${part} in ${messages}`);
  }
  await t.throwsAsync(readdir(out));
});

test("every preset is sound at both scales: its configurations are accepted and its measures exist", async (t) => {
  for (const preset of presets) {
    for (const scale of ["tiny", "paper"] as const) {
      const trials = await plannedTrials(studyOf(preset, scale, {}), { version: "0.0.0", sources: "" }, undefined);
      t.true(trials.length > 0);
    }
  }
  t.is(new Set(presets.map(({ name }) => name)).size, presets.length);
});

test("parts of the held-out rows are scored by themselves where a row asks for them", async (t) => {
  const out = await folder();
  const rows: readonly Row[] = [
    { fit: "a", measure: "within:one.rows.count" },
    { fit: "a", measure: "within:one.mcc.value" },
    { fit: "a", measure: "within:all.mcc.value" },
    { fit: "a", measure: "mcc" },
    { fit: "a", measure: "known:all.mcc.value" },
  ];
  const { environment } = (await simulate({ ...WORLD, seed: 0 })).labels;
  const used = environment!.levels.filter((_, level) => environment!.codes.includes(level));
  const within = { one: used.slice(0, 1), all: used };
  const { rows: found } = await reproduce(presetOf(rows, { within, seeds: [0] }), { out });
  const [count, one, all, whole, known] = found.map(({ mean }) => mean!);
  // A quarter of the 100 rows of one environment is held out.
  t.is(count, 25);
  t.true(one! > 0 && one! <= 1 && one !== whole);
  t.is(all, whole);
  // The latents of this method do not depend on the environment of their row.
  t.is(known, all);
  const without = await t.throwsAsync(reproduce(presetOf(rows, { within: { one: within.one } }), { out }));
  t.like(without, { code: "CONFIG_CONFLICT", path: "small.within" });
});

test("fitted models are tried on rows of another world where a row asks for it, and again where that world changed", async (t) => {
  const out = await folder();
  const rows: readonly Row[] = [
    { fit: "a", measure: "elsewhere:rows.count" },
    { fit: "a", measure: "elsewhere:mcc.value" },
  ];
  const tried = async (pointsPerEnvironment: number): Promise<Reproduction> =>
    reproduce(presetOf(rows, { elsewhere: { pointsPerEnvironment }, seeds: [0] }), { out });
  const first = await tried(50);
  // Six environments have rows.
  t.is(first.rows[0]!.mean, 300);
  t.true(first.rows[1]!.mean! > 0 && first.rows[1]!.mean! <= 1);
  // The other fit, of which no row asks that, is a trial of its own.
  t.is((await tried(50)).trials.kept, 2);
  const second = await tried(40);
  t.deepEqual([second.trials.kept, second.rows[0]!.mean], [1, 240]);
  const without = await t.throwsAsync(reproduce(presetOf(rows), { out }));
  t.like(without, { code: "CONFIG_CONFLICT", path: "small.elsewhere" });
});
