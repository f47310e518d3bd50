import type { Command } from "commander";
import { nearest } from "../../config-keys.js";
import { fail } from "../../errors.js";
import { explanations } from "../../generated/errors.js";
import { columns, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle explain DATA_RAGGED_ROW
  $ disentangle explain tree`;

/** `disentangle explain` */
export function define(command: Command): void {
  command
    .argument("[code]", "an error code, or the area it begins with; without it all are listed")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((code: string | undefined, { json }: { json?: boolean }) => {
      const wanted = (code ?? "").toUpperCase().replaceAll("-", "_");
      const all = Object.entries(explanations);
      const found = all.filter(([name]) => wanted === "" || name === wanted || name.startsWith(`${wanted}_`));
      if (found.length === 0) {
        const near = nearest(
          wanted,
          all.map(([name]) => name),
        );
        fail("CONFIG_USAGE", `no error has the code "${code}"`, {
          path: "code",
          hint: near === undefined ? "`disentangle explain` lists all codes" : `did you mean ${near}?`,
        });
      }
      print(json, { codes: Object.fromEntries(found) }, () => columns(found));
    });
}
