import { extname } from "node:path";
import { type Command, Option } from "commander";
import { fail } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import type { CausalGraph } from "../../generated/types.js";
import { type LatentGraph, latentGraph } from "../../graph.js";
import { edgesOf, edgeText, GRAPH_FORMATS, type GraphFormat, graphText } from "../../graph-text.js";
import { checkOutput } from "../../outputs.js";
import { jsonText, type Run, readRunFolder, rootOf } from "../../results.js";
import { keptLatents, type RowChoice } from "../../score.js";
import { latentSilence } from "../../silence.js";
import { keep } from "../keep.js";
import { columns, note, number, print } from "../terminal.js";
import { numberFlag, wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle graph runs/a
  $ disentangle graph runs/a --format graphml --out causes.graphml
  $ disentangle graph runs/a --by pc --alpha .01 --depth 3 --json

Two graphs: --by method is the graph that the method estimated (the fit wrote it to graph.json), --by pc the graph that the PC algorithm
finds on the latents of any method (written to pc-graph.json). In PC's graph an arrow is a direction shared by every DAG with the same
independences; an undirected edge is one whose direction the tests cannot determine.`;

/** Options that only the search has, with their defaults. */
const SEARCH = { alpha: 0.05, threads: 1, rows: "all", entries: "active" } as const;

/** `disentangle graph` */
export function define(command: Command): void {
  command
    .argument("<run>", "run folder")
    .addOption(
      new Option("--by <finder>", "whose graph (default: the method's if it finds one, otherwise pc)").choices([
        "method",
        "pc",
      ]),
    )
    .option("--alpha <level>", `pc: level of each test of independence (default: ${SEARCH.alpha})`, numberFlag)
    .option("--depth <count>", "pc: largest number of latents given in a test (default: all neighbors)", wholeNumber(0))
    .option("--threads <count>", `pc: threads that share the tests (default: ${SEARCH.threads})`, wholeNumber(1))
    .addOption(
      new Option("--rows <rows>", `pc: rows to test on (default: ${SEARCH.rows})`).choices([
        "test",
        "validation",
        "train",
        "all",
      ]),
    )
    .addOption(
      new Option(
        "--entries <entries>",
        `pc: rows to compare two latents on: active = those in which neither is silent, if the method detects silence (default: ${SEARCH.entries})`,
      ).choices(["active", "all"]),
    )
    .addOption(new Option("--format <format>", "write it for other programs").choices(GRAPH_FORMATS))
    .option("--out <file>", "file to write (default: stdout); its ending gives the format: .dot, .graphml or .json")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (dir: string, { by, format: given, out, json, ...search }: Flags) => {
      const format = formatOf(given, out);
      if (out !== undefined) await checkOutput(out, [{ path: rootOf(dir), kind: "run" }]);
      const run = await readRunFolder(dir, { scores: false });
      const own = run.summary.graph;
      const finder = by ?? (own === undefined ? "pc" : "method");
      const found = finder === "pc" ? await searched(run, search) : ownGraph(run, search);
      if (out !== undefined) await writeFileAtomic(out, graphText(found, format ?? "json"));
      if (out === undefined && format !== undefined && !json) process.stdout.write(graphText(found, format));
      else if (out !== undefined) print(json, { out }, () => out);
      else print(json, found, () => ("names" in found ? ownText(found) : textOf(found)));
      if (!("names" in found)) await keep(run, { "pc-graph.json": jsonText(found) });
    });
}

/** What the search for a graph on latents gives, and keeps. */
export interface GraphOfRun extends LatentGraph {
  /** The rows that were tested. */
  readonly rows: { readonly split: RowChoice; readonly count: number };
  /** Whether correlations are over all rows or over those in which both latents are active. */
  readonly entries: Entries;
}

type Entries = "active" | "all";

interface Search {
  readonly alpha?: number;
  readonly depth?: number;
  readonly threads?: number;
  readonly rows?: RowChoice;
  readonly entries?: Entries;
}

interface Flags extends Search {
  readonly by?: "method" | "pc";
  readonly format?: GraphFormat;
  readonly out?: string;
  readonly json?: boolean;
}

/** The graph that PC finds on the latents. */
async function searched(run: Run, search: Search): Promise<GraphOfRun> {
  const { rows: split = SEARCH.rows, entries = SEARCH.entries, ...options } = search;
  const latents = await keptLatents(run, split);
  const told = entries === "active" && run.summary.silence !== undefined;
  const graph: GraphOfRun = {
    rows: { split, count: latents.shape[0] },
    entries: told ? "active" : "all",
    ...(await latentGraph(latents, {
      alpha: SEARCH.alpha,
      threads: SEARCH.threads,
      ...options,
      ...(told && { silent: (await latentSilence(latents, run.summary)).silent }),
    })),
  };
  if (!graph.consistent || graph.dropped.length > 0 || graph.opposed.length > 0) {
    note("warning no DAG fits all the independence tests: edge directions are unreliable");
  }
  return graph;
}

/** The graph that the method found, for which nothing is searched. */
function ownGraph({ summary, manifest }: Run, search: Search): CausalGraph {
  const { graph } = summary;
  if (graph === undefined) {
    return fail("CONFIG_CONFLICT", `--by method: ${manifest.method} finds no graph between its latents`, {
      path: "--by",
      hint: "search one on its latents: --by pc",
    });
  }
  const option = Object.keys(search)[0];
  if (option !== undefined) {
    fail("CONFIG_CONFLICT", `--${option}: it is about the search on latents, but the graph is the method's own`, {
      path: `--${option}`,
      hint: `add --by pc, or leave --${option} out`,
    });
  }
  return graph;
}

/** The format of the file, from its ending unless it was named. */
function formatOf(given: GraphFormat | undefined, out: string | undefined): GraphFormat | undefined {
  if (given !== undefined || out === undefined) return given;
  const ending = extname(out).slice(1).toLowerCase();
  const format = ending === "gv" ? "dot" : GRAPH_FORMATS.find((known) => known === ending);
  return (
    format ??
    fail("CONFIG_USAGE", `--out ${out}: its ending names no format of graphs`, {
      path: out,
      hint: `name the format: --format ${GRAPH_FORMATS.join(" | ")}`,
    })
  );
}

function ownText(graph: CausalGraph): string {
  const { names, order, basis } = graph;
  const edges = edgesOf(graph);
  const rows = edges.map((edge) => [
    edgeText(edge, names),
    number(edge.weight),
    ...(graph.certainty === undefined ? [] : [number(edge.certainty)]),
  ]);
  const head = ["edge", "weight", ...(graph.certainty === undefined ? [] : ["certainty"])];
  return [
    edges.length === 0 ? "no edges" : columns([head, ...rows]),
    ...(order === undefined ? [] : [`order: ${order.map((place) => names[place]).join(", ")}`]),
    basis,
  ].join("\n");
}

function textOf(found: GraphOfRun): string {
  const { latents, rows, entries, alpha, evidence, tests } = found;
  const edges = edgesOf(found);
  const between = (a: number, b: number): string => {
    const edge = edges.find(({ from, to }) => (from === a && to === b) || (from === b && to === a));
    return edgeText(edge ?? { from: a, to: b, directed: false }, latents);
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
