import type { Command } from "commander";
import { configSchema } from "../../config.js";

/** `disentangle schema` */
export function define(command: Command): void {
  command
    .option("--json", "the same: the schema is JSON")
    .addHelpText("after", "\nExamples:\n  $ disentangle schema > disentangle.schema.json")
    .action(async () => {
      process.stdout.write(`${JSON.stringify(await configSchema(), null, 2)}\n`);
    });
}
