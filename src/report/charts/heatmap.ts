import { rounded, shortened } from "../format.js";
import { CHART_CONFIG, DIVERGING, SEQUENTIAL, STEPS } from "../theme.js";
import type { Chart, Layer } from "./chart.js";

/** A matrix with names. */
export interface Heatmap {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly rowTitle: string;
  readonly columnTitle: string;
  /** What each row, or column, belongs to: where it changes there is a gap. */
  readonly rowGroups?: readonly string[] | undefined;
  readonly columnGroups?: readonly string[] | undefined;
  /** rows x columns; null where the value is not defined. */
  readonly values: readonly (readonly (number | null)[])[];
  /** From 0 to `limit`, or from -`limit` to `limit`. */
  readonly scale: "sequential" | "diverging";
  readonly limit: number;
  /** For each row the column framed as its match, or null. */
  readonly matching?: readonly (number | null)[];
  /** rows x columns: cells that carry a dot, in a map without numbers. */
  readonly marked?: readonly (readonly boolean[])[];
  /** What stands in a cell. Default: nothing, the color says it. */
  readonly text?: (value: number) => string;
}

/** Above this many columns or rows the cells are too small for numbers. */
const MOST_COLUMNS = 12;
const MOST_ROWS = 80;

/** Which step of the color scale a value falls into. */
export function stepOf(value: number, scale: Heatmap["scale"], limit: number): number {
  const share = limit > 0 ? value / limit : 0;
  const place = scale === "sequential" ? share : (share + 1) / 2;
  return Math.min(STEPS - 1, Math.max(0, Math.floor(place * STEPS)));
}

/** Height of a cell. Without numbers sixty rows fit on a screen. */
function heightOf(rows: number, numbered: boolean): number {
  if (rows <= 8) return 36;
  if (rows <= 24) return 28;
  if (numbered) return rows <= 48 ? 22 : 16;
  return rows <= 38 ? 20 : 13;
}

/** A heat map with its numbers in the cells while they fit, a dash where there is none, matches framed and marked cells dotted. */
export function heatmapChart(map: Heatmap): Chart {
  return (width) => {
    const rows = shortened(map.rows, width < 500 ? 10 : 22);
    const columns = shortened(map.columns, 14);
    const ramp = map.scale === "sequential" ? SEQUENTIAL : DIVERGING;
    const numbered = map.text !== undefined && map.columns.length <= MOST_COLUMNS && map.rows.length <= MOST_ROWS;
    const space = width < 500 ? width - 90 : 620;
    const cellWidth = Math.max(
      numbered ? (width < 500 ? 42 : 52) : 16,
      Math.min(76, Math.floor(space / map.columns.length)),
    );
    const cellHeight = heightOf(map.rows.length, numbered);
    const longest = columns.reduce((most, name) => Math.max(most, Array.from(name).length), 0);
    const angle = longest * 7 > cellWidth - 4 ? -40 : 0;
    const cells = map.values.flatMap((row, r) =>
      row.map((value, c) => {
        const step = value === null ? null : stepOf(value, map.scale, map.limit);
        return {
          row: rows[r],
          column: columns[c],
          value: rounded(value),
          text: value === null ? "\u2013" : map.text?.(value),
          fill: step === null ? "var(--undefined)" : ramp.colors[step],
          ink: step === null ? "var(--ink-3)" : ramp.inks[step],
        };
      }),
    );
    const dotted = cells.filter((_, i) => {
      const row = Math.floor(i / map.columns.length);
      return map.marked?.[row]?.[i - row * map.columns.length] === true;
    });
    const matched = (map.matching ?? []).flatMap((column, r) =>
      column === null || columns[column] === undefined ? [] : [{ row: rows[r], column: columns[column] }],
    );
    const x = {
      field: "column",
      type: "nominal",
      scale: { domain: inBlocks(columns, map.columnGroups), padding: 0.04 },
      axis: {
        title: map.columnTitle,
        orient: "top",
        domain: false,
        ticks: false,
        labelAngle: angle,
        labelAlign: angle === 0 ? "center" : "left",
        labelPadding: 6,
      },
    } as const;
    const y = {
      field: "row",
      type: "nominal",
      scale: { domain: inBlocks(rows, map.rowGroups), padding: 0.06 },
      axis: { title: map.rowTitle, labelFontSize: cellHeight < 16 ? 10 : cellHeight < 20 ? 11 : 12 },
    } as const;
    const color = { field: "ink", type: "nominal", scale: null } as const;
    const layers: Layer[] = [
      {
        mark: { type: "rect", cornerRadius: cellHeight < 20 ? 1 : 4 },
        encoding: { x, y, fill: { field: "fill", type: "nominal", scale: null } },
      },
      {
        data: { values: matched },
        mark: { type: "rect", cornerRadius: 4, fill: null, stroke: "var(--ink)", strokeWidth: 2.5 },
        encoding: { x, y },
      },
    ];
    if (dotted.length > 0)
      layers.push({
        data: { values: dotted },
        mark: { type: "point", filled: true, opacity: 1, size: cellHeight < 20 ? 12 : 28 },
        encoding: { x, y, fill: color },
      });
    if (numbered)
      layers.push({
        mark: { type: "text", fontSize: cellHeight < 20 ? 10 : 12 },
        encoding: {
          x,
          y,
          text: { field: "text", type: "nominal" },
          color,
        },
      });
    return {
      width: { step: cellWidth },
      height: { step: cellHeight },
      config: CHART_CONFIG,
      data: { values: cells },
      layer: layers,
    };
  };
}

/** Names with a blank one, each of another length, where the group changes. */
function inBlocks(names: readonly string[], groups: readonly string[] | undefined): string[] {
  return names.flatMap((name, i) =>
    i > 0 && groups !== undefined && groups[i] !== groups[i - 1] ? [" ".repeat(i), name] : [name],
  );
}
