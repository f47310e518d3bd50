import type { StageHistory } from "../../generated/types.js";
import { finite, rounded } from "../format.js";
import { series } from "../theme.js";
import { type Chart, extent, type Layer, layered } from "./chart.js";

/** Steps drawn per line: more than the pixels there are would only make the file larger. */
const POINTS = 300;
/** From this ratio of largest to smallest value on, a logarithmic axis shows more than a linear one. */
const LOGARITHMIC = 20;

/** Names of the lines of a stage in the order of their colours: "total" first, validation last. */
export function linesOf(stage: StageHistory): string[] {
  const terms = Object.keys(stage.terms);
  return [
    ...terms.filter((term) => term === "total"),
    ...terms.filter((term) => term !== "total"),
    ...(stage.validation === undefined ? [] : ["validation"]),
  ];
}

/** Look of a line by its place in `linesOf`: lines are told apart by colour and dash. */
export function lineLook(index: number): { color: string; dash: number[] } {
  const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [1, 3]];
  return { color: series(index).color, dash: dashes[index % dashes.length]! };
}

/** Whether the stage's values span so much that the axis is logarithmic. Values that are not positive rule that out. */
export function isLogarithmic(stage: StageHistory): boolean {
  const values = [...Object.values(stage.terms).flat(), ...(stage.validation?.values ?? [])].filter(
    (value) => finite(value) !== null,
  );
  const [low, high] = extent(values);
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

/** Loss terms of one stage over its steps. */
export function lossChart(stage: StageHistory): Chart {
  const lines = linesOf(stage);
  const points = lines.flatMap((line, index) => {
    const { steps, values } =
      line === "validation" && stage.validation !== undefined
        ? stage.validation
        : { steps: stage.steps, values: stage.terms[line]! };
    return thinned(steps.length, POINTS).flatMap((i) => {
      const value = rounded(values[i]);
      return value === null ? [] : [{ line: index, step: steps[i], value }];
    });
  });
  return (width) => {
    const logarithmic = isLogarithmic(stage);
    const powers = logarithmic ? powersWithin(points.map(({ value }) => value)) : [];
    const y = {
      field: "value",
      type: "quantitative",
      scale: logarithmic ? { type: "log" as const } : { zero: false },
      axis: { title: null, format: "~g", tickCount: 5, ...(powers.length > 1 ? { values: powers } : {}) },
    } as const;
    const x = {
      field: "step",
      type: "quantitative",
      scale: { nice: false },
      axis: { title: "step", grid: false, format: "~s", tickCount: width < 500 ? 4 : 8 },
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
