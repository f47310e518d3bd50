// A good table and tree, and ways to spoil them: every fault differs from what works in one place.

/** A table as text, header first. */
export type Cells = string[][];

/** How a good table is made worse. */
export interface Shape {
  readonly rows?: number;
  readonly inputs?: number;
  readonly environments?: readonly string[];
}

/** Inputs x0, x1, ..., the environment `env` and the target `y`; the same numbers every time. */
export function cells({ rows = 60, inputs = 4, environments = ["a", "b", "c"] }: Shape = {}): Cells {
  const number = numbers();
  const names = Array.from({ length: inputs }, (_, j) => `x${j}`);
  const body = Array.from({ length: rows }, (_, i) => {
    const x = names.map(() => number());
    const y = (x[0] ?? 0) - 0.5 * (x[1] ?? 0) + 0.1 * number();
    return [...x.map((value) => value.toFixed(4)), environments[i % environments.length]!, y.toFixed(4)];
  });
  return [[...names, "env", "y"], ...body];
}

/** Delimited text. */
export function text(table: Cells, delimiter = ",", lineEnd = "\n"): string {
  return table.map((row) => `${row.join(delimiter)}${lineEnd}`).join("");
}

/** The good table with one cell replaced; row 0 is the header. */
export function withCell(row: number, column: number, value: string): string {
  const table = cells();
  table[row]![column] = value;
  return text(table);
}

/** The good table with one column replaced, its name kept. */
export function withColumn(column: number, value: (cell: string, row: number) => string): string {
  return text(cells().map((row, i) => row.map((cell, j) => (i > 0 && j === column ? value(cell, i) : cell))));
}

/** The tree over the environments of the good table. */
export const TREE = "((a:1,b:1)n:1,c:1)r;";

/** The files of a fit that works. */
export const GOOD_FILES = { "good.csv": text(cells()), "tree.nwk": TREE };

/** The configuration of a fit that works. */
export const GOOD = {
  method: "tbr",
  data: "good.csv",
  environment: "env",
  target: "y",
  tree: "tree.nwk",
  latentDim: 2,
  steps: 20,
} as const;

// Sums of uniform numbers from a linear congruential generator: close enough to normal.
function numbers(): () => number {
  let state = 1;
  const uniform = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return () => Array.from({ length: 4 }, uniform).reduce((sum, one) => sum + one - 0.5, 0) * 1.7;
}
