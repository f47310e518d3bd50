// How tests start the command line.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { quoted } from "../src/command-line.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The words that start the command line: the build, which starts in a third of the time, unless the sources have changed since. */
export const commandLine: readonly string[] = [process.execPath, ...(isBuilt() ? built() : sources())];

/** The same, for a line of a shell. */
export const quotedCommandLine = commandLine.map(quoted).join(" ");

function isBuilt(): boolean {
  const changed = (path: string): number => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return changed("dist/index.js") > Math.max(...files.map((name) => changed(`src/${name}`)));
}

function built(): readonly string[] {
  return [join(root, "bin/disentangle.js")];
}

function sources(): readonly string[] {
  return ["--import", import.meta.resolve("tsx"), join(root, "__test__/cli/disentangle.ts")];
}
