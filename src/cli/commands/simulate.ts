import { type Command, Help } from "commander";
import { catalogue, type SimulatorInfo } from "../../catalogue.js";
import { quoted } from "../../command-line.js";
import { type ConfigKey, keysOf, nearest } from "../../config-keys.js";
import { fail } from "../../errors.js";
import type { NativeDataset } from "../../native.js";
import { type SimulateConfig, simulate, writeDataset } from "../../simulate.js";
import { located } from "../config-file.js";
import { addConfigOptions, type ConfigOptions, given } from "../flags.js";
import { LAYOUT, showKeys } from "../help.js";
import { columns, print } from "../terminal.js";
import { needed, variableOf } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle simulate tree-world --depth 4 --seed 0 --out world
  $ disentangle simulate tree-world --config world.yaml --out world --json
  $ disentangle simulate task-world --latents 5 --tasks 100 --out tasks
  $ disentangle simulate silent-world --latents 10 --active half --out silent
  $ disentangle simulate shift-world --latents 3 --link tanh --out shift
  $ disentangle simulate intervention-world --latents 4 --out interventions
  $ disentangle simulate modality-world --modalities 2 --out modalities
  $ disentangle simulate balls-world --balls 3 --out balls`;

/** What the help shows before a simulator is chosen. */
const COMMON = ["seed", "config", "set", "out", "quiet", "verbose", "json"];

/** `disentangle simulate` */
export function define(command: Command): void {
  const { simulators } = catalogue();
  // Simulators share one command, so a key of any of them is a flag; the core refuses those of another.
  const union = {
    oneOf: simulators.map(({ name, schema: { $defs, ...own } }) => ({
      ...own,
      properties: { simulator: { const: name }, ...own.properties },
    })),
    $defs: Object.assign({}, ...simulators.map(({ schema }) => schema.$defs)),
  };
  const keys = keysOf(union, "core", "simulator").filter(({ name }) => name !== "simulator");
  addConfigOptions(command, keys, { core: "World:" });
  const names = simulators.map(({ name }) => name);
  const chosen = (): string | undefined => names.find((name) => name === command.args[0]);
  const keysOfOne = (name: string): readonly ConfigKey[] =>
    keysOf(simulators.find((one) => one.name === name)!.schema, "core", "simulator");
  showKeys(command, keys, { chosen, keysOf: keysOfOne, common: COMMON });
  command
    .argument("[simulator]", "the world to draw from")
    .option("--out <dir>", "data set folder to write")
    .option("--json", "print one JSON object")
    .addHelpText("after", () => (chosen() === undefined ? simulatorList(simulators) : ""))
    .addHelpText("after", EXAMPLES)
    .action(async (argument: string | undefined, flags: ConfigOptions & { out?: string; json?: boolean }) => {
      const { config, places, options } = await given(command, flags, keys);
      const simulator = simulatorOf(argument, config);
      const out = needed(options.out, "--out");
      if (!names.includes(simulator)) {
        const near = nearest(simulator, names);
        fail("CONFIG_UNKNOWN_METHOD", `no simulator is called "${simulator}"`, {
          hint: near === undefined ? `there are: ${names.join(", ")}` : `did you mean "${near}"?`,
        });
      }
      const dataset = await simulate({ ...config, simulator } as SimulateConfig).catch((error: unknown) => {
        throw located(error, places);
      });
      await writeDataset(out, dataset);
      const { name, inputs, labels, truth } = dataset;
      const result = {
        out,
        name,
        rows: inputs.rows,
        columns: inputs.cols,
        environments: labels.environment?.levels.length ?? 0,
        truth: Object.keys(truth),
      };
      print(options.json, result, (style) =>
        [
          columns([
            ["rows", result.rows],
            ["input columns", result.columns],
            ...groups(labels),
            ["true latents", truth.latents?.columns.length ?? 0],
          ]),
          "",
          `Data set folder: ${out}`,
          `Next: ${style.strong(`disentangle fit --method ${methodFor(dataset)} --data ${quoted(out)}`)}`,
        ].join("\n"),
      );
    });
}

/** As the argument, a variable or a file says. */
function simulatorOf(argument: string | undefined, { simulator }: Readonly<Record<string, unknown>>): string {
  const said = argument ?? (process.env[variableOf("simulator")] || simulator);
  if (typeof said === "string") return said;
  return fail("CONFIG_USAGE", "missing required argument 'simulator'", {
    path: "simulator",
    hint: "name it: disentangle simulate tree-world; or give `simulator` in --config",
  });
}

function simulatorList(simulators: readonly SimulatorInfo[]): string {
  const rows = simulators.map(({ name, summary }) => LAYOUT.formatItem!(name, 18, summary, new Help()));
  return ["", "Simulators (simulate NAME --help lists all options of one):", ...rows].join("\n");
}

/** What rows are grouped by, with the number of groups. */
function groups({ environment, task }: NativeDataset["labels"]): readonly [string, number][] {
  if (task !== undefined) return [["tasks", task.levels.length]];
  return environment === undefined ? [] : [["environments", environment.levels.length]];
}

/** The method that the world was made for. */
function methodFor({ labels: { environment, task }, targets, truth, views = [] }: NativeDataset): string {
  if (views.length > 1) return "multimodal";
  // Most methods take pixels for columns, of which they want fewer than rows.
  if (views.some(({ image }) => image !== undefined)) return environment === undefined ? "vae" : "ivae";
  if (truth.interventions !== undefined) return "interventional";
  if (task !== undefined) return "mtlcm";
  if (environment === undefined) return "pdgmm";
  return targets === undefined ? "latent-anm" : "tbr";
}
