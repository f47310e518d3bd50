// Graphs as other programs read them.

import { checkArgument, OBJECT } from "./arguments.js";
import { fail } from "./errors.js";
import type { CausalGraph } from "./generated/types.js";
import type { LatentGraph } from "./graph.js";

/** A format of graphs: Graphviz's DOT, GraphML (Cytoscape, Gephi, igraph, networkx), or JSON. */
export type GraphFormat = "dot" | "graphml" | "json";

/** All formats. */
export const GRAPH_FORMATS: readonly GraphFormat[] = ["dot", "graphml", "json"];

/** An edge of a graph. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly directed: boolean;
  readonly weight?: number;
  readonly certainty?: number;
  readonly undecided?: boolean;
}

/**
 * A graph as text for other programs. Edges carry their weight and certainty where they are known, and a mark where the data
 * may as well be without the edge. In DOT the weight is `strength`: Graphviz's own `weight` is another thing.
 *
 * @param graph the graph that a method found, `model.summary.graph`, or one that `latentGraph` gives
 *
 * @example
 * ```ts
 * import { graphText } from "disentangle";
 * const graph = { names: ["z1", "z2"], weights: [[0, 0.8], [0, 0]], basis: "an example" };
 * console.log(graphText(graph, "dot").split("\n")[3]); //   "z1" -> "z2" [strength="0.8", label="0.8"];
 * ```
 */
export function graphText(graph: CausalGraph | LatentGraph, format: GraphFormat): string {
  checkArgument("graph", graph, OBJECT, "give `model.summary.graph`, or what `latentGraph` gave");
  switch (format) {
    case "dot":
      return dot(namesOf(graph), edgesOf(graph));
    case "graphml":
      return graphml(namesOf(graph), edgesOf(graph));
    case "json":
      return `${JSON.stringify(graph, null, 2)}\n`;
    default:
      return fail(
        "CONFIG_OUT_OF_RANGE",
        `format: ${JSON.stringify(format)} is not one of ${GRAPH_FORMATS.join(", ")}`,
        {
          path: "format",
          hint: `choose one of ${GRAPH_FORMATS.join(", ")}`,
        },
      );
  }
}

function namesOf(graph: CausalGraph | LatentGraph): readonly string[] {
  return "names" in graph ? graph.names : graph.latents;
}

/** Every edge once: an open direction stands at both places of the weights. */
export function edgesOf(graph: CausalGraph | LatentGraph): readonly Edge[] {
  if (!("names" in graph)) {
    const { arrows, lines } = graph.graph;
    return [
      ...arrows.map(([from, to]): Edge => ({ from: from!, to: to!, directed: true })),
      ...lines.map(([from, to]): Edge => ({ from: from!, to: to!, directed: false })),
    ];
  }
  const has = (pairs: readonly (readonly number[])[] | undefined, i: number, j: number): boolean =>
    pairs?.some(([a, b]) => a === i && b === j) ?? false;
  return graph.weights.flatMap((row, from) =>
    row.flatMap((weight, to): Edge[] => {
      if (weight === 0 || has(graph.undirected, to, from)) return [];
      const certainty = graph.certainty?.[from]?.[to];
      return [
        {
          from,
          to,
          directed: !has(graph.undirected, from, to),
          weight,
          ...(certainty !== undefined && { certainty }),
          ...(has(graph.undecided, from, to) && { undecided: true }),
        },
      ];
    }),
  );
}

/** Edges that the graph lacks, though the data may as well have them. */
export function leftOutOf({ undecided = [], weights }: CausalGraph): readonly Edge[] {
  return undecided.flatMap(([from, to]) =>
    weights[from!]?.[to!] === 0 ? [{ from: from!, to: to!, directed: true, undecided: true }] : [],
  );
}

/** The marks of an edge where a page is set. */
export const TYPESET = { arrow: "\u2192", line: "\u2013" } as const;

/** An edge in words: `z1 -> z2`, `z1 - z2` where it has no direction, with a `?` where the data do not decide whether it is there. */
export function edgeText(
  { from, to, directed, undecided }: Edge,
  names: readonly string[],
  { arrow, line } = { arrow: "->", line: "-" },
): string {
  return `${names[from]} ${directed ? arrow : line} ${names[to]}${undecided ? "?" : ""}`;
}

function dot(names: readonly string[], edges: readonly Edge[]): string {
  const quoted = names.map(
    (name) => `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  );
  const lines = edges.map(({ from, to, directed, weight, certainty, undecided }) => {
    const attributes = [
      // Graphviz takes `weight` for its own, and refuses negative ones.
      ...(weight === undefined ? [] : [`strength="${weight}"`, `label="${short(weight)}"`]),
      ...(certainty === undefined ? [] : [`certainty="${certainty}"`]),
      ...(directed ? [] : ["dir=none"]),
      ...(undecided ? ["style=dashed"] : []),
    ];
    return `  ${quoted[from]} -> ${quoted[to]}${attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`};`;
  });
  return ["digraph causes {", ...quoted.map((name) => `  ${name};`), ...lines, "}", ""].join("\n");
}

function graphml(names: readonly string[], edges: readonly Edge[]): string {
  const keys: readonly (readonly [keyof Edge, string])[] = [
    ["weight", "double"],
    ["certainty", "double"],
    ["undecided", "boolean"],
  ];
  const used = keys.filter(([key]) => edges.some((edge) => edge[key] !== undefined));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    '  <key id="name" for="node" attr.name="name" attr.type="string"/>',
    ...used.map(([key, type]) => `  <key id="${key}" for="edge" attr.name="${key}" attr.type="${type}"/>`),
    '  <graph id="causes" edgedefault="directed">',
    ...names.map((name, i) => `    <node id="n${i}"><data key="name">${xml(name)}</data></node>`),
    ...edges.map((edge, i) => {
      const data = used.flatMap(([key]) =>
        edge[key] === undefined ? [] : [`<data key="${key}">${String(edge[key])}</data>`],
      );
      const direction = edge.directed ? "" : ' directed="false"';
      return `    <edge id="e${i}" source="n${edge.from}" target="n${edge.to}"${direction}>${data.join("")}</edge>`;
    }),
    "  </graph>",
    "</graphml>",
    "",
  ].join("\n");
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

/** Text that XML reads as it is; characters that XML 1.0 cannot hold are replaced. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
