// Successive halving (Jamieson & Talwalkar 2016): settings are fitted for a few steps, the best of them go on, and so on. A pure function
// of the plan and the ledger: whoever looks at the same lines stops the same trials, however many work on them.
import { type Ledger, type Result, stateOf, type TrialState } from "./ledger.js";
import { meaningOf, valueIn } from "./metric.js";
import { bySetting, type SweepTrial } from "./planned.js";

/** What may be done next. */
export interface Stage {
  /** Trials that may run now, with the step at which they pause; without one they run to their end. */
  readonly ready: ReadonlyMap<string, { readonly rung: number; readonly steps: number | undefined }>;
  /** Trials that were stopped, by the step that they had reached. */
  readonly stopped: ReadonlyMap<string, number>;
}

/** The rule of a sweep. */
export interface Rule {
  readonly halving: { readonly first: number; readonly eta: number } | undefined;
  readonly metric: { readonly name: string; readonly goal: "minimize" | "maximize" };
}

/** What may run, and what was stopped. */
export function stageOf(
  trials: readonly SweepTrial[],
  { halving, metric }: Rule,
  ledger: Pick<Ledger, "states">,
): Stage {
  const ready = new Map<string, { rung: number; steps: number | undefined }>();
  const stopped = new Map<string, number>();
  const groups = bySetting(trials);
  const longest = Math.max(0, ...trials.map(({ steps = 0 }) => steps));
  let alive = groups;
  for (let rung = 0; halving !== undefined; rung++) {
    const steps = halving.first * halving.eta ** rung;
    if (steps >= longest) break;
    const below = alive.flat().filter((trial) => !hasReached(stateOf(ledger, trial.id), rung));
    if (below.length > 0) {
      for (const trial of below) {
        // A fit that ends before the step runs to its end.
        const pauses = trial.steps !== undefined && steps < trial.steps;
        ready.set(trial.id, { rung, steps: pauses ? steps : undefined });
      }
      return { ready, stopped };
    }
    const best = new Set(bestOf(alive, rung, halving.eta, metric, ledger));
    for (const group of alive) {
      if (!best.has(group))
        for (const { id } of group) if (stateOf(ledger, id).state !== "done") stopped.set(id, steps);
    }
    alive = alive.filter((group) => best.has(group));
  }
  for (const { id } of alive.flat()) ready.set(id, { rung: -1, steps: undefined });
  return { ready, stopped };
}

function hasReached({ state, rungs }: TrialState, rung: number): boolean {
  return state === "done" || state === "failed" || state === "parked" || rungs.length > rung;
}

/** The settings that go on: one in `eta`, at least one. A setting of which a fit failed stands behind all others. */
function bestOf(
  groups: readonly (readonly SweepTrial[])[],
  rung: number,
  eta: number,
  { name, goal }: Rule["metric"],
  ledger: Pick<Ledger, "states">,
): readonly (readonly SweepTrial[])[] {
  const resultOf = ({ id }: SweepTrial): Result | undefined => {
    const { state, rungs, result } = stateOf(ledger, id);
    return rungs[rung] ?? (state === "done" ? result : undefined);
  };
  const results = groups.flat().flatMap((trial) => resultOf(trial) ?? []);
  const methods = groups.flat().map(({ method }) => method);
  const meaning = meaningOf(
    name,
    results.map(({ values }) => values),
    methods,
  );
  const ranked = groups.map((group, place) => {
    const values = group.map((trial) =>
      meaning === undefined ? undefined : valueIn(resultOf(trial)?.values, meaning),
    );
    const sum = values.reduce<number>((total, value) => total + (value ?? Number.NaN), 0);
    const mean = sum / group.length;
    const cost = goal === "minimize" ? mean : -mean;
    return { group, place, cost: Number.isFinite(cost) ? cost : Number.POSITIVE_INFINITY };
  });
  ranked.sort((a, b) => (a.cost === b.cost ? a.place - b.place : a.cost < b.cost ? -1 : 1));
  return ranked.slice(0, Math.max(1, Math.ceil(groups.length / eta))).map(({ group }) => group);
}
