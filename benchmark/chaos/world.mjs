// The fit that faults are tried on, and what must be the same however it went.

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const cli = fileURLToPath(new URL("../../bin/disentangle.js", import.meta.url));

/** Options of a fit of a second or so that writes a checkpoint every 25 of its 600 steps. */
const FIT = "--method tbr --latent-dim 4 --steps 600 --hidden 48 --batch-size 256 --seed 3 --checkpoint-every 25".split(
  " ",
);

/** A temporary folder with a world in it, gone afterwards. */
export async function withWorld(work) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-chaos-"));
  try {
    const world = "simulate tree-world --depth 4 --points-per-environment 200 --latents 4 --inputs 16 --seed 3".split(
      " ",
    );
    execFileSync(process.execPath, [cli, ...world, "--out", join(folder, "world")], { stdio: "ignore" });
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Arguments that begin the fit. */
export function begin(folder, name) {
  return [cli, "fit", "--data", join(folder, "world"), "--out", join(folder, name), ...FIT, "--quiet"];
}

/** Arguments that go on with it, or begin it where nothing is there to go on from. */
export function goOn(folder, name) {
  const out = join(folder, name);
  return existsSync(join(out, "manifest.json")) ? [cli, "fit", "--resume", out, "--quiet"] : begin(folder, name);
}

/** Runs Node; after `delay` milliseconds, if it is still there, it gets the signal. Gives exit code, signal and errors. */
export function runNode(args, { delay, signal = "SIGKILL", before = [] } = {}) {
  return new Promise((resolve) => {
    const [command, ...rest] = [...before, process.execPath, ...args];
    const child = spawn(command, rest, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      errors += text;
    });
    const timer = delay === undefined ? undefined : setTimeout(() => child.kill(signal), delay);
    child.on("close", (code, by) => {
      clearTimeout(timer);
      resolve({ code, signal: by, errors });
    });
  });
}

/** Hashes of what must not depend on interruptions: everything but when and how long. */
export function essence(dir) {
  const hash = createHash("sha256");
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "manifest.json" && entry.name !== "config.json")
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    hash.update(file.slice(dir.length));
    hash.update(readFileSync(file));
  }
  const { outcome, steps, runId } = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8"));
  return hash.update(JSON.stringify({ outcome, steps, runId })).digest("hex");
}

/** Uniform numbers in [0, 1) that are the same every time. */
export function uniforms(seed) {
  let count = 0;
  return () => {
    const digest = createHash("sha256").update(`${seed}/${count++}`).digest();
    return digest.readUInt32LE(0) / 2 ** 32;
  };
}

/** The value below which 99 % of the values lie. */
export function p99(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(0.99 * sorted.length) - 1)];
}
