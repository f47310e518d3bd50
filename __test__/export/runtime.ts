// Exported graphs under a runtime that is not ours.
import { env, InferenceSession, Tensor } from "onnxruntime-web";

env.wasm.numThreads = 1;

/** What a graph makes of rows: the values of its one output, row-major. */
export async function runOnnx(
  bytes: Uint8Array,
  { data, shape }: { readonly data: Float32Array | Float64Array; readonly shape: readonly number[] },
): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes);
  try {
    const given =
      data instanceof Float64Array ? new Tensor("float64", data, shape) : new Tensor("float32", data, shape);
    const results = await session.run({ [session.inputNames[0]!]: given });
    return results[session.outputNames[0]!]!.data as Float32Array;
  } finally {
    await session.release();
  }
}

/** The largest difference between two lists of numbers, in units of the largest of `expected` where that is above 1. */
export function largestDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [largest, scale] = [0, 1];
  for (let i = 0; i < got.length; i++) {
    const difference = Math.abs(got[i]! - expected[i]!);
    largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return largest / scale;
}
