// Programs that are asked again and again, so that their start is paid once and engines can take turns.

import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { root } from "./provenance.mjs";
import { downloads } from "./python.mjs";

/** A program that answers each line of JSON with one. */
export function server(command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${basename(command)} ended without an answer`);
      return JSON.parse(value);
    },
    close: () => child.stdin.end(),
  };
}

/** Builds an example of one of our crates, in this checkout unless another is named, and gives its path. */
export function example(crate, name, log, checkout = root) {
  log(`building the example ${name} of ${crate}`);
  const printed = execFileSync(
    "cargo",
    ["build", "--quiet", "--release", "--message-format=json", "-p", crate, "--example", name],
    { cwd: checkout, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 },
  );
  const artefacts = printed
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return artefacts.find(({ target, executable }) => target?.name === name && executable).executable;
}

/** A folder with the JavaScript packages compared with, installed once, and our programs that use them. */
export function javascript(log) {
  const source = fileURLToPath(new URL("./tfjs/", import.meta.url));
  const manifest = readFileSync(join(source, "package.json"), "utf8");
  const folder = downloads("javascript", manifest);
  if (!existsSync(join(folder, "complete"))) {
    log(`installing TensorFlow.js, ml-matrix and munkres-js in ${folder}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), manifest);
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    execFileSync(npm, ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], {
      cwd: folder,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    });
    writeFileSync(join(folder, "complete"), "");
  }
  const programs = readdirSync(source).filter((file) => file.endsWith(".mjs"));
  for (const program of programs) copyFileSync(join(source, program), join(folder, program));
  const { "@tensorflow/tfjs": tfjs, "ml-matrix": mlMatrix, "munkres-js": munkres } = JSON.parse(manifest).dependencies;
  return { folder, versions: { tfjs, "ml-matrix": mlMatrix, "munkres-js": munkres } };
}
