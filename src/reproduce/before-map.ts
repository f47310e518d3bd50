// The latents as the stages before the last, closed-form one left them: what that stage is worth shows in the difference.
import type { Run } from "../results.js";

/** The run with its latents as they were before its linear map; nothing where it has none, or one without an inverse. */
export function beforeMap(run: Run): Run | undefined {
  const undo = run.summary.map && inverse(run.summary.map.values);
  if (undo === undefined) return undefined;
  const [rows, k] = run.latents.shape;
  const data = new Float32Array(rows * k);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < k; i++) {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += undo[i]![j]! * run.latents.data[row * k + j]!;
      data[row * k + i] = sum;
    }
  }
  return { ...run, latents: { ...run.latents, data } };
}

/** Gauss-Jordan with partial pivoting; nothing for a matrix that is not square or is singular. */
export function inverse(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const n = matrix.length;
  if (matrix.some((row) => row.length !== n)) return undefined;
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let i = 0; i < n; i++) {
    let pivot = i;
    for (let r = i + 1; r < n; r++) if (Math.abs(work[r]![i]!) > Math.abs(work[pivot]![i]!)) pivot = r;
    [work[i], work[pivot]] = [work[pivot]!, work[i]!];
    const scale = work[i]![i]!;
    if (!(Math.abs(scale) > 0)) return undefined;
    work[i] = work[i]!.map((value) => value / scale);
    for (let r = 0; r < n; r++) {
      const factor = work[r]![i]!;
      if (r !== i) work[r] = work[r]!.map((value, j) => value - factor * work[i]![j]!);
    }
  }
  return work.map((row) => row.slice(n));
}
