// Loss curves as points under a name, as trackers of experiments want them.
import type { History } from "../generated/types.js";

/** One number of one step. */
export interface Point {
  /** `stage/term`, `stage/validation`, `stage/gradient-norm`, `stage/constraint/violation` and the like. */
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** All points that are finite numbers: a fit that diverged recorded others. */
export function pointsOf(history: History): readonly Point[] {
  return history.stages.flatMap(
    ({ name, steps, terms, validation, gradientNorms, parameterNorms, constraints = [] }) => {
      const curves: readonly (readonly [
        tag: string,
        steps: readonly number[],
        values: readonly number[] | undefined,
      ])[] = [
        ...Object.entries(terms).map(([term, values]) => [term, steps, values] as const),
        ["validation", validation?.steps ?? [], validation?.values],
        ["gradient-norm", steps, gradientNorms],
        ["parameter-norm", steps, parameterNorms],
        ...constraints.flatMap(({ name: constraint, violations, multipliers }) => [
          [`${constraint}/violation`, steps, violations] as const,
          [`${constraint}/multiplier`, steps, multipliers] as const,
        ]),
      ];
      return curves.flatMap(([tag, at, values = []]) =>
        values.flatMap((value, i) => (Number.isFinite(value) ? [{ tag: `${name}/${tag}`, step: at[i]!, value }] : [])),
      );
    },
  );
}
