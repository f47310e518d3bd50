// Rows of a data set as the core takes them.
import type { Dataset } from "./dataset.js";
import type { NativeLabels, NativeRows } from "./native.js";

/** Rows as the core takes them. */
export function nativeRows(
  { inputs, inputNames, views, offsets }: Dataset,
  environments: readonly string[] | NativeLabels | undefined,
): NativeRows {
  return {
    inputs,
    inputNames,
    ...(environments && { environments: "codes" in environments ? environments : labelsOf(environments) }),
    ...(views && { views }),
    ...(offsets?.inputs && { offsets: offsets.inputs }),
  };
}

/** Labels as the core takes them. */
export function labelsOf(labels: readonly string[]): NativeLabels {
  const levels = [...new Set(labels)];
  const codes = new Map(levels.map((level, code) => [level, code]));
  return { column: "environment", levels, codes: Uint32Array.from(labels, (label) => codes.get(label)!) };
}
