// An empty project with the packed package in it, as a user has it after `npm install`, and programs that are run in there.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const MINUTES = 5 * 60e3;

/** Runs `body` in a new folder that is removed afterwards. */
export async function inFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-compat-"));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes files, by path below a folder; what is not text becomes JSON. Returns the folder. */
export function write(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`);
  }
  return folder;
}

/** Runs a program; gives its standard output, throws with the end of what it said. */
export async function start(program, args, { cwd, env = {}, timeout = MINUTES }) {
  // Settings of the npm that started us are not those of the project.
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$|^CI$/i.test(name));
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd,
      timeout,
      maxBuffer: 2 ** 26,
      env: { ...Object.fromEntries(own), ...env },
    });
    return stdout;
  } catch (error) {
    const said = `${error.stdout ?? ""}\n${error.stderr ?? ""}`.trim();
    throw new Error(`${program} ${args.join(" ")}: ${said.slice(-1500) || error.message}`);
  }
}

/** The version of a package that is installed in a folder. */
export function versionOf(folder, name) {
  return manifest(folder, name).version;
}

/** The script behind a command of a package that is installed in a folder. */
export function script(folder, name, command = name.split("/").at(-1)) {
  const { bin } = manifest(folder, name);
  return join(folder, "node_modules", name, typeof bin === "string" ? bin : bin[command]);
}

function manifest(folder, name) {
  return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8"));
}
