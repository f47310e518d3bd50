import { rounded, score, shortened } from "../format.js";
import { series } from "../theme.js";
import { alignedAt, type Chart, type Layer, layered, nameLength } from "./chart.js";

/** A row of the chart of scores. */
export type ScoreRow =
  | {
      readonly kind: "method";
      readonly label: string;
      readonly mean: number;
      readonly interval: readonly [number, number] | null;
      /** One value per seed. */
      readonly seeds: readonly number[];
    }
  /** A best case: one number. */
  | { readonly kind: "ceiling"; readonly label: string; readonly mean: number }
  /** What chance reaches: the middle 95 % or so, from `low` to the 95 % quantile `high`. */
  | {
      readonly kind: "null";
      readonly label: string;
      readonly mean: number;
      readonly low: number;
      readonly high: number;
    };

/** Scores of methods with their intervals, above what the best case and chance would reach. `chance` is drawn across all rows. */
export function scoresChart(rows: readonly ScoreRow[], chance: number | null): Chart {
  return (width) => {
    const labels = shortened(
      rows.map((row) => row.label),
      nameLength(width),
    );
    let methods = 0;
    const marks = rows.map((row, i) => {
      const look = row.kind === "method" ? series(methods++) : { color: "var(--ink-3)", shape: "diamond" };
      const interval = row.kind === "method" ? row.interval : row.kind === "null" ? [row.low, row.high] : null;
      return {
        row: labels[i],
        kind: row.kind,
        mean: rounded(row.mean),
        low: rounded(interval?.[0]),
        high: rounded(interval?.[1]),
        text: score(row.mean),
        ...alignedAt(row.mean),
        ...look,
      };
    });
    const seeds = rows.flatMap((row, i) =>
      row.kind === "method" && row.seeds.length > 1
        ? row.seeds.map((value) => ({ row: labels[i], value: rounded(value), color: marks[i]!.color }))
        : [],
    );
    const y = {
      field: "row",
      type: "nominal",
      scale: { domain: labels, padding: 0.2 },
      axis: { title: null },
    } as const;
    const x = {
      type: "quantitative",
      scale: { domain: [0, 1] as number[] },
      axis: {
        format: "~g",
        title: "mean correlation coefficient (MCC)",
        values: [0, 0.2, 0.4, 0.6, 0.8, 1] as number[],
      },
    } as const;
    const of = (kind: ScoreRow["kind"]) => ({ values: marks.filter((mark) => mark.kind === kind) });
    const ends = { x: { ...x, field: "low" }, x2: { field: "high" }, y } as const;
    const layers: Layer[] = [
      { data: of("null"), mark: { type: "bar", height: 14, cornerRadius: 3, color: "var(--band)" }, encoding: ends },
      {
        data: of("null"),
        mark: { type: "tick", thickness: 2, size: 14, color: "var(--ink-3)" },
        encoding: { x: { ...x, field: "mean" }, y },
      },
      ...(chance === null
        ? []
        : [
            {
              data: { values: [{ chance: rounded(chance) }] },
              mark: { type: "rule", strokeDash: [4, 4], color: "var(--ink-3)" },
              encoding: { x: { ...x, field: "chance" } },
            } satisfies Layer,
          ]),
      {
        data: of("method"),
        mark: { type: "rule", strokeWidth: 3, strokeCap: "round" },
        encoding: { ...ends, color: { field: "color", type: "nominal", scale: null } },
      },
      {
        data: { values: seeds },
        mark: { type: "point", fill: "var(--card)", opacity: 1, size: 55, strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "value" }, y, stroke: { field: "color", type: "nominal", scale: null } },
      },
      {
        data: { values: marks.filter((mark) => mark.kind !== "null") },
        mark: { type: "point", filled: true, size: 110, opacity: 1, stroke: "var(--card)", strokeWidth: 1.5 },
        encoding: {
          x: { ...x, field: "mean" },
          y,
          fill: { field: "color", type: "nominal", scale: null },
          shape: { field: "shape", type: "nominal", scale: null },
        },
      },
      {
        data: { values: marks },
        mark: { type: "text", align: { expr: "datum.align" }, dy: -15, fontSize: 12, fontWeight: 600 },
        encoding: { x: { ...x, field: "mean" }, y, text: { field: "text", type: "nominal" } },
      },
    ];
    return layered(width, 52 + 44 * rows.length, layers);
  };
}
