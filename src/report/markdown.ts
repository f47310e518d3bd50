import type { CausalGraph, Loadings, Silence } from "../generated/types.js";
import { edgesOf, edgeText, TYPESET } from "../graph-text.js";
import { causesOf } from "./causes.js";
import { conditionedText } from "./conditioned.js";
import { count, deviation, NOT_DEFINED, percent, score, signed, significant } from "./format.js";
import { graphSentences } from "./graph-words.js";
import { visible } from "./markup.js";
import { measured, spread } from "./measures.js";
import type { ReportModel, StudyModel } from "./model.js";
import { statusWords } from "./sections/assumptions.js";
import { BIN_COLUMNS, binCells, curvesOf, notesOf, sentencesOf } from "./sections/calibration.js";
import { IDENTIFIED } from "./sections/findings.js";
import { largestShared, noiseShare } from "./sections/loadings.js";
import { warningsOf } from "./sections/warnings.js";
import { bySeed } from "./studies.js";
import { ended } from "./verdict.js";

/** The report as Markdown: the verdicts and the numbers, without the pictures. */
export function markdown(model: ReportModel): string {
  const single = model.studies.length === 1;
  const blocks = [
    `# ${inline(model.title)}`,
    ...(model.introduction === undefined ? [] : [inline(model.introduction)]),
    ...model.studies.flatMap((entry) => [
      ...(single ? [] : [`## ${inline(entry.title)}`]),
      ...study(entry, single ? "##" : "###"),
    ]),
    `${inline(model.version)}`,
  ];
  return `${blocks.join("\n\n")}\n`;
}

function study({ study, verdict, remarks, agreements }: StudyModel, heading: string): string[] {
  const { manifest, config, summary, scores } = study.focus;
  const seed = `seed ${manifest.seed}`;
  const measures = measured(study.methods);
  const section = (title: string, ...content: readonly string[]) => [`${heading} ${title}`, ...content];
  const methods = study.methods.map(({ label, runs, failed }) => [
    label,
    failed.length === 0 ? count(runs.length) : `${runs.length} of ${runs.length + failed.length}`,
    ...measures.map((measure) => {
      const found = spread(measure, runs);
      const text = measure.domain[1] === null ? significant : score;
      if (found === undefined) return "\u2013";
      if (found.mean === null) return `${NOT_DEFINED}: ${found.reasons.join("; ")}`;
      return found.sd === null
        ? text(found.mean)
        : `${text(found.mean)} \u00b1 ${measure.domain[1] === null ? significant(found.sd, 2) : deviation(found.sd)}`;
    }),
  ]);
  const warnings = warningsOf(study);
  const curves = curvesOf(study);
  return [
    `**${inline(verdict.headline)}.** ${inline(verdict.sentences.join(" "))}`,
    ...remarks.map(inline),
    ...section("Methods", table(["Method", "Runs", ...measures.map(({ label }) => label)], methods)),
    ...(summary.conditioned === undefined
      ? []
      : [inline(`The prior of the latents (${seed}) is conditioned on ${conditionedText(summary.conditioned)}.`)]),
    ...(summary.loadings === undefined ? [] : section(`Inputs by latent (${seed})`, loadingTable(summary.loadings))),
    ...(scores === undefined ? [] : section(`Latents (${seed})`, latentTable(scores))),
    ...(summary.identification === undefined
      ? []
      : section(
          `Identified latents (${seed})`,
          table(
            ["Latent", "Identified", "What decides"],
            summary.identification.map(({ latent, status, finding }) => [latent, IDENTIFIED[status], finding]),
          ),
        )),
    ...(summary.tasks === undefined ? [] : section(`Causes of each task (${seed})`, causeTable(summary))),
    ...(summary.graph === undefined
      ? []
      : section(
          `Causal graph (${seed})`,
          graphTable(summary.graph),
          ...graphSentences(summary.graph, scores).map(inline),
        )),
    ...(summary.silence === undefined ? [] : section(`Silent latents (${seed})`, silenceTable(summary.silence))),
    ...(agreements.length === 0
      ? []
      : section(
          "Agreement over seeds",
          table(
            ["Method", "Run", "Run", "MCC", "Weak MCC"],
            agreements.flatMap(({ label, agreement: { pairs, mean, weak } }) =>
              [...pairs, { a: "all", b: "mean", mcc: mean, ...(weak !== undefined && { weak }) }].map((pair) => [
                label,
                pair.a,
                pair.b,
                score(pair.mcc),
                pair.weak === undefined ? "\u2013" : score(pair.weak),
              ]),
            ),
          ),
        )),
    ...(curves.length === 0
      ? []
      : section(
          "Calibration",
          inline([...sentencesOf(curves), ...notesOf(study, curves)].join(" ")),
          table([...BIN_COLUMNS], binCells(curves)),
        )),
    ...(summary.assumptions.length === 0
      ? []
      : section(
          `Assumptions checked (${seed})`,
          table(
            ["Assumption", "Status", "Finding"],
            summary.assumptions.map(({ question, status, finding }) => [question, statusWords(status), finding]),
          ),
        )),
    ...(warnings.length === 0
      ? []
      : section(
          "Warnings",
          table(
            ["Code", "Message", "Runs"],
            warnings.map(({ code, message, hint, runs }) => [
              code,
              hint === undefined ? message : `${message} ${hint}`,
              runs.join(", "),
            ]),
          ),
        )),
    ...section(
      "Runs",
      table(
        ["Method", "Seed", "Steps", "Outcome", "Run", "Data"],
        study.methods.flatMap(({ label, runs, failed }) =>
          bySeed([...runs, ...failed]).map(({ manifest: run }) => [
            label,
            String(run.seed),
            count(run.steps),
            ended(run.outcome),
            run.runId,
            run.dataset.fingerprint,
          ]),
        ),
      ),
    ),
    ...section(
      "Run it again",
      fenced(manifest.command, "sh"),
      `Configuration of ${seed}:`,
      fenced(JSON.stringify(config, null, 2), "json"),
    ),
  ];
}

