// A Python environment from requirements.txt, made once per version of that file, outside the repository.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const requirements = fileURLToPath(new URL("./requirements.txt", import.meta.url));

/** Path of a folder for this benchmark's downloads that changes with the content of `recipe`. */
export function downloads(name, recipe) {
  return join(
    tmpdir(),
    `disentangle-benchmark-${name}-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`,
  );
}

/** The interpreter: that of `BENCHMARK_PYTHON` when set, else of an environment that is made now if need be. */
export function python(log) {
  if (process.env.BENCHMARK_PYTHON) return process.env.BENCHMARK_PYTHON;
  const folder = downloads("python", readFileSync(requirements));
  const windows = process.platform === "win32";
  const binary = (at) => (windows ? join(at, "Scripts", "python.exe") : join(at, "bin", "python"));
  if (existsSync(join(folder, "complete"))) return binary(folder);
  log(`making a Python environment in ${folder}: PyTorch is large, this happens once`);
  rmSync(folder, { recursive: true, force: true });
  const base = ["python3", "python"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (base === undefined) throw new Error("there is no Python 3 here: install it, or name one in BENCHMARK_PYTHON");
  const loud = { stdio: ["ignore", 2, 2] };
  execFileSync(base, ["-m", "venv", folder], loud);
  execFileSync(binary(folder), ["-m", "pip", "install", "--quiet", "-r", requirements], loud);
  writeFileSync(join(folder, "complete"), "");
  return binary(folder);
}

/** Versions of the packages compared with. */
export function pythonVersions(interpreter, packages = ["torch", "numpy", "scipy"]) {
  const script =
    "import json, platform, importlib.metadata as m;" +
    "print(json.dumps({'python': platform.python_version(), **{p: m.version(p) for p in " +
    `${JSON.stringify(packages)}}}))`;
  return JSON.parse(execFileSync(interpreter, ["-c", script]).toString());
}
