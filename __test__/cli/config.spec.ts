import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Command } from "commander";
import { located, parseConfig, readConfigFile } from "../../src/cli/config-file.js";
import { addConfigOptions, type ConfigOptions, type Given, given, parseFlag } from "../../src/cli/flags.js";
import { wholeNumber } from "../../src/cli/variables.js";
import { type ConfigKey, keysOf } from "../../src/config-keys.js";
import { type DisentangleError, failure } from "../../src/errors.js";

const keys: readonly ConfigKey[] = keysOf(
  {
    properties: {
      method: { enum: ["tbr", "pca"] },
      seed: { type: "integer", minimum: 0, default: 0, description: "Seed of all random numbers." },
      latentDim: {
        anyOf: [{ type: "integer", minimum: 1 }, { const: "auto" }, { type: "array", items: { type: "integer" } }],
      },
      inputs: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
      environment: { type: "string" },
      normalise: { type: "boolean", default: false },
      split: { type: "object", properties: { train: { type: "number" } } },
    },
  },
  "core",
);

function parsed(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Given<ConfigOptions>> {
  const command = new Command("fit").exitOverride().configureOutput({ outputError: () => {} });
  addConfigOptions(command, keys, {});
  command.parse([...args], { from: "user" });
  return given(command, command.opts<ConfigOptions>(), keys, env);
}

test("flags are keys, and each value has the type of its key", async (t) => {
  const { config } = await parsed([
    "--method",
    "tbr",
    "--seed",
    "7",
    "--environment",
    "1",
    "--normalise",
    "--inputs",
    "gene*",
  ]);
  t.deepEqual(config, { method: "tbr", seed: 7, environment: "1", normalise: true, inputs: "gene*" });
});

test("what was not given is absent, so the core's default holds", async (t) => {
  t.deepEqual((await parsed([])).config, {});
});

test("several values make a list, one a value", async (t) => {
  t.deepEqual((await parsed(["--inputs", "a", "b", "--latent-dim", "3", "4", "5"])).config, {
    inputs: ["a", "b"],
    latentDim: [3, 4, 5],
  });
  t.deepEqual((await parsed(["--latent-dim", "auto"])).config, { latentDim: "auto" });
  t.deepEqual((await parsed(["--latent-dim", "5"])).config, { latentDim: 5 });
});

test("--set reaches into a value and keeps the rest of it", async (t) => {
  const { config } = await parsed(["--split", "{train: 0.5, by: rows}", "--set", "seed=3"]);
  t.deepEqual(config, { split: { train: 0.5, by: "rows" }, seed: 3 });
  t.deepEqual((await parsed(["--set", "split.train=0.6", "--set", "split.validation=0.2"])).config, {
    split: { train: 0.6, validation: 0.2 },
  });
});

test("flags win over --set, --set over the file", async (t) => {
  const file = join(await mkdtemp(join(tmpdir(), "disentangle-config-")), "run.yaml");
  await writeFile(file, "method: tbr\nseed: 1\nlatentDim: 2\nenvironment: site\nsplit:\n  train: 0.5\n  by: rows\n");
  const { config } = await parsed([
    "--config",
    file,
    "--set",
    "seed=2",
    "--set",
    "latentDim=3",
    "--seed",
    "9",
    "--set",
    "split.train=0.7",
  ]);
  t.deepEqual(config, {
    method: "tbr",
    seed: 9,
    latentDim: 3,
    environment: "site",
    split: { train: 0.7, by: "rows" },
  });
});

for (const text of ["seed", "=3", "__proto__.polluted=1", "a..b=1"]) {
  test(`--set ${text} is refused`, async (t) => {
    const error = await t.throwsAsync(parsed(["--set", text]));
    t.is((error as DisentangleError).code, "CONFIG_USAGE");
    t.is((Object.prototype as { polluted?: unknown }).polluted, undefined);
  });
}

test("a number is not guessed where the key takes text only", (t) => {
  const key = (name: string): ConfigKey => keys.find((one) => one.name === name) as ConfigKey;
  t.is(parseFlag("1e5", key("environment")), "1e5");
  t.is(parseFlag("[a]", key("environment")), "[a]");
  t.is(parseFlag("1e5", key("seed")), 1e5);
  t.is(parseFlag("many", key("seed")), "many");
  t.deepEqual(parseFlag("[a, b]", key("inputs")), ["a", "b"]);
});

const mistakes = [
  { law: "a broken flow list", text: "method: tbr\ninputs: [a, b\nseed: 1\n", place: /^run\.yaml:3:1$/ },
  { law: "a key that stands twice", text: "seed: 1\nseed: 2\n", place: /^run\.yaml:2:1$/ },
  { law: "a list at the top", text: "- a\n- b\n", place: /^run\.yaml:1:1$/ },
  { law: "JSON that ends early", text: '{"method": "tbr",\n "seed": ', place: /^run\.yaml:2:/ },
];
for (const { law, text, place } of mistakes) {
  test(`${law} is told with file, line and column`, (t) => {
    const error = t.throws(() => parseConfig(text, "run.yaml")) as DisentangleError;
    t.is(error.code, "CONFIG_PARSE");
    t.regex(error.path ?? "", place);
  });
}

test("a missing file is a usage error", async (t) => {
  await t.throwsAsync(readConfigFile("/no/such/file.yaml"), { code: "CONFIG_USAGE" } as never);
});

test("JSON with tabs is read, and an empty file is an empty configuration", (t) => {
  t.deepEqual(parseConfig('{\n\t"method": "tbr",\n\t"inputs": [\n\t\t"a"\n\t]\n}\n', "run.json").config, {
    method: "tbr",
    inputs: ["a"],
  });
  t.deepEqual(parseConfig("", "run.yaml").config, {});
});

test("failures of the core get the place of the value, unknown keys that of the key", (t) => {
  const { places } = parseConfig("method: tbr\nlatentDim: 0\nsplit:\n  train: 2\nlatentDims:   3\n", "run.yaml");
  const inner = [
    { code: "CONFIG_OUT_OF_RANGE", message: "latentDim: 0 is not >= 1", path: "latentDim" },
    { code: "CONFIG_OUT_OF_RANGE", message: "split.train: 2 is not <= 1", path: "split.train" },
    { code: "CONFIG_UNKNOWN_KEY", message: "latentDims: there is no such key", path: "latentDims" },
    { code: "CONFIG_MISSING", message: "data is missing", path: "data" },
  ] as const;
  const error = located(
    failure("CONFIG_INVALID", "4 mistakes", { context: { failures: inner } }),
    places,
  ) as DisentangleError;
  const failures = error.context.failures as { path: string; context?: { configPath?: string } }[];
  t.deepEqual(
    failures.map(({ path }) => path),
    ["run.yaml:2:12", "run.yaml:4:10", "run.yaml:5:1", "data"],
  );
  t.is(failures[1]?.context?.configPath, "split.train");
});

test("a flag's value has no place in the file that it overrides", async (t) => {
  const file = join(await mkdtemp(join(tmpdir(), "disentangle-config-")), "run.yaml");
  await writeFile(file, "seed: 1\nsplit:\n  train: 0.5\n");
  const { places } = await parsed(["--config", file, "--seed", "-1", "--split", "{train: 2}"]);
  t.deepEqual([...places.keys()], []);
});

test("help says description, default and range, and what a value may be", (t) => {
  const command = new Command("fit");
  addConfigOptions(command, keys, { core: "Method:" });
  const help = command.helpInformation().replace(/\s+/g, " ");
  t.true(help.includes("--seed <integer> Seed of all random numbers. (default: 0; >= 0)"), help);
  for (const shown of [
    "--method <tbr|pca>",
    "--latent-dim <integer|auto...>",
    "--inputs <string...>",
    "--normalise [boolean]",
  ]) {
    t.true(help.includes(shown), `${shown} in ${help}`);
  }
});

test("merge keys are followed, what stands at the place itself wins, and x- keys are a place for anchors", (t) => {
  const text =
    "x-base: &base {method: tbr, seed: 1}\nx-more: &more {seed: 2, inputs: g*}\n<<: [*base, *more]\nlatentDim: 2\n";
  const { config, places } = parseConfig(text, "run.yaml");
  t.deepEqual(config, { method: "tbr", seed: 1, inputs: "g*", latentDim: 2 });
  t.is(places.get("method")?.value, "run.yaml:1:24");
  t.is(places.get("seed")?.value, "run.yaml:1:35");
  const own = parseConfig("x-a: &a {seed: 1}\nseed: 3\nsplit:\n  <<: *a\n  train: 0.5\n<<: *a\n", "run.yaml");
  t.deepEqual(own.config, { seed: 3, split: { seed: 1, train: 0.5 } });
  t.is(own.places.get("seed")?.value, "run.yaml:2:7");
});

const bomb = [
  "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]",
  ..."bcdefgh".split("").map((key, i) => `${key}: &${key} [${Array(9).fill(`*${"abcdefg"[i]}`)}]`),
];
for (const text of ["seed: *nothing\n", "a: &a\n  b: *a\n", bomb.join("\n")]) {
  test(`aliases of nothing and of themselves are no panic: ${JSON.stringify(text.slice(0, 20))}`, (t) => {
    const error = t.throws(() => parseConfig(text, "run.yaml")) as DisentangleError;
    t.is(error.code, "CONFIG_PARSE");
  });
}

test("variables win over the file, and --set and flags over variables", async (t) => {
  const file = join(await mkdtemp(join(tmpdir(), "disentangle-config-")), "run.yaml");
  await writeFile(file, "method: tbr\nseed: 1\nlatentDim: 2\n");
  const env = {
    DISENTANGLE_SEED: "5",
    DISENTANGLE_LATENT_DIM: "7",
    DISENTANGLE_INPUTS: "[a, b]",
    DISENTANGLE_OTHER: "1",
  };
  t.deepEqual((await parsed(["--config", file], env)).config, {
    method: "tbr",
    seed: 5,
    latentDim: 7,
    inputs: ["a", "b"],
  });
  t.is((await parsed(["--config", file, "--seed", "9"], env)).config.seed, 9);
  t.is((await parsed(["--config", file, "--set", "seed=8"], env)).config.seed, 8);
});

test("flags that are no keys may stand in the file and in variables, checked as on the command line", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-config-"));
  const read = async (text: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) => {
    const file = join(dir, "run.yaml");
    await writeFile(file, text);
    const command = new Command("fit").exitOverride().configureOutput({ outputError: () => {} });
    addConfigOptions(command, keys, {});
    command.option("--out <dir>").option("--quiet").option("--no-report").option("--every <steps>", "", wholeNumber(1));
    command.parse(["--config", file, ...args], { from: "user" });
    return given(command, command.opts<ConfigOptions>(), keys, env);
  };
  const { config, options } = await read("seed: 1\nout: a\nquiet: true\nreport: false\nevery: 3\n");
  t.deepEqual(config, { seed: 1 });
  t.like(options, { out: "a", quiet: true, report: false, every: 3 });
  t.like((await read("out: a\n", ["--out", "b"])).options, { out: "b" });
  t.like((await read("out: a\n", [], { DISENTANGLE_OUT: "c", DISENTANGLE_QUIET: "0" })).options, {
    out: "c",
    quiet: false,
  });
  await t.throwsAsync(read("every: x\n"), {
    code: "CONFIG_WRONG_TYPE",
    message: /every: got "x", expected a whole number/,
  } as never);
  await t.throwsAsync(read("quiet: [1]\n"), { code: "CONFIG_WRONG_TYPE" } as never);
});

