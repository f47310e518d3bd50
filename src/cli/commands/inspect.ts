import type { Command } from "commander";
import { dataKeys } from "../../config.js";
import type { ColumnReport, InspectReport, ViewReport } from "../../data/index.js";
import { shapeText } from "../../data/views.js";
import { located } from "../config-file.js";
import { addConfigOptions, type ConfigOptions, given } from "../flags.js";
import { bytes, columns, number, print, type Style } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle inspect cells.csv
  $ disentangle inspect cells.h5ad --environment cell_type --target score --json
  $ disentangle inspect assays.csv --task assay --target potency
  $ disentangle inspect compounds.parquet --target 'y*'
  $ disentangle inspect --modality rna=rna.csv --modality protein=protein.csv --join subject
  $ disentangle inspect photos --labels labels.csv --environment site`;

/** `disentangle inspect` */
export async function define(command: Command): Promise<void> {
  const keys = (await dataKeys()).filter(({ name }) => name !== "data");
  addConfigOptions(command, keys, { data: "Data:" });
  command
    .argument(
      "[files...]",
      "file or folder to look at; several, or a pattern, are stacked; none where --modality names them",
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (paths: readonly string[], flags: ConfigOptions & { json?: boolean }) => {
      const data = paths.length > 1 ? [...paths] : paths[0];
      const { config, places, options } = await given(command, flags, keys);
      const { inspect } = await import("../../data/index.js");
      const found = await inspect({ ...config, ...(data !== undefined && { data }) }).catch((error: unknown) => {
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
  const flaws = found.columns.flatMap(({ name, missing = 0, infinite = 0, constant }) => [
    ...(missing > 0 ? [[name, `${missing} of ${found.rows} cells missing`]] : []),
    ...(infinite > 0 ? [[name, `${infinite} of ${found.rows} cells infinite`]] : []),
    ...(constant ? [[name, "constant"]] : []),
  ]);
  const { environment, tasks, views = [] } = found;
  const blocks = [
    `${style.strong(found.source)}: ${found.format}, ${found.rows} rows, ${found.columns.length} columns; the inputs take ${bytes(found.memoryBytes)}`,
    columns([...roles].map(([role, of]) => [role, of.length, listed(of.map(({ name }) => name))])),
    ...(views.length === 0
      ? []
      : [`${views.length === 1 ? "1 view" : `${views.length} views`} of the inputs\n${columns(views.map(viewRow))}`]),
    ...(environment === undefined
      ? []
      : [
          sized(
            `environments in ${environment.column}`,
            environment.sizes.map(({ label, rows }) => [label, rows]),
          ),
        ]),
    ...(tasks === undefined
      ? []
      : [
          sized(
            `tasks in ${found.columns.find(({ role }) => role === "task")?.name ?? "as many targets"}`,
            tasks.map(({ name, rows }) => [name, rows]),
          ),
        ]),
    ...(flaws.length === 0
      ? []
      : [
          `Flaws\n${columns(flaws.slice(0, SHOWN).map(([name, flaw]) => [`  ${name}`, flaw ?? ""]))}${flaws.length > SHOWN ? `\n  and ${flaws.length - SHOWN} more` : ""}`,
        ]),
    ...(found.problems.length === 0
      ? []
      : [
          `Problems\n${found.problems
            .slice(0, SHOWN)
            .map(({ message, hint }) => `  ${message}${hint === undefined ? "" : `\n    ${hint}`}`)
            .join("\n")}${found.problems.length > SHOWN ? `\n  and ${found.problems.length - SHOWN} more` : ""}`,
        ]),
    ...(found.notes.length === 0 ? [] : [`Notes\n${found.notes.map((text) => `  ${text}`).join("\n")}`]),
    [`Next: ${style.strong(found.command)}`, ...placeholders(found)].join("\n"),
  ];
  return blocks.join("\n\n");
}

function viewRow({ name, columns: width, image, min, max, missing }: ViewReport): (string | number)[] {
  const shape = image === undefined ? `${width} column${width === 1 ? "" : "s"}` : `images of ${shapeText(image)}`;
  const range = min === undefined ? "no value" : `${number(min)} to ${number(max)}`;
  return [`  ${name}`, shape, range, missing === 0 ? "" : `${missing} missing`];
}

/** Groups of rows: how many, how large, and the first of them. */
function sized(what: string, groups: readonly (readonly [name: string, rows: number])[]): string {
  const sizes = groups.map(([, rows]) => rows);
  const listed = columns(groups.slice(0, SHOWN).map(([name, rows]) => [`  ${name}`, rows]));
  const more = groups.length > SHOWN ? `\n  and ${groups.length - SHOWN} more` : "";
  return `${groups.length} ${what}, ${Math.min(...sizes)} to ${Math.max(...sizes)} rows each\n${listed}${more}`;
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
    ...(/--target NAMES\b/.test(command) ? [`  NAMES of the targets: columns of numbers, one per task${some}`] : []),
    ...(/--target NAME\b/.test(command) ? [`  NAME of the target: a column of numbers to predict${some}`] : []),
  ];
}

// Longer lists stand in --json.
const SHOWN = 12;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown}, ...` : shown;
}
