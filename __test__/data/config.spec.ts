import test from "ava";
import { dataJsonSchema, dataKeys, parseDataConfig } from "../../src/data/index.js";
import { DisentangleError, failuresOf } from "../../src/errors.js";

const failures = (value: unknown, known: string[] = []) => {
  try {
    parseDataConfig(value, known);
  } catch (error) {
    if (error instanceof DisentangleError) return failuresOf(error);
    throw error;
  }
  return [];
};

test("every form that the documentation names passes", (t) => {
  const forms: object[] = [
    { data: "a.csv", inputs: "gene*,!gene2", environment: "env", target: "y", tree: "tree.nwk" },
    {
      data: "a.csv",
      inputs: ["gene*"],
      target: ["y1", "y2"],
      tree: "dendrogram",
      truth: "z.npy",
      missingValues: ["-999"],
    },
    { data: { data: new Float32Array(4), shape: [2, 2] }, environment: ["a", "b"], target: [1, 2] },
    {
      data: [
        [1, 2],
        [3, 4],
      ],
      target: Float64Array.of(1, 2),
      tree: { names: ["r", "a"], parents: [-1, 0] },
    },
    { data: { x: [1, 2], env: ["a", "b"] }, environment: "env" },
  ];
  for (const form of forms) t.deepEqual(failures(form), [], JSON.stringify(form));
});

test("a retired key points to the one that took its place", (t) => {
  t.like(failures({ data: "a.csv", segment: "day" })[0], {
    code: "CONFIG_UNKNOWN_KEY",
    path: "segment",
    message: "segment: the key is retired",
    hint: 'use "environment" (--environment) in its place',
  });
});

test("all mistakes are told at once, each with its key", (t) => {
  const found = failures({ data: "a.csv", enviroment: "e", target: true, inputs: 3, tree: 1, delimiter: ";;" });
  t.deepEqual(found.map(({ code, path }) => `${code} ${path}`).sort(), [
    "CONFIG_UNKNOWN_KEY enviroment",
    "CONFIG_WRONG_TYPE delimiter",
    "CONFIG_WRONG_TYPE inputs",
    "CONFIG_WRONG_TYPE target",
    "CONFIG_WRONG_TYPE tree",
  ]);
  t.is(found.find(({ path }) => path === "enviroment")?.hint, 'did you mean "environment"?');
  for (const { message } of found) t.notRegex(message, /undefined|Invalid input/);
});

test("a misspelt key of the core is offered where the caller knows it", (t) => {
  t.is(failures({ data: "a.csv", latentdim: 3 }, ["latentDim"])[0]?.hint, 'did you mean "latentDim"?');
});

test("data that were not given are missing, not of a wrong type", (t) => {
  t.like(failures({ environment: "env" }), { 0: { code: "CONFIG_MISSING", path: "data" }, length: 1 });
});

test("a million targets are not a million mistakes", (t) => {
  t.deepEqual(failures({ data: "a.csv", target: new Array(1_000_000).fill(0) }), []);
});

test("the JSON Schema has every key, refuses others and says what each is for", (t) => {
  const schema = dataJsonSchema() as { properties: Record<string, { description?: string; anyOf?: object[] }> };
  t.deepEqual(Object.keys(schema.properties), [...dataKeys]);
  t.like(schema, { additionalProperties: false, required: undefined }, "data lie in `data` or in the modalities");
  for (const [key, { description, anyOf = [] }] of Object.entries(schema.properties)) {
    t.truthy(description, key);
    for (const form of anyOf) t.true(Object.keys(form).length > 0, key);
  }
});
