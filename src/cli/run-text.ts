// What a fit says to people: first what it takes, then what came of it.
import { join } from "node:path";
import { quoted } from "../command-line.js";
import { shapeText } from "../data/views.js";
import type { Scores, Summary } from "../generated/types.js";
import { edgesOf, edgeText, leftOutOf } from "../graph-text.js";
import type { DatasetCard } from "../record.js";
import { causesOf, countsOf, restartsOf } from "../report/causes.js";
import { conditionedText } from "../report/conditioned.js";
import type { Run } from "../results.js";
import type { Plan } from "../train.js";
import { columns, duration, number, type Style } from "./terminal.js";

// Longer lists stand in the run folder.
const SHOWN = 5;

const ENDS: Readonly<Record<Exclude<Run["manifest"]["outcome"]["kind"], "rising">, string>> = {
  converged: "converged",
  "step-limit": "reached its step limit",
  "early-stop": "stopped when the validation error rose",
  diverged: "diverged",
  "non-finite": "met numbers that are not finite",
  cancelled: "was stopped",
};

/** One line on the data and the roles they are taken for, then what the ingestion decided by itself. */
export function dataText({ card, dataset }: Plan): string {
  const { environment } = dataset.labels;
  const nodes = dataset.tree?.names.length;
  const { notes = [] } = card.provenance as { readonly notes?: readonly string[] };
  const parts = [
    `${card.name}: ${counted(card.rows, "row")}`,
    card.views === undefined
      ? `${counted(card.columns, "input")} (${listed(card.inputs)})`
      : `${counted(card.views.length, "view")}: ${card.views.map(viewText).join(", ")}`,
    ...(environment === undefined
      ? []
      : [`${counted(card.environments?.length ?? 0, "environment")} in ${environment.column}`]),
    ...(card.tasks === undefined
      ? []
      : [`${counted(card.tasks.length, "task")} (${listed(card.tasks.map(({ name }) => name))})`]),
    ...(card.target === undefined || card.targets !== undefined ? [] : [`target ${card.target}`]),
    ...(nodes === undefined ? [] : [`a tree of ${counted(nodes, "node")}`]),
  ];
  return [parts.join(", "), ...notes.map((text) => `  ${text}`)].join("\n");
}

function viewText({ name, columns, image }: NonNullable<DatasetCard["views"]>[number]): string {
  return `${name} (${image === undefined ? counted(columns, "column") : `images of ${shapeText(image)}`})`;
}

/** How a fit ended, its error beside that of the simplest guess, its scores, and where to go from here. */
export function resultText(
  run: Run,
  scores: Scores | undefined,
  dir: string,
  hasReport: boolean,
  style: Style,
): string {
  const { manifest, summary } = run;
  const next =
    scores === undefined
      ? `disentangle transform ${quoted(dir)} --data FILE --out latents.npy`
      : `disentangle score ${quoted(dir)}`;
  return [
    `${style.strong(manifest.method)} ${endText(manifest)}, ${duration(manifest.elapsedMs)}`,
    columns([
      ...errorRows(summary),
      ["latents", latentsText(summary)],
      ...reconstructionRows(summary),
      ...(summary.conditioned === undefined ? [] : [["conditioned on", conditionedText(summary.conditioned)]]),
      ...taskRows(summary),
      ...graphRows(summary),
      ...identificationRows(summary),
      ...(scores === undefined ? [] : scoreRows(scores)),
    ]),
    "",
    `Run folder: ${dir}`,
    ...(hasReport ? [`Report: ${join(dir, "report.html")}`] : []),
    `Next: ${style.strong(next)}`,
  ].join("\n");
}

/** How it ended and after how many gradient steps; a method that is solved takes none. */
function endText({ outcome: { kind, term }, steps }: Run["manifest"]): string {
  if (kind === "rising") return `took ${steps} steps, validation loss lowest at ${term}`;
  const end = `${ENDS[kind]}${term === undefined ? "" : ` (${term})`}`;
  if (steps > 0) return `${end} after ${steps} steps`;
  if (kind === "converged") return "solved";
  return kind === "step-limit" && term === undefined ? "reached its limit of iterations" : end;
}

/** Where the model predicts no better than the mean of the target does, its latents explain nothing. */
export function isUseless(summary: Summary): boolean {
  const row = judging(summary);
  return row !== undefined && row.mse >= row.meanMse;
}

