// What is said of a causal graph, in every form of a report.
import type { CausalGraph, Scores } from "../generated/types.js";
import { edgesOf, edgeText, leftOutOf, TYPESET } from "../graph-text.js";
import { counted, score } from "./format.js";

/** What the graph is, what it rests on, and how it stands against the truth. */
export function graphSentences(graph: CausalGraph, scores: Scores | undefined): string[] {
  const edges = edgesOf(graph);
  const open = edges.filter(({ directed }) => !directed).length;
  const undecided = edges.filter(({ undecided }) => undecided).length;
  const marked = [
    ...(open > 0 ? [`${open} without a direction`] : []),
    ...(undecided > 0 ? [`${undecided} not decided by the data`] : []),
  ].join(", ");
  const leftOut = leftOutOf(graph).map((edge) => edgeText(edge, graph.names, TYPESET));
  return [
    `${counted(edges.length, "edge")} between ${counted(graph.names.length, "latent")}${marked === "" ? "" : ` (${marked})`}.`,
    ...(leftOut.length > 0 ? [`Left out, though the data do not decide: ${leftOut.join(", ")}.`] : []),
    sentence(graph.basis),
    ...againstTruth(scores),
  ];
}

/** A row of the matrix of weights is the cause, a column the effect. */
export const READING = "Row: cause. Column: effect.";

function againstTruth(scores: Scores | undefined): string[] {
  const found = scores?.methodGraph;
  if (found === undefined) return [];
  const { shd, reason, comparedAs, classShd, shdOfEmpty, difference, betweenModalities: between } = found;
  if (shd === null || difference === undefined) {
    return [`Against the truth its distance is not defined: ${reason ?? "no reason was recorded"}.`];
  }
  const { missing, extra, reversed, reversal, skeleton, arrows } = difference;
  const pc = scores?.graph;
  const searched =
    pc === undefined
      ? ""
      : pc.shd === null
        ? ` PC on the latents gives no graph: ${pc.reason ?? "no reason was recorded"}.`
        : ` Compared as equivalence classes it is ${classShd}, that of PC on the latents ${pc.shd}.`;
  const apart =
    between === undefined
      ? ""
      : ` Between modalities alone: ${between.shd} (${between.missing} missing, ${between.extra} extra, ${between.reversed} reversed).`;
  const against = comparedAs === "dag" ? "the true graph" : "the equivalence class of the true graph";
  return [
    `Against ${against}: structural Hamming distance ${shd}, of a graph without edges ${shdOfEmpty} ` +
      `(${missing} missing, ${extra} extra, ${reversed} reversed at ${reversal === "one" ? 1 : 2} each); ` +
      `F1 ${score(skeleton.f1)} for edges, ${score(arrows.f1)} for directed edges.${apart}${searched}`,
  ];
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
