import { rounded, score, shortened, significant } from "../format.js";
import { type Series, series } from "../theme.js";
import { alignedAt, type Chart, extent, type Layer, layered, nameLength } from "./chart.js";

/** Values of several series in named rows. */
export interface Dots {
  readonly axis: string;
  /** Ends of the axis; null leaves that end to the values. */
  readonly domain: readonly [number, number | null];
  readonly rows: readonly string[];
  /** Values by row, seeds by value. An empty list leaves the place empty. */
  readonly series: readonly { readonly label: string; readonly values: readonly (readonly number[])[] }[];
  /** A line across all rows. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/** Grouped dots: one row per name, one dot per series at the mean of its seeds, a thin line from the lowest seed to the highest. */
export function dotsChart(dots: Dots): Chart {
  return (width) => {
    const labels = shortened(dots.rows, nameLength(width));
    const marks = dots.series.flatMap(({ values }, s) =>
      values.flatMap((seeds, r) => {
        if (seeds.length === 0) return [];
        const [low, high] = extent(seeds);
        const mean = seeds.reduce((sum, value) => sum + value, 0) / seeds.length;
        return [
          { row: labels[r], series: s, mean: rounded(mean), low: rounded(low), high: rounded(high), ...series(s) },
        ];
      }),
    );
    const highest = marks.reduce((top, mark) => Math.max(top, mark.high ?? 0), dots.reference?.value ?? 0);
    const spacing = dots.rows.length > 24 ? 18 : Math.max(26, 12 + 10 * dots.series.length);
    const y = {
      field: "row",
      type: "nominal",
      scale: { domain: labels },
      axis: { title: null, grid: true, tickBand: "center", labelFontSize: spacing < 20 ? 11 : 12 },
    } as const;
    const x = {
      type: "quantitative",
      scale: { domain: [dots.domain[0], dots.domain[1] ?? highest * 1.05] as number[], nice: dots.domain[1] === null },
      axis: {
        title: dots.axis,
        orient: dots.rows.length > 24 ? "top" : "bottom",
        format: "~g",
        tickCount: width < 500 ? 4 : 6,
      },
    } as const;
    const offset =
      dots.series.length > 1 && spacing >= 26
        ? { yOffset: { field: "series", type: "nominal" as const, scale: { paddingOuter: 0.6 } } }
        : {};
    const color = { field: "color", type: "nominal", scale: null } as const;
    const layers: Layer[] = [
      ...(dots.reference === undefined
        ? []
        : [
            {
              data: { values: [{ at: dots.reference.value }] },
              mark: { type: "rule", strokeDash: [4, 4], strokeWidth: 1.5, color: "var(--ink-3)" },
              encoding: { x: { ...x, field: "at" } },
            } satisfies Layer,
          ]),
      {
        data: { values: marks },
        mark: { type: "rule", strokeWidth: 1.5, opacity: 0.7 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, ...offset, color },
      },
      {
        data: { values: marks },
        mark: { type: "point", filled: true, opacity: 1, size: 60, stroke: "var(--card)", strokeWidth: 1 },
        encoding: {
          x: { ...x, field: "mean" },
          y,
          ...offset,
          fill: color,
          shape: { field: "shape", type: "nominal", scale: null },
        },
      },
    ];
    return layered(width, 56 + spacing * dots.rows.length, layers);
  };
}

/** Strips: one row per name, every value a ring, the mean a filled dot with its number. */
export interface Strip {
  readonly axis: string;
  readonly domain: readonly [number, number | null];
  readonly rows: readonly {
    readonly label: string;
    readonly values: readonly number[];
    readonly mean: number | null;
    /** Default: that of the row's place. */
    readonly look?: Series;
  }[];
  readonly reference?: number;
}

export function stripChart(strip: Strip): Chart {
  return (width) => {
    const labels = shortened(
      strip.rows.map((row) => row.label),
      nameLength(width),
    );
    const bounded = strip.domain[1] !== null;
    const all = [...strip.rows.flatMap((row) => row.values), strip.reference ?? 0];
    const low = Math.min(strip.domain[0], ...extent(all));
    const high = strip.domain[1] ?? extent(all)[1] * 1.08;
    const marks = strip.rows.flatMap((row, i) =>
      row.mean === null
        ? []
        : [
            {
              row: labels[i],
              mean: rounded(row.mean),
              text: bounded ? score(row.mean) : significant(row.mean),
              ...alignedAt((row.mean - low) / (high - low)),
              ...(row.look ?? series(i)),
            },
          ],
    );
    const values = strip.rows.flatMap((row, i) =>
      row.values.length < 2
        ? []
        : row.values.map((value) => ({ row: labels[i], value: rounded(value), color: (row.look ?? series(i)).color })),
    );
    const y = { field: "row", type: "nominal", scale: { domain: labels }, axis: { title: null } } as const;
    const x = {
      type: "quantitative",
      scale: {
        domain: [low, high] as number[],
        nice: !bounded,
      },
      axis: { title: strip.axis, format: "~g", tickCount: 5 },
    } as const;
    const color = { field: "color", type: "nominal", scale: null } as const;
    const layers: Layer[] = [
      ...(strip.reference === undefined
        ? []
        : [
            {
              data: { values: [{ at: rounded(strip.reference) }] },
              mark: { type: "rule", strokeDash: [4, 4], color: "var(--ink-3)" },
              encoding: { x: { ...x, field: "at" } },
            } satisfies Layer,
          ]),
      {
        data: { values },
        mark: { type: "point", fill: "var(--card)", opacity: 1, size: 55, strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "value" }, y, stroke: color },
      },
      {
        data: { values: marks },
        mark: { type: "point", filled: true, opacity: 1, size: 90, stroke: "var(--card)", strokeWidth: 1.5 },
        encoding: {
          x: { ...x, field: "mean" },
          y,
          fill: color,
          shape: { field: "shape", type: "nominal", scale: null },
        },
      },
      {
        data: { values: marks },
        mark: { type: "text", dy: -14, fontWeight: 600, align: { expr: "datum.align" } },
        encoding: { x: { ...x, field: "mean" }, y, text: { field: "text", type: "nominal" } },
      },
    ];
    return layered(width, 56 + 40 * strip.rows.length, layers);
  };
}
