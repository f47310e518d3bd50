// The command line from its sources, for tests: what bin/disentangle.js does with the built files.
import { main } from "../../src/cli/main.js";

process.exitCode = await main(process.argv.slice(2));
