import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import { DisentangleError } from "../../src/errors.js";
import type { NativeLabels, NativeMatrix } from "../../src/native.js";

/** Path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url));
}

/** A matrix as rows. */
export function matrixOf({ data, rows, cols }: NativeMatrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}

/** One label per row. */
export function textsOf({ levels, codes }: NativeLabels): string[] {
  return Array.from(codes, (code) => levels[code]!);
}

/** The typed error that a promise ends with. */
export async function thrown(t: ExecutionContext, promise: Promise<unknown>): Promise<DisentangleError> {
  return (await t.throwsAsync(promise, { instanceOf: DisentangleError }))!;
}
