import assert from "node:assert/strict";
import { catalogue, DisentangleError, fit } from "disentangle";

const { methods } = catalogue();
assert.ok(
  methods.some(({ name }) => name === "tbr"),
  "the addon answers",
);
await assert.rejects(
  fit({ method: "tbr", data: "no-such-file.csv" }).result,
  (error) => error instanceof DisentangleError && error.code === "DATA_NOT_FOUND",
);
