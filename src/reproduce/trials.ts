// From a study to its trials: every fit there is, each with an identity made of all that decides its result. They are trials of a sweep
// like any other; what is kept of them is a row of a table in place of a run folder.
import { checkConfig } from "../config.js";
import { canonicalJson, runIdOf } from "../results.js";
import { trialId } from "../sweep/plan.js";
import type { Code, SweepTrial } from "../sweep/planned.js";
import type { StudyTask } from "./kept.js";
import type { Experiment, Study } from "./preset.js";

/** Where a trial stands in its study. */
export interface TrialPlace {
  readonly experiment: string;
  readonly fit: string;
  readonly seed: number;
}

/** One fit of a study, before it is run. */
export interface PlannedTrial extends TrialPlace {
  /** The same configuration on the same data by the same code has the same id, in whatever study it stands. */
  readonly id: string;
  readonly trial: SweepTrial & { readonly study: StudyTask };
}

/** Real data that were given, where they lie for all processes. */
export interface GivenFolder {
  readonly fingerprint: string;
  readonly path: string;
}

/** Stands in configurations for data that are simulated. */
const SIMULATED = "simulated";

/**
 * All trials of a study, checked: a mistake is told before the first fit.
 *
 * @throws the `CONFIG_*` codes
 */
export async function plannedTrials(
  study: Study,
  code: Code,
  given: GivenFolder | undefined,
): Promise<readonly PlannedTrial[]> {
  const trials: PlannedTrial[] = [];
  for (const experiment of study.experiments) {
    for (const seed of experiment.seeds) {
      for (const [fit, options] of Object.entries(experiment.fits)) {
        const place = { experiment: experiment.name, fit, seed };
        trials.push(await plannedTrial(experiment, place, options, code, given));
      }
    }
  }
  return trials;
}

async function plannedTrial(
  experiment: Experiment,
  { fit, seed, ...place }: TrialPlace,
  options: Experiment["fits"][string],
  code: Code,
  given: GivenFolder | undefined,
): Promise<PlannedTrial> {
  const world = "given" in experiment.data ? undefined : { ...experiment.data, seed };
  const data = world ?? { fingerprint: given?.fingerprint };
  // The data are made later; any path is as good as another for the check.
  const { core } = await checkConfig({ ...rolesOf(experiment), ...options, seed, data: SIMULATED });
  const { threads, ...numbers } = core;
  const config = "threads" in options ? { ...numbers, threads } : numbers;
  const asked = experiment.rows.filter((row) => row.fit === fit).map(({ measure }) => measure);
  const tried = experiment.elsewhere !== undefined && asked.some((measure) => measure.startsWith("elsewhere:"));
  const elsewhere = tried ? { elsewhere: { ...data, ...experiment.elsewhere } } : {};
  const known = asked.some((measure) => measure.startsWith("known:"));
  const parts = known || asked.some((measure) => measure.startsWith("within:"));
  const others = {
    ...elsewhere,
    ...(parts && experiment.within && { within: experiment.within }),
    ...(known && ({ known } as const)),
  };
  const key = runIdOf(numbers, canonicalJson({ ...data, ...others }), "").slice(0, 16);
  const id = trialId(String(core.method), key, code, seed);
  // Whether the latents before the last stage are scored is no part of the id: a trial that has them serves both.
  const before = asked.includes("mcc-before");
  const trial = {
    id,
    key,
    setting: 0,
    seed,
    params: { experiment: place.experiment, fit },
    method: String(core.method),
    config: { ...config, data: given?.path ?? SIMULATED },
    data: given?.fingerprint ?? "",
    ...(typeof core.steps === "number" && { steps: core.steps }),
    ...(world !== undefined && { world }),
    study: { id, version: code.version, data, before, ...others, latents: world === undefined },
  };
  return { ...place, fit, seed, id, trial };
}

/** Each trial once, those that share their data one after the other: the data are made once for all of them. */
export function sweepTrials(planned: readonly PlannedTrial[]): readonly PlannedTrial["trial"][] {
  const byData = new Map<string, Map<string, PlannedTrial["trial"]>>();
  for (const { id, trial } of planned) {
    const key = canonicalJson(trial.study.data);
    const batch = byData.get(key) ?? new Map<string, PlannedTrial["trial"]>();
    byData.set(key, batch);
    const first = batch.get(id) ?? trial;
    batch.set(id, { ...first, study: { ...first.study, before: first.study.before || trial.study.before } });
  }
  const trials = [...byData.values()].flatMap((batch) => [...batch.values()]);
  return trials.map((trial, setting) => ({ ...trial, setting }));
}

function rolesOf({ data }: Experiment): object {
  return "given" in data ? (data.roles ?? {}) : {};
}
