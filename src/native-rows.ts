// Rows of a data set as the core takes them.
import { encodeLabels } from "./data/encode-labels.js";
import type { Dataset } from "./dataset.js";
import type { NativeLabels, NativeRows } from "./native.js";
import { atOnce } from "./turns.js";

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

/** Labels of environments as the core takes them. */
export function labelsOf(labels: readonly string[]): NativeLabels {
  return atOnce(encodeLabels("environment", labels));
}
