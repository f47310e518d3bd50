// Runs ava; what it closes with is one plain line: `N passed, N failed` (and `, N skipped`). Ava's own closing lines leave the
// passed ones out when something failed, so its TAP is counted instead. The exit code is ava's; a run without a test
// fails, and so does a skipped test where CI promises that every test runs.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { inCi, root, Stop } from "./steps.mjs";

/** Runs ava with these arguments. Returns its exit code and the closing line. */
export async function ava(args) {
  const cli = join(root, "node_modules", "ava", "entrypoints", "cli.mjs");
  // Whatever tests leave behind goes with it.
  const scratch = mkdtempSync(join(tmpdir(), "disentangle-tests-"));
  const env = { ...process.env, TMPDIR: scratch, TEMP: scratch, TMP: scratch };
  const options = { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] };
  const child = spawn(process.execPath, [cli, "--tap", ...args], options);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    const text = read(line, counts);
    if (text !== undefined) console.log(text);
  }
  const code = await ended;
  rmSync(scratch, { recursive: true, force: true });
  // A run that ended early (a test called process.exit) may not have named what failed.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  if (inCi && counts.skipped > 0) console.error("CI runs every test: skipped ones are failures here");
  const complete = counts.passed > 0 && !(inCi && counts.skipped > 0);
  const { passed, failed, skipped } = counts;
  return {
    code: code || (complete ? 0 : 1),
    closing: `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`,
  };
}

/** The same as a step of a script: stops it when a test fails, else returns the closing line. */
export async function avaStep(args) {
  const { code, closing } = await ava(args);
  if (code !== 0) {
    console.log(`\n${closing}`);
    throw new Stop(`ava ended with ${code}`);
  }
  return closing;
}

function read(line, counts) {
  const match = /^(not ok|ok) \d+ - (.*?)(?: # ([A-Z]+))?$/.exec(line);
  if (!match) return /^(TAP version|1\.\.|# (tests|pass|skip|fail) )/.test(line) ? undefined : line;
  const [, verdict, title, directive] = match;
  if (directive) {
    counts.skipped += 1;
    return `  - ${title} (${directive === "SKIP" ? "skipped" : "to do"})`;
  }
  counts[verdict === "ok" ? "passed" : "failed"] += 1;
  return verdict === "ok" ? `  ✔ ${title}` : `  ✘ ${title}`;
}
