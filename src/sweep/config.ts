// What a sweep file says, checked: the keys that users know from Weights & Biases, and a few of our own.
import { z } from "zod";
import { nearest } from "../config-keys.js";
import { parseKeys } from "../data/parse-keys.js";
import { isObject } from "../differences.js";
import { type Failure, failAll, failuresOf, isDisentangleError } from "../errors.js";
import { METRICS, metricCalled } from "./metric.js";

const whole = (least: number) => z.int({ error: `expected a whole number from ${least}` }).min(least);
const keys = (what: string) => z.record(z.string(), z.unknown(), { error: `expected ${what}` });

const metricSchema = z.strictObject({
  name: z.string({ error: "expected the name of a metric" }).optional(),
  goal: z.enum(["minimize", "maximize"], { error: "expected minimize or maximize" }).optional(),
  truth: z.boolean({ error: "expected true or false" }).optional(),
});

const terminateSchema = z.strictObject({
  type: z.enum(["successive_halving", "hyperband"], { error: "expected successive_halving or hyperband" }),
  min_iter: whole(1),
  eta: whole(2).optional(),
});

const sweepSchema = z.strictObject({
  name: z
    .string({ error: "expected a text" })
    .optional()
    .describe("Heading of the report. Default: the name of the folder."),
  method: z
    .enum(["grid", "random"], { error: "expected grid or random" })
    .optional()
    .describe("How settings are chosen: every combination, or random draws. Default: grid."),
  metric: z
    .unknown()
    .optional()
    .describe("What settings are compared by: `{ name, goal, truth }`. Default: the error on held-out rows."),
  parameters: keys("parameters by name").describe("What varies, for example `steps: { values: [1000, 3000] }`."),
  run_cap: whole(1)
    .optional()
    .describe("Settings at most; every one is fitted with every seed. `random` needs it. Default for grid: all."),
  early_terminate: z
    .unknown()
    .optional()
    .describe("Successive halving: `{ type: successive_halving, min_iter, eta }`. Default: every fit runs to its end."),
  seeds: z
    .union([whole(1), z.array(whole(0)).min(1)], { error: "expected how many seeds, or a list of them" })
    .optional()
    .describe("How many seeds each setting is fitted with (from 0 on), or a list of them. Default: 1."),
  seed: whole(0).optional().describe("Seed of the sweep: of random draws of settings. Default: 0."),
  base: keys("a configuration of `fit`").optional().describe("What all fits have in common: keys of `fit`."),
});

/** One axis: fixed values, or a distribution. A nested key is `split.train`, or `split: { parameters: { train: ... } }`. */
export interface ParameterSpec {
  readonly value?: unknown;
  readonly values?: readonly unknown[];
  /** Of `values`, for random draws. They add up to 1. Default: all alike. */
  readonly probabilities?: readonly number[];
  readonly distribution?: Distribution;
  readonly min?: number;
  readonly max?: number;
  readonly mu?: number;
  readonly sigma?: number;
  /** Step of the rounding of `q_` distributions. Default: 1. */
  readonly q?: number;
  readonly parameters?: Readonly<Record<string, ParameterSpec>>;
}

/** What a sweep is: the content of a sweep file. */
export interface SweepConfig {
  readonly name?: string;
  readonly method?: "grid" | "random";
  readonly metric?: MetricConfig;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly run_cap?: number;
  readonly early_terminate?: EarlyTerminate;
  readonly seeds?: number | readonly number[];
  readonly seed?: number;
  readonly base?: Readonly<Record<string, unknown>>;
}

/** What settings are compared by. A metric that reads the truth must be asked for with `truth: true`. */
export interface MetricConfig {
  readonly name?: string | undefined;
  readonly goal?: "minimize" | "maximize" | undefined;
  readonly truth?: boolean | undefined;
}

/** Successive halving: at `min_iter`, `min_iter * eta`, ... steps the best one in `eta` goes on. Default of `eta`: 3. */
export interface EarlyTerminate {
  readonly type: "successive_halving" | "hyperband";
  readonly min_iter: number;
  readonly eta?: number;
}

