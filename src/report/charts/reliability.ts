import type { CalibrationBin } from "../../generated/types.js";
import { rounded } from "../format.js";
import { series } from "../theme.js";
import { type Chart, type Layer, layered } from "./chart.js";

/** Reliability curves: how often what has a probability is true. Sound probabilities lie on the dashed diagonal. */
export function reliabilityChart(curves: readonly (readonly CalibrationBin[])[]): Chart {
  const most = Math.max(...curves.flat().map(({ entries }) => entries));
  return (width) => {
    const axis = { format: ".1f", tickCount: 6 } as const;
    const scale = { domain: [0, 1] as number[], nice: false };
    const x = {
      field: "probability",
      type: "quantitative",
      scale,
      axis: { ...axis, title: "probability that the method gives", grid: false },
    } as const;
    const y = { field: "share", type: "quantitative", scale, axis: { ...axis, title: "share that is true" } } as const;
    const diagonal: Layer = {
      data: {
        values: [
          { probability: 0, share: 0 },
          { probability: 1, share: 1 },
        ],
      },
      mark: { type: "line", strokeDash: [4, 4], strokeWidth: 1.5, color: "var(--ink-3)" },
      encoding: { x, y },
    };
    const layers = curves.flatMap((bins, index): Layer[] => {
      const { color, shape } = series(index);
      const values = bins.map(({ probability, share, entries }) => ({
        probability: rounded(probability),
        share: rounded(share),
        // The area follows the root of the entries: in most fits nearly all lie at the two ends.
        size: 30 + 170 * Math.sqrt(entries / most),
      }));
      return [
        { data: { values }, mark: { type: "line", color, strokeWidth: 1.5, opacity: 0.7 }, encoding: { x, y } },
        {
          data: { values },
          mark: { type: "point", filled: true, opacity: 1, color, shape, stroke: "var(--card)", strokeWidth: 1 },
          encoding: { x, y, size: { field: "size", type: "quantitative", scale: null } },
        },
      ];
    });
    return layered(Math.min(width, 420), width < 420 ? 300 : 380, [diagonal, ...layers]);
  };
}
