import type { ConstraintCurve, StageHistory } from "../../generated/types.js";
import type { Line } from "./lines.js";

/** A line of a stage with its name. */
export interface NamedLine extends Line {
  readonly label: string;
}

/** The loss of a stage in the order of its colors: "total" first, validation last. */
export function lossLines({ steps, terms, validation }: StageHistory): NamedLine[] {
  const names = Object.keys(terms);
  const sorted = [...names.filter((term) => term === "total"), ...names.filter((term) => term !== "total")];
  return [
    ...sorted.map((label) => ({ label, steps, values: terms[label]! })),
    ...(validation === undefined ? [] : [{ label: "validation", ...validation }]),
  ];
}

/** What is drawn of held constraints: one picture per quantity, one line per constraint. */
export interface ConstraintQuantity {
  readonly id: "violation" | "multiplier" | "penalty";
  readonly title: string;
  readonly description: string;
  readonly lines: readonly NamedLine[];
}

/** The quantities of the constraints of a stage; empty where it holds none. */
export function constraintQuantities({ steps, constraints = [] }: StageHistory): ConstraintQuantity[] {
  if (constraints.length === 0 || steps.length === 0) return [];
  const of = (read: (curve: ConstraintCurve) => readonly number[]): NamedLine[] =>
    constraints.map((curve) => ({ label: curve.name, steps, values: read(curve) }));
  return [
    {
      id: "violation",
      title: "Constraint violation",
      description: "How far each constraint is from being held; 0 is held, the sign says on which side it is violated.",
      lines: of(({ violations }) => violations),
    },
    {
      id: "multiplier",
      title: "Multiplier",
      description: "The price of each constraint: it settles where the constraint is held.",
      lines: of(({ multipliers }) => multipliers),
    },
  ];
}