function latentsText({ latents, choices }: Summary): string {
  const choice = choices.find(({ parameter }) => parameter === "latentDim");
  const tried = choice?.curve.map(({ value }) => value) ?? [];
  if (tried.length < 2) return String(latents.names.length);
  const range = `${Math.min(...tried)} to ${Math.max(...tried)}`;
  const by = choice!.rule.includes("validation error") ? "the error on validation rows" : "the noise of the inputs";
  return `${latents.names.length}, chosen among ${range} by ${by}`;
}

/** How much of the inputs the latents hold, where they can be decoded. */
function reconstructionRows({ reconstruction }: Summary): string[][] {
  const row = reconstruction?.find(({ split }) => split === "test") ?? reconstruction?.at(-1);
  const explained = row?.explained;
  if (typeof explained !== "number") return [];
  return [[`inputs decoded again (${row!.split} rows)`, `${number(100 * explained)} % of their variance`]];
}

/** The edges that the method found between its latents, and how sure they are where it says so. */
function graphRows({ graph }: Summary): string[][] {
  if (graph === undefined) return [];
  const edges = edgesOf(graph).map((edge) =>
    edge.certainty === undefined
      ? edgeText(edge, graph.names)
      : `${edgeText(edge, graph.names)} (certainty ${edge.certainty.toFixed(2)})`,
  );
  const leftOut = leftOutOf(graph).map((edge) => edgeText(edge, graph.names));
  return [
    ["causal graph", edges.length === 0 ? "no edges" : listed(edges)],
    ...(leftOut.length === 0 ? [] : [["  left out, not decided", listed(leftOut)]]),
  ];
}

/** Which latents nothing speaks against, where the method checks it; the warnings say why the others are not among them. */
function identificationRows({ identification = [] }: Summary): string[][] {
  if (identification.length === 0) return [];
  const of = (...states: readonly string[]): string =>
    listed(identification.filter(({ status }) => states.includes(status)).map(({ latent }) => latent));
  const parts = [of("ok") || "none", `not ${of("violated", "warning")}`, `${of("unknown")} not checked`];
  return [["identified", parts.filter((part, i) => i === 0 || part !== ["", "not ", " not checked"][i]).join("; ")]];
}

/** What causes the tasks, and how far the search for it can be trusted. */
function taskRows(summary: Summary): string[][] {
  const { tasks, facts } = summary;
  if (tasks === undefined) return [];
  const all = causesOf(tasks);
  const { causes, certain } = countsOf(all);
  const named = all.slice(0, SHOWN).map(({ name, causes }): string[] => {
    const words = causes.map((cause) => `${summary.latents.names[cause.latent]}${cause.certain ? "" : "?"}`);
    return [`  ${name}`, words.join(", ") || "none"];
  });
  const rank = facts.find(({ id }) => id === "effectiveRank")?.value;
  const agreement = restartsOf(summary)?.agreement;
  const { length: starts } = tasks.objectives;
  return [
    ["causes", `${causes} in ${counted(all.length, "task")}, ${certain} of them certain`],
    ...named,
    ...(all.length > SHOWN ? [["  ...", ""]] : []),
    ...(typeof rank === "number" ? [["rank of the representation", number(rank)]] : []),
    ...(starts > 1 && typeof agreement === "number"
      ? [["restarts that agree", `${Math.round(agreement * starts)} of ${starts}`]]
      : []),
  ];
}

function scoreRows({ mcc, mccTask, r2, kernelR2, indicators }: Scores): string[][] {
  return [
    ["MCC", number(mcc.value)],
    ["  unrelated latents", number(mcc.nulls.unrelated?.mean)],
    ...(mccTask === undefined ? [] : [["MCC, each task on its own", number(mccTask.value)]]),
    ["R2", number(r2.value)],
    ...(kernelR2 === undefined ? [] : [["R2 of kernel ridge, out of sample", number(kernelR2.outOfSample)]]),
    ...(indicators === undefined ? [] : [["tasks with the exact set of causes", number(indicators.exact)]]),
  ];
}

function errorRows(summary: Summary): (string | number)[][] {
  const row = judging(summary);
  if (row === undefined) return [];
  return [
    [`mean squared error (${row.split} rows)`, number(row.mse)],
    ["  of the mean predictor", number(row.meanMse)],
  ];
}

function judging({ errors }: Summary): Summary["errors"][number] | undefined {
  const all = errors.filter((row) => row.environment === undefined);
  return all.find(({ split }) => split === "test") ?? all.at(-1);
}

function listed(names: readonly string[]): string {
  return names.slice(0, SHOWN).join(", ") + (names.length > SHOWN ? ", ..." : "");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
