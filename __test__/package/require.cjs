const assert = require("node:assert/strict");
const required = require("disentangle");

assert.ok(required.catalogue().methods.length > 0, "the addon answers");
import("disentangle").then((imported) => {
  assert.equal(imported.DisentangleError, required.DisentangleError, "one copy, however it is loaded");
});
