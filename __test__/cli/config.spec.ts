import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Command } from "commander";
import { located, parseConfig, readConfigFile } from "../../src/cli/config-file.js";
import { addConfigOptions, type ConfigOptions, configOf, parseFlag } from "../../src/cli/flags.js";
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

function parsed(args: readonly string[]): ReturnType<typeof configOf> {
  const command = new Command("fit").exitOverride().configureOutput({ outputError: () => {} });
  addConfigOptions(command, keys, {});
  command.parse([...args], { from: "user" });
  return configOf(command.opts<ConfigOptions>(), keys);
}

test("flags are keys, and each value has the type of its key", (t) => {
  const { config } = parsed([
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

test("what was not given is absent, so the core's default holds", (t) => {
  t.deepEqual(parsed([]).config, {});
});

test("several values make a list, one a value", (t) => {
  t.deepEqual(parsed(["--inputs", "a", "b", "--latent-dim", "3", "4", "5"]).config, {
    inputs: ["a", "b"],
    latentDim: [3, 4, 5],
  });
  t.deepEqual(parsed(["--latent-dim", "auto"]).config, { latentDim: "auto" });
  t.deepEqual(parsed(["--latent-dim", "5"]).config, { latentDim: 5 });
});

test("--set reaches into a value and keeps the rest of it", (t) => {
  const { config } = parsed(["--split", "{train: 0.5, by: rows}", "--set", "seed=3"]);
  t.deepEqual(config, { split: { train: 0.5, by: "rows" }, seed: 3 });
  t.deepEqual(parsed(["--set", "split.train=0.6", "--set", "split.validation=0.2"]).config, {
    split: { train: 0.6, validation: 0.2 },
  });
});

test("flags win over --set, --set over the file", async (t) => {
  const file = join(await mkdtemp(join(tmpdir(), "disentangle-config-")), "run.yaml");
  await writeFile(file, "method: tbr\nseed: 1\nlatentDim: 2\nenvironment: site\nsplit:\n  train: 0.5\n  by: rows\n");
  const { config } = parsed([
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
  test(`--set ${text} is refused`, (t) => {
    const error = t.throws(() => parsed(["--set", text]));
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

test("a missing file is a usage error", (t) => {
  t.is((t.throws(() => readConfigFile("/no/such/file.yaml")) as DisentangleError).code, "CONFIG_USAGE");
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
  const { places } = parsed(["--config", file, "--seed", "-1", "--split", "{train: 2}"]);
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
