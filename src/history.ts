// Loss curves as lines of JSON: one object per stage, then one per recorded point, so that a file can be read as it grows.
import type { ConstraintCurve, History, StageHistory } from "./generated/types.js";

/** What a line says of a stage: what will be recorded in it. */
interface StageLine {
  readonly stage: string;
  readonly terms: readonly string[];
  readonly norms?: readonly Norm[];
  readonly constraints?: readonly string[];
  readonly validation?: readonly [];
}

/** What a line says of a step: its terms, or its loss on validation rows, which has steps of its own. */
interface PointLine {
  readonly stage: string;
  readonly step: number;
  readonly terms?: Readonly<Record<string, number>>;
  readonly gradientNorms?: number;
  readonly parameterNorms?: number;
  /** Violation and multiplier of each constraint, in the order of the stage's line. */
  readonly constraints?: readonly (readonly [number, number])[];
  readonly validation?: number;
}

const NORMS = ["gradientNorms", "parameterNorms"] as const;
type Norm = (typeof NORMS)[number];

/** Loss curves as lines: one object per stage, then one per recorded point. */
export function historyLines(history: History): string {
  const lines = history.stages.flatMap((stage): readonly (StageLine | PointLine)[] => {
    const { name, steps, terms, constraints = [], validation } = stage;
    const norms = NORMS.filter((norm) => stage[norm] !== undefined);
    return [
      {
        stage: name,
        terms: Object.keys(terms),
        ...(norms.length > 0 && { norms }),
        ...(constraints.length > 0 && { constraints: constraints.map((curve) => curve.name) }),
        ...(validation !== undefined && { validation: [] }),
      },
      ...steps.map((step, i) => ({
        stage: name,
        step,
        terms: Object.fromEntries(Object.entries(terms).map(([term, values]) => [term, values[i]!])),
        ...Object.fromEntries(norms.map((norm) => [norm, stage[norm]![i]])),
        ...(constraints.length > 0 && { constraints: constraints.map((curve) => pointOf(curve, i)) }),
      })),
      ...(validation?.steps.map((step, i) => ({ stage: name, step, validation: validation.values[i]! })) ?? []),
    ];
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function pointOf({ violations, multipliers }: ConstraintCurve, i: number): readonly [number, number] {
  return [violations[i]!, multipliers[i]!];
}

/** The inverse of `historyLines`. */
export function parseHistory(text: string): History {
  const stages: StageHistory[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const row = JSON.parse(line) as StageLine | PointLine;
    if (!("step" in row)) stages.push(emptyStage(row));
    else addPoint(stages.at(-1), row);
  }
  return { stages };
}

function emptyStage({ stage, terms, norms = [], constraints = [], validation }: StageLine): StageHistory {
  return {
    name: stage,
    steps: [],
    terms: Object.fromEntries(terms.map((term) => [term, []])),
    ...Object.fromEntries(norms.map((norm) => [norm, []])),
    ...(constraints.length > 0 && { constraints: constraints.map(emptyCurve) }),
    ...(validation !== undefined && { validation: { steps: [], values: [] } }),
  };
}

function emptyCurve(name: string): ConstraintCurve {
  return { name, violations: [], multipliers: [] };
}

function addPoint(stage: StageHistory | undefined, point: PointLine): void {
  if (stage === undefined) return;
  if (point.terms === undefined) {
    stage.validation?.steps.push(point.step);
    stage.validation?.values.push(point.validation!);
    return;
  }
  stage.steps.push(point.step);
  for (const [term, value] of Object.entries(point.terms)) stage.terms[term]?.push(value);
  for (const norm of NORMS) if (point[norm] !== undefined) stage[norm]?.push(point[norm]);
  for (const [at, [violation, multiplier]] of point.constraints?.entries() ?? []) {
    const curve = stage.constraints?.[at];
    curve?.violations.push(violation);
    curve?.multipliers.push(multiplier);
  }
}
