// cargo-zigbuild and zig, which link an addon for Linux against an old C library whatever the machine has. Both come from PyPI.

import { delimiter, join } from "node:path";
import { fromPypi } from "./pypi.mjs";

const VERSIONS = { "cargo-zigbuild": "0.24.1", ziglang: "0.17.1" };

/** Runs `build` with `cargo zigbuild` and `zig` on the path. */
export async function withZig(build) {
  const tools = join(fromPypi("zig", VERSIONS), "bin");
  const before = process.env.PATH;
  // `python3 -m ziglang` is how cargo-zigbuild finds zig.
  process.env.PATH = `${tools}${delimiter}${before}`;
  try {
    return await build();
  } finally {
    process.env.PATH = before;
  }
}
