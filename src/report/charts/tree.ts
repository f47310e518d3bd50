import type { TreeSummary } from "../../generated/types.js";
import type { Graph } from "../draw/graphviz.js";
import { count, counted, finite, shortened, signed } from "../format.js";
import { visible } from "../markup.js";
import { series } from "../theme.js";

/** From this many nodes on, inner nodes are dots and leaves stand close together. */
const LARGE = 40;
/** Labeled changes per edge; the rest is counted, and the table has them all. */
const LABELED = 3;

/** Graphviz knows no CSS variables: it draws with these stand-ins, which `themed` replaces. */
export const INK = "#010001";
export const MUTED = "#010002";
const LINE = "#010003";
const SERIES = "#0200";
const STAND_INS = new Map([
  [INK, "var(--ink)"],
  [MUTED, "var(--ink-3)"],
  [LINE, "var(--axis)"],
]);

/** A real change on the edge above a node. */
export interface Change {
  readonly node: number;
  readonly latent: number;
  readonly size: number;
}

/** The real changes, by node, the largest of a node first. */
export function realChanges(tree: TreeSummary): Change[] {
  return tree.changes.flatMap((row, node) =>
    row
      .flatMap((value, latent) => {
        const size = finite(value);
        return size !== null && tree.real[node]?.[latent] ? [{ node, latent, size }] : [];
      })
      .sort((a, b) => Math.abs(b.size) - Math.abs(a.size)),
  );
}

/** The tree from left to right; edges that carry a real change in the color of its latent, as thick as the change is large. */
export function treeGraph(
  tree: TreeSummary,
  latents: readonly string[],
): { graph: Graph; titles: Map<string, string> } {
  const changes = realChanges(tree);
  const largest = changes.reduce((most, { size }) => Math.max(most, Math.abs(size)), 0);
  const large = tree.names.length > LARGE;
  const labels = shortened(tree.names, large ? 18 : 28).map(literal);
  const short = shortened(latents, 12).map(literal);
  const inner = new Set(tree.parents);
  const titles = new Map<string, string>();

  const nodes = tree.names.map((name, i) => {
    const id = `n${i}`;
    const rows = tree.rows[i] ?? 0;
    titles.set(id, `${visible(name)}: ${rows === 0 ? "no rows" : counted(rows, "training row")}`);
    const ink = rows === 0 ? MUTED : INK;
    const dot = { shape: "point", width: 0.06, color: ink, fillcolor: ink };
    const text = {
      shape: "plaintext",
      label: labels[i]!,
      fontcolor: ink,
      height: large ? 0.12 : 0.3,
      margin: "0.13,0.02",
    };
    return { name: id, attributes: large && inner.has(i) ? dot : text };
  });

  const edges = tree.parents.flatMap((parent, i) => {
    if (parent < 0) return [];
    const own = changes.filter(({ node }) => node === i);
    const key = `n${parent}->n${i}`;
    const described = own.map(({ latent, size }) => `${latents[latent] ?? latent} ${signed(size)}`);
    const seen = tree.observed[i] ? "" : " (cannot be observed)";
    titles.set(key, `${visible(tree.names[i]!)}: ${described.join(", ") || "no real change"}${seen}`);
    const style = tree.observed[i] ? {} : { style: "dashed" };
    if (own.length === 0)
      return [{ tail: `n${parent}`, head: `n${i}`, attributes: { color: LINE, penwidth: 1, ...style } }];
    const shown = own
      .slice(0, LABELED)
      .map(({ latent, size }) => `${short[latent] ?? latent} ${signed(size)}`)
      .concat(own.length > LABELED ? [`+${count(own.length - LABELED)} more`] : []);
    return [
      {
        tail: `n${parent}`,
        head: `n${i}`,
        attributes: {
          color: own.map(({ latent }) => stroke(latent)).join(":"),
          penwidth: Number((1.5 + (3.5 * Math.abs(own[0]!.size)) / largest).toFixed(2)),
          // The empty line keeps the words above the edge instead of on it.
          label: large ? shown.join(", ") : `${shown.join("\\n")}\\n `,
          fontcolor: INK,
          ...style,
        },
      },
    ];
  });

  const graph: Graph = {
    directed: true,
    graphAttributes: {
      rankdir: "LR",
      bgcolor: "transparent",
      nodesep: large ? 0.04 : 0.24,
      ranksep: large ? 0.6 : 1,
      pad: 0.1,
    },
    nodeAttributes: { fontname: "Helvetica", fontsize: large ? 10 : 12 },
    edgeAttributes: { fontname: "Helvetica", fontsize: large ? 9 : 11, arrowhead: "none" },
    nodes,
    edges,
  };
  return { graph, titles };
}

/** Stand-in colors replaced by the report's CSS variables; only in attributes, never in a name. */
export function themed(svg: string): string {
  return svg.replace(/ (fill|stroke)="#(\d{6})"/g, (whole, attribute: string, code: string) => {
    const color = code.startsWith(SERIES.slice(1)) ? series(Number(code.slice(4))).color : STAND_INS.get(`#${code}`);
    return color === undefined ? whole : ` ${attribute}="${color}"`;
  });
}

function stroke(latent: number): string {
  return `${SERIES}${String(latent % 42).padStart(2, "0")}`;
}

/** A name that Graphviz prints as it is: it would read backslashes and entities. */
export function literal(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("&", "&amp;");
}
