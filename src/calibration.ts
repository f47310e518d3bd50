// The reliability curves of several fits as one.
import type { CalibrationBin, CalibrationScores } from "./generated/types.js";

/** MCC, or correlation with the true latent, below which latents count as lost. */
export const LOST = 0.9;

/** What probabilities can speak of. */
export type CalibrationKind = keyof Omit<CalibrationScores, "value" | "reason">;

/** The kinds, as people call them. */
export const CALIBRATION_KINDS: Readonly<Record<CalibrationKind, string>> = {
  silence: "silent entries",
  causes: "causes of tasks",
  edges: "edges",
};

/** A reliability curve and its error. */
export interface ReliabilityCurve {
  /** Expected calibration error, 0 to 1. */
  readonly error: number;
  /** About the error that sound probabilities would have by chance with so many entries. */
  readonly byChance: number;
  /** Entries compared. */
  readonly entries: number;
  /** Bins that have entries, from the least probable up. */
  readonly bins: readonly CalibrationBin[];
}

/** One curve over the entries of all fits; nothing where there are no entries. */
export function pooledCurve(curves: readonly (readonly CalibrationBin[])[]): ReliabilityCurve | undefined {
  const sums = new Map<number, { entries: number; expected: number; come: number }>();
  for (const { from, entries, probability, share } of curves.flat()) {
    const before = sums.get(from) ?? { entries: 0, expected: 0, come: 0 };
    sums.set(from, {
      entries: before.entries + entries,
      expected: before.expected + entries * probability,
      come: before.come + entries * share,
    });
  }
  const [all, error, byChance] = [...sums.values()].reduce(
    ([n, off, chance], { entries, expected, come }) => [
      n + entries,
      off + Math.abs(expected - come),
      chance + Math.sqrt((2 / Math.PI) * expected * Math.max(0, 1 - expected / entries)),
    ],
    [0, 0, 0],
  );
  if (all === 0) return undefined;
  const bins = [...sums]
    .sort(([a], [b]) => a - b)
    .map(([from, { entries, expected, come }]) => ({
      from,
      entries,
      probability: expected / entries,
      share: come / entries,
    }));
  return { error: error / all, byChance: byChance / all, entries: all, bins };
}
