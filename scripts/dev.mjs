// `npm run dev [spec files or ava flags]`: the short loop while writing: rebuild what changed, write what is generated from it, check
// types, build dist/ so that the command line is that of these sources, run ava.

import { avaStep } from "./ava.mjs";
import { addon, javascript, packages } from "./setup.mjs";
import { main, run, step, tool } from "./steps.mjs";

await main(async () => {
  await packages();
  await addon();
  await step("generated files", () => run("cargo", ["xtask", "gen"]));
  await step("types", () => tool("typescript#tsc", ["--noEmit"]));
  await javascript();
  await step("typescript tests", () => avaStep(process.argv.slice(2)));
});
