// `npm run demo`: set up, then the demo of the command line. Arguments are passed on.

import { setup } from "./setup.mjs";
import { main, node } from "./steps.mjs";

await main(async () => {
  await setup();
  node(["bin/disentangle.js", "demo", ...process.argv.slice(2)]);
});
