// Functions of the API called with what they do not take, from programs whose types nobody checked.
import { isDisentangleError } from "../../src/errors.js";
import * as api from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";

/** Functions as a program without types sees them. */
const loose = api as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;
const call = (name: string, ...args: unknown[]): unknown => loose[name]!(...args);

const ROWS = [
  [1, 2, 3, 4],
  [2, 1, 4, 3],
  [3, 5, 1, 1],
  [4, 4, 4, 1],
  [1, 9, 2, 2],
  [2, 2, 8, 1],
  [1, 1, 1, 6],
  [2, 4, 6, 3],
];
const WORLD = { simulator: "tree-world", depth: 2, pointsPerEnvironment: 20, inputs: 4, latents: 2, seed: 0 } as const;
const LATENTS = { data: new Float32Array(4), shape: [2, 2], columns: ["a", "b"] };
const PRESET = { name: "own/study", title: "title", repeats: "table 1", paper: "paper" };
const STUDY = { seconds: 1, experiments: [{}] };

interface Given {
  readonly m: Readonly<Record<string, (...args: unknown[]) => unknown>>;
  readonly world: api.NativeDataset;
}
type Row = readonly [
  name: string,
  call: (given: Given) => unknown,
  code: api.ErrorCode,
  message: RegExp,
  hint?: RegExp,
];

const SELF: Record<string, unknown> = {};
SELF.self = SELF;

