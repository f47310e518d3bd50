import {
  checkOptions,
  checkParts,
  type Kind,
  type Kinds,
  LIST,
  listOf,
  NUMBER,
  OBJECT,
  orNull,
  TEXT,
} from "../arguments.js";
import type { NullScore } from "../generated/types.js";

/** What a report says beside the records. */
export interface ReportOptions {
  /** Heading of the report. Default: named after the data set, or "Hidden causes" when there are several. */
  readonly title?: string;
  /** Plain text under the heading, for what only the author knows. Default: none. */
  readonly introduction?: string;
  /** The method the report is about; the others are what it is compared with. Default: the method of the first record. */
  readonly method?: string;
  /** Plain text under the verdict of one data set, by the data set's name. Default: none. */
  readonly remarks?: readonly Remark[];
  /** How far runs agree with each other. Default: compared, where the latents of runs that differ only in their seed are at hand. */
  readonly agreement?: Agreement | readonly Agreement[];
}

/** A remark on one data set. */
export interface Remark {
  /** `manifest.dataset.name`. */
  readonly dataset: string;
  /** `manifest.dataset.target`. Default: every target of that data set. */
  readonly target?: string;
  readonly text: string;
}

/** Scores between runs of one method that differ only in their seed. */
export interface Agreement {
  /** `manifest.dataset.name`. Default: every data set of the report. */
  readonly dataset?: string;
  /** `manifest.dataset.target`. Default: every target of that data set. */
  readonly target?: string;
  /** Default: the method the report is about. */
  readonly method?: string;
  /** Scores of each pair of runs; `a` and `b` name them, for example "seed 0". */
  readonly pairs: readonly AgreementPair[];
  /** Mean MCC over the pairs; null where one of them is not defined. */
  readonly mean: number | null;
  /** Standard deviation of the MCC over the pairs. */
  readonly sd: number | null;
  /** Mean weak MCC over the pairs. Default: not known. */
  readonly weak?: number | null;
  /** The same score between latents that have nothing to do with each other. */
  readonly null: NullScore | null;
}

/** How far two runs agree. */
export interface AgreementPair {
  readonly a: string;
  readonly b: string;
  /** MCC of single latents: the strong one. Null where one is constant. */
  readonly mcc: number | null;
  /** MCC after the best linear maps of both sides (CCA). Default: not known. */
  readonly weak?: number | null;
}

const OPTIONS: Kinds<ReportOptions> = {
  title: TEXT,
  introduction: TEXT,
  method: TEXT,
  remarks: listOf(OBJECT, "an array of remarks"),
  agreement: orNull({
    expected: "an agreement, or an array of these",
    is: (value) => OBJECT.is(value) || LIST.is(value),
  }),
};
const NUMBER_OR_NULL: Kind = orNull({ ...NUMBER, expected: "a number or null" });

/**
 * Refuses options that a report cannot be drawn with.
 *
 * @throws `CONFIG_UNKNOWN_KEY`, `CONFIG_WRONG_TYPE`, `CONFIG_MISSING`, or `CONFIG_INVALID` with several of them
 */
export function checkReportOptions(options: ReportOptions): void {
  checkOptions<ReportOptions>(options, OPTIONS);
  const { remarks = [], agreement } = options;
  for (const [i, remark] of remarks.entries())
    checkParts(`remarks[${i}]`, remark, { dataset: TEXT, text: TEXT }, "for example { dataset, text }", {
      target: TEXT,
    });
  const pairs = "agreements between runs are { pairs, mean, sd, null }; without them `report` compares the runs itself";
  for (const [i, one] of [agreement ?? []].flat().entries()) {
    const path = LIST.is(agreement) ? `agreement[${i}]` : "agreement";
    const required = { pairs: LIST, mean: NUMBER_OR_NULL, sd: NUMBER_OR_NULL, null: orNull(OBJECT) };
    checkParts(path, one, required, pairs, { dataset: TEXT, target: TEXT, method: TEXT });
    for (const [j, pair] of one.pairs.entries())
      checkParts(`${path}.pairs[${j}]`, pair, { a: TEXT, b: TEXT, mcc: NUMBER_OR_NULL }, pairs);
  }
}
