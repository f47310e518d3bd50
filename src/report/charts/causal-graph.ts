import type { CausalGraph } from "../../generated/types.js";
import { edgesOf, edgeText, TYPESET } from "../../graph-text.js";
import type { Graph } from "../draw/graphviz.js";
import { percent, shortened, signed } from "../format.js";
import { visible } from "../markup.js";
import { INK, literal, MUTED } from "./tree.js";

/** From this many edges on, numbers would cover the picture: the table has them. */
const LABELED = 40;
/** Edges that are less sure than this are drawn pale. */
const SURE = 0.9;

/**
 * Causes above their effects; edges as thick as their weight is large, pale where they are not sure, dashed where not decided. Latents of one
 * modality stand in one frame; `modalities` names that of each.
 */
export function causalGraph(
  found: CausalGraph,
  modalities?: readonly string[],
): { graph: Graph; titles: Map<string, string> } {
  const edges = edgesOf(found);
  const labels = shortened(found.names, 20).map(literal);
  const largest = edges.reduce((most, { weight = 0 }) => Math.max(most, Math.abs(weight)), 0);
  const titles = new Map<string, string>();
  const nodes = found.names.map((name, i) => {
    titles.set(`n${i}`, visible(name));
    return { name: `n${i}`, attributes: { shape: "ellipse", label: labels[i]!, color: INK, fontcolor: INK } };
  });
  const readable = found.names.map(visible);
  const drawn = edges.map((edge) => {
    const { from, to, directed, weight = 0, certainty, undecided } = edge;
    const sure = certainty === undefined || certainty >= SURE;
    const words = [signed(weight), ...(certainty === undefined ? [] : [percent(certainty)])];
    titles.set(`n${from}->n${to}`, `${edgeText(edge, readable, TYPESET)}: ${words.join(", ")}`);
    return {
      tail: `n${from}`,
      head: `n${to}`,
      attributes: {
        color: sure ? INK : MUTED,
        fontcolor: INK,
        penwidth: Number((1 + (3 * Math.abs(weight)) / largest).toFixed(2)),
        ...(edges.length <= LABELED && { label: ` ${words.join("\\n ")}` }),
        ...(!directed && { dir: "none" }),
        ...(undecided && { style: "dashed" }),
      },
    };
  });
  const graph: Graph = {
    directed: true,
    graphAttributes: { rankdir: "TB", bgcolor: "transparent", nodesep: 0.5, ranksep: 0.7, pad: 0.1 },
    nodeAttributes: { fontname: "Helvetica", fontsize: 13, margin: "0.12,0.06" },
    edgeAttributes: { fontname: "Helvetica", fontsize: 11, arrowsize: 0.8 },
    nodes,
    edges: drawn,
    ...(modalities && { subgraphs: framesOf(modalities) }),
  };
  return { graph, titles };
}

/** One frame for each modality, with its name. */
function framesOf(modalities: readonly string[]): NonNullable<Graph["subgraphs"]> {
  return [...new Set(modalities)].map((modality, m) => ({
    name: `cluster_${m}`,
    graphAttributes: {
      label: literal(shortened([modality], 24)[0]!),
      color: MUTED,
      fontcolor: MUTED,
      fontname: "Helvetica",
      fontsize: 12,
      style: "rounded",
      margin: 12,
    },
    nodes: modalities.flatMap((of, i) => (of === modality ? [{ name: `n${i}` }] : [])),
  }));
}
