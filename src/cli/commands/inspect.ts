import type { Command } from "commander";
import { dataKeys } from "../../config.js";
import type { ColumnReport, InspectReport } from "../../data/index.js";
import { located } from "../config-file.js";
import { addConfigOptions, type ConfigOptions, configOf } from "../flags.js";
import { bytes, columns, print, type Style } from "../terminal.js";

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
      const { inspect } = await import("../../data/index.js");
      const found = await inspect({ ...config, data }).catch((error: unknown) => {
        throw located(error, places);
      });
      print(options.json, found, (style) => summary(found, style));
    });
}

function summary(found: InspectReport, style: Style): string {
  const roles = new Map<string, ColumnReport[]>();
  for (const column of found.columns) {
    const role = column.role ?? "without a role";
    roles.set(role, [...(roles.get(role) ?? []), column]);
  }
  const flaws = found.columns.flatMap(({ name, missing = 0, constant }) => [
    ...(missing > 0 ? [[name, `${missing} of ${found.rows} cells missing`]] : []),
    ...(constant ? [[name, "constant"]] : []),
  ]);
  const sizes = found.environment?.sizes.map(({ rows }) => rows) ?? [];
  const blocks = [
    `${style.strong(found.source)}: ${found.format}, ${found.rows} rows, ${found.columns.length} columns; the inputs take ${bytes(found.memoryBytes)}`,
    columns([...roles].map(([role, of]) => [role, of.length, listed(of.map(({ name }) => name))])),
    ...(found.environment === undefined
      ? []
      : [
          `${sizes.length} environments in ${found.environment.column}, ${Math.min(...sizes)} to ${Math.max(...sizes)} rows each`,
          columns(found.environment.sizes.slice(0, SHOWN).map(({ label, rows }) => [`  ${label}`, rows])) +
            (sizes.length > SHOWN ? `\n  and ${sizes.length - SHOWN} more` : ""),
        ]),
    ...(flaws.length === 0
      ? []
      : [
          `Flaws\n${columns(flaws.slice(0, SHOWN).map(([name, flaw]) => [`  ${name}`, flaw ?? ""]))}${flaws.length > SHOWN ? `\n  and ${flaws.length - SHOWN} more` : ""}`,
        ]),
    ...(found.problems.length === 0
      ? []
      : [
          `Problems\n${found.problems.map(({ message, hint }) => `  ${message}${hint === undefined ? "" : `\n    ${hint}`}`).join("\n")}`,
        ]),
    [`Next: ${style.strong(found.command)}`, ...placeholders(found)].join("\n"),
  ];
  return blocks.join("\n\n");
}

/** What to write for the words in capitals. */
function placeholders({ command, columns: all }: InspectReport): readonly string[] {
  const numbers = all.filter(({ kind, role }) => kind === "number" && role === undefined).map(({ name }) => name);
  const some = numbers.length === 0 ? "" : `: ${listed(numbers)}`;
  return [
    ...(/--inputs NAMES/.test(command) ? ["  NAMES: the columns to learn from, or a pattern such as 'gene*'"] : []),
    ...(/--environment NAME\b/.test(command)
      ? ["  NAME of the environment: a column of labels (cell type, site, batch)"]
      : []),
    ...(/--target NAME\b/.test(command) ? [`  NAME of the target: a column of numbers to predict${some}`] : []),
  ];
}

// Longer lists stand in --json.
const SHOWN = 12;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown}, ...` : shown;
}
