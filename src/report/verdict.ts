import type { Mcc, Scores } from "../generated/types.js";
import type { RunRecord } from "../record.js";
import { causesOf, countsOf } from "./causes.js";
import { count, counted, deviation, finite, listed, percent, score, shortened, significant } from "./format.js";
import { MEASURES, moments, type Spread, spread } from "./measures.js";
import type { Agreement } from "./options.js";
import type { MethodRuns, Study } from "./studies.js";

/** How far a study got, from best to worst; `unknown` where there is no truth to compare with. */
export type Level = "good" | "partial" | "poor" | "unknown" | "failed";

/** What was found and how far it can be trusted, in plain words. */
export interface Verdict {
  readonly level: Level;
  /** One short sentence without its full stop. */
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** From this mean MCC on, with every run beyond chance, latents count as recovered. */
const RECOVERED = 0.9;

/** The verdict on a study. */
export function verdictOf(whole: Study, agreement: Agreement | undefined): Verdict {
  // Names from outside may be longer than a sentence bears.
  const labels = shortened(
    whole.methods.map(({ label }) => label),
    48,
  );
  const study = { ...whole, methods: whole.methods.map((method, i) => ({ ...method, label: labels[i]! })) };
  const main = study.methods[0]!;
  if (main.runs.length === 0) {
    return {
      level: "failed",
      headline: `No run of ${main.label} ended with a result`,
      sentences: failures(study),
    };
  }
  const mcc = spread(MEASURES[0]!, main.runs);
  const sentences = [
    ...(mcc === undefined ? withoutTruth(agreement) : recovery(main, mcc)),
    ...baselines(study),
    ...changes(study.focus),
    ...taskCauses(study.focus),
    ...prediction(study),
    ...failures(study),
    ...assumptions(study.focus),
  ];
  return { ...judged(study, main, mcc, agreement), sentences };
}

function judged(study: Study, main: MethodRuns, mcc: Spread | undefined, agreement: Agreement | undefined) {
  if (mcc === undefined) {
    const headline = agreement
      ? "No truth to score against: judged by agreement between seeds"
      : "No truth to score against";
    return { level: "unknown", headline } as const;
  }
  if (mcc.mean === null) return { level: "unknown", headline: "The score is not defined" } as const;
  const beyond = main.runs.filter((run) => isBeyondChance(run.scores?.mcc));
  const plural = (study.focus.scores?.truth.length ?? 2) === 1 ? "cause was" : "causes were";
  if (beyond.length === main.runs.length && mcc.mean >= RECOVERED)
    return { level: "good", headline: `The hidden ${plural} recovered` } as const;
  if (beyond.length * 2 > main.runs.length)
    return { level: "partial", headline: `The hidden ${plural} recovered in part` } as const;
  // Mixed latents carry what the causes carry without being them: a rotation of the truth scores as well.
  const related = main.runs.filter((run) => isBeyond(run.scores?.mcc, run.scores?.mcc.nulls.unrelated?.q95)).length;
  const mixed = related * 2 > main.runs.length && study.focus.scores?.mcc.nulls.rotation;
  const found = mixed ? "not told apart" : "not recovered";
  return { level: "poor", headline: `The hidden ${plural} ${found}` } as const;
}

/** The score that chance reaches in one of twenty draws: the larger of the two nulls that know nothing of the axes. */
export function chance(mcc: Mcc): number | null {
  const limits = [finite(mcc.nulls.unrelated?.q95), finite(mcc.nulls.rotation?.q95)].filter((q) => q !== null);
  return limits.length === 0 ? null : Math.max(...limits);
}

/** Whether even the lower end of the interval lies above what chance reaches. */
export function isBeyondChance(mcc: Mcc | undefined): boolean {
  return isBeyond(mcc, mcc && chance(mcc));
}

function isBeyond(mcc: Mcc | undefined, limit: number | null | undefined): boolean {
  const low = finite(mcc?.interval?.[0] ?? mcc?.value);
  const above = finite(limit);
  return low !== null && above !== null && low > above;
}

function recovery(main: MethodRuns, mcc: Spread): string[] {
  const scored = main.runs.find((run) => run.scores !== undefined)!;
  const { mcc: first, rows, oracle } = scored.scores!;
  if (mcc.mean === null) return [`The MCC of ${main.label} is not defined: ${mcc.reasons.join("; ")}.`];
  const seed = `seed ${scored.manifest.seed}`;
  const interval = first.interval && `${score(first.interval[0])} to ${score(first.interval[1])}`;
  const sample =
    first.intervalGroups === undefined
      ? counted(rows.count, "row")
      : `${first.intervalGroups} groups of ${counted(rows.count, "row")}`;
  const trust = [
    mcc.sd === null ? undefined : `sd ${deviation(mcc.sd)} over ${counted(mcc.values.length, "seed")}`,
    interval && `95\u00a0% interval ${interval} over ${sample}${mcc.sd === null ? "" : ` of ${seed}`}`,
  ].filter((part) => typeof part === "string");
  const sentences = [
    `On average a true latent correlates ${score(mcc.mean)} with its match in ${main.label}` +
      `${trust.length > 0 ? ` (${trust.join("; ")})` : ""}.`,
    ...nulls(main, first),
  ];
  if (mcc.reasons.length > 0) sentences.push(`In some runs the score is not defined: ${mcc.reasons.join("; ")}.`);
  const best = finite(oracle?.value);
  if (best !== null) sentences.push(`The best possible predictor would reach ${score(best)}.`);
  return sentences;
}

function nulls(main: MethodRuns, first: Mcc): string[] {
  const { unrelated, rotation } = first.nulls;
  const known = [
    unrelated && `unrelated latents reach ${score(unrelated.mean)} (95\u00a0% of draws below ${score(unrelated.q95)})`,
    rotation && `a random rotation of the truth ${score(rotation.mean)} (below ${score(rotation.q95)})`,
  ].filter((part) => typeof part === "string");
  if (known.length === 0) return ["No null was computed, so chance cannot be ruled out."];
  const all = main.runs.length;
  const beyond = main.runs.filter((run) => isBeyondChance(run.scores?.mcc)).length;
  const related = main.runs.filter((run) => isBeyond(run.scores?.mcc, run.scores?.mcc.nulls.unrelated?.q95)).length;
  const groups: readonly (readonly [number, string])[] =
    known.length === 2
      ? [
          [beyond, "beyond both"],
          [related - beyond, "beyond the first only"],
          [all - related, "beyond neither"],
        ]
      : [
          [beyond, "beyond that"],
          [all - beyond, "not beyond that"],
        ];
  const verdicts = groups.flatMap(([some, what]) => {
    if (some <= 0) return [];
    if (some < all) return [`${some} of ${all} runs ${some === 1 ? "is" : "are"} ${what}`];
    return [all === 1 ? `the score is ${what}` : `all ${all} runs are ${what}`];
  });
  const sentences = [`By chance, ${listed(known)}: ${listed(verdicts)}.`];
  if (known.length === 2 && related > beyond)
    sentences.push(
      "Beyond the first only means: the latents carry what the causes carry, but mixed, not one cause per latent.",
    );
  return sentences;
}

function withoutTruth(agreement: Agreement | undefined): string[] {
  const mean = finite(agreement?.mean);
  if (agreement === undefined || mean === null)
    return [
      "The true latents are not known here, so nothing in this report says whether the latents found are the causes.",
    ];
  const unrelated = finite(agreement.null?.q95);
  const against =
    unrelated === null ? "" : `; latents that have nothing to do with each other stay below ${score(unrelated)}`;
  const weak = finite(agreement.weak);
  const linear = weak === null ? "" : ` (${score(weak)} up to a linear map)`;
  return [
    `Runs that differ only in their seed agree with an MCC of ${score(mean)}${linear} on average over ${counted(agreement.pairs.length, "pair")}${against}.`,
    "Agreement shows that the result can be repeated, not that it is true.",
  ];
}

function baselines(study: Study): string[] {
  const others = study.methods.slice(1).flatMap(({ label, runs }) => {
    const mcc = spread(MEASURES[0]!, runs);
    if (mcc === undefined || mcc.mean === null) return [];
    return [`${label} scores ${score(mcc.mean)}${mcc.sd === null ? "" : ` (sd ${deviation(mcc.sd)})`}`];
  });
  return others.length === 0 ? [] : [`For comparison, ${listed(others)}.`];
}

function changes({ scores, manifest }: RunRecord): string[] {
  const found = scores?.changes;
  if (found === undefined) return [];
  if (finite(found.f1) === null)
    return [`The F1 of the changes on the tree is not defined: ${found.reason ?? "no reason was recorded"}.`];
  return [
    `Of the changes on the tree, seed ${manifest.seed} found ${found.truePositives}, missed ${found.falseNegatives} and reported ` +
      `${found.falsePositives} that ${found.falsePositives === 1 ? "is" : "are"} not there (F1 ${score(found.f1)}).`,
  ];
}

function taskCauses({ scores, summary, manifest }: RunRecord): string[] {
  if (summary.tasks === undefined || summary.tasks.names.length === 0) return [];
  const all = causesOf(summary.tasks);
  const { tasks, causes, certain } = countsOf(all);
  const seed = `seed ${manifest.seed}`;
  if (causes === 0) return [`In none of ${counted(tasks, "task")} does ${seed} call a latent a cause of the target.`];
  const share = moments(all.flatMap(({ explainedTest }) => explainedTest ?? [])).mean;
  const explained =
    share === null ? "" : `; on test rows they explain ${percent(share)} of the target's variance on average`;
  const called = `In ${counted(tasks, "task")} ${seed} calls ${counted(causes, "cause")}, ${percent(certain / causes)} of them with certainty${explained}.`;
  return [called, ...againstTrueCauses(scores?.indicators)];
}

function againstTrueCauses(found: Scores["indicators"]): string[] {
  if (found === undefined) return [];
  const exact = finite(found.exact);
  if (exact === null) return [`How many of them are true is not defined: ${found.reason ?? "no reason was recorded"}.`];
  const { truePositives, falseNegatives, falsePositives } = found;
  return [
    `It found ${count(truePositives)} true ones, missed ${count(falseNegatives)} and called ${count(falsePositives)} that ` +
      `${falsePositives === 1 ? "is" : "are"} none; ${percent(exact)} of the tasks have exactly the right causes.`,
  ];
}

function prediction(study: Study): string[] {
  const error = MEASURES.find((measure) => measure.id === "error")!;
  const named = study.methods.flatMap(({ label, runs }) => {
    const mean = spread(error, runs)?.mean ?? null;
    return mean === null ? [] : [{ label, mean }];
  });
  const main = named[0];
  if (main === undefined || main.label !== study.methods[0]!.label) return [];
  const others = named.slice(1).map(({ label, mean }) => `${percent(mean)} for ${label}`);
  const against = others.length === 0 ? "" : ` (${listed(others)})`;
  const held = `On rows kept out of training, the prediction error of ${main.label} is ${percent(main.mean)} of the mean predictor's${against}`;
  return [main.mean < 1 ? `${held}.` : `${held}: it predicts no better than the mean does.`];
}

function failures(study: Study): string[] {
  return study.methods.flatMap(({ label, runs, failed }) => {
    const sentences: string[] = [];
    if (failed.length > 0) {
      const each = failed.map(({ manifest }) => `seed ${manifest.seed} ${ended(manifest.outcome)}`);
      const total = runs.length + failed.length;
      sentences.push(`${failed.length} of ${counted(total, "run")} of ${label} gave no result: ${listed(each)}.`);
    }
    const limited = runs.filter(({ manifest }) => manifest.outcome.kind === "step-limit").length;
    if (limited > 0)
      sentences.push(`${counted(limited, "run")} of ${label} stopped at the step limit before converging.`);
    const risen = runs.filter(({ manifest }) => manifest.outcome.kind === "rising").length;
    if (risen > 0)
      sentences.push(
        `The validation loss of ${counted(risen, "run")} of ${label} rose before the last step: fewer steps would do.`,
      );
    return sentences;
  });
}

/** How a run ended, as the end of a sentence. */
export function ended({ kind, step, term }: RunRecord["manifest"]["outcome"]): string {
  const at = `at step ${significant(step)}`;
  const of = term === undefined ? "" : ` (${term})`;
  switch (kind) {
    case "converged":
      // Without a gradient step there was nothing but stages that are solved.
      return step === 0 ? "solved" : `converged ${at}`;
    case "step-limit":
      return step === 0 ? "stopped at its limit of iterations" : `stopped at its limit of ${counted(step, "step")}`;
    case "rising":
      return `took ${counted(step, "step")}, with the lowest validation loss at ${term}`;
    case "early-stop":
      return `stopped early ${at}`;
    case "diverged":
      return `diverged ${at}${of}`;
    case "non-finite":
      return `met a number that is not finite ${at}${of}`;
    case "cancelled":
      return `was cancelled ${at}`;
  }
}

function assumptions({ summary }: RunRecord): string[] {
  const violated = summary.assumptions.filter(({ status }) => status === "violated");
  const doubtful = summary.assumptions.filter(({ status }) => status === "warning");
  if (summary.assumptions.length === 0) return [];
  if (violated.length + doubtful.length === 0) {
    const unknown = summary.assumptions.filter(({ status }) => status === "unknown").length;
    return unknown === 0
      ? ["Every assumption that can be checked holds."]
      : [`${counted(unknown, "assumption")} could not be checked; the others hold.`];
  }
  const first = [...violated, ...doubtful][0]!;
  const tally = [
    violated.length > 0 && `${counted(violated.length, "assumption")} ${violated.length === 1 ? "is" : "are"} violated`,
    doubtful.length > 0 &&
      `${violated.length > 0 ? doubtful.length : counted(doubtful.length, "assumption")} ${doubtful.length === 1 ? "is" : "are"} in doubt`,
  ].filter((part) => typeof part === "string");
  return [`${listed(tally)}. ${first.question} ${first.finding}`];
}