/** How values of a parameter are drawn: names as in W&B; bounds are part of the range. */
export type Distribution =
  | "constant"
  | "categorical"
  | "int_uniform"
  | "uniform"
  | "q_uniform"
  | "log_uniform_values"
  | "q_log_uniform_values"
  | "log_uniform"
  | "normal"
  | "q_normal"
  | "log_normal";

/** A sweep with every default filled in, and its axes flat. */
export interface CheckedSweep {
  readonly name: string | undefined;
  readonly method: "grid" | "random";
  readonly metric: { readonly name: string; readonly goal: "minimize" | "maximize"; readonly truth: boolean };
  /** By the path of their key in the configuration of a fit, in order of the path. */
  readonly axes: readonly Axis[];
  readonly cap: number | undefined;
  readonly halving: { readonly first: number; readonly eta: number } | undefined;
  readonly seeds: readonly number[];
  readonly seed: number;
  readonly base: Readonly<Record<string, unknown>>;
}

/** One parameter that varies. */
export interface Axis {
  readonly path: string;
  readonly spec: ParameterSpec;
}

/**
 * Checks a sweep, all mistakes at once; the configurations of its fits are checked later.
 *
 * @throws the `CONFIG_*` codes; paths are those of the file (`parameters.steps.values`)
 */
export function checkSweep(value: unknown): CheckedSweep {
  const failures: Failure[] = [];
  const gather = <T>(prefix: string, check: () => T): T | undefined => {
    try {
      return check();
    } catch (error) {
      if (!isDisentangleError(error)) throw error;
      failures.push(...failuresOf(error).map((one) => ({ ...one, path: joined(prefix, one.path ?? "") })));
      return undefined;
    }
  };
  const about = {
    about: "a sweep",
    hints: { parameters: "for example parameters: { steps: { values: [1000, 3000] } }" },
  };
  const parsed = gather("", () => parseKeys(sweepSchema, value ?? {}, about));
  if (parsed === undefined) return failAll(failures) as never;
  const { method = "grid", seeds = 1, seed = 0, base = {} } = parsed;
  const metric = gather("metric", () => parseKeys(metricSchema, parsed.metric ?? {}, { about: "a metric" })) ?? {};
  const { early_terminate: early } = parsed;
  const ending =
    early === undefined
      ? undefined
      : gather("early_terminate", () => parseKeys(terminateSchema, early, { about: "early_terminate" }));
  const axes = axesOf(parsed.parameters, "parameters", "", failures);
  for (const axis of axes) failures.push(...mistakesIn(axis, method));
  const list = typeof seeds === "number" ? Array.from({ length: seeds }, (_, i) => i) : seeds;
  if (new Set(list).size < list.length) failures.push(conflict("seeds", "a seed stands there twice"));
  if (method === "random" && parsed.run_cap === undefined) {
    failures.push({
      code: "CONFIG_MISSING",
      path: "run_cap",
      message: "run_cap is missing: random draws never end by themselves",
      hint: "for example run_cap: 20",
    });
  }
  for (const key of ["seed", "threads"]) {
    if (axes.some(({ path }) => path === key))
      failures.push(
        conflict(`parameters.${key}`, `${key} is no parameter`, key === "seed" ? "use seeds" : "use --jobs"),
      );
  }
  if (Object.hasOwn(base, "seed"))
    failures.push(conflict("base.seed", "base.seed: every setting is fitted with every seed", "use seeds"));
  for (const { path } of axes) {
    if (Object.hasOwn(base, path))
      failures.push(conflict(`base.${path}`, `${path} stands in base and in parameters`, "keep one of the two"));
  }
  failures.push(...metricMistakes(metric, ending !== undefined, list.length));
  failAll(failures);
  const name = metric.name ?? "held-out";
  return {
    name: parsed.name,
    method,
    metric: { name, goal: metric.goal ?? metricCalled(name)!.goal, truth: metric.truth ?? false },
    axes: axes.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    cap: parsed.run_cap,
    halving: ending && { first: ending.min_iter, eta: ending.eta ?? 3 },
    seeds: list,
    seed,
    base,
  };
}

