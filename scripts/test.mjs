// `npm test`: set up, then the tests of both languages. Arguments are passed on to ava.

import { browser, setup } from "./setup.mjs";
import { main, node, printTimes, run, step } from "./steps.mjs";

await main(async () => {
  await setup();
  await browser();
  await step("rust tests", () => run("cargo", ["test", "--release", "--locked", "--workspace", "--quiet"]));
  await step("typescript tests", () => node(["scripts/ava.mjs", ...process.argv.slice(2)]));
  printTimes();
});
