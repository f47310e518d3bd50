// The one list of commands. Only the invoked one is loaded: `--help` and `--version` must not wait for the rest.
import { Command } from "commander";
import { nearest } from "../config-keys.js";
import type { CommandModule, ProgramState } from "./command.js";
import { folded, LAYOUT } from "./help.js";
import { beQuiet } from "./terminal.js";
import { addVariables } from "./variables.js";
import { packageVersion } from "./version.js";

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly Entry[] = [
  {
    name: "demo",
    summary: "find hidden causes in a real device, real cells and simulated data",
    load: () => import("./commands/demo.js"),
  },
  {
    name: "simulate",
    summary: "draw a data set whose hidden causes are known",
    load: () => import("./commands/simulate.js"),
  },
  {
    name: "prepare",
    summary: "make a known data set from its source",
    load: () => import("./commands/prepare.js"),
  },
  {
    name: "fit",
    summary: "learn hidden causes from data, write a run folder",
    load: () => import("./commands/fit.js"),
  },
  { name: "transform", summary: "compute the latents of new data", load: () => import("./commands/transform.js") },
  { name: "predict", summary: "predict the target of new data", load: () => import("./commands/predict.js") },
  {
    name: "decode",
    summary: "compute inputs from latents, if the method has a decoder",
    load: () => import("./commands/decode.js"),
  },
  {
    name: "intervene",
    summary: "set latents to a value and see what follows",
    load: () => import("./commands/intervene.js"),
  },
  { name: "score", summary: "compare a run's latents with the truth", load: () => import("./commands/score.js") },
  { name: "graph", summary: "show the causal graph of a run's latents", load: () => import("./commands/graph.js") },
  { name: "runs", summary: "list the runs in a folder", load: () => import("./commands/runs.js") },
  {
    name: "report",
    summary: "write one page of HTML, Markdown or JSON about runs",
    load: () => import("./commands/report.js"),
  },
  {
    name: "export",
    summary: "write a run for other programs: ONNX, safetensors, LaTeX, MLflow",
    load: () => import("./commands/export.js"),
  },
  {
    name: "reproduce",
    summary: "repeat a table or figure of a paper, compare with it",
    load: () => import("./commands/reproduce.js"),
  },
  {
    name: "sweep",
    summary: "fit many settings x seeds, on one machine or a cluster",
    load: () => import("./commands/sweep.js"),
  },
  {
    name: "worker",
    summary: "run trials of sweeps that other machines coordinate through Redis",
    load: () => import("./commands/worker.js"),
  },
  {
    name: "inspect",
    summary: "show rows, columns, guessed roles and problems of a file",
    load: () => import("./commands/inspect.js"),
  },
  {
    name: "methods",
    summary: "list the methods, or show what one needs and gives",
    load: () => import("./commands/methods.js"),
  },
  { name: "doctor", summary: "check this installation", load: () => import("./commands/doctor.js") },
  { name: "schema", summary: "print the JSON Schema of the configuration", load: () => import("./commands/schema.js") },
  { name: "explain", summary: "explain an error code", load: () => import("./commands/explain.js") },
];

const COMPLETE = "complete";

/** Words that people know from other programs, and what does here what they do there. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  version: "disentangle --version",
  ls: "disentangle runs",
  list: "disentangle runs",
  train: "disentangle fit",
  run: "disentangle fit",
  resume: "disentangle fit --resume RUN",
  encode: "disentangle transform",
  embed: "disentangle transform",
  reconstruct: "disentangle decode",
  evaluate: "disentangle score",
  eval: "disentangle score",
  metrics: "disentangle score",
  plot: "disentangle report",
  view: "disentangle report",
  generate: "disentangle simulate",
  describe: "disentangle inspect",
  info: "disentangle inspect",
  benchmark: "disentangle reproduce",
  completion: "disentangle complete",
};

/** What to type for a word that is no command: what does it here, or the nearest command. */
export function commandLike(word: string): string | undefined {
  if (Object.hasOwn(ELSEWHERE, word)) return `\`${ELSEWHERE[word]}\` does that`;
  const near = nearest(word, [...COMMANDS.map(({ name }) => name), COMPLETE]);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

const EXAMPLES = `
Examples:
  $ disentangle simulate tree-world --depth 4 --out world
  $ disentangle fit --method tbr --data world --latent-dim 5 --out runs/a
  $ disentangle score runs/a
  $ disentangle report runs/a

Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 some trials failed or
lie outside their band, 129, 130 and 143 on signals`;

/** The program for these arguments; errors are thrown, not printed. */
export async function buildProgram(args: readonly string[], state: ProgramState): Promise<Command> {
  const program = quiet(new Command("disentangle"))
    .description("Recovers hidden causes from raw measurements, and the graph between them.")
    .version(packageVersion(), "-V, --version", "print the version")
    .addHelpText("after", EXAMPLES);
  const completes = args[0] === COMPLETE;
  const invoked = args.find((word) => COMMANDS.some((entry) => entry.name === word));
  for (const { name, summary, load } of COMMANDS) {
    const command = quiet(new Command(name))
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
    if (name === invoked || completes) {
      await (await load()).define(command, state);
      addVariables(command);
      addCommonOptions(command);
    }
    program.addCommand(command);
  }
  if (completes) (await import("./complete.js")).addCompletion(program);
  else program.command(`${COMPLETE} <shell>`).summary("completion for bash, zsh, fish or powershell");
  return program;
}

/** How much a command tells. */
function addCommonOptions(command: Command): void {
  if (!command.options.some(({ long }) => long === "--quiet"))
    command.option("-q, --quiet", "results, warnings and errors only");
  command.option("--verbose", "time and memory at the end, and where an error came from");
  command.hook("preAction", () => {
    if (command.opts<{ readonly quiet?: boolean }>().quiet) beQuiet();
  });
}

function quiet(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeOut: (text) => process.stdout.write(folded(text)), outputError: () => {} })
    .showSuggestionAfterError()
    .configureHelp(LAYOUT);
}
