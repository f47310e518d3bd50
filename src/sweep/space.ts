// The settings of a sweep: a pure function of its axes and its seed.
import { createHash } from "node:crypto";
import { fail } from "../errors.js";
import { canonicalJson } from "../results.js";
import { type Axis, type CheckedSweep, distributionOf, type ParameterSpec } from "./config.js";

/** One combination of values, by the path of their key. */
export type Setting = Readonly<Record<string, unknown>>;

/** More than this is a mistake in the file, and not a sweep. */
const MOST = 1_000_000;
/** Draws for each setting that is still missing: a small space has only so many different ones. */
const TRIES = 100;

/**
 * The settings of a sweep, each once: of a grid the last axis runs fastest, of random draws in order of their drawing. The order
 * of the keys in the file changes nothing.
 *
 * @throws `CONFIG_OUT_OF_RANGE` where a grid has more settings than a sweep can
 */
export function settingsOf({ method, axes, cap = Number.POSITIVE_INFINITY, seed }: CheckedSweep): readonly Setting[] {
  const found = new Map<string, Setting>();
  const add = (setting: Setting): void => void found.set(canonicalJson(setting), setting);
  if (method === "grid") {
    const lists = axes.map((axis) => listOf(axis.spec));
    const size = lists.reduce((product, list) => product * list.length, 1);
    if (Math.min(size, cap) > MOST) {
      fail("CONFIG_OUT_OF_RANGE", `parameters: the grid has ${size} settings, at most ${MOST} are possible`, {
        path: "parameters",
        hint: "take method: random with a run_cap, or fewer values",
      });
    }
    for (let i = 0; i < size && found.size < cap; i++) add(combination(axes, lists, i));
    return [...found.values()];
  }
  const draws = Math.min(cap, MOST) * TRIES;
  for (let i = 0; i < draws && found.size < cap; i++) {
    add(
      Object.fromEntries(axes.map(({ path, spec }) => [path, drawn(spec, (stream) => uniform(seed, path, i, stream))])),
    );
    if (axes.length === 0) break;
  }
  return [...found.values()];
}

function combination(axes: readonly Axis[], lists: readonly (readonly unknown[])[], index: number): Setting {
  const chosen: [string, unknown][] = [];
  let rest = index;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const list = lists[axis]!;
    chosen.unshift([axes[axis]!.path, list[rest % list.length]]);
    rest = Math.floor(rest / list.length);
  }
  return Object.fromEntries(chosen);
}

function listOf(spec: ParameterSpec): readonly unknown[] {
  const { value, values, min = 0, max = 0 } = spec;
  const distribution = distributionOf(spec);
  if (distribution === "constant") return [value];
  if (distribution === "categorical") return values!;
  if (max - min >= MOST) {
    fail("CONFIG_OUT_OF_RANGE", `parameters: ${max - min + 1} values of one parameter, at most ${MOST} are possible`, {
      path: "parameters",
    });
  }
  return Array.from({ length: max - min + 1 }, (_, i) => min + i);
}

/** A value of a distribution, from uniform numbers by stream. */
function drawn(spec: ParameterSpec, uniformOf: (stream: number) => number): unknown {
  const { value, values = [], probabilities, min = 0, max = 1, mu = 0, sigma = 1, q = 1 } = spec;
  const u = uniformOf(0);
  const between = (low: number, high: number): number => Math.min(high, low + u * (high - low));
  const stepped = (number: number): number => Number((Math.round(number / q) * q).toPrecision(12));
  // Box and Muller (1958); 1 - u is never 0.
  const normal = (): number => mu + sigma * Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * uniformOf(1));
  const inLogarithms = (): number => Math.min(max, Math.max(min, Math.exp(between(Math.log(min), Math.log(max)))));
  switch (distributionOf(spec)!) {
    case "constant":
      return value;
    case "categorical":
      return values[probabilities === undefined ? Math.floor(u * values.length) : placeIn(probabilities, u)];
    case "int_uniform":
      return Math.min(max, Math.floor(min + u * (max - min + 1)));
    case "uniform":
      return between(min, max);
    case "q_uniform":
      return stepped(between(min, max));
    case "log_uniform_values":
      return inLogarithms();
    case "q_log_uniform_values":
      return stepped(inLogarithms());
    case "log_uniform":
      return Math.exp(between(min, max));
    case "normal":
      return normal();
    case "q_normal":
      return stepped(normal());
    case "log_normal":
      return Math.exp(normal());
  }
}

function placeIn(probabilities: readonly number[], u: number): number {
  let sum = 0;
  for (const [place, one] of probabilities.entries()) {
    sum += one;
    if (u < sum) return place;
  }
  // The sum may end a rounding below 1.
  return probabilities.findLastIndex((one) => one > 0);
}

/** Uniform in [0, 1), a function of its place alone: no draw depends on how many were made before it. */
function uniform(seed: number, path: string, index: number, stream: number): number {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, path, index, stream]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
