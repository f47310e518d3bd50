// `npm run dev [spec files or ava flags]`: the short loop while writing: rebuild what changed, check types, run ava.

import { avaStep } from "./ava.mjs";
import { addon, packages } from "./setup.mjs";
import { main, step, tool } from "./steps.mjs";

await main(async () => {
  await packages();
  await addon();
  await step("types", () => tool("typescript#tsc", ["--noEmit"]));
  await step("typescript tests", () => avaStep(process.argv.slice(2)));
});
