// How much of a preset was run: of every experiment the seeds that are declared, and those that were run.
import type { Preset, Scale, Study } from "./preset.js";

/** The seeds of an experiment. */
export interface SeedsRun {
  readonly experiment: string;
  /** Those of the preset. */
  readonly declared: readonly number[];
  /** None where the experiment was not run. */
  readonly run: readonly number[];
}

/** The seeds of every experiment of a preset, in its order, where this study of it was run. */
export function seedsRun(preset: Preset, scale: Scale, { experiments }: Study): readonly SeedsRun[] {
  return preset.scales[scale].experiments.map(({ name, seeds }) => ({
    experiment: name,
    declared: seeds,
    run: experiments.find((one) => one.name === name)?.seeds ?? [],
  }));
}

/** What was run, in words, where that is not exactly what is declared: seeds beyond it could make up for one that misses a band. */
export function partOf(all: readonly SeedsRun[]): string | undefined {
  const ran = all.filter(({ run }) => run.length > 0);
  const groups = new Map<string, string[]>();
  for (const one of ran) {
    if (isWhole(one)) continue;
    const words = seedWords(one);
    groups.set(words, [...(groups.get(words) ?? []), `"${one.experiment}"`]);
  }
  const words = [
    ...(ran.length < all.length ? [`${ran.length} of ${all.length} experiments`] : []),
    ...[...groups].map(([seeds, names]) => (names.length === ran.length ? seeds : `${seeds} in ${names.join(", ")}`)),
  ];
  return words.length === 0 ? undefined : words.join("; ");
}

function isWhole({ declared, run }: SeedsRun): boolean {
  return run.length === declared.length && declared.every((seed) => run.includes(seed));
}

function seedWords({ declared, run }: SeedsRun): string {
  const among = run.every((seed) => declared.includes(seed));
  return `seeds ${seedList(run)} ${among ? "of" : "in place of"} ${seedList(declared)}`;
}

/** Seeds as people write them: `0 to 2, 11`; `none` of none. */
export function seedList(seeds: readonly number[]): string {
  const words: string[] = [];
  for (let from = 0, to = 0; from < seeds.length; from = to) {
    to = from + 1;
    while (to < seeds.length && seeds[to] === seeds[to - 1]! + 1) to++;
    if (to - from > 2) words.push(`${seeds[from]} to ${seeds[to - 1]}`);
    else words.push(...seeds.slice(from, to).map(String));
  }
  return words.length === 0 ? "none" : words.join(", ");
}
