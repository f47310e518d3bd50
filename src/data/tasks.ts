// Tasks of a data set, in either form.
import type { NativeDataset, NativeTable } from "../native.js";

/** One regression task. */
export interface TaskSize {
  /** The label, or the name of the target column. */
  readonly name: string;
  /** Rows that have its target. */
  readonly rows: number;
}

/**
 * The tasks that data name: the labels of their task column (one row per sample and task), or else the targets where there
 * are several (one row per sample). Nothing where the data name no task.
 */
export function tasksOf({
  labels,
  targets,
}: Pick<NativeDataset, "labels" | "targets">): readonly TaskSize[] | undefined {
  const { task } = labels;
  if (task !== undefined) {
    const rows = new Uint32Array(task.levels.length);
    task.codes.forEach((code, i) => {
      if (targets === undefined || hasTarget(targets, i)) rows[code]!++;
    });
    return task.levels.map((name, code) => ({ name, rows: rows[code]! })).filter(({ name }) => name !== "");
  }
  if (targets === undefined || targets.columns.length < 2) return undefined;
  return targets.columns.map((name, column) => ({ name, rows: rowsWithValue(targets, column) }));
}

/** The first row, from 0, in which no target has a value, and how many such rows there are. */
export function rowsWithoutTarget(targets: NativeTable): { readonly first: number; readonly count: number } {
  let [first, count] = [-1, 0];
  for (let i = 0; i < targets.values.rows; i++) {
    if (hasTarget(targets, i)) continue;
    if (count === 0) first = i;
    count++;
  }
  return { first, count };
}

function hasTarget({ values: { data, cols } }: NativeTable, row: number): boolean {
  return data.subarray(row * cols, (row + 1) * cols).some((value) => !Number.isNaN(value));
}

function rowsWithValue({ values: { data, cols } }: NativeTable, column: number): number {
  let rows = 0;
  for (let at = column; at < data.length; at += cols) if (!Number.isNaN(data[at]!)) rows++;
  return rows;
}
