import type { History, Outcome, Scores, Summary } from "./generated/types.js";

/** Everything a run folder says about one run, as plain data. Reports are made from these and from nothing else. */
export interface RunRecord {
  /** Folder the record was read from. Absent for a run that was never saved. Never shown in a report. */
  readonly dir?: string;
  /** The complete canonical configuration, every default written out. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly manifest: Manifest;
  readonly history: History;
  readonly summary: Summary;
  /** Present once the run was scored against a truth. */
  readonly scores?: Scores;
  /** Present where the method looks for silence and the latents are at hand. */
  readonly silence?: SilenceDigest;
}

/** What was run, on what, and how to run it again. */
export interface Manifest {
  /** Version of the folder's format. */
  readonly format: 1;
  /** Hash of the canonical configuration, the data's fingerprint and the version of the package. */
  readonly runId: string;
  readonly method: string;
  /** Version of the package that ran it. */
  readonly version: string;
  readonly seed: number;
  readonly outcome: Outcome;
  /** Training steps over all stages. */
  readonly steps: number;
  readonly dataset: DatasetCard;
  /** The command that replays the run. */
  readonly command: string;
  /** Versions of what took part, by name: addon, Node, platform. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What is worth knowing of a data set once its numbers are gone. */
export interface DatasetCard {
  readonly name: string;
  /** Hash of the content: equal fingerprints are equal data. */
  readonly fingerprint: string;
  readonly rows: number;
  readonly columns: number;
  /** Names of the inputs; pixels have none. */
  readonly inputs: readonly string[];
  /** The modalities and images; absent where the data are one table. */
  readonly views?: readonly {
    readonly name: string;
    readonly columns: number;
    readonly image?: { readonly channels: number; readonly height: number; readonly width: number };
  }[];
  /** The target; of several the first. */
  readonly target?: string;
  /** All targets, where there are several. */
  readonly targets?: readonly string[];
  /** The tasks, with the rows that have their target. */
  readonly tasks?: readonly { readonly name: string; readonly rows: number }[];
  readonly environments?: readonly { readonly name: string; readonly rows: number }[];
  /** Where the data came from and what was done to them. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** What a report draws of latents that are silent in part of the rows: counted over all kept rows. */
export interface SilenceDigest {
  /** Rows that were counted. */
  readonly rows: number;
  /** Different patterns among them. */
  readonly different: number;
  /** The most frequent patterns: one character per latent, `1` where it is silent. */
  readonly most: readonly { readonly pattern: string; readonly rows: number }[];
  /** Patterns of rows taken evenly from all, in order of the data set. */
  readonly sample: readonly string[];
  /** Values of each latent, without the most extreme. */
  readonly histograms: readonly SilenceHistogram[];
}

/** Counts in bars of one width. */
export interface SilenceHistogram {
  /** Where the first bar begins, in units of the latent. */
  readonly from: number;
  readonly width: number;
  readonly counts: readonly number[];
}

/** A matrix as results hold it: row-major data, its shape, one name per column. */
export interface NamedArray {
  readonly data: Float32Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly columns: readonly string[];
  /** Identifiers of the rows: of new rows (`model.transform`), where their data have them. */
  readonly rowIds?: readonly string[];
}
