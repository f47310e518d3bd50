import type { RunRecord } from "../record.js";
import { variants } from "./variants.js";

/** All runs on one data set with one target: what may be compared with each other. */
export interface Study {
  /** Unique within a report, fit for an id in HTML. */
  readonly id: string;
  readonly name: string;
  readonly target?: string;
  readonly runs: readonly RunRecord[];
  /** The method the report is about comes first. */
  readonly methods: readonly MethodRuns[];
  /** The run shown in detail: of the main method, the one with the lowest seed that ended well, never the best one. */
  readonly focus: RunRecord;
  /** Different contents that go under this name, for example one simulated world per seed. */
  readonly fingerprints: readonly string[];
}

/** The runs of one method that differ only in their seed. */
export interface MethodRuns {
  /** The method's name, with the settings that set it apart from others of the same name. */
  readonly label: string;
  readonly method: string;
  /** Runs whose numbers count, by seed. */
  readonly runs: readonly RunRecord[];
  /** Runs that diverged, met a number that is not finite, or were cancelled: their numbers are no results. */
  readonly failed: readonly RunRecord[];
}

/** Whether a run's numbers are results. A run at its step limit ended as it was told to. */
export function endedWell(run: RunRecord): boolean {
  const { kind } = run.manifest.outcome;
  return kind === "converged" || kind === "step-limit" || kind === "rising" || kind === "early-stop";
}

/** The runs with the lowest seed first. */
export function bySeed(runs: readonly RunRecord[]): RunRecord[] {
  return runs.toSorted((a, b) => a.manifest.seed - b.manifest.seed);
}

/** Records by data set and target, in the order of their first record. */
export function studiesOf(records: readonly RunRecord[], mainMethod?: string): Study[] {
  const groups = new Map<string, RunRecord[]>();
  for (const record of records) {
    const key = studyKey(record);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()].map((runs, index) => study(`data-${index + 1}`, runs, mainMethod));
}

function studyKey({ manifest }: RunRecord): string {
  return JSON.stringify([manifest.dataset.name, manifest.dataset.target ?? null]);
}

function study(id: string, runs: readonly RunRecord[], mainMethod: string | undefined): Study {
  const first = runs[0]!;
  const main = runs.some((run) => run.manifest.method === mainMethod) ? mainMethod : first.manifest.method;
  const groups = variants(runs).map(({ label, method, runs: members }) => {
    const sorted = bySeed(members);
    return { label, method, runs: sorted.filter(endedWell), failed: sorted.filter((run) => !endedWell(run)) };
  });
  const methods = [...groups.filter((g) => g.method === main), ...groups.filter((g) => g.method !== main)];
  const { name, target } = first.manifest.dataset;
  return {
    id,
    name,
    ...(target === undefined ? {} : { target }),
    runs,
    methods,
    focus: methods[0]!.runs[0] ?? methods[0]!.failed[0]!,
    fingerprints: [...new Set(runs.map((run) => run.manifest.dataset.fingerprint))],
  };
}