function loadingTable(loadings: Loadings): string {
  const { rows, columns, values } = loadings.values;
  return table(
    ["Input", ...columns, "Noise"],
    largestShared(loadings).map((j) => [
      rows[j]!,
      ...values[j]!.map((value) => significant(value)),
      percent(noiseShare(loadings, j)),
    ]),
  );
}

function latentTable({ truth, latents, mcc }: NonNullable<StudyModel["study"]["focus"]["scores"]>): string {
  const rows = truth.map((latent, i) => {
    const column = mcc.matching[i];
    return [
      latent,
      column === null || column === undefined ? NOT_DEFINED : (latents[column] ?? NOT_DEFINED),
      score(mcc.perLatent[i]),
    ];
  });
  return table(["True latent", "Match", "Absolute correlation"], rows);
}

function causeTable({ tasks, latents }: StudyModel["study"]["focus"]["summary"]): string {
  const rows = causesOf(tasks!).map(({ name, rows, causes, explained, explainedTest }) => [
    name,
    count(rows),
    causes
      .map(
        ({ latent, weight, certain }) =>
          `${latents.names[latent]}${weight === null ? "" : ` ${signed(weight)}`}${certain ? "" : "?"}`,
      )
      .join(", ") || "none",
    percent(explained),
    percent(explainedTest),
  ]);
  return table(["Task", "Training rows", "Causes", "Explained, training", "Explained, test"], rows);
}

function graphTable(graph: CausalGraph): string {
  const { names } = graph;
  const rows = edgesOf(graph).map((edge) => [
    edgeText(edge, names, TYPESET),
    edge.weight === undefined ? "\u2013" : signed(edge.weight),
    edge.certainty === undefined ? "\u2013" : percent(edge.certainty),
  ]);
  return rows.length === 0 ? "No edges." : table(["Edge", "Weight", "Certainty"], rows);
}

function silenceTable({ latents }: Silence): string {
  const rows = latents.map(({ name, value, threshold, share, certainty }) => [
    name,
    significant(value),
    significant(threshold),
    percent(share),
    score(certainty),
  ]);
  return table(["Latent", "Silent at", "Threshold", "Silent rows", "Certainty"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Text that stays text: on one line, and with every character that Markdown or HTML would read made harmless. */
export function inline(text: string): string {
  return visible(text)
    .replace(/\s+/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[\\`*_[\]|~#]/g, "\\$&");
}

/** A code block whose fence is longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, ticks) => Math.max(most, ticks.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
