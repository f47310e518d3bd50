import type { Command } from "commander";
import { dataKeys } from "../../config.js";
import { located } from "../config-file.js";
import { addConfigOptions, type ConfigOptions, configOf } from "../flags.js";
import { print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle inspect cells.csv
  $ disentangle inspect cells.h5ad --environment cell_type --target score --json`;

/** `disentangle inspect` */
export async function define(command: Command): Promise<void> {
  const keys = (await dataKeys()).filter(({ name }) => name !== "data");
  addConfigOptions(command, keys, { data: "Data:" });
  command
    .argument("<file>", "file or folder to look at")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (data: string, options: ConfigOptions & { json?: boolean }) => {
      const { config, places } = configOf(options, keys);
      const { formatInspection, inspect } = await import("../../data/inspect.js");
      const inspection = await inspect({ ...config, data }).catch((error: unknown) => {
        throw located(error, places);
      });
      print(options.json, inspection, () => formatInspection(inspection));
    });
}
