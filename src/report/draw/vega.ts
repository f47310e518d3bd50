import type { TopLevelSpec } from "vega-lite";
import { textWidth } from "./text-width.js";

/** Draws a Vega-Lite specification as SVG text. `id` keeps the names inside the picture apart from those of others. */
export type DrawChart = (spec: TopLevelSpec, id: string) => Promise<string>;

/** Where Vega asks how wide a text is; exported by vega-scenegraph and missing from its types. */
interface TextMetrics {
  width: (item: { text?: unknown; fontSize?: number }, text?: unknown) => number;
}

/** Loads Vega, which is slow to import, and gives back the function that draws. */
export async function loadVega(): Promise<DrawChart> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  // Vega measures text with a canvas where one is installed and guesses otherwise. One fixed measure keeps
  // reports identical everywhere.
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  textMetrics.width = (item, text) => textWidth(String(text ?? item.text ?? ""), item.fontSize ?? 11);
  return async (spec, id) => {
    const view = new vega.View(vega.parse(compile(spec, { logger: vega.logger(vega.None) }).spec), {
      renderer: "none",
    });
    try {
      return slim(await view.toSVG(), id);
    } finally {
      view.finalize();
    }
  };
}

/** The same picture without what nobody sees, and with names that no other picture has. */
function slim(svg: string, id: string): string {
  const names = new Map<string, string>();
  const renamed = (name: string): string => {
    if (!names.has(name)) names.set(name, `${id}-${names.size}`);
    return names.get(name)!;
  };
  // Hidden axis labels go first; the rest touches tags only, so that a name that looks like markup stays as it is.
  return svg
    .replace(/<text [^>]*opacity="0"[^>]*>[^<]*<\/text>/g, "")
    .replace(/<path class="(?:fore|back)ground"[^>]*d="(?:M0,0h0v0h0Z)?"[^>]*\/>/g, "")
    .replace(/<[^>]+>/g, (tag) =>
      tag
        .replace(/ (?:aria-[a-z]+|role|class|pointer-events|font-family|stroke-miterlimit)="[^"]*"| opacity="1"/g, "")
        .replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))))
        .replace(/ id="([^"]+)"/g, (_, name: string) => ` id="${renamed(name)}"`)
        .replace(/url\(#([^)]+)\)/g, (_, name: string) => `url(#${renamed(name)})`),
    )
    .replace(
      /^<svg [^>]*?width="([\d.]+)" height="([\d.]+)"[^>]*>/,
      '<svg width="$1" height="$2" viewBox="0 0 $1 $2">',
    );
}
