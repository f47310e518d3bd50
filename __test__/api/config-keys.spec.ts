import test from "ava";
import { flagOf, type JsonSchema, keysOf, nearest } from "../../src/config-keys.js";

// The forms that serde and schemars give: a tagged union, references, an untagged union, a nested object.
const schema: JsonSchema = {
  oneOf: [
    {
      type: "object",
      properties: {
        method: { const: "tbr" },
        seed: { type: "integer", minimum: 0, maximum: 2 ** 53, default: 0, description: "Seed." },
        latentDim: {
          anyOf: [{ type: "integer", minimum: 1, maximum: 64 }, { $ref: "#/$defs/Auto" }],
          description: "Latents.",
        },
        split: { $ref: "#/$defs/Split", description: "Split of\n  the rows." },
        rate: { type: "number", exclusiveMinimum: 0, default: 0.01 },
      },
    },
    {
      $ref: "#/$defs/Pca",
    },
  ],
  $defs: {
    Auto: { enum: ["auto"] },
    Split: { type: "object", properties: { train: { type: "number" } } },
    Pca: {
      type: "object",
      properties: { method: { enum: ["pca"] }, seed: { type: "integer" }, whiten: { type: "boolean" } },
    },
  },
};
const keys = new Map(keysOf(schema, "core").map((key) => [key.name, key]));

test("every key of every branch is found once, keys inside a value are not", (t) => {
  t.deepEqual([...keys.keys()], ["method", "seed", "latentDim", "split", "rate", "whiten"]);
});

test("a key knows the methods that have it", (t) => {
  t.deepEqual(keys.get("seed")?.branches, [], "all have it");
  t.deepEqual(keys.get("rate")?.branches, ["tbr"]);
  t.deepEqual(keys.get("whiten")?.branches, ["pca"]);
  t.deepEqual(keys.get("method")?.values, ["tbr", "pca"]);
});

test("a key knows its types, words, bounds and default; the size of an integer is no bound", (t) => {
  const latentDim = keys.get("latentDim");
  t.deepEqual([...(latentDim?.types ?? [])], ["integer", "string"]);
  t.deepEqual(latentDim?.values, ["auto"]);
  t.is(latentDim?.range, ">= 1, <= 64");
  t.is(keys.get("seed")?.range, ">= 0");
  t.is(keys.get("rate")?.range, "> 0");
  t.is(keys.get("rate")?.default, 0.01);
  t.deepEqual([...(keys.get("split")?.types ?? [])], ["object"]);
  t.is(keys.get("split")?.description, "Split of the rows.");
});

test("a flag is the key in kebab-case", (t) => {
  t.is(flagOf("latentDim"), "--latent-dim");
  t.is(flagOf("seed"), "--seed");
});

const words = ["environment", "target", "latentDim", "seed"];
for (const [typed, meant] of [
  ["enviroment", "environment"],
  ["tagret", "target"],
  ["LATENTDIM", "latentDim"],
  ["sed", "seed"],
  ["quux", undefined],
  ["", undefined],
] as const) {
  test(`"${typed}" is ${meant === undefined ? "near nothing" : `a slip for "${meant}"`}`, (t) => {
    t.is(nearest(typed, words), meant);
  });
}

const shared: JsonSchema = {
  oneOf: ["a", "b", "c"].map((method, i) => ({
    type: "object",
    properties: {
      method: { const: method },
      steps: {
        type: "integer",
        minimum: 1,
        description: ["Gradient steps.", "Gradient steps. Absent: 2000.", "Gradient steps, at most."][i]!,
        ...(i === 0 && { default: 10 }),
      },
      hidden: { type: "integer", maximum: 2 ** i, description: ["Of the encoder.", "Of the encoder.", "Widths."][i]! },
      keep: { enum: ["best", "last"], default: "best", description: "What is kept." },
    },
  })),
};
const apart = new Map(keysOf(shared, "core").map((key) => [key.name, key]));

test("a key that methods describe differently says only what is true of all, and keeps what each says", (t) => {
  const steps = apart.get("steps");
  t.is(steps?.description, "Gradient steps.");
  t.is(steps?.default, undefined);
  t.is(steps?.range, ">= 1");
  t.deepEqual(
    steps?.variants.map((variant) => [variant.branches, variant.default]),
    [
      [["a"], 10],
      [["b"], undefined],
      [["c"], undefined],
    ],
  );
  const hidden = apart.get("hidden");
  t.is(hidden?.description, "", "no opening in common");
  t.is(hidden?.range, "", "bounds differ");
});

test("a key that all methods describe alike has no variants", (t) => {
  const keep = apart.get("keep");
  t.is(keep?.description, "What is kept.");
  t.is(keep?.default, "best");
  t.deepEqual(keep?.variants, []);
});
