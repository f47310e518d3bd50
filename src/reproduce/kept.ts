// What is kept of one fit of a study: plain JSON, and the latents where seeds are compared.
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Failure } from "../errors.js";
import { replaceFile, writeFileAtomic } from "../files.js";
import type { Outcome, Scores, Summary } from "../generated/types.js";
import { native } from "../native.js";
import type { NamedArray } from "../record.js";

/** What is left of a trial: measures read this and nothing else. */
export type Trial = FinishedTrial | FailedTrial;

/** A trial whose fit ended by itself, with finite numbers. */
export interface FinishedTrial extends TrialHead {
  readonly outcome: Outcome;
  readonly seconds: Seconds;
  readonly summary: Summary;
  /** Absent where no truth is known. */
  readonly scores?: Scores;
  /** Scores of the latents before the last closed-form stage, where a row asked for them; null without such a stage. */
  readonly before?: Scores | null;
  /** Scores of the latents of rows of another world, where a row asked for them. */
  readonly elsewhere?: Scores;
  /** Scores of parts of the held-out rows by name, where a row asked for them. */
  readonly within?: Readonly<Record<string, Scores>>;
  /** The same of the latents that the model gives these rows where it is told their environments. */
  readonly known?: Readonly<Record<string, Scores>>;
}

/** A trial without a result. */
export interface FailedTrial extends TrialHead {
  readonly error: Failure;
}

/** What every trial says about itself. */
export interface TrialHead {
  readonly format: 1;
  readonly id: string;
  readonly version: string;
  /** What was simulated, or the fingerprint of what was given. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Every default written out. */
  readonly config: Readonly<Record<string, unknown>>;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Where the time of a trial went. */
export interface Seconds {
  /** Simulating or reading the data, whatever else was fitted to them. */
  readonly data: number;
  readonly fit: number;
  /** Processor time of the fit on all threads; absent where it was gone on with. */
  readonly processor?: number;
}

/** What is asked of a fit that becomes a row of a table. */
export interface StudyTask {
  readonly id: string;
  readonly version: string;
  /** What was simulated, or the fingerprint of what was given. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Whether a row asks how the latents were before the last closed-form stage. */
  readonly before: boolean;
  /** The other world that a row asks about. */
  readonly elsewhere?: Readonly<Record<string, unknown>>;
  /** The parts of the held-out rows that a row asks about. */
  readonly within?: Readonly<Record<string, readonly string[]>>;
  /** Whether a row asks for the latents of these parts with their environments known. */
  readonly known?: true;
  /** Whether its latents are kept, to be compared with those of other seeds. */
  readonly latents: boolean;
}

const FILE = "trial.json";
const LATENTS = "latents.npy";

/** Writes what is kept of a trial; the JSON file comes last: where it is, all of the trial is. */
export async function putStudy(dir: string, trial: FinishedTrial, latents: NamedArray | undefined): Promise<void> {
  if (latents !== undefined) {
    await replaceFile(join(dir, LATENTS), (partial) =>
      native().npyWrite(partial, { shape: [...latents.shape], data: latents.data }),
    );
  }
  await writeFileAtomic(join(dir, FILE), `${JSON.stringify(trial)}\n`);
}

/** What was kept of a trial; nothing where the folder holds none that can be read. */
export async function readStudy(dir: string, id = idOf(dir)): Promise<FinishedTrial | undefined> {
  try {
    const trial = JSON.parse(await readFile(join(dir, FILE), "utf8")) as FinishedTrial;
    return trial?.format === 1 && trial.id === id ? trial : undefined;
  } catch {
    return undefined;
  }
}

/** The trial that a folder is called after: its place, or that of an attempt. */
function idOf(dir: string): string {
  return basename(dir).replace(/\.\d+$/, "");
}

/** Latents that were kept of a trial. */
export function latentsIn(dir: string): Pick<NamedArray, "data" | "shape"> {
  const { data, shape } = native().npyRead(join(dir, LATENTS));
  const [rows = 0, columns = 0] = shape;
  return { data, shape: [rows, columns] };
}
