// How far runs that differ only in their seed found the same latents: what can be said without any truth.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { NativeTable } from "./native.js";
import type { NamedArray, RunRecord } from "./record.js";
import { moments } from "./report/measures.js";
import type { Agreement } from "./report/options.js";
import { studiesOf } from "./report/studies.js";
import { readRunFolder } from "./results.js";
import { score } from "./score.js";

/** Latents of the kept rows of a run, and the places of these rows in the data set. */
export interface KeptLatents {
  readonly latents: NamedArray;
  readonly rows: Uint32Array;
}

/** Rows that two runs are compared on, at most: a correlation of .9 is then known to .004. */
const MOST_ROWS = 2000;
/** A correlation of fewer says nothing. */
const LEAST_ROWS = 3;
/** Runs of one method that are compared, at most: those of the lowest seeds. Their pairs grow as the square, and cost more than brief fits. */
export const MOST_RUNS = 8;

/**
 * Agreement of the runs of each method on the same data, over the rows that two runs share; nothing for methods of which
 * fewer than two runs have their latents at hand.
 *
 * @param latentsOf latents of a run; default: those in its run folder
 */
export async function agreementsOf(
  records: readonly RunRecord[],
  latentsOf: (record: RunRecord) => Promise<KeptLatents | undefined> = latentsInFolder,
): Promise<Agreement[]> {
  const found: Agreement[] = [];
  for (const { name, target, methods } of studiesOf(records)) {
    for (const { label, runs } of methods) {
      const pairs = await comparable(runs, latentsOf);
      if (pairs.length === 0) continue;
      found.push({
        dataset: name,
        ...(target !== undefined && { target }),
        method: label,
        ...(await agreementOf(pairs)),
      });
    }
  }
  return found;
}

/** Two runs of one method on the same data. */
export type ComparedRuns = readonly [a: Compared, b: Compared];
interface Compared extends KeptLatents {
  readonly seed: number;
}
type Tables = [NativeTable, NativeTable];

/** Agreement of pairs of runs. */
export async function agreementOf(
  pairs: readonly ComparedRuns[],
): Promise<Pick<Agreement, "pairs" | "mean" | "sd" | "weak" | "null">> {
  const scored = [];
  for (const [a, b] of pairs) {
    // The mean is over the smaller side's latents; the matching leaves those of the other over.
    const [z, estimate] = onSharedRows(a, b).sort((one, other) => one.values.cols - other.values.cols) as Tables;
    if (z.values.rows < LEAST_ROWS) continue;
    scored.push({ a: `seed ${a.seed}`, b: `seed ${b.seed}`, scores: await score(estimate, { z }) });
  }
  const strong = scored.map(({ scores }) => scores.mcc.value);
  const weak = scored.map(({ scores }) => scores.mccWeak.value);
  return {
    pairs: scored.map(({ a, b }, i) => ({ a, b, mcc: strong[i]!, weak: weak[i]! })),
    ...spread(strong),
    weak: spread(weak).mean,
    null: scored[0]?.scores.mcc.nulls.unrelated ?? null,
  };
}

/** Every pair among the runs of the lowest seeds whose latents are at hand and whose data are the same. */
async function comparable(
  runs: readonly RunRecord[],
  latentsOf: (record: RunRecord) => Promise<KeptLatents | undefined>,
): Promise<ComparedRuns[]> {
  const pairs: ComparedRuns[] = [];
  for (const fingerprint of new Set(runs.map(({ manifest }) => manifest.dataset.fingerprint))) {
    const group = runs.filter(({ manifest }) => manifest.dataset.fingerprint === fingerprint);
    // Runs of one seed are the same run again.
    const seeds = new Map(group.map((run) => [run.manifest.seed, run]));
    if (seeds.size < 2) continue;
    const kept: Compared[] = [];
    for (const [seed, run] of [...seeds].slice(0, MOST_RUNS)) {
      const latents = await latentsOf(run);
      if (latents !== undefined) kept.push({ ...latents, seed });
    }
    pairs.push(...kept.flatMap((a, i) => kept.slice(i + 1).map((b) => [a, b] as const)));
  }
  return pairs;
}

/** The latents in the folder of a run; nothing where it has none. */
export async function latentsInFolder({ dir }: RunRecord): Promise<KeptLatents | undefined> {
  return dir === undefined || !existsSync(join(dir, "latents.npy")) ? undefined : readRunFolder(dir);
}

/** The latents of both runs at the rows that both kept, evenly thinned where there are many. */
function onSharedRows(a: Compared, b: Compared): Tables {
  const placeInB = new Map([...b.rows].map((row, place) => [row, place]));
  const shared = [...a.rows].flatMap((row, place) => {
    const other = placeInB.get(row);
    return other === undefined ? [] : [[place, other] as const];
  });
  const stride = Math.max(1, shared.length / MOST_ROWS);
  const taken = Array.from({ length: Math.min(shared.length, MOST_ROWS) }, (_, i) => shared[Math.floor(i * stride)]!);
  return [
    selected(
      a.latents,
      taken.map(([place]) => place),
    ),
    selected(
      b.latents,
      taken.map(([, place]) => place),
    ),
  ];
}

function selected({ data, shape: [, cols], columns }: NamedArray, places: readonly number[]): NativeTable {
  const values = { data: new Float32Array(places.length * cols), rows: places.length, cols };
  for (const [i, place] of places.entries()) values.data.set(data.subarray(place * cols, (place + 1) * cols), i * cols);
  return { columns: [...columns], values };
}

/** Not defined as soon as one value is not. */
function spread(values: readonly (number | null)[]): { mean: number | null; sd: number | null } {
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? moments(known) : { mean: null, sd: null };
}
