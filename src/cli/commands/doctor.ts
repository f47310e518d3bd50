import type { Command } from "commander";
import { native, nativeTarget } from "../../native.js";
import { columns, print } from "../terminal.js";
import { packageVersion } from "../version.js";

/** `disentangle doctor` */
export function define(command: Command): void {
  command
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExamples:\n  $ disentangle doctor\n  $ disentangle doctor --json")
    .action(({ json }: { json?: boolean }) => {
      const core = JSON.parse(native().doctor()) as Record<string, unknown>;
      const findings = { package: packageVersion(), node: process.versions.node, platform: nativeTarget(), ...core };
      print(json, findings, () =>
        columns(
          Object.entries(findings).map(([name, value]) => [
            name,
            typeof value === "string" ? value : JSON.stringify(value),
          ]),
        ),
      );
    });
}
