import { finite, rounded } from "../format.js";
import { series } from "../theme.js";
import { type Chart, extent, type Layer, layered } from "./chart.js";

/** Points drawn per line: more than the pixels there are would only make the file larger. */
const POINTS = 300;
/** From this ratio of largest to smallest value on, a logarithmic axis shows more than a linear one. */
const LOGARITHMIC = 20;

/** Values over steps. */
export interface Line {
  readonly steps: readonly number[];
  readonly values: readonly (number | null)[];
}

/** Look of a line by its place: lines are told apart by color and dash. */
export function lineLook(index: number): { color: string; dash: number[] } {
  const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [1, 3]];
  return { color: series(index).color, dash: dashes[index % dashes.length]! };
}

/** Whether values span so much that the axis is logarithmic. Values that are not positive rule that out. */
export function isLogarithmic(lines: readonly Line[]): boolean {
  const values = lines.flatMap((line) => line.values).filter((value) => finite(value) !== null);
  const [low, high] = extent(values as number[]);
  return values.length > 0 && low > 0 && high / low >= LOGARITHMIC;
}

/** Every n-th place of a list, always with the last one. */
export function thinned(length: number, most: number): number[] {
  const stride = Math.max(1, Math.ceil(length / most));
  const places = Array.from({ length: Math.ceil(length / stride) }, (_, i) => i * stride);
  return length > 0 && places.at(-1) !== length - 1 ? [...places, length - 1] : places;
}

/** Powers of ten around all values: the lines of a logarithmic axis. */
function powersWithin(values: readonly number[]): number[] {
  const [low, high] = extent(values).map((end) => Math.log10(end));
  const first = Math.floor(low!);
  return Array.from({ length: Math.ceil(high!) - first + 1 }, (_, i) => Number(`1e${first + i}`));
}

/** Lines over steps, or over what `along` names, on one axis, logarithmic where the values span much. */
export function linesChart(lines: readonly Line[], along = "step"): Chart {
  const points = lines.flatMap(({ steps, values }, line) =>
    thinned(steps.length, POINTS).flatMap((i) => {
      const value = rounded(values[i]);
      return value === null ? [] : [{ line, step: steps[i], value }];
    }),
  );
  const logarithmic = isLogarithmic(lines);
  const powers = logarithmic ? powersWithin(points.map(({ value }) => value)) : [];
  return (width) => {
    const y = {
      field: "value",
      type: "quantitative",
      scale: logarithmic ? { type: "log" as const } : { zero: false },
      axis: {
        title: null,
        format: logarithmic ? "~g" : "~r",
        tickCount: 5,
        ...(powers.length > 1 ? { values: powers } : {}),
      },
    } as const;
    const x = {
      field: "step",
      type: "quantitative",
      scale: { nice: false },
      axis: { title: along, grid: false, format: along === "step" ? "~s" : "~r", tickCount: width < 500 ? 4 : 8 },
    } as const;
    const layers = lines.map((_, index): Layer => {
      const { color, dash } = lineLook(index);
      return {
        data: { values: points.filter((point) => point.line === index) },
        mark: { type: "line", color, strokeDash: dash, strokeWidth: 2, strokeJoin: "round" },
        encoding: { x, y },
      };
    });
    return layered(width, width < 500 ? 220 : 280, layers);
  };
}
