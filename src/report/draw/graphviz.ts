import type { Graph } from "@viz-js/viz";
import { html, render } from "../markup.js";

export type { Graph };

/** Draws a graph as SVG text. `titles` gives the words shown when the pointer rests on a node or an edge ("a->b"). */
export type DrawGraph = (graph: Graph, titles: ReadonlyMap<string, string>) => string;

/** Loads Graphviz, which is WebAssembly, and gives back the function that draws. */
export async function loadGraphviz(): Promise<DrawGraph> {
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  return (graph, titles) => slim(viz.renderString(graph, { format: "svg", engine: "dot" }), titles);
}

/** The same picture without comments, fixed fonts, background and ids, and with titles that mean something. */
function slim(svg: string, titles: ReadonlyMap<string, string>): string {
  return svg
    .slice(svg.indexOf("<svg"))
    .replace(/<!--[\s\S]*?-->\n?/g, "")
    .replace(/<polygon fill="(?:white|transparent|none)" stroke="none"[^>]*\/>\n?/, "")
    .replace(/<[^>]+>/g, (tag) => tag.replace(/ (?:id|font-family|xml:space)="[^"]*"/g, ""))
    .replace(/<title>([^<]*)<\/title>\n?/g, (_, key: string) => {
      const title = titles.get(key.replaceAll("&#45;", "-").replaceAll("&gt;", ">"));
      return title === undefined ? "" : render(html`<title>${title}</title>`);
    })
    .replace(
      /^<svg [^>]*viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"[^>]*>/,
      '<svg width="$1" height="$2" viewBox="0 0 $1 $2">',
    )
    .trim();
}
