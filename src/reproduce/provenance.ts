// What a table was made by. No path and no name of a machine is among it: tables are published.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { quoted } from "../command-line.js";
import type { Code } from "../sweep/planned.js";
import type { StudyPart } from "./check.js";
import type { Scale, Study } from "./preset.js";
import { PRESETS } from "./presets.js";

/** What computed a table, and on what. */
export interface Provenance {
  readonly version: string;
  /** Hash of the sources of the numerical code that computed the trials. */
  readonly sources: string;
  /** The commit of the checkout, with `-dirty` where files differ from it; absent in an installed package, which `version` names. */
  readonly commit?: string;
  /** First 16 digits of the SHA-256 of the native addon. */
  readonly addon?: string;
  /** What the times were measured on. */
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly cores: number;
    readonly model: string;
  };
}

/** What computes here and now; the addon is loaded already. */
export async function provenance(code: Code): Promise<Provenance> {
  const [commit, addon] = await Promise.all([commitHere(), addonHash()]);
  return {
    ...code,
    ...(commit !== undefined && { commit }),
    ...(addon !== undefined && { addon }),
    machine: {
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      cores: cpus().length,
      model: cpus()[0]?.model.trim() ?? "unknown",
    },
  };
}

/** The command that runs this part of a preset; a file of the caller's stays unnamed. */
export function commandOf(preset: string, scale: Scale, { only, seeds }: StudyPart, { experiments }: Study): string {
  if (!PRESETS.some(({ name }) => name === preset))
    return `await reproduce(preset, ${JSON.stringify({ scale, ...(only !== undefined && { only }), ...(seeds && { seeds }) })})`;
  return [
    `disentangle reproduce ${preset} --scale ${scale}`,
    ...(only === undefined ? [] : [`--only ${quoted(only)}`]),
    ...(seeds === undefined ? [] : [`--seeds ${seeds.join(" ")}`]),
    ...(experiments.some(({ data }) => "given" in data) ? ["--data FILE"] : []),
  ].join(" ");
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function commitHere(): Promise<string | undefined> {
  // Installed or bundled, the folder two levels up is somebody else's, and so would be its commit.
  if (![".git", "crates"].every((name) => existsSync(join(ROOT, name)))) return undefined;
  const words = ["--no-optional-locks", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"];
  try {
    const { stdout } = await promisify(execFile)("git", words, { cwd: ROOT });
    return stdout.trim();
  } catch {
    return undefined; // There is no git here.
  }
}

async function addonHash(): Promise<string | undefined> {
  // Which of several files was loaded, Node alone knows.
  const file = Object.keys(createRequire(import.meta.url).cache).find((name) => /disentangle[^/\\]*\.node$/.test(name));
  return (
    file &&
    createHash("sha256")
      .update(await readFile(file))
      .digest("hex")
      .slice(0, 16)
  );
}
