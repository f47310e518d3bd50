// The trials of a sweep as they are planned.
import type { StudyTask } from "../reproduce/kept.js";
import type { Setting } from "./space.js";

/** One fit of a sweep. */
export interface SweepTrial {
  /** The same configuration on the same data by the same code has the same id, in whatever sweep it stands. */
  readonly id: string;
  /** The same without the code. */
  readonly key: string;
  /** Which setting, from 0. */
  readonly setting: number;
  readonly seed: number;
  /** What varies, by the path of its key. */
  readonly params: Setting;
  readonly method: string;
  /** What `fit` is given: `base`, the parameters and the seed. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Fingerprint of the data. */
  readonly data: string;
  /** Gradient steps that it is given, where its method takes some. */
  readonly steps?: number;
  /** What is simulated for it; the configuration then names no data that are there. */
  readonly world?: Readonly<Record<string, unknown>>;
  /** What of it is kept, where that is not its run folder: a row of the table of a paper. */
  readonly study?: StudyTask;
}

/** All trials of a sweep, and by what code. */
export interface SweepPlan {
  readonly trials: readonly SweepTrial[];
  readonly code: Code;
  /** Data set folders of trials, by their id, where data are to travel to other machines. */
  readonly folders?: ReadonlyMap<string, string>;
}

/** What computes: another version or other numerical sources may give other numbers. */
export interface Code {
  readonly version: string;
  readonly sources: string;
}

/** The trials of each setting, in order of the settings. */
export function bySetting(trials: readonly SweepTrial[]): readonly (readonly SweepTrial[])[] {
  const groups = new Map<number, SweepTrial[]>();
  for (const trial of trials) {
    const group = groups.get(trial.setting);
    if (group === undefined) groups.set(trial.setting, [trial]);
    else group.push(trial);
  }
  return [...groups.values()];
}

/** Code in one word. */
export function codeText({ version, sources }: Code): string {
  return `${version} (${sources})`;
}
