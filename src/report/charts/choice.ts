import type { Choice } from "../../generated/types.js";
import { finite, rounded, shortened } from "../format.js";
import { series } from "../theme.js";
import { type Chart, extent, layered } from "./chart.js";

/** What decided over the values tried, the chosen one filled. */
export function choiceChart(choice: Choice): Chart {
  return (width) => {
    const points = choice.curve
      .filter(({ validation }) => finite(validation) !== null)
      .map(({ value, validation }) => ({ value, validation: rounded(validation), chosen: value === choice.chosen }));
    const [low, high] = extent(points.map(({ validation }) => validation!));
    const values = points.map(({ value }) => value);
    const y = {
      field: "validation",
      type: "quantitative",
      scale: low > 0 && high / low > 20 ? { type: "log" as const } : { zero: low >= 0 },
      axis: { title: "criterion", format: "~g", tickCount: 5 },
    } as const;
    const x = {
      field: "value",
      type: "ordinal",
      scale: { domain: values },
      axis: { title: shortened([choice.parameter], 32)[0]!, labelAngle: 0, grid: false },
    } as const;
    const { color } = series(0);
    return layered(width, 260, [
      {
        data: { values: points.filter(({ chosen }) => chosen) },
        mark: { type: "rule", strokeDash: [4, 4], color: "var(--ink-3)" },
        encoding: { x },
      },
      { data: { values: points }, mark: { type: "line", color, strokeWidth: 2 }, encoding: { x, y } },
      {
        data: { values: points },
        mark: { type: "point", filled: true, opacity: 1, fill: "var(--card)", stroke: color, strokeWidth: 2, size: 70 },
        encoding: { x, y },
      },
      {
        data: { values: points.filter(({ chosen }) => chosen) },
        mark: { type: "point", filled: true, opacity: 1, color, size: 130 },
        encoding: { x, y },
      },
    ]);
  };
}
