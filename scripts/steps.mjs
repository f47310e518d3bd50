// How every script here talks and runs things: named steps with their time, and one clear line when something is missing.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const inCi = process.env.CI === "true";

const times = [];

/** A failure that the person at the terminal can act on: what is wrong, and how to put it right. */
export class Stop extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Runs `work` under a name and prints its time. What `work` returns is printed instead of "done", and returned. */
export async function step(name, work) {
  const start = performance.now();
  console.log(`\n── ${name}`);
  try {
    const note = await work();
    const seconds = (performance.now() - start) / 1000;
    times.push({ name, seconds });
    console.log(`── ${name}: ${note ?? "done"}, ${seconds.toFixed(1)} s`);
    return note;
  } catch (error) {
    throw error instanceof Stop ? new Stop(`${name}: ${error.message}`, error.hint) : error;
  }
}

/** The steps so far with their times, one a line. */
export function printTimes() {
  console.log("");
  for (const { name, seconds } of times) console.log(`${seconds.toFixed(1).padStart(8)} s  ${name}`);
  const total = times.reduce((sum, { seconds }) => sum + seconds, 0);
  console.log(`${total.toFixed(1).padStart(8)} s  in all`);
}

/** Whether the module of this URL is the script that node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && url === pathToFileURL(process.argv[1]).href;
}

/** Runs a script's body; a `Stop` becomes two lines and exit code 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(`\nstopped at ${error.message}`);
    if (error.hint) console.error(`  ${error.hint}`);
    process.exitCode = 1;
  }
}

/** Does `work` with these variables in the environment of this process, and puts those back that were there. */
export async function withEnvironment(added, work) {
  const before = Object.fromEntries(Object.keys(added).map((name) => [name, process.env[name]]));
  Object.assign(process.env, added);
  try {
    return await work();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Runs a program at the root of the repository, its output passed through; anything but exit 0 stops the script. */
export function run(program, args, { env = {}, hint, cwd = root } = {}) {
  const result = spawnSync(program, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  if (result.error) throw new Stop(`${program} could not be started (${result.error.code})`, hint);
  if (result.status !== 0) {
    const ending = result.status === null ? `was ended by ${result.signal}` : `ended with ${result.status}`;
    throw new Stop(`\`${[program, ...args].map(shorten).join(" ")}\` ${ending}`, hint);
  }
}

/** The same for several programs at once: what each prints comes when it has ended, the first that fails stops the script then. */
export async function together(commands) {
  const ended = commands.map(([program, args]) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        process.stdout.write(Buffer.concat(said));
        if (code === 0) resolve();
        else reject(new Stop(`\`${[program, ...args].map(shorten).join(" ")}\` ended with ${code ?? signal}`));
      });
    });
  });
  for (const { reason } of await Promise.allSettled(ended)) if (reason) throw reason;
}

/** Runs a script with the node that runs us. */
export function node(args, options) {
  run(process.execPath, args, options);
}

/** Runs a development tool by its own entry point: no shell, so the same on every system. */
export function tool(name, args, options) {
  const [packageName, binary = name.split("/").at(-1)] = name.split("#");
  const folder = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  node([join(folder, typeof bin === "string" ? bin : bin[binary]), ...args], options);
}

/** Runs npm: through npm's own script where npm started us, because Windows cannot spawn `npm` without a shell. */
export function npm(args, options) {
  if (process.env.npm_execpath) node([process.env.npm_execpath, ...args], options);
  else run(process.platform === "win32" ? "npm.cmd" : "npm", args, options);
}

/** Standard output of a program, or undefined where it is missing or fails. */
export function output(program, args) {
  const result = spawnSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
  return result.status === 0 ? result.stdout : undefined;
}

/** Whether a program is on the PATH. */
export function onPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => isFile(join(folder, program)));
}

/** All files under a path of the repository, sorted, as paths relative to the root. */
export function filesUnder(path) {
  if (isFile(join(root, path))) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(`${path}/${entry.name}`) : [`${path}/${entry.name}`]))
    .sort();
}

/** A hash of the names and contents of files, and of further words that decide the result. */
export function contentHash(paths, ...words) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesUnder)) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  for (const word of words) hash.update(`${word}\0`);
  return hash.digest("hex");
}

/** Whether what `name` stands for was last built from sources of this hash. */
export function isCurrent(name, hash) {
  const stamp = stampPath(name);
  return isFile(stamp) && readFileSync(stamp, "utf8") === hash;
}

/** Remembers the hash that `name` was built from. */
export function stamp(name, hash) {
  mkdirSync(dirname(stampPath(name)), { recursive: true });
  writeFileSync(stampPath(name), hash);
}

/** Whether a path is a file. */
export function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The folder that cargo builds into. */
export function targetFolder() {
  return process.env.CARGO_TARGET_DIR ?? join(root, "target");
}

function stampPath(name) {
  return join(targetFolder(), "setup", `${name}.stamp`);
}

function shorten(argument) {
  return argument.startsWith(root) ? argument.slice(root.length + 1) : argument;
}
