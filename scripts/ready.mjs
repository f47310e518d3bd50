// `npm run ready`, which is all that CI runs: every check there is, the fast ones first, stopping at the first failure.

import { join } from "node:path";
import { avaStep } from "./ava.mjs";
import { docs } from "./docs.mjs";
import { packageChecks } from "./package.mjs";
import { addonAndTests, browser, javascript, packages, redisServer } from "./setup.mjs";
import { main, node, onPath, printTimes, run, step, targetFolder, together, tool } from "./steps.mjs";

const fixable = { hint: "`npm run fix` puts this right" };
const FAULTS = ["kills,syscalls,stops,stalls,loads,writers,service,memory,machines", "sweeps"];
const workspace = ["--release", "--locked", "--workspace", "--quiet"];

await main(async () => {
  await packages();
  await step("format: rust", () => run("cargo", ["fmt", "--all", "--check"], fixable));
  await step("format and lint: typescript", () =>
    tool("@biomejs/biome", ["ci", "--error-on-warnings", "--colors=off"], fixable),
  );
  await step("types", () => tool("typescript#tsc", ["--noEmit"]));
  await addonAndTests();
  const built = (name) => join(targetFolder(), "release", name);
  await step("invariants", () => run(built("xtask"), ["check"]));
  await step("generated files", () => run(built("generate"), ["--check"], fixable));
  await javascript();
  await redisServer();
  await step("faults", () =>
    // Both wait for most of their time.
    together(FAULTS.map((names) => [process.execPath, ["benchmark/chaos.mjs", "--only", names]])),
  );
  await step("benchmark tables", () => run(process.execPath, ["benchmark/readme.mjs", "--check"]));
  await browser();
  await docs();
  await step("package", packageChecks);
  await step("third-party software", () => node(["scripts/third-party.mjs", "--check"]));
  await step("workflows", () => node(["scripts/workflows.mjs"]));
  const closing = await step("typescript tests and examples", () => avaStep([]));
  await step("lint: rust", () => run("cargo", ["clippy", ...workspace, "--all-targets", "--", "-D", "warnings"]));
  await step("rust tests", () => run("cargo", ["test", ...workspace]));
  await step("instruction counts", () => {
    if (!onPath("valgrind")) return "not counted, there is no valgrind here";
    return run(process.execPath, ["benchmark/run.mjs", "--only", "instructions", "--check"]);
  });
  printTimes();
  console.log(`\n${closing}`);
});