const TABLE: readonly Row[] = [
  ["fitQueue()", () => call("fitQueue"), "CONFIG_MISSING", /^limits is missing/, /concurrency: 2/],
  ["fitQueue of a number", () => call("fitQueue", 3), "CONFIG_WRONG_TYPE", /^limits: got 3, expected an object/],
  ["readRun()", () => call("readRun"), "CONFIG_MISSING", /^dir is missing: expected the path of a folder/],
  ["readRuns of a number", () => call("readRuns", 3), "CONFIG_WRONG_TYPE", /^dir: got 3/],
  ["graphText()", () => call("graphText", undefined, "dot"), "CONFIG_MISSING", /^graph is missing/, /latentGraph/],
  ["exportModel()", () => call("exportModel"), "CONFIG_MISSING", /^model is missing: expected a model/],
  [
    "exportModel of a folder",
    () => call("exportModel", "runs/a", "onnx"),
    "CONFIG_WRONG_TYPE",
    /^model: got "runs\/a"/,
  ],
  ["logToMlflow()", () => call("logToMlflow"), "CONFIG_MISSING", /^model is missing/],
  ["logToMlflow without a server", ({ m }) => call("logToMlflow", m), "CONFIG_MISSING", /^options\.url is missing/],
  ["latentSilence()", () => call("latentSilence"), "CONFIG_MISSING", /^latents is missing/],
  ["latentSilence alone", () => call("latentSilence", LATENTS), "CONFIG_MISSING", /^summary is missing/],
  [
    "report of a folder",
    () => call("report", ["runs/a"]),
    "CONFIG_WRONG_TYPE",
    /^runs\[0\]: got "runs\/a"/,
    /readRun\("runs\/a"\).*disentangle report runs\/a/,
  ],
  ["report()", () => call("report"), "CONFIG_MISSING", /^runs is missing/, /models, or records/],
  ["report of a number", () => call("report", 3), "CONFIG_WRONG_TYPE", /^runs: got 3, expected an array of models/],
  ["report of a text", () => call("report", "run"), "CONFIG_WRONG_TYPE", /^runs: got "run", expected an array/],
  [
    "report of one model",
    ({ m }) => call("report", m),
    "CONFIG_WRONG_TYPE",
    /^runs: got .*, expected an array/,
    /report\(\[run\]\)/,
  ],
  ["report of an empty object", ({ m }) => call("report", [m, {}]), "CONFIG_INVALID", /runs\[1\]\.config is missing/],
  ["report of null", ({ m }) => call("report", [m, null]), "CONFIG_WRONG_TYPE", /^runs\[1\]: got null/],
  [
    "report of a model whose record is no function",
    () => call("report", [{ record: 3 }]),
    "CONFIG_WRONG_TYPE",
    /^runs\[0\]\.record: got 3/,
  ],
  ["report with null", ({ m }) => call("report", [m], null), "CONFIG_WRONG_TYPE", /^options: got null/],
  [
    "a title that is a number",
    ({ m }) => call("report", [m], { title: 3 }),
    "CONFIG_WRONG_TYPE",
    /^title: got 3, expected a text/,
  ],
  [
    "a misspelt title",
    ({ m }) => call("report", [m], { titel: "x" }),
    "CONFIG_UNKNOWN_KEY",
    /^titel: there is no such option/,
    /"title"/,
  ],
  [
    "two mistakes",
    ({ m }) => call("report", [m], { titel: "x", introduction: [] }),
    "CONFIG_INVALID",
    /titel.*introduction: got an empty array/,
  ],
  [
    "remarks that are a text",
    ({ m }) => call("report", [m], { remarks: "x" }),
    "CONFIG_WRONG_TYPE",
    /^remarks: got "x"/,
  ],
  [
    "a remark whose text is a number",
    ({ m }) => call("report", [m], { remarks: [{ dataset: "a", text: 3 }] }),
    "CONFIG_WRONG_TYPE",
    /^remarks\[0\]\.text: got 3/,
  ],
  [
    "an agreement that is a number",
    ({ m }) => call("report", [m], { agreement: 3 }),
    "CONFIG_WRONG_TYPE",
    /^agreement: got 3/,
  ],
  [
    "an agreement without pairs",
    ({ m }) => call("report", [m], { agreement: { mean: 1, sd: 0, null: null } }),
    "CONFIG_MISSING",
    /^agreement\.pairs is missing/,
  ],
  ["reproduce()", () => call("reproduce"), "CONFIG_MISSING", /^preset is missing/, /tbr\/ate/],
  ["reproduce of a number", () => call("reproduce", 3), "CONFIG_WRONG_TYPE", /^preset: got 3/],
  [
    "a preset that is empty",
    () => call("reproduce", {}),
    "CONFIG_INVALID",
    /preset\.name is missing.*preset\.scales is missing/,
  ],
  [
    "a preset without a scale",
    () => call("reproduce", { ...PRESET, scales: {} }),
    "CONFIG_WRONG_TYPE",
    /^preset\.scales: got an empty object, expected a study/,
    /tiny/,
  ],
  [
    "a scale that is a number",
    () => call("reproduce", { ...PRESET, scales: { paper: 3 } }),
    "CONFIG_WRONG_TYPE",
    /^preset\.scales\.paper: got 3/,
  ],
  [
    "a study without experiments",
    () => call("reproduce", { ...PRESET, scales: { paper: { seconds: 1 } } }),
    "CONFIG_MISSING",
    /paper\.experiments is missing/,
  ],
  [
    "an experiment that is empty",
    () => call("reproduce", { ...PRESET, scales: { paper: STUDY } }),
    "CONFIG_INVALID",
    /experiments\[0\]\.rows is missing/,
  ],
  [
    "seeds that are a number",
    () => call("reproduce", "tbr/ate", { scale: "tiny", seeds: 3 }),
    "CONFIG_WRONG_TYPE",
    /^seeds: got 3/,
  ],
  [
    "an out that is a number",
    () => call("reproduce", "tbr/ate", { scale: "tiny", out: 3 }),
    "CONFIG_WRONG_TYPE",
    /^out: got 3/,
  ],
  ["a misspelt scale", () => call("reproduce", "none", { scal: "tiny" }), "CONFIG_UNKNOWN_KEY", /^scal:/, /"scale"/],
  ["load()", () => call("load"), "CONFIG_MISSING", /^from is missing/, /toBytes/],
  ["load of a number", () => call("load", 3), "CONFIG_WRONG_TYPE", /^from: got 3/],
  [
    "load of a buffer",
    () => call("load", new ArrayBuffer(8)),
    "CONFIG_WRONG_TYPE",
    /^from: got an object of type ArrayBuffer/,
  ],
  ["load with null", () => call("load", "none", null), "CONFIG_WRONG_TYPE", /^options: got null/],
  [
    "load of another part",
    () => call("load", "none", { only: "x" }),
    "CONFIG_WRONG_TYPE",
    /^only: got "x", expected "model"/,
  ],
  ["prepare()", () => call("prepare"), "CONFIG_MISSING", /^config is missing/, /superconductors/],
  ["prepare of an empty object", () => call("prepare", {}), "CONFIG_MISSING", /^dataset is missing/, /superconductors/],
  [
    "the graph of rows",
    () => call("latentGraph", [[Number.NaN, 1]]),
    "CONFIG_WRONG_TYPE",
    /^latents: got an array of 1/,
    /model\.latents/,
  ],
  ["latentGraph()", () => call("latentGraph"), "CONFIG_MISSING", /^latents is missing/],
  [
    "the graph of an array that is not typed",
    () => call("latentGraph", { ...LATENTS, data: [1, 2, 3, 4] }),
    "CONFIG_WRONG_TYPE",
    /^latents\.data: got an array of 4, expected a Float32Array/,
  ],
  [
    "the graph of a negative shape",
    () => call("latentGraph", { ...LATENTS, shape: [-2, -2] }),
    "DATA_SHAPE",
    /4 values do not fill shape \[-2, -2\]/,
  ],
  [
    "the graph of too few names",
    () => call("latentGraph", { ...LATENTS, columns: ["a"] }),
    "DATA_SHAPE",
    /^latents\.columns: got 1/,
  ],
  ["the graph with null", () => call("latentGraph", LATENTS, null), "CONFIG_WRONG_TYPE", /^options: got null/],
  [
    "the graph with a number as silence",
    () => call("latentGraph", LATENTS, { silent: 3 }),
    "CONFIG_WRONG_TYPE",
    /^silent: got 3/,
  ],
  [
    "the graph with too little silence",
    () => call("latentGraph", LATENTS, { silent: new Uint8Array(3) }),
    "DATA_SHAPE",
    /^silent: got 3 values, expected 4/,
  ],
  ["simulate()", () => call("simulate"), "CONFIG_MISSING", /^config is missing/, /tree-world/],
  [
    "simulate of what refers to itself",
    () => call("simulate", SELF),
    "CONFIG_WRONG_TYPE",
    /^config: an object that refers to itself/,
  ],
  ["phenotype()", () => call("phenotype"), "CONFIG_MISSING", /^dataset is missing/, /readDataset/],
  [
    "phenotype of a path",
    () => call("phenotype", "cells.csv"),
    "CONFIG_WRONG_TYPE",
    /^dataset: got "cells.csv"/,
    /await readDataset/,
  ],
  ["phenotype of an empty object", () => call("phenotype", {}), "CONFIG_INVALID", /dataset\.inputs is missing/],
  [
    "phenotype with null",
    ({ world }) => call("phenotype", world, null),
    "CONFIG_WRONG_TYPE",
    /^config: got null, expected an object/,
  ],
  ["smooth()", () => call("smooth"), "CONFIG_MISSING", /^dataset is missing/],
  [
    "smooth of rows",
    () => call("smooth", ROWS),
    "CONFIG_WRONG_TYPE",
    /^dataset: got an array of 8/,
    /await readDataset/,
  ],
  ["selectInputs()", () => call("selectInputs"), "CONFIG_MISSING", /^dataset is missing/],
  ["selectInputs without columns", ({ world }) => call("selectInputs", world), "CONFIG_MISSING", /^columns is missing/],
  [
    "selectInputs of a text",
    ({ world }) => call("selectInputs", world, { inputs: "x0" }),
    "CONFIG_WRONG_TYPE",
    /^columns\.inputs: got "x0", expected an array of texts/,
  ],
  ["writeDataset()", () => call("writeDataset"), "CONFIG_MISSING", /^dir is missing/],
  ["writeDataset without data", () => call("writeDataset", "none"), "CONFIG_MISSING", /^dataset is missing/],
  ["readDataset()", () => call("readDataset"), "CONFIG_MISSING", /^config is missing: expected an object$/],
  [
    "inspect of a path",
    () => call("inspect", "cells.csv"),
    "CONFIG_WRONG_TYPE",
    /^config: got "cells.csv", expected an object$/,
    /\{ data: \.\.\. \}/,
  ],
  ["save()", ({ m }) => m.save!(), "CONFIG_MISSING", /^dir is missing: expected the path of a folder/],
  ["intervene()", ({ m }) => m.intervene!(), "CONFIG_MISSING", /^options is missing/, /do: /],
  ["transform with null", ({ m }) => m.transform!(ROWS, null), "CONFIG_WRONG_TYPE", /^options: got null/],
  [
    "transform with a number as environments",
    ({ m }) => m.transform!(ROWS, { environments: 3 }),
    "CONFIG_WRONG_TYPE",
    /^environments: got 3/,
  ],
  ["predict with null", ({ m }) => m.predict!(ROWS, null), "CONFIG_WRONG_TYPE", /^options: got null/],
  [
    "predict with a number to attach",
    ({ m }) => m.predict!(ROWS, { attach: 3 }),
    "CONFIG_WRONG_TYPE",
    /^attach: got 3, expected an object/,
  ],
  [
    "a score of a number",
    ({ m }) => m.score!(3),
    "CONFIG_WRONG_TYPE",
    /^truth: got 3, expected \{ z \} or \{ truth \}/,
  ],
  ["a score with null", ({ m }) => m.score!(undefined, null), "CONFIG_WRONG_TYPE", /^options: got null/],
  [
    "a score of other rows",
    ({ m }) => m.score!(undefined, { rows: "x" }),
    "CONFIG_OUT_OF_RANGE",
    /^rows: got "x", expected one of all, train/,
  ],
  [
    "a score with a number as environments",
    ({ m }) => m.score!(undefined, { environments: 3 }),
    "CONFIG_WRONG_TYPE",
    /^environments: got 3/,
  ],
  [
    "a score with a misspelt option",
    ({ m }) => m.score!(undefined, { row: "all" }),
    "CONFIG_UNKNOWN_KEY",
    /^row:/,
    /"rows"/,
  ],
  [
    "a score against a path",
    () => call("score", ROWS, "z.csv"),
    "CONFIG_WRONG_TYPE",
    /^truth: got "z.csv"/,
    /\{ z: \.\.\. \}/,
  ],
  [
    "a score against tables that are a number",
    () => call("score", ROWS, { truth: { latents: 3 } }),
    "CONFIG_WRONG_TYPE",
    /^truth\.truth\.latents: got 3, expected a table/,
  ],
  [
    "a score with a misspelt seed",
    () => call("score", ROWS, { z: ROWS }, { sead: 3 }),
    "CONFIG_UNKNOWN_KEY",
    /^sead:/,
    /"seed"/,
  ],
  [
    "a score of nothing",
    () => call("score", [], { z: [] }),
    "DATA_EMPTY",
    /^an array with no rows was given/,
    /\[\[1, 2\]/,
  ],
  [
    "a fit of no columns",
    () => fit({ data: {} }),
    "DATA_EMPTY",
    /^an object with no columns was given/,
    /one array per column/,
  ],
  [
    "a matrix as a column",
    () => fit({ data: { x: ROWS } }),
    "DATA_SHAPE",
    /^column "x" holds arrays: row 1 is an array of 4/,
    /one array per column.*the matrix itself/,
  ],
  [
    "a matrix among columns",
    () => fit({ data: { x: ROWS, a: ROWS.map(([a]) => a) } }),
    "DATA_SHAPE",
    /^column "x" holds arrays/,
  ],
  [
    "typed arrays as a column",
    () => fit({ data: { x: ROWS.map((row) => Float32Array.from(row)) } }),
    "DATA_SHAPE",
    /^column "x" holds arrays: row 1 is a typed array/,
  ],
  [
    "transform of a matrix as a column",
    ({ m }) => m.transform!({ x: [[1, 2, 3, 4]] }),
    "DATA_SHAPE",
    /^column "x" holds arrays/,
  ],
  [
    "a row per object",
    () => fit({ data: [{ a: 1, b: 2 }] }),
    "DATA_SHAPE",
    /^row 1 is not an array/,
    /in place of one object per row/,
  ],
  [
    "numbers as text alone",
    () => fit({ data: { a: ["1", "2.5"] } }),
    "DATA_EMPTY",
    /^inputs: no column of numbers/,
    /column "a" holds numbers as text.*map\(Number\)/,
  ],
  [
    "a shape that is a number",
    () => fit({ data: { data: new Float32Array(4), shape: 3 } }),
    "DATA_SHAPE",
    /^got shape 3/,
  ],
  [
    "names that are a number",
    () => fit({ data: { data: new Float32Array(4), shape: [2, 2], columns: 3 } }),
    "DATA_SHAPE",
    /^columns: got 3/,
  ],
  [
    "a misspelt option of a fit",
    () => fit({}, { onProgres() {} }),
    "CONFIG_UNKNOWN_KEY",
    /^onProgres:/,
    /"onProgress"/,
  ],
  [
    "a budget that is a number",
    () => fit({}, { budgets: 3 }),
    "CONFIG_WRONG_TYPE",
    /^budgets: got 3, expected an object/,
  ],
  [
    "a checkpoint that is a number",
    () => fit({}, { checkpoint: 3 }),
    "CONFIG_WRONG_TYPE",
    /^checkpoint: got 3, expected an object/,
  ],
];

function fit(config: object, options?: object): Promise<unknown> {
  const handle = call("fit", { method: "pca", latentDim: 1, data: ROWS, ...config }, options) as api.FitHandle;
  return handle.result;
}

let given: Given | undefined;

test.before(async () => {
  const world = await api.simulate(WORLD);
  const model = await api.fit({ method: "pca", latentDim: 2, data: world }).result;
  given = { world, m: model as unknown as Given["m"] };
});

for (const [name, wrong, code, message, hint = /.{6}/] of TABLE) {
  test(`${name} is refused with what was expected`, async (t) => {
    const error = await t.throwsAsync(async () => wrong(given!));
    t.true(isDisentangleError(error), error?.stack);
    if (!isDisentangleError(error)) return;
    t.is(error.code, code, error.message);
    t.regex(error.message, message);
    const failures = (error.context.failures as readonly api.Failure[] | undefined) ?? [error];
    for (const one of failures) t.regex(one.hint ?? "", hint);
    t.notRegex(error.message, /undefined|\[object|Later|Cannot|is not a function/);
  });
}

test("a column of numbers as text is no input beside columns of numbers, and the provenance says so", async (t) => {
  const data = { a: ROWS.map(([a]) => String(a)), b: ROWS.map(([, b]) => b!), c: ROWS.map(([, , c]) => c!) };
  const { inputNames, provenance } = await api.readDataset({ data });
  t.deepEqual(inputNames, ["b", "c"]);
  t.regex(provenance, /all 2 numeric columns without another role were taken, not a/);
});

test("a bigint in a configuration is the number that it is", async (t) => {
  const world = (await call("simulate", { ...WORLD, depth: 2n })) as api.NativeDataset;
  t.deepEqual(world.inputs, (await api.simulate(WORLD)).inputs);
});

test("former names of options are still read", async (t) => {
  const world = await api.simulate(WORLD);
  const [former, today] = await Promise.all([
    api.smooth(world, { neighbours: 3 } as api.SmoothConfig),
    api.smooth(world, { neighbors: 3 }),
  ]);
  t.deepEqual(former.inputs.data, today.inputs.data);
  t.notDeepEqual(former.inputs.data, world.inputs.data);
  const data = await api.simulate({ simulator: "task-world", tasks: 8, pointsPerTask: 30, latents: 3, seed: 0 });
  const config = { method: "mtlcm", representation: "inputs", latentDim: 3, data } as const;
  const model = await api.fit({ ...config, algorithm: "joint-diagonalisation" } as never).result;
  t.like(model.record().config, { algorithm: "joint-diagonalization" });
});
