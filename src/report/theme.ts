import type { Config } from "vega-lite";

/** Widths in pixels at which charts are drawn: for a page, for half a page, and for a phone. */
export const WIDTHS = { wide: 800, half: 378, narrow: 326 } as const;

/** Colors and symbols that tell series apart: never color alone. After Okabe and Ito, safe for color-blind readers. */
export interface Series {
  readonly color: string;
  readonly shape: Shape;
}
export type Shape = "circle" | "square" | "diamond" | "triangle-up" | "triangle-down" | "cross";

const SHAPES: readonly Shape[] = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross"];
const COLORS = 7;

/** The look of the i-th series. */
export function series(index: number): Series {
  return { color: `var(--series-${(index % COLORS) + 1})`, shape: SHAPES[index % SHAPES.length]! };
}

/** A color scale in steps, so that the steps can be CSS variables and follow the reader's theme. */
export interface Ramp {
  readonly colors: readonly string[];
  /** A readable ink for each step. */
  readonly inks: readonly string[];
}
export const STEPS = 9;

function ramp(name: string): Ramp {
  const steps = Array.from({ length: STEPS }, (_, i) => i);
  return { colors: steps.map((i) => `var(--${name}-${i})`), inks: steps.map((i) => `var(--${name}-ink-${i})`) };
}

/** From nothing to much. */
export const SEQUENTIAL = ramp("seq");
/** From negative (blue) over nothing to positive (orange). */
export const DIVERGING = ramp("div");

/** How every chart looks. Colors are CSS variables: one picture serves light, dark and print. */
export const CHART_CONFIG: Config = {
  aria: false,
  background: "transparent",
  padding: 4,
  font: "sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "var(--ink-2)",
    titleColor: "var(--ink-2)",
    titleFontWeight: 500,
    labelFontSize: 12,
    titleFontSize: 12,
    titlePadding: 10,
    labelPadding: 8,
    labelLimit: 0,
    gridColor: "var(--grid)",
    domainColor: "var(--axis)",
    tickColor: "var(--axis)",
    tickSize: 4,
  },
  axisY: { domain: false, ticks: false },
  axisX: { tickCount: 6 },
  text: { color: "var(--ink)", fontSize: 12 },
  legend: { disable: true },
};
