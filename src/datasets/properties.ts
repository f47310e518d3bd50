// Properties of a compound from those of its elements, ten summaries of each.
// A data-driven statistical model for predicting the critical temperature of a superconductor (Hamidieh, 2018),
// https://arxiv.org/abs/1803.10260, Table 2.
import { ELEMENTS, PROPERTIES } from "./elements.js";
import type { Composition } from "./formula.js";

const SUMMARIES = [
  "mean",
  "wtd_mean",
  "gmean",
  "wtd_gmean",
  "entropy",
  "wtd_entropy",
  "range",
  "wtd_range",
  "std",
  "wtd_std",
] as const;

/** Names of the 80 properties, as in the UCI data set: `mean_atomic_mass`, `wtd_mean_atomic_mass`, ... */
export const PROPERTY_NAMES: readonly string[] = PROPERTIES.flatMap((property) =>
  SUMMARIES.map((summary) => `${summary}_${property}`),
);

// Electron affinities may be 0, which has no logarithm: the data set adds this many kJ/mol to all of them.
const AFFINITY_SHIFT = 1.5;

/** The properties of the elements that have all eight of them. */
const COMPLETE: ReadonlyMap<string, readonly number[]> = new Map(
  ELEMENTS.flatMap(([symbol, ...values]) => {
    if (values.some((value) => value === null)) return [];
    const shifted = (values as number[]).map((value, j) =>
      PROPERTIES[j] === "ElectronAffinity" ? value + AFFINITY_SHIFT : value,
    );
    return [[symbol, shifted] as const];
  }),
);

/** Whether all eight properties of an element are known. */
export function hasProperties(symbol: string): boolean {
  return COMPLETE.has(symbol);
}

/**
 * The 80 properties of a compound, in order of `PROPERTY_NAMES`.
 *
 * @param fractions of elements that all have properties
 */
export function propertiesOf(fractions: Composition): readonly number[] {
  const p = [...fractions.values()];
  const elements = [...fractions.keys()].map((symbol) => COMPLETE.get(symbol)!);
  return PROPERTIES.flatMap((_, j) =>
    summariesOf(
      elements.map((values) => values[j]!),
      p,
    ),
  );
}

/** Values t of the elements, all positive, and their fractions p, which sum to 1. */
function summariesOf(t: readonly number[], p: readonly number[]): readonly number[] {
  const equal = t.map(() => 1 / t.length);
  const weighted = t.map((value, i) => value * p[i]!);
  return [
    mean(t, equal),
    mean(t, p),
    Math.exp(mean(t.map(Math.log), equal)),
    Math.exp(mean(t.map(Math.log), p)),
    entropy(t),
    entropy(weighted),
    range(t),
    range(weighted),
    deviation(t, equal),
    deviation(t, p),
  ];
}

function mean(t: readonly number[], weights: readonly number[]): number {
  return t.reduce((sum, value, i) => sum + weights[i]! * value, 0);
}

/** Entropy of the shares that values have in their sum. */
function entropy(t: readonly number[]): number {
  const all = t.reduce((sum, value) => sum + value, 0);
  return 0 - t.reduce((sum, value) => sum + (value / all) * Math.log(value / all), 0);
}

function range(t: readonly number[]): number {
  return Math.max(...t) - Math.min(...t);
}

function deviation(t: readonly number[], weights: readonly number[]): number {
  const center = mean(t, weights);
  return Math.sqrt(
    mean(
      t.map((value) => (value - center) ** 2),
      weights,
    ),
  );
}
