// How results of a sweep are shown, in reports and on terminals.
import { METRICS } from "./metric.js";
import type { SweepResult, SweptSetting } from "./result.js";

/** What the settings are compared by, with a mark where that reads the truth. */
export function metricText({ metric: { name: asked, meaning, goal, truth } }: Pick<SweepResult, "metric">): string {
  const found = METRICS[meaning ?? asked]!;
  const better = goal === "minimize" ? "lower is better" : "higher is better";
  const known = meaning === null ? " - the fits share no such number" : "";
  return `${found.title} (${better})${known}${truth && METRICS[asked]!.truth ? " - READS THE TRUTH" : ""}`;
}

/** A setting as words: `steps 1000, split.train 0.5`. */
export function settingText({ params }: Pick<SweptSetting, "params">): string {
  const words = Object.entries(params).map(([path, value]) => `${path} ${valueText(value)}`);
  return words.length === 0 ? "(nothing varies)" : words.join(", ");
}

/** A value as a word. */
export function valueText(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The settings, the best first; those without a mean last, in their order. */
export function ranked({ settings, metric: { goal } }: SweepResult): readonly SweptSetting[] {
  const cost = ({ mean }: SweptSetting): number =>
    mean === null ? Number.POSITIVE_INFINITY : goal === "minimize" ? mean : -mean;
  return settings.toSorted((a, b) => (cost(a) === cost(b) ? a.setting - b.setting : cost(a) - cost(b)));
}
