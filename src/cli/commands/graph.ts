import { type Command, Option } from "commander";
import { type LatentGraph, latentGraph } from "../../graph.js";
import { jsonText, readRunFolder } from "../../results.js";
import { keptLatents, type RowChoice } from "../../score.js";
import { latentSilence } from "../../silence.js";
import { numberFlag, wholeNumber } from "../flags.js";
import { keep } from "../keep.js";
import { columns, note, number, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle graph runs/a
  $ disentangle graph runs/a --alpha .01 --depth 3 --json

An arrow is a direction that every graph with these independences shares, a line one that tests cannot tell. The graph also
goes to graph.json.`;

/** `disentangle graph` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder")
    .option("--alpha <level>", "level of each test of independence", numberFlag, 0.05)
    .option("--depth <count>", "largest number of latents given in a test (default: all neighbours)", wholeNumber(0))
    .option("--threads <count>", "threads that share the tests", wholeNumber(1), 1)
    .addOption(
      new Option("--rows <rows>", "rows to test on").choices(["test", "validation", "train", "all"]).default("all"),
    )
    .addOption(
      new Option(
        "--entries <entries>",
        "active: of two latents, rows in which neither is silent, where the method says so",
      )
        .choices(["active", "all"])
        .default("active"),
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (dir: string, options: Flags) => {
      const run = await readRunFolder(dir);
      const { json, depth, rows: split, entries, ...search } = options;
      const latents = keptLatents(run, split);
      const told = entries === "active" && run.summary.silence !== undefined;
      const graph: GraphOfRun = {
        rows: { split, count: latents.shape[0] },
        entries: told ? "active" : "all",
        ...latentGraph(latents, {
          ...search,
          ...(depth !== undefined && { depth }),
          ...(told && { silent: latentSilence(latents, run.summary).silent }),
        }),
      };
      if (!graph.consistent || graph.dropped.length > 0 || graph.opposed.length > 0) {
        note(
          "the tests contradict each other: no graph has all of their independences; trust the edges, not the arrows",
        );
      }
      print(json, graph, () => textOf(graph));
      await keep(run, { "graph.json": jsonText(graph) });
    });
}

/** What the command prints and keeps. */
export interface GraphOfRun extends LatentGraph {
  /** The rows that were tested. */
  readonly rows: { readonly split: RowChoice; readonly count: number };
  /** Whether correlations are over all rows or over those in which both latents are active. */
  readonly entries: Entries;
}

type Entries = "active" | "all";

interface Flags {
  readonly alpha: number;
  readonly depth?: number;
  readonly threads: number;
  readonly rows: RowChoice;
  readonly entries: Entries;
  readonly json?: boolean;
}

function textOf({ latents, rows, entries, alpha, graph, evidence, tests }: GraphOfRun): string {
  const between = (a: number, b: number): string => {
    const has = (i: number, j: number): boolean => graph.arrows.some(([from, to]) => from === i && to === j);
    if (has(a, b)) return `${latents[a]} -> ${latents[b]}`;
    return has(b, a) ? `${latents[b]} -> ${latents[a]}` : `${latents[a]} - ${latents[b]}`;
  };
  return [
    `${rows.count} rows (${rows.split}${entries === "active" ? ", where both latents are active" : ""}), ${tests} tests at level ${alpha}`,
    evidence.length === 0
      ? "no edges"
      : columns([
          ["edge", "largest p"],
          ...evidence.map(({ first, second, p }) => [between(first, second), number(p)]),
        ]),
  ].join("\n");
}
