// `npm test`: set up, then the tests of both languages. Arguments are passed on to ava.

import { avaStep } from "./ava.mjs";
import { addonAndTests, browser, javascript, packages, redisServer } from "./setup.mjs";
import { main, printTimes, run, step } from "./steps.mjs";

await main(async () => {
  await packages();
  await addonAndTests();
  await javascript();
  await browser();
  await redisServer();
  await step("rust tests", () => run("cargo", ["test", "--release", "--locked", "--workspace", "--quiet"]));
  const closing = await step("typescript tests", () => avaStep(process.argv.slice(2)));
  printTimes();
  console.log(`\n${closing}`);
});