function metricMistakes({ name = "held-out", truth }: MetricConfig, ends: boolean, seeds: number): Failure[] {
  const metric = metricCalled(name);
  if (metric === undefined) {
    const near = nearest(name, Object.keys(METRICS));
    return [
      {
        code: "CONFIG_UNKNOWN_METHOD",
        path: "metric.name",
        message: `metric.name: no metric is called ${JSON.stringify(name)}`,
        hint: near === undefined ? `there are: ${Object.keys(METRICS).join(", ")}` : `did you mean "${near}"?`,
      },
    ];
  }
  const found: Failure[] = [];
  if (metric.truth && truth !== true) {
    const hint = "add truth: true to ask for it, or take held-out or agreement, which real data have as well";
    found.push(conflict("metric.name", `metric.name: ${name} reads the true latents`, hint));
  }
  if (name === "agreement" && seeds < 2)
    found.push(conflict("metric.name", "metric.name: agreement needs two seeds or more", "for example seeds: 5"));
  if (name === "agreement" && ends)
    found.push(
      conflict(
        "metric.name",
        "metric.name: agreement is known at the end of fits only, early_terminate needs it before",
        "take held-out",
      ),
    );
  return found;
}

function axesOf(
  parameters: Readonly<Record<string, unknown>>,
  at: string,
  prefix: string,
  failures: Failure[],
): Axis[] {
  return Object.entries(parameters).flatMap(([name, spec]): Axis[] => {
    const [place, path] = [`${at}.${name}`, joined(prefix, name)];
    if (path.split(".").some((part) => part === "" || part === "__proto__")) {
      failures.push({ code: "CONFIG_UNKNOWN_KEY", path: place, message: `${place}: not a key` });
      return [];
    }
    if (!isObject(spec)) {
      failures.push({
        code: "CONFIG_WRONG_TYPE",
        path: place,
        message: `${place}: got ${JSON.stringify(spec)}, expected values or a distribution`,
        hint: `for example ${name}: { values: [1, 2] }`,
      });
      return [];
    }
    if (isObject(spec.parameters)) return axesOf(spec.parameters, `${place}.parameters`, path, failures);
    return [{ path, spec: spec as ParameterSpec }];
  });
}

/** The keys that each distribution needs, and may have. */
const NEEDS: Readonly<
  Record<
    Distribution,
    { readonly needs: readonly (keyof ParameterSpec)[]; readonly may?: readonly (keyof ParameterSpec)[] }
  >
> = {
  constant: { needs: ["value"] },
  categorical: { needs: ["values"], may: ["probabilities"] },
  int_uniform: { needs: ["min", "max"] },
  uniform: { needs: ["min", "max"] },
  q_uniform: { needs: ["min", "max"], may: ["q"] },
  log_uniform_values: { needs: ["min", "max"] },
  q_log_uniform_values: { needs: ["min", "max"], may: ["q"] },
  log_uniform: { needs: ["min", "max"] },
  normal: { needs: [], may: ["mu", "sigma"] },
  q_normal: { needs: [], may: ["mu", "sigma", "q"] },
  log_normal: { needs: [], may: ["mu", "sigma"] },
};

const DISTRIBUTIONS = Object.keys(NEEDS) as readonly Distribution[];

/** The distribution of an axis: that which is named, or which its keys imply as in W&B. */
export function distributionOf({ distribution, value, values, min, max }: ParameterSpec): Distribution | undefined {
  if (distribution !== undefined) return distribution;
  if (value !== undefined) return "constant";
  if (values !== undefined) return "categorical";
  if (min === undefined || max === undefined) return undefined;
  return Number.isInteger(min) && Number.isInteger(max) ? "int_uniform" : "uniform";
}

