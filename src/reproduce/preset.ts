// A preset is plain data: what is simulated or read, what is fitted to it, and what the numbers must be.
import type { DataPart } from "../dataset.js";
import type { MethodOptions } from "../generated/methods.js";
import type { PrepareConfig } from "../prepare.js";
import type { SimulateConfig } from "../simulate.js";

/** How large: `tiny` takes seconds and shows that the machinery works, `paper` is the published grid. */
export type Scale = "tiny" | "paper";

/** A table or figure of a paper as data, at both scales. */
export interface Preset {
  /** `method/study`, as the command line takes it. */
  readonly name: string;
  /** The question, in one line. */
  readonly title: string;
  /** The table or figure that it repeats. */
  readonly repeats: string;
  /** The paper. */
  readonly paper: string;
  /** What a reader of the table has to know, such as what was chosen on which seeds. */
  readonly remark?: string;
  readonly scales: Readonly<Record<Scale, Study>>;
}

/** One scale of a preset. */
export interface Study {
  /** Rough seconds on two idle cores, one fit at a time. */
  readonly seconds: number;
  readonly experiments: readonly Experiment[];
}

/** One kind of data, what is fitted to it for each seed, and the rows of the table that come of it. */
export interface Experiment {
  /** For people, for example `S = 1`; unique within the study. */
  readonly name: string;
  readonly data: World | Given;
  /** Configurations of `fit` by the name that rows call them; data and seed are added. */
  readonly fits: Readonly<Record<string, FitConfig>>;
  /** Each is the seed of the world and of the fits to it. */
  readonly seeds: readonly number[];
  readonly rows: readonly Row[];
  /**
   * Parts of the held-out rows, by the environments in them: rows ask for `within:NAME.PATH`, scores of these rows alone, and for
   * `known:NAME.PATH`, the same of the latents that the model gives them where it is told their environments.
   */
  readonly within?: Readonly<Record<string, readonly string[]>>;
  /** Options by which the world differs whose rows the fitted models are tried on as well: rows ask for `elsewhere:PATH`. */
  readonly elsewhere?: Readonly<Record<string, unknown>>;
}

/** A simulator with its options, all but the seed. */
export type World = Seedless<SimulateConfig>;

/** Real data, which the caller of `reproduce` names; every seed is fitted to the same rows. */
export interface Given {
  /** What has to be given, for people. */
  readonly given: string;
  /** The roles of its columns, as `fit` takes them. */
  readonly roles?: Omit<DataPart, "data">;
  /** The known data set that is made from the file; data in memory are taken as they are. */
  readonly prepare?: Sourceless<PrepareConfig>;
}

/** A method with its options, all but the seed. */
export type FitConfig = Seedless<MethodOptions[keyof MethodOptions]>;

/** One row of the table: a measure of one of the fits, over the seeds. */
export interface Row {
  /** A key of `fits`. */
  readonly fit: string;
  /** Name of a measure, where it has one with its argument after a colon: `mcc`, `scores:changes.precision`. */
  readonly measure: string;
  /** Divides by the measure of another fit to the same data. */
  readonly over?: string;
  /** Divides by another measure: of the same fit, or of the one that `over` names. */
  readonly overMeasure?: string;
  /** Heading. Default: that of the measure. */
  readonly title?: string;
  readonly published?: Published;
  readonly band?: Band;
  /** The band that it had before, where that was changed after it had been missed. */
  readonly before?: EarlierBand;
}

/** What the paper reports. */
export interface Published {
  readonly mean?: number;
  /** Standard deviation. */
  readonly sd?: number;
  /** What is no number, or needs a word. */
  readonly note?: string;
}

/** Where a row must lie: bounds are part of the band. */
export interface Band {
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Whether every seed must lie in the band or only their mean. Default: `every`. */
  readonly on?: "every" | "mean";
}

/** A band that was changed after it had been missed, in this row or in others with it: the table shows what both give. */
export interface EarlierBand {
  readonly band: Band;
  /** What it gave in this row when it was still the band. */
  readonly verdict: "in band" | "outside";
  /** The day on which it was changed, ISO 8601. */
  readonly date: string;
  /** Why, in sentences. */
  readonly reason: string;
}

/** Each of several preparations, without the file that it is made from. */
export type Sourceless<T> = T extends unknown ? Omit<T, "source"> : never;

/** Each of several configurations, without its seed. */
export type Seedless<T> = T extends unknown ? Omit<T, "seed"> : never;
