// From a sweep to its trials: every setting with every seed, each with an identity made of all that decides its result.
import { createHash } from "node:crypto";
import { configKeys, type RunConfig, splitConfig, unknownKey } from "../config.js";
import { parseDataConfig } from "../data/config.js";
import { isPaths } from "../data/paths.js";
import { type DataPart, type Dataset, isDataset, readData } from "../dataset.js";
import { type DisentangleError, type Failure, failAll, failuresOf, isDisentangleError } from "../errors.js";
import { later, native } from "../native.js";
import { canonicalJson, runIdOf } from "../results.js";
import { throwIfAborted } from "../train.js";
import type { Assignment } from "./assignment.js";
import type { CheckedSweep } from "./config.js";
import type { Code, SweepPlan, SweepTrial } from "./planned.js";
import { type Setting, settingsOf } from "./space.js";

/** What computes here. */
export function codeHere(): Code {
  const { version, sources } = JSON.parse(native().doctor()) as Code;
  return { version, sources };
}

/** What planning needs from outside. */
export interface PlanContext {
  /** Writes a data set; gives the path of its folder. */
  readonly put: (dataset: Dataset, fingerprint: string) => Promise<string>;
  /** Whether all data sets are written, and not only those in memory. */
  readonly travels?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The trials of a sweep. Reads its data, each set once; computes nothing.
 *
 * @throws `CONFIG_*` with paths of the sweep (`parameters.steps`, `base.latentDim`), and what reading the data throws
 */
export async function planOf(sweep: CheckedSweep, context: PlanContext): Promise<SweepPlan> {
  const { signal } = context;
  const code = codeHere();
  const keys = await configKeys();
  const settings = settingsOf(sweep);
  const failures = new Map<string, Failure>();
  const checked = settings.map((params) => {
    const config = configOf(sweep, params);
    const parts = splitConfig(config, keys);
    const mistakes = [
      ...parts.unknown.map((name) => unknownKey(name, keys)),
      ...mistakesOf(() => isDataset(parts.data.data) || parseDataConfig(parts.data)).failures,
    ];
    const text = JSON.stringify({ ...parts.core, seed: sweep.seeds[0] });
    const core = mistakesOf(() => JSON.parse(native().checkConfig(text)) as Readonly<Record<string, unknown>>);
    mistakes.push(...core.failures);
    for (const one of mistakes) {
      const placed = placedIn(sweep, one);
      failures.set(`${placed.path} ${placed.message}`, placed);
    }
    return { params, config, data: parts.data as DataPart, core: core.value ?? {} };
  });
  failAll([...failures.values()].slice(0, MOST_FAILURES));
  const shelf = fingerprints(context);
  const trials: SweepTrial[] = [];
  const folders = new Map<string, string>();
  for (const [setting, { params, config, data, core }] of checked.entries()) {
    throwIfAborted(signal);
    const { path, folder, fingerprint, shown } = await shelf(data, core.oracle as readonly string[] | undefined);
    const { threads: _, ...numbers } = core;
    for (const seed of sweep.seeds) {
      const key = runIdOf({ ...numbers, seed }, shown, "").slice(0, 16);
      const id = trialId(String(core.method), key, code, seed);
      if (folder !== undefined) folders.set(id, folder);
      trials.push({
        id,
        key,
        setting,
        seed,
        params: withoutNumbers(params, path),
        method: String(core.method),
        config: { ...config, ...(path !== undefined && { data: path }), seed },
        data: fingerprint,
        ...(typeof core.steps === "number" && { steps: core.steps }),
      });
    }
  }
  return { trials, code, folders };
}

/** The name of a trial: a hash of all that decides its result. */
export function trialId(method: string, key: string, code: Code, seed: number): string {
  return `${method}-${digest({ key, code }).slice(0, 12)}-${seed}`;
}

/** Settings of one kind of mistake are one mistake; of many kinds the first are enough to begin with. */
const MOST_FAILURES = 20;

function digest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

function configOf({ base }: CheckedSweep, params: Setting): Record<string, unknown> {
  // Data in memory are not copied with the rest.
  const { data, ...rest } = base;
  const config = { ...structuredClone(rest), ...(data !== undefined && { data }) } as Record<string, unknown>;
  for (const [path, value] of Object.entries(params)) {
    const parts = path.split(".");
    let at = config;
    for (const part of parts.slice(0, -1)) {
      const inner = at[part];
      const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
      at[part] = next;
      at = next;
    }
    at[parts.at(-1)!] = value;
  }
  return config;
}

function mistakesOf<T>(check: () => T): { readonly value?: T; readonly failures: readonly Failure[] } {
  try {
    return { value: check(), failures: [] };
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    return { failures: failuresOf(error as DisentangleError) };
  }
}

/** A mistake of a fit's configuration, with its place in the sweep. */
function placedIn({ axes }: CheckedSweep, failure: Failure): Failure {
  const { path = "" } = failure;
  const axis = axes.find((one) => path === one.path || path.startsWith(`${one.path}.`));
  return { ...failure, path: axis === undefined ? `base${path === "" ? "" : `.${path}`}` : `parameters.${axis.path}` };
}

/** A data set in memory is named, not copied into every line. */
function withoutNumbers(params: Setting, path: string | undefined): Setting {
  return path === undefined || !("data" in params) ? params : { ...params, data: path };
}

interface Fingerprints {
  /** Where data in memory were put. */
  readonly path: string | undefined;
  /** Where the data set was written, if it was. */
  readonly folder: string | undefined;
  readonly fingerprint: string;
  /** With the truth that a method is shown. */
  readonly shown: string;
}

/** Reads each data set once, and keeps nothing of it but its fingerprints. */
function fingerprints({
  put,
  travels,
  signal,
}: PlanContext): (data: DataPart, oracle: readonly string[] | undefined) => Promise<Fingerprints> {
  const known = new Map<unknown, Map<string, Fingerprints>>();
  return async (data, oracle) => {
    const isNamed = data.data === undefined || isPaths(data.data);
    const place = isNamed ? canonicalJson(data) : data.data;
    const inner = known.get(place) ?? new Map<string, Fingerprints>();
    known.set(place, inner);
    const which = canonicalJson(oracle ?? []);
    const found = inner.get(which);
    if (found !== undefined) return found;
    throwIfAborted(signal);
    const dataset = await readData(data);
    const described = await descriptionOf(dataset, oracle);
    const { fingerprint, shown = fingerprint } = described;
    const folder = isNamed && travels !== true ? undefined : await putWhole(dataset, put);
    const made = { path: isNamed ? undefined : folder, folder, fingerprint, shown };
    inner.set(which, made);
    return made;
  };
}

/** Of two data sets that differ in their truth alone, each has a folder of its own. */
export async function putWhole(dataset: Dataset, put: PlanContext["put"]): Promise<string> {
  const { fingerprint, shown = fingerprint } = await descriptionOf(dataset, Object.keys(dataset.truth).sort());
  return put(dataset, shown);
}

async function descriptionOf(
  dataset: Dataset,
  shown: readonly string[] | undefined,
): Promise<{ readonly fingerprint: string; readonly shown?: string }> {
  return JSON.parse(await later().describe(dataset, shown)) as { fingerprint: string; shown?: string };
}

/** What a process is asked to do for a trial. */
export function assignmentOf(trial: SweepTrial, threads: number): Omit<Assignment, "dir"> {
  const { id, config, world, study } = trial;
  return {
    trial: id,
    config: config as unknown as RunConfig,
    ...(world !== undefined && { source: { world } }),
    ...(study !== undefined && { study }),
    // What the file says holds on all machines; else it is this machine's alone.
    ...(config.threads === undefined && { threads }),
  };
}
