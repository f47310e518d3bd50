// From a study to its trials: every fit there is, each with an identity made of all that decides its result.
import { checkConfig } from "../config.js";
import { canonicalJson, runIdOf } from "../results.js";
import type { Experiment, Study } from "./preset.js";

/** Where a trial stands in its study. */
export interface TrialPlace {
  readonly experiment: string;
  readonly fit: string;
  readonly seed: number;
}

/** One fit of a study, before it is run. */
export interface PlannedTrial extends TrialPlace {
  /** The same configuration on the same data by the same version has the same id, in whatever study it stands. */
  readonly id: string;
  /** What is simulated, or the fingerprint of what was given. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Every default written out. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether a row asks how the latents were before the last closed-form stage: no part of the id. */
  readonly before: boolean;
  /** The other world that a row asks about: part of the id. */
  readonly elsewhere?: Readonly<Record<string, unknown>>;
  /** The parts of the held-out rows that a row asks about: part of the id. */
  readonly within?: Readonly<Record<string, readonly string[]>>;
  /** Whether a row asks for the latents of these parts with their environments known: part of the id. */
  readonly known?: true;
}

/** Trials that share their data, which are made once for all of them. */
export interface Batch {
  readonly data: PlannedTrial["data"];
  readonly trials: readonly PlannedTrial[];
}

/**
 * All trials of a study, checked: a mistake is told before the first fit.
 *
 * @param fingerprint of the data that were given, where the study asks for some
 * @throws the CONFIG_* codes
 */
export async function plannedTrials(
  study: Study,
  version: string,
  fingerprint: string | undefined,
): Promise<readonly PlannedTrial[]> {
  const trials: PlannedTrial[] = [];
  for (const experiment of study.experiments) {
    for (const seed of experiment.seeds) {
      const data = dataOf(experiment, seed, fingerprint);
      for (const [fit, options] of Object.entries(experiment.fits)) {
        // The data are made later; any path is as good as another for the check.
        const { core: config } = await checkConfig({ ...rolesOf(experiment), ...options, seed, data: "later" });
        const asked = experiment.rows.filter((row) => row.fit === fit).map(({ measure }) => measure);
        const before = asked.includes("mcc-before");
        const tried = experiment.elsewhere !== undefined && asked.some((measure) => measure.startsWith("elsewhere:"));
        const elsewhere = tried ? { elsewhere: { ...data, ...experiment.elsewhere } } : {};
        const known = asked.some((measure) => measure.startsWith("known:"));
        const parts = known || asked.some((measure) => measure.startsWith("within:"));
        const others = {
          ...elsewhere,
          ...(parts && experiment.within && { within: experiment.within }),
          ...(known && { known }),
        };
        const id = runIdOf(config, canonicalJson({ ...data, ...others }), version).slice(0, 16);
        trials.push({ id, experiment: experiment.name, fit, seed, data, config, before, ...others });
      }
    }
  }
  return trials;
}

/** The trials by their data, in order; a trial that stands in several experiments counts once. */
export function batchesOf(trials: readonly PlannedTrial[]): readonly Batch[] {
  const batches = new Map<string, Map<string, PlannedTrial>>();
  for (const trial of trials) {
    const key = canonicalJson(trial.data);
    const batch = batches.get(key) ?? new Map<string, PlannedTrial>();
    const { before, ...first } = batch.get(trial.id) ?? trial;
    batch.set(trial.id, { ...first, before: before || trial.before });
    batches.set(key, batch);
  }
  return [...batches.values()].map((batch) => {
    const members = [...batch.values()];
    return { data: members[0]!.data, trials: members };
  });
}

function rolesOf({ data }: Experiment): object {
  return "given" in data ? (data.roles ?? {}) : {};
}

function dataOf({ data }: Experiment, seed: number, fingerprint: string | undefined): PlannedTrial["data"] {
  return "given" in data ? { fingerprint } : { ...data, seed };
}
