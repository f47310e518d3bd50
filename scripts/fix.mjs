// `npm run fix`: everything a machine can put right: formats, safe lint fixes, generated files.

import { packages } from "./setup.mjs";
import { main, run, step, tool } from "./steps.mjs";

await main(async () => {
  await packages();
  await step("rustfmt", () => run("cargo", ["fmt", "--all"]));
  await step("generated files", () => run("cargo", ["xtask", "gen"]));
  await step("biome", () => tool("@biomejs/biome", ["check", "--write"]));
});
