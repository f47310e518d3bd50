import { rounded } from "../format.js";
import { series } from "../theme.js";
import { type Chart, extent, layered } from "./chart.js";
import { thinned } from "./lines.js";

/** Points drawn; more would stand on each other. */
const POINTS = 200;
/** Smallest height of the axis in nats per row: differences far below it are rounding. */
const LEAST = 0.1;

/** The likelihood at the end of every start, best first: starts that agree stand on the dashed line of the best. */
export function restartsChart(likelihoods: readonly number[]): Chart {
  const sorted = [...likelihoods].sort((a, b) => b - a);
  const [low, high] = extent(sorted);
  const middle = (low + high) / 2;
  const half = Math.max(LEAST, (high - low) * 1.2) / 2;
  const points = thinned(sorted.length, POINTS).map((i) => ({ place: i + 1, likelihood: rounded(sorted[i], 7) }));
  return (width) => {
    const y = {
      type: "quantitative",
      scale: { domain: [middle - half, middle + half] as number[], zero: false, nice: true },
      axis: { title: "mean log density of a row", format: ".2f", tickCount: 5 },
    } as const;
    const x = {
      field: "place",
      type: "quantitative",
      scale: { domain: [0.5, sorted.length + 0.5] as number[], nice: false },
      axis: {
        title: "starts, the best first",
        format: "d",
        tickMinStep: 1,
        grid: false,
        tickCount: width < 500 ? 4 : 8,
      },
    } as const;
    const { color } = series(0);
    return layered(width, 220, [
      {
        data: { values: [{ best: rounded(high, 7) }] },
        mark: { type: "rule", strokeDash: [4, 4], color: "var(--ink-3)" },
        encoding: { y: { ...y, field: "best" } },
      },
      {
        data: { values: points },
        mark: { type: "point", filled: true, opacity: 1, color, size: 70, stroke: "var(--card)", strokeWidth: 1 },
        encoding: { x, y: { ...y, field: "likelihood" } },
      },
    ]);
  };
}
