import type { RunRecord } from "../record.js";
import { significant } from "./format.js";

/** Settings that make no different method: repetitions differ in them, or they say where things lie. */
const REPETITION = new Set(["seed", "threads", "data", "out", "dir", "path", "name", "resume"]);

/** Runs of one method and one configuration, seeds aside. */
export interface Variant {
  /** "tbr", or "tbr (lambda 0.01)" where runs of the same method differ in more than their seed. */
  readonly label: string;
  readonly method: string;
  readonly runs: readonly RunRecord[];
}

/** Runs grouped by method and settings, in the order of their first run. Averages over different settings would mean nothing. */
export function variants(runs: readonly RunRecord[]): Variant[] {
  const methods = [...new Set(runs.map((run) => run.manifest.method))];
  return methods.flatMap((method) => {
    const members = runs
      .filter((run) => run.manifest.method === method)
      .map((run) => ({ run, settings: settingsOf(run.config) }));
    const paths = [...new Set(members.flatMap(({ settings }) => [...settings.keys()]))].sort();
    const differing = paths.filter((path) => new Set(members.map(({ settings }) => settings.get(path))).size > 1);
    const groups = new Map<string, RunRecord[]>();
    for (const { run, settings } of members) {
      const described = differing.map((path) => `${path.split(".").at(-1)} ${settings.get(path) ?? "none"}`).join(", ");
      const label = described === "" ? method : `${method} (${described})`;
      groups.set(label, [...(groups.get(label) ?? []), run]);
    }
    return [...groups].map(([label, grouped]) => ({ label, method, runs: grouped }));
  });
}

/** Every setting by its dotted path, as text. */
function settingsOf(config: Readonly<Record<string, unknown>>): Map<string, string> {
  const settings = new Map<string, string>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (path.length > 0 && REPETITION.has(path.at(-1)!)) return;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
      return;
    }
    settings.set(path.join("."), typeof value === "number" ? significant(value) : (JSON.stringify(value) ?? "none"));
  };
  visit(config, []);
  return settings;
}
