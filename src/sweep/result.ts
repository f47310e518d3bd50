// What a sweep found: settings beside each other over their seeds, the one that the metric chooses, and what that choice cost.
import { agreementOf, type KeptLatents, MOST_RUNS } from "../agreement.js";
import { moments } from "../report/measures.js";
import { readRunFolder } from "../results.js";
import { type SweepFile, trialFolder } from "./folder.js";
import type { Ledger } from "./ledger.js";
import { METRICS, meaningOf, valueIn } from "./metric.js";
import { bySetting, type SweepTrial } from "./planned.js";
import type { Setting } from "./space.js";
import { type SweptTrial, sweptTrials } from "./swept.js";

/** One setting over its seeds. */
export interface SweptSetting {
  readonly setting: number;
  readonly params: Setting;
  /** Of the metric, by seed, of finished trials. */
  readonly values: readonly { readonly seed: number; readonly value: number }[];
  /** Null unless every seed is done, with a finite number. */
  readonly mean: number | null;
  /** Sample standard deviation over seeds; null for one seed. */
  readonly sd: number | null;
  readonly seeds: number;
  /** Why there is no mean. */
  readonly missing: readonly string[];
  /** Mean agreement between seeds, where it was computed. */
  readonly agreement?: number | null;
}

/** What the choice cost, where the truth is known. It took no part in the choice. */
export interface Regret {
  /** The metric of the truth: `mcc`. */
  readonly name: string;
  readonly chosen: number;
  readonly best: number;
  /** `best - chosen`: 0 where the metric chose the best setting. */
  readonly regret: number;
  readonly bestSetting: number;
  /** Settings that were compared. */
  readonly of: number;
}

/** All that a sweep found. */
export interface SweepResult {
  readonly dir: string;
  /** What `metric.name` means here: `held-out` as the metric that all fits have. Null where they share none. */
  readonly metric: {
    readonly name: string;
    readonly goal: "minimize" | "maximize";
    readonly truth: boolean;
    readonly meaning: string | null;
  };
  readonly axes: readonly string[];
  readonly trials: readonly SweptTrial[];
  readonly settings: readonly SweptSetting[];
  /** The setting that the metric chooses; absent while none is complete. */
  readonly chosen?: number;
  readonly regret?: Regret;
}

/** Above so many settings agreement is computed only where it is the metric. */
const MOST_AGREEMENTS = 64;

/** What a sweep found so far. */
export async function resultOf(dir: string, file: SweepFile, ledger: Pick<Ledger, "states">): Promise<SweepResult> {
  const trials = sweptTrials(dir, file, ledger);
  const byId = new Map(trials.map((trial) => [trial.id, trial]));
  const groups = bySetting(file.trials);
  const { metric, axes } = file;
  const finished = file.trials.filter(({ id }) => byId.get(id)!.state === "done");
  const fits = finished.map(({ id }) => byId.get(id)!.values ?? {});
  const meaning = meaningOf(
    metric.name,
    fits,
    finished.map(({ method }) => method),
  );
  const wanted = metric.name === "agreement" || groups.length <= MOST_AGREEMENTS;
  const settings: SweptSetting[] = [];
  for (const group of groups) {
    const agreement = wanted ? await agreementIn(dir, group, byId) : undefined;
    settings.push(settingOf(group, byId, meaning, agreement));
  }
  const chosen = bestOf(settings, metric.goal);
  const regret = chosen === undefined ? undefined : regretOf(chosen, settings, byId, groups);
  return {
    dir,
    metric: { ...metric, meaning: meaning ?? null },
    axes,
    trials,
    settings,
    ...(chosen && { chosen: chosen.setting }),
    ...(regret && { regret }),
  };
}

function settingOf(
  group: readonly SweepTrial[],
  byId: ReadonlyMap<string, SweptTrial>,
  meaning: string | undefined,
  agreement: number | null | undefined,
): SweptSetting {
  const { setting, params } = group[0]!;
  const values: { seed: number; value: number }[] = [];
  const missing: string[] = [];
  for (const { id, seed } of group) {
    const trial = byId.get(id)!;
    const value = meaning === undefined ? undefined : valueIn(trial.values, meaning);
    if (trial.state !== "done") missing.push(`seed ${seed}: ${trial.state}`);
    else if (meaning === "agreement") continue;
    else if (value === undefined) missing.push(`seed ${seed}: has no ${meaning ?? "metric in common with the others"}`);
    else if (!Number.isFinite(value)) missing.push(`seed ${seed}: ${value}`);
    else values.push({ seed, value });
  }
  const over =
    meaning === "agreement" ? { mean: missing.length === 0 ? (agreement ?? null) : null, sd: null } : undefined;
  const spread = over ?? (missing.length > 0 ? { mean: null, sd: null } : moments(values.map(({ value }) => value)));
  return {
    setting,
    params,
    values,
    ...spread,
    seeds: group.length,
    missing,
    ...(agreement !== undefined && { agreement }),
  };
}

/** The first of the best. */
function bestOf(settings: readonly SweptSetting[], goal: "minimize" | "maximize"): SweptSetting | undefined {
  let best: SweptSetting | undefined;
  for (const one of settings) {
    if (one.mean === null) continue;
    const better = best === undefined || (goal === "minimize" ? one.mean < best.mean! : one.mean > best.mean!);
    if (better) best = one;
  }
  return best;
}

/** What a choice by the truth would have given, over the settings that are complete. */
function regretOf(
  chosen: SweptSetting,
  settings: readonly SweptSetting[],
  byId: ReadonlyMap<string, SweptTrial>,
  groups: readonly (readonly SweepTrial[])[],
): Regret | undefined {
  const name = "mcc";
  const known = settings.flatMap((one, place) => {
    if (one.mean === null) return [];
    const { mean } = moments(groups[place]!.map(({ id }) => valueIn(byId.get(id)!.values, name) ?? Number.NaN));
    return mean === null || !Number.isFinite(mean) ? [] : [{ setting: one.setting, mean }];
  });
  const own = known.find(({ setting }) => setting === chosen.setting);
  if (own === undefined || METRICS[name]!.goal !== "maximize") return undefined;
  // Beside nothing else any choice is the best.
  if (known.length < 2) return undefined;
  const best = known.reduce((a, b) => (b.mean > a.mean ? b : a));
  return {
    name,
    chosen: own.mean,
    best: best.mean,
    regret: best.mean - own.mean,
    bestSetting: best.setting,
    of: known.length,
  };
}

/** Mean agreement over the pairs of the lowest seeds of a setting; nothing for fewer than two finished ones. */
async function agreementIn(
  dir: string,
  group: readonly SweepTrial[],
  byId: ReadonlyMap<string, SweptTrial>,
): Promise<number | null | undefined> {
  const done = group.filter(({ id }) => byId.get(id)!.state === "done");
  if (done.length < 2) return undefined;
  const kept: (KeptLatents & { readonly seed: number })[] = [];
  for (const { id, seed } of done.toSorted((a, b) => a.seed - b.seed).slice(0, MOST_RUNS)) {
    const { latents, rows } = await readRunFolder(trialFolder(dir, id));
    kept.push({ latents, rows, seed });
  }
  const pairs = kept.flatMap((a, i) => kept.slice(i + 1).map((b) => [a, b] as const));
  return (await agreementOf(pairs)).mean;
}
