// Where and with what a figure was measured: it stands beside every committed result.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Machine, commit, versions and date; `versions` adds those of the engines compared with. */
export function provenance(versions = {}) {
  const { package: disentangle, simd } = doctor();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    addon: createHash("sha256").update(readFileSync(addonPath())).digest("hex").slice(0, 16),
    machine: {
      cores: cpus().length,
      model: cpus()[0]?.model.trim() ?? "unknown",
      simd,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      // Processes that wanted a core in the last minute: far above the number of cores, only ratios of minima mean much.
      load: loadavg()[0],
      system: `${process.platform} ${release()} ${process.arch}`,
    },
    versions: { disentangle, node: process.versions.node, ...versions },
  };
}

/** The native addon of this checkout. */
export function addonPath() {
  const name = readdirSync(root).find((file) => file.endsWith(".node"));
  if (name === undefined) throw new Error("there is no native addon in this checkout: run `npm run setup`");
  return join(root, name);
}

let told;

function doctor() {
  told ??= JSON.parse(
    execFileSync(process.execPath, [join(root, "bin/disentangle.js"), "doctor", "--json"], {
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  return told;
}

/** The commit of this checkout. */
export function commit() {
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  } catch {
    return "unknown"; // A tree without its history, as in a published package.
  }
}
