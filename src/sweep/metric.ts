// What settings are compared by. Nothing here reads a truth unless the metric says so.
import type { RunRecord } from "../record.js";

/** One number of a finished or paused fit. */
export interface Metric {
  /** For people. */
  readonly title: string;
  readonly goal: "minimize" | "maximize";
  /** Whether it reads the true latents: such a metric has to be asked for. */
  readonly truth: boolean;
  /** Nothing where the fit has no such number. Absent for what is not a number of one fit. */
  readonly read?: (record: Pick<RunRecord, "summary" | "history" | "scores">) => number | undefined;
}

/** All metrics by name. `held-out` stands for the first of `HELD_OUT` that all fits have. */
export const METRICS: Readonly<Record<string, Metric>> = {
  "held-out": { title: "error on held-out rows", goal: "minimize", truth: false },
  error: {
    title: "relative error of the target on validation rows",
    goal: "minimize",
    truth: false,
    read({ summary }) {
      const row = summary.errors.find((one) => one.split === "validation" && one.environment === undefined);
      return row === undefined ? undefined : row.mse / row.meanMse;
    },
  },
  reconstruction: {
    title: "error of the inputs on validation rows",
    goal: "minimize",
    truth: false,
    read: ({ summary }) => summary.reconstruction?.find(({ split }) => split === "validation")?.mse,
  },
  loss: {
    title: "loss on validation rows",
    goal: "minimize",
    truth: false,
    read: ({ history }) =>
      history.stages.findLast(({ validation }) => validation !== undefined)?.validation?.values.at(-1),
  },
  agreement: { title: "agreement between seeds (MCC)", goal: "maximize", truth: false },
  mcc: {
    title: "MCC with the truth",
    goal: "maximize",
    truth: true,
    read: ({ scores }) => scores?.mcc.value ?? undefined,
  },
  r2: {
    title: "R² with the truth",
    goal: "maximize",
    truth: true,
    read: ({ scores }) => scores?.r2.value ?? undefined,
  },
};

/** What `held-out` may stand for, the most telling first. The loss of one method says nothing beside that of another. */
export const HELD_OUT: readonly string[] = ["error", "reconstruction", "loss"];

/** The metric of a name; nothing where there is none. */
export function metricCalled(name: string): Metric | undefined {
  return Object.hasOwn(METRICS, name) ? METRICS[name] : undefined;
}

/** Numbers of one fit by metric. Text stands for what JSON cannot say. */
export type Values = Readonly<Record<string, number | "NaN" | "Infinity" | "-Infinity">>;

/** All numbers that a fit has. */
export function valuesOf(record: Pick<RunRecord, "summary" | "history" | "scores">): Values {
  const values: Record<string, Values[string]> = {};
  for (const [name, { read }] of Object.entries(METRICS)) {
    const value = read?.(record);
    if (value !== undefined && value !== null) values[name] = Number.isFinite(value) ? value : (String(value) as "NaN");
  }
  return values;
}

/** The number of a metric, also where it is not finite; nothing where the fit has none. */
export function valueIn(values: Values | undefined, name: string): number | undefined {
  const value = values?.[name];
  return value === undefined ? undefined : Number(value);
}

/**
 * What a metric means for these fits: `held-out` becomes the first that all of them have.
 *
 * @param methods that are compared with each other
 */
export function meaningOf(name: string, fits: readonly Values[], methods: readonly string[]): string | undefined {
  if (name !== "held-out") return name;
  const shared = HELD_OUT.filter((one) => fits.length > 0 && fits.every((values) => values[one] !== undefined));
  return shared.find((one) => one !== "loss" || new Set(methods).size === 1);
}
