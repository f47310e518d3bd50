import type { Command } from "commander";
import { catalogue } from "../../catalogue.js";
import { configSchema } from "../../config.js";
import { methodCalled } from "./methods.js";

/** `disentangle schema` */
export function define(command: Command): void {
  command
    .argument("[method]", "only the options of this method")
    .option("--json", "the same: the schema is JSON")
    .addHelpText("after", "\nExamples:\n  $ disentangle schema > disentangle.schema.json\n  $ disentangle schema mtlcm")
    .action(async (name: string | undefined) => {
      const method = name === undefined ? undefined : methodCalled(name, catalogue().methods).name;
      process.stdout.write(`${JSON.stringify(await configSchema(method), null, 2)}\n`);
    });
}