function mistakesIn({ path, spec }: Axis, method: "grid" | "random"): Failure[] {
  const at = `parameters.${path}`;
  const distribution = distributionOf(spec);
  if (distribution === undefined || !DISTRIBUTIONS.includes(distribution)) {
    const near = nearest(String(spec.distribution), DISTRIBUTIONS);
    const got = spec.distribution === undefined ? "neither values nor a range" : JSON.stringify(spec.distribution);
    const hint =
      near === undefined ? `give values: [...], or distribution: ${DISTRIBUTIONS.join(", ")}` : `did you mean ${near}?`;
    return [{ code: "CONFIG_OUT_OF_RANGE", path: at, message: `${at}: got ${got}`, hint }];
  }
  const { needs, may = [] } = NEEDS[distribution];
  const known: readonly string[] = [...needs, ...may, "distribution"];
  const found: Failure[] = Object.keys(spec)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      code: "CONFIG_UNKNOWN_KEY",
      path: `${at}.${key}`,
      message: `${at}.${key}: ${distribution} has no such key`,
      hint: `it has ${known.join(", ")}`,
    }));
  for (const key of needs) {
    if (spec[key] === undefined)
      found.push({ code: "CONFIG_MISSING", path: at, message: `${at}: ${distribution} needs ${key}` });
  }
  for (const key of ["min", "max", "mu", "sigma", "q"] as const) {
    const value: unknown = spec[key];
    if (value !== undefined && !(typeof value === "number" && Number.isFinite(value)))
      found.push({
        code: "CONFIG_WRONG_TYPE",
        path: `${at}.${key}`,
        message: `${at}.${key}: got ${JSON.stringify(value)}, expected a number`,
      });
  }
  if (found.length > 0) return found;
  return boundMistakes(at, spec, distribution, method);
}

function boundMistakes(
  at: string,
  spec: ParameterSpec,
  distribution: Distribution,
  method: "grid" | "random",
): Failure[] {
  const { values, probabilities, min = 0, max = 1, sigma = 1, q = 1 } = spec;
  const wrong = (key: string, message: string): Failure => ({
    code: "CONFIG_OUT_OF_RANGE",
    path: `${at}.${key}`,
    message: `${at}.${key}: ${message}`,
  });
  const isEnumerable = ["constant", "categorical", "int_uniform"].includes(distribution);
  return [
    ...(values !== undefined && !Array.isArray(values) ? [wrong("values", "expected a list")] : []),
    ...(Array.isArray(values) && values.length === 0 ? [wrong("values", "no value")] : []),
    ...(probabilities !== undefined && !areProbabilities(probabilities, values)
      ? [wrong("probabilities", "expected one for each value, from 0, that add up to 1")]
      : []),
    ...(min > max ? [wrong("min", `${min} is more than max, ${max}`)] : []),
    ...(distribution.endsWith("log_uniform_values") && !(min > 0) ? [wrong("min", `${min} is not > 0`)] : []),
    ...(distribution === "int_uniform" && !(Number.isSafeInteger(min) && Number.isSafeInteger(max))
      ? [wrong("min", "expected whole numbers")]
      : []),
    ...(!(sigma >= 0) ? [wrong("sigma", `${sigma} is not >= 0`)] : []),
    ...(!(q > 0) ? [wrong("q", `${q} is not > 0`)] : []),
    ...(method === "grid" && !isEnumerable
      ? [conflict(at, `${at}: a grid has no ${distribution}`, "give values, or take method: random")]
      : []),
  ];
}

function areProbabilities(given: unknown, values: readonly unknown[] | undefined): boolean {
  if (!Array.isArray(given) || given.length !== values?.length) return false;
  const all = given.every((one) => typeof one === "number" && one >= 0);
  return all && Math.abs((given as number[]).reduce((sum, one) => sum + one, 0) - 1) < 1e-9;
}

function conflict(path: string, message: string, hint?: string): Failure {
  return { code: "CONFIG_CONFLICT", path, message, ...(hint !== undefined && { hint }) };
}

function joined(prefix: string, path: string): string {
  return prefix === "" ? path : path === "" ? prefix : `${prefix}.${path}`;
}
