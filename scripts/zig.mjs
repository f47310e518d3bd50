// cargo-zigbuild and zig, which link an addon for Linux against an old C library whatever the machine has. Both come from PyPI.

import { delimiter, join } from "node:path";
import { fromPypi } from "./pypi.mjs";
import { withEnvironment } from "./steps.mjs";

const VERSIONS = { "cargo-zigbuild": "0.24.1", ziglang: "0.17.1" };

/** Runs `build` with `cargo zigbuild` and `zig` on the path. */
export async function withZig(build) {
  const tools = join(fromPypi("zig", VERSIONS), "bin");
  // `python3 -m ziglang` is how cargo-zigbuild finds zig.
  return withEnvironment({ PATH: `${tools}${delimiter}${process.env.PATH}` }, build);
}
