import type { CausalGraph } from "../../generated/types.js";
import { edgesOf, edgeText, TYPESET } from "../../graph-text.js";
import { causalGraph } from "../charts/causal-graph.js";
import { themed } from "../charts/tree.js";
import type { SectionInput } from "../context.js";
import { drawingFigure, name, table } from "../figure.js";
import { percent, signed } from "../format.js";
import { graphSentences, READING } from "../graph-words.js";
import { type Html, html } from "../markup.js";
import { modalitiesOf } from "../modalities.js";
import { focusName, type Section } from "./section.js";

/** Up to this many latents the numbers behind the picture are a matrix; of more they are a list of edges. */
const MATRIX = 20;

/** The causal graph that the method found, how sure its edges are, and how it stands against the truth. */
export async function graphSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const { summary, scores, manifest } = study.focus;
  const { graph } = summary;
  if (graph === undefined) return undefined;
  const modalities = modalitiesOf(graph.names, manifest.dataset);
  const { graph: picture, titles } = causalGraph(graph, modalities);
  const figure = {
    id: `${study.id}-graph`,
    title: `Causes and effects (${focusName(input)})`,
    description:
      "An arrow leads from a cause to its effect, thicker for a larger weight. The label gives the weight" +
      `${graph.certainty === undefined ? "" : " and how sure the edge is; pale edges are less than 90 % sure"}. ` +
      `A line without a head has no direction, a dashed one may as well not be there.${modalities === undefined ? "" : " A frame holds the latents of one modality."}`,
    table: html`${graph.names.length <= MATRIX ? matrix(graph) : list(graph)}`,
  };
  return {
    id: "graph",
    title: "Which latent causes which",
    lead: graphSentences(graph, scores).join(" "),
    body: drawingFigure(figure, themed(pens.graph(picture, titles))),
  };
}

function matrix({ names, weights, certainty }: CausalGraph): Html {
  const columns = [{ label: "Cause" }, ...names.map((label) => ({ label, numeric: true as const }))];
  const rowsOf = (values: readonly (readonly number[])[], text: (value: number) => string) =>
    names.map((cause, i) => [name(cause), ...names.map((_, j) => text(values[i]![j]!))]);
  const weight = (value: number): string => (value === 0 ? "" : signed(value));
  return html`${table(`Weights. ${READING}`, columns, rowsOf(weights, weight))}${
    certainty !== undefined && table(`How sure each edge is. ${READING}`, columns, rowsOf(certainty, percent))
  }`;
}

function list(graph: CausalGraph): Html {
  const rows = edgesOf(graph).map((edge) => [
    name(edgeText(edge, graph.names, TYPESET)),
    edge.weight === undefined ? "\u2013" : signed(edge.weight),
    edge.certainty === undefined ? "\u2013" : percent(edge.certainty),
  ]);
  const numeric = ["Weight", "Certainty"].map((label) => ({ label, numeric: true as const }));
  const caption =
    "An arrow leads from cause to effect; a dash is an edge without a direction, a question mark one that the data do not decide.";
  return table(caption, [{ label: "Edge" }, ...numeric], rows);
}
