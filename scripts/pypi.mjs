// Tools that come from PyPI, into virtual environments under target/: nothing is installed on the machine.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { contentHash, isFile, onPath, run, Stop, targetFolder } from "./steps.mjs";

/**
 * The folder of a virtual environment that holds these versions, made once.
 *
 * @param {string} name of the environment
 * @param {Readonly<Record<string, string>>} versions by package
 * @param {readonly string[]} flags of pip
 */
export function fromPypi(name, versions, flags = []) {
  const packages = Object.entries(versions).map(([name, version]) => `${name}==${version}`);
  const folder = join(targetFolder(), name, contentHash([], ...packages, ...flags).slice(0, 12));
  const complete = join(folder, "complete");
  if (isFile(complete)) return folder;
  if (!onPath("python3"))
    throw new Stop(`no python3, which ${name} is installed with`, "install Python 3 with venv and pip");
  run("python3", ["-m", "venv", folder]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  run(join(folder, "bin", "python3"), [...pip, ...flags, ...packages]);
  writeFileSync(complete, "");
  return folder;
}
