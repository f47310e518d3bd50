import type { Calibration, CalibrationScores, CausalGraph, Scores, Silence, TaskRoles } from "../generated/types.js";
import { edgesOf } from "../graph-text.js";
import type { RunRecord } from "../record.js";
import { causesOf, restartsOf } from "./causes.js";
import { realChanges } from "./charts/tree.js";
import { finite, rounded } from "./format.js";
import { measured, overallError, relativeError, spread } from "./measures.js";
import type { ReportModel } from "./model.js";
import { endedWell } from "./studies.js";

/** The report as data: what the page says, with numbers rounded to four significant digits. */
export function json(model: ReportModel): string {
  const document = {
    format: 1,
    title: model.title,
    version: model.version,
    studies: model.studies.map(({ study, title, verdict, remarks, agreement, agreements }) => ({
      title,
      dataset: study.name,
      target: study.target ?? null,
      fingerprints: study.fingerprints,
      verdict,
      remarks,
      methods: study.methods.map((group) => ({
        label: group.label,
        method: group.method,
        runs: group.runs.length,
        failed: group.failed.length,
        measures: Object.fromEntries(
          measured([group]).map((measure) => {
            const { mean, sd, values, reasons } = spread(measure, group.runs)!;
            return [measure.id, { mean: rounded(mean), sd: rounded(sd), count: values.length, reasons }];
          }),
        ),
      })),
      agreement: agreement ?? null,
      agreements: agreements.map(({ label, agreement: { pairs, mean, weak } }) => ({
        label,
        pairs: pairs.length,
        mean: rounded(mean),
        weak: rounded(weak),
      })),
      runs: study.runs.map(runSummary),
    })),
  };
  return `${JSON.stringify(document, (_, value) => (typeof value === "number" ? finite(value) : value), 2)}\n`;
}

function runSummary(run: RunRecord) {
  const { manifest, summary, scores } = run;
  const error = overallError(run);
  return {
    runId: manifest.runId,
    method: manifest.method,
    version: manifest.version,
    seed: manifest.seed,
    outcome: manifest.outcome,
    result: endedWell(run),
    steps: manifest.steps,
    command: manifest.command,
    versions: manifest.versions,
    fingerprint: manifest.dataset.fingerprint,
    config: run.config,
    latents: {
      names: summary.latents.names,
      mean: summary.latents.mean.map((value) => rounded(value)),
      sd: summary.latents.sd.map((value) => rounded(value)),
    },
    conditioned: summary.conditioned,
    error: error && {
      split: error.split,
      rows: error.rows,
      mse: rounded(error.mse),
      meanMse: rounded(error.meanMse),
      relative: rounded(relativeError(error).value),
    },
    changes: summary.tree && realChanges(summary.tree).length,
    tasks: summary.tasks && taskSummary(run, summary.tasks),
    silence: summary.silence && silenceSummary(run, summary.silence),
    graph: summary.graph && graphSummary(summary.graph),
    reconstruction: summary.reconstruction?.map(({ split, rows, mse, explained }) => ({
      split,
      rows,
      mse: rounded(mse),
      explained: rounded(explained),
    })),
    scores: scores && scoreSummary(scores),
    assumptions: summary.assumptions,
    warnings: summary.warnings,
  };
}

/** The causes of every task, and how far the starts behind them agree. */
function taskSummary(run: RunRecord, tasks: TaskRoles) {
  const restarts = restartsOf(run.summary);
  return {
    causes: causesOf(tasks).map(({ name, rows, causes, explained, explainedTest }, t) => ({
      task: name,
      rows,
      causes: causes.map(({ latent, weight, certain }) => ({
        latent: run.summary.latents.names[latent],
        weight: rounded(weight),
        probability: rounded(tasks.probabilities[t]?.[latent]),
        certain,
      })),
      explained: rounded(explained),
      explainedTest: rounded(explainedTest),
    })),
    restarts: restarts && {
      starts: restarts.likelihoods.length,
      best: rounded(restarts.best),
      agreement: restarts.agreement,
    },
  };
}

/** When each latent is silent, and which of them are together. */
function silenceSummary({ silence: digest }: RunRecord, { latents }: Silence) {
  return {
    latents: latents.map(({ name, value, threshold, share, certainty }) => ({
      name,
      value: rounded(value),
      threshold: rounded(threshold),
      share: rounded(share),
      certainty: rounded(certainty),
    })),
    patterns: digest && { different: digest.different, most: digest.most },
  };
}