const modalityKeys: readonly ConfigKey[] = keysOf(
  { properties: { data: { type: "string" }, modalities: { type: "object" }, join: { type: "string" } } },
  "data",
);
const MODALITIES = { rna: { data: "rna.csv", inputs: "gene*" }, protein: { data: "protein.csv" } };

/** As the command line reads a file with this text. */
async function fromFile(text: string, env: NodeJS.ProcessEnv = {}): Promise<Given<ConfigOptions>> {
  const file = join(await mkdtemp(join(tmpdir(), "disentangle-config-")), "run.yaml");
  await writeFile(file, text);
  const command = new Command("fit").exitOverride().configureOutput({ outputError: () => {} });
  addConfigOptions(command, modalityKeys, {});
  command.parse(["--config", file], { from: "user" });
  return given(command, command.opts<ConfigOptions>(), modalityKeys, env);
}

test("modalities are named by their flag in a file and in a variable, too", async (t) => {
  const words = ["rna=rna.csv", "rna.inputs=gene*", "protein=protein.csv"];
  t.deepEqual((await fromFile(`modality: [${words.join(", ")}]`)).config, { modalities: MODALITIES });
  t.deepEqual((await fromFile("modality: rna=rna.csv")).config, { modalities: { rna: { data: "rna.csv" } } });
  t.deepEqual((await fromFile("join: id", { DISENTANGLE_MODALITY: words.join(" ") })).config, {
    join: "id",
    modalities: MODALITIES,
  });
  // A variable wins over a file, under either name.
  t.deepEqual((await fromFile("modality: x=x.csv", { DISENTANGLE_MODALITIES: '{"y": {"data": "y.csv"}}' })).config, {
    modalities: { y: { data: "y.csv" } },
  });
  await t.throwsAsync(fromFile("modality: a=a.csv\nmodalities: {b: {data: b.csv}}"), { code: "CONFIG_CONFLICT" });
  await t.throwsAsync(fromFile("modality: {a: a.csv}"), { code: "CONFIG_WRONG_TYPE" });
  await t.throwsAsync(fromFile("modality: a.b.c=x"), { code: "CONFIG_USAGE" });
});
