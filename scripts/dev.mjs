// `npm run dev [spec files or ava flags]`: the short loop while writing: rebuild what changed, check types, run ava.

import { addon, packages } from "./setup.mjs";
import { main, node, step, tool } from "./steps.mjs";

await main(async () => {
  await packages();
  await addon();
  await step("types", () => tool("typescript#tsc", ["--noEmit"]));
  await step("typescript tests", () => node(["scripts/ava.mjs", ...process.argv.slice(2)]));
});
