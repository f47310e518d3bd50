// cargo-zigbuild and zig, which link an addon for Linux against an old C library whatever the machine has. Both come from PyPI, into a
// virtual environment under target/: nothing is installed on the machine.

import { delimiter, join } from "node:path";
import { isFile, onPath, run, Stop, targetFolder } from "./steps.mjs";

const VERSIONS = { "cargo-zigbuild": "0.24.1", ziglang: "0.17.1" };

/** Runs `build` with `cargo zigbuild` and `zig` on the path. */
export async function withZig(build) {
  const folder = join(targetFolder(), "zig", Object.values(VERSIONS).join("-"));
  const tools = join(folder, "bin");
  if (!isFile(join(tools, "cargo-zigbuild"))) {
    if (!onPath("python3"))
      throw new Stop(
        "no python3, which cargo-zigbuild and zig are installed with",
        "install Python 3 with venv and pip",
      );
    run("python3", ["-m", "venv", folder]);
    const packages = Object.entries(VERSIONS).map(([name, version]) => `${name}==${version}`);
    run(join(tools, "python3"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
  }
  const before = process.env.PATH;
  // `python3 -m ziglang` is how cargo-zigbuild finds zig.
  process.env.PATH = `${tools}${delimiter}${before}`;
  try {
    return await build();
  } finally {
    process.env.PATH = before;
  }
}
