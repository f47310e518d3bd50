// Programs of the examples and commands of the documents, run as their readers would: in a folder of their own.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { quotedCommandLine } from "../command-line.js";

/** Root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const run = promisify(execFile);
// The sources of the package, not the last build of them.
const sources = { ...process.env, TSX_TSCONFIG_PATH: join(root, "tsconfig.json"), NO_COLOR: "1" };

/** For a program that hangs: how long one takes says nothing on a machine that has other things to do. */
export const PATIENCE_MS = 600_000;

/** An empty folder. */
export function emptyFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "disentangle-example-")));
}

/** Runs a TypeScript program and gives what it printed; throws when it fails. */
export async function runProgram(file: string, cwd: string, args: readonly string[] = []): Promise<string> {
  const options = { cwd, env: sources, timeout: PATIENCE_MS };
  const { stdout } = await run(process.execPath, ["--import", import.meta.resolve("tsx"), file, ...args], options);
  return stdout;
}

/**
 * Runs lines of a shell in which `disentangle` is the command line of this checkout; throws when one fails. Gives what a
 * terminal would show: what is printed, and what is said beside it.
 */
export async function runAsWritten(lines: string, cwd: string): Promise<string> {
  return shell(`disentangle() { ${quotedCommandLine} "$@"; }\nexec 2>&1\n${lines}`, cwd);
}

/** The same, but fits take few steps, unless they say how many, and write no report: is the line understood? */
export async function runShell(lines: string, cwd: string): Promise<string> {
  const atOnce = methodsWithoutSteps()
    .map((name) => `|fit*"--method ${name} "*`)
    .join("");
  return shell(
    `disentangle() {
  case "$*" in
    fit*--steps*${atOnce}) ${quotedCommandLine} "$@" --no-report ;;
    fit*) ${quotedCommandLine} "$@" --no-report --steps 40 ;;
    *) ${quotedCommandLine} "$@" ;;
  esac
}
${lines}`,
    cwd,
  );
}

async function shell(script: string, cwd: string): Promise<string> {
  const { stdout } = await run("sh", ["-euc", script], { cwd, env: sources, timeout: PATIENCE_MS });
  return stdout;
}

/** Methods that solve for their latents at once. */
function methodsWithoutSteps(): readonly string[] {
  const schema = JSON.parse(readFileSync(join(root, "src/generated/schema.json"), "utf8"));
  const branches: readonly { properties: { method: { const: string }; steps?: object } }[] = schema.oneOf;
  return branches.filter(({ properties }) => !properties.steps).map(({ properties }) => properties.method.const);
}