/** The edges by the names of the latents. */
function graphSummary(graph: CausalGraph) {
  const { names, order, cyclic, basis } = graph;
  return {
    edges: edgesOf(graph).map(({ from, to, weight, certainty, ...rest }) => ({
      from: names[from],
      to: names[to],
      ...rest,
      weight: rounded(weight),
      ...(certainty !== undefined && { certainty: rounded(certainty) }),
    })),
    ...(order !== undefined && { order: order.map((place) => names[place]) }),
    ...(cyclic && { cyclic }),
    basis,
  };
}

function scoreSummary(scores: Scores) {
  const { rows, truth, latents, mcc, mccSpearman, mccTask, mccWeak, r2, oracle, changes, indicators, ate } = scores;
  const undefinedness = (reason: string | undefined) => (reason === undefined ? {} : { reason });
  const nulls = Object.fromEntries(
    (["unrelated", "rotation", "linear"] as const).map((kind) => {
      const found = mcc.nulls[kind];
      return [
        kind,
        found && { mean: rounded(found.mean), sd: rounded(found.sd), q95: rounded(found.q95), draws: found.draws },
      ];
    }),
  );
  return {
    rows,
    truth,
    latents,
    mcc: {
      value: rounded(mcc.value),
      ...undefinedness(mcc.reason),
      perLatent: mcc.perLatent.map((value) => rounded(value)),
      matching: mcc.matching,
      interval: mcc.interval?.map((value) => rounded(value)) ?? null,
      outOfSample: rounded(mcc.outOfSample),
      nulls,
    },
    mccUnrotated: scores.mccUnrotated && { value: rounded(scores.mccUnrotated.value) },
    mccSpearman: { value: rounded(mccSpearman.value), ...undefinedness(mccSpearman.reason) },
    mccTask: mccTask && {
      value: rounded(mccTask.value),
      ...undefinedness(mccTask.reason),
      unrelated: rounded(mccTask.unrelated),
      tasks: mccTask.perTask.length,
      leftOut: mccTask.leftOut,
    },
    mccWeak: mccWeak && { value: rounded(mccWeak.value), ...undefinedness(mccWeak.reason) },
    r2: { value: rounded(r2.value), ...undefinedness(r2.reason) },
    oracle: oracle && rounded(oracle.value),
    changes: changes && {
      ...changes,
      f1: rounded(changes.f1),
      precision: rounded(changes.precision),
      recall: rounded(changes.recall),
    },
    indicators: indicators && {
      ...indicators,
      exact: rounded(indicators.exact),
      accuracy: rounded(indicators.accuracy),
      precision: rounded(indicators.precision),
      recall: rounded(indicators.recall),
    },
    silence: scores.silence && {
      ...scores.silence,
      f1: rounded(scores.silence.f1),
      precision: rounded(scores.silence.precision),
      recall: rounded(scores.silence.recall),
      f1OfAll: rounded(scores.silence.f1OfAll),
    },
    blocks: scores.blocks && {
      value: rounded(scores.blocks.value),
      ...undefinedness(scores.blocks.reason),
      leakage: rounded(scores.blocks.leakage),
      dependence: rounded(scores.blocks.dependence),
      blocks: scores.blocks.blocks.map((block) => ({
        truth: block.truth.map((i) => truth[i]),
        latents: block.latents.map((j) => latents[j]),
        r2: rounded(block.r2),
        leakage: rounded(block.leakage),
        dependence: rounded(block.dependence),
      })),
    },
    ate: ate && { value: rounded(ate.value), ...undefinedness(ate.reason) },
    methodGraph: scores.methodGraph,
    calibration: scores.calibration && calibrationJson(scores.calibration),
  };
}

function calibrationJson({ value, reason, ...kinds }: CalibrationScores) {
  const kind = (of: Calibration | undefined) =>
    of && {
      error: rounded(of.error),
      byChance: rounded(of.byChance),
      brier: rounded(of.brier),
      brierOfShare: rounded(of.brierOfShare),
      entries: of.entries,
      bins: of.bins.map(({ probability, share, ...bin }) => ({
        ...bin,
        probability: rounded(probability),
        share: rounded(share),
      })),
    };
  return {
    value: rounded(value),
    ...(reason !== undefined && { reason }),
    silence: kind(kinds.silence),
    causes: kind(kinds.causes),
    edges: kind(kinds.edges),
  };
}
