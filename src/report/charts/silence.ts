import type { SilentLatent } from "../../generated/types.js";
import type { SilenceHistogram } from "../../record.js";
import { rounded, shortened } from "../format.js";
import { CHART_CONFIG, series } from "../theme.js";
import { type Chart, type Layer, layered } from "./chart.js";

/** Colors of the pictures of silence, for their legends too. */
export const ACTIVE = series(0).color;
export const SILENT = "var(--seq-2)";
const LINE = "var(--ink-2)";
const VALUE_DASH = [4, 4];

/** Rows by which latents are active in them, those with the same pattern together. `1` in a pattern is silent. */
export function patternChart(patterns: readonly string[], latents: readonly string[]): Chart {
  const sorted = [...patterns].sort();
  return (width) => {
    const labels = shortened(latents, latents.length > 12 ? 5 : 12);
    const blocks = labels.flatMap((latent, j) => activeRuns(sorted, j).map(([from, to]) => ({ latent, from, to })));
    const x = {
      field: "latent",
      type: "nominal",
      scale: { domain: labels, paddingInner: 0.08, paddingOuter: 0 },
      axis: {
        title: "latents",
        orient: "top",
        domain: false,
        ticks: false,
        grid: false,
        labelAngle: labels.length * 34 > width ? -60 : 0,
        labelPadding: 6,
      },
    } as const;
    const y = {
      type: "quantitative",
      scale: { domain: [0, sorted.length] as number[], nice: false, reverse: true },
      axis: { title: `${sorted.length} rows`, labels: false, ticks: false, grid: false },
    } as const;
    const rect = (values: readonly object[], color: string): Layer => ({
      data: { values: [...values] },
      mark: { type: "rect", color, cornerRadius: 0 },
      encoding: { x, y: { ...y, field: "from" }, y2: { field: "to" } },
    });
    const ground = labels.map((latent) => ({ latent, from: 0, to: sorted.length }));
    return layered(width, width < 500 ? 300 : 380, [rect(ground, "var(--undefined)"), rect(blocks, ACTIVE)]);
  };
}

/** Where a latent is active, from one place in the sorted rows to another. */
export function activeRuns(patterns: readonly string[], latent: number): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const [row, pattern] of patterns.entries()) {
    if (pattern[latent] === "1") continue;
    const last = runs.at(-1);
    if (last?.[1] === row) last[1] = row + 1;
    else runs.push([row, row + 1]);
  }
  return runs;
}

/** A latent with its values. */
export interface SilentValues {
  readonly latent: SilentLatent;
  readonly histogram: SilenceHistogram;
  /** Rows of the histogram. */
  readonly rows: number;
}

/** A histogram of each latent on a square-root scale: the silent value with its threshold, and the active values as fitted. */
export function histogramsChart(all: readonly SilentValues[]): Chart {
  const titles = shortened(
    all.map(({ latent }) => latent.name),
    16,
  );
  return (width) => {
    const columns = width < 500 ? 2 : 4;
    const gap = 22;
    const inner = Math.floor((width - 30 - (columns - 1) * gap) / columns);
    return {
      config: { ...CHART_CONFIG, concat: { spacing: gap } },
      columns,
      concat: all.map((values, i) => ({
        width: inner,
        height: 110,
        title: { text: titles[i]!, anchor: "start", color: "var(--ink)", fontSize: 12, fontWeight: 600, offset: 4 },
        layer: [...histogramLayers(values)],
      })),
    };
  };
}

function histogramLayers({ latent, histogram, rows }: SilentValues): readonly Layer[] {
  const { from, width, counts } = histogram;
  const end = from + width * counts.length;
  const x = {
    type: "quantitative",
    scale: { domain: [from, end] as number[], nice: false, zero: false },
    axis: { title: null, grid: false, tickCount: 4, format: "~g", labelFontSize: 11 },
  } as const;
  const y = {
    type: "quantitative",
    scale: { type: "sqrt", domain: [0, Math.max(...counts, 1)] as number[], nice: false },
    axis: null,
  } as const;
  const steps = [...counts, counts.at(-1) ?? 0].map((rowsIn, i) => ({ z: rounded(from + i * width), rows: rowsIn }));
  const { slab, spike, value, threshold } = latent;
  const expected = rows * width * (1 - spike.weight);
  const fitted = Array.from({ length: 41 }, (_, i) => {
    const z = from + (i / 40) * (end - from);
    const density = Math.exp(-0.5 * ((z - slab.mean) / slab.sd) ** 2) / (slab.sd * Math.sqrt(2 * Math.PI));
    return { z: rounded(z), rows: rounded(expected * density) };
  });
  const band = { low: Math.max(value - threshold, from), high: Math.min(value + threshold, end) };
  return [
    {
      data: { values: band.low < band.high ? [band] : [] },
      mark: { type: "rect", color: SILENT },
      encoding: { x: { ...x, field: "low" }, x2: { field: "high" } },
    },
    {
      data: { values: steps },
      mark: { type: "area", color: ACTIVE, interpolate: "step-after", opacity: 0.85 },
      encoding: { x: { ...x, field: "z" }, y: { ...y, field: "rows" } },
    },
    {
      data: { values: fitted },
      mark: { type: "line", color: LINE, strokeWidth: 1.5, clip: true },
      encoding: { x: { ...x, field: "z" }, y: { ...y, field: "rows" } },
    },
    {
      data: { values: [{ value }] },
      mark: { type: "rule", color: LINE, strokeDash: VALUE_DASH },
      encoding: { x: { ...x, field: "value" } },
    },
  ];
}

/** What the colors and lines of the histograms stand for. */
export const HISTOGRAM_LEGEND = [
  { label: "rows", look: { color: ACTIVE, shape: "square" as const } },
  { label: "called silent", look: { color: SILENT, shape: "square" as const } },
  { label: "silent value", look: { color: LINE, dash: VALUE_DASH } },
  { label: "active values, as fitted", look: { color: LINE } },
];
