import type { TopLevelSpec } from "vega-lite";
import { CHART_CONFIG } from "../theme.js";

/** A chart as data: what to draw for a given width in pixels. */
export type Chart = (width: number) => TopLevelSpec;

/** One of the layers of a chart. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

/** A chart of layers that fills `width` exactly, axes and labels included. */
export function layered(width: number, height: number, layer: readonly Layer[]): TopLevelSpec {
  return {
    width,
    height,
    autosize: { type: "fit", contains: "padding" },
    config: CHART_CONFIG,
    layer: [...layer],
  };
}

/** How many characters of a row's name fit beside a chart. */
export function nameLength(width: number): number {
  return width < 500 ? 14 : 28;
}

/** How a number stands above its mark, by the mark's place from 0 (left end of the axis) to 1: never beyond an end. */
export function alignedAt(share: number): { align: "left" | "center" | "right" } {
  return { align: share < 0.08 ? "left" : share > 0.94 ? "right" : "center" };
}

/** Positions on an axis that starts and ends at round numbers around all values. */
export function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return [low, high];
}
