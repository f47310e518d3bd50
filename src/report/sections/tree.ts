import type { Scores } from "../../generated/types.js";
import { realChanges, themed, treeGraph } from "../charts/tree.js";
import type { SectionInput } from "../context.js";
import { drawingFigure, legend, name, table } from "../figure.js";
import { count, counted, finite, score, signed } from "../format.js";
import { type Html, html } from "../markup.js";
import { series } from "../theme.js";
import { focusName, type Section } from "./section.js";

/** The tree of environments with the real changes on its edges. */
export async function treeSection(input: SectionInput): Promise<Section | undefined> {
  const { study, pens } = input;
  const { tree, latents } = study.focus.summary;
  if (tree === undefined) return undefined;
  const changes = realChanges(tree);
  const edges = tree.parents.filter((parent) => parent >= 0).length;
  const observed = tree.parents.filter((parent, i) => parent >= 0 && tree.observed[i]).length;
  const changed = new Set(changes.map(({ node }) => node)).size;
  const used = latents.names.map((label, i) => ({ label, look: { color: series(i).color } }));
  const { graph, titles } = treeGraph(tree, latents.names);
  const figure = {
    id: `${study.id}-tree`,
    title: `Changes along the tree (${focusName(input)})`,
    description:
      "From the root on the left to the leaves. A colored edge carries changes that count as real, one line per latent, thicker for larger changes; " +
      "the label gives the latent and its change per standard deviation. Dashed edges cannot be observed. Gray names have no rows of their own.",
    legend: legend(used),
    table: changeTable(input),
  };
  return {
    id: "tree",
    title: "Where the effects change",
    lead:
      `${counted(changed, "edge")} of ${count(edges)} ${changed === 1 ? "carries" : "carry"} a real change` +
      `${observed < edges ? ` (${count(edges - observed)} cannot be observed)` : ""}, ${counted(changes.length, "change")} in all.${againstTruth(study.focus.scores)}`,
    body: drawingFigure(figure, themed(pens.graph(graph, titles))),
  };
}

function againstTruth(scores: Scores | undefined): string {
  if (scores?.changes === undefined) return "";
  const { f1, precision, recall, truePositives, falsePositives, falseNegatives, reason } = scores.changes;
  if (finite(f1) === null) return ` Their F1 is not defined: ${reason ?? "no reason was recorded"}.`;
  return (
    ` Against the truth: ${truePositives} found, ${falsePositives} false, ${falseNegatives} missed ` +
    `(precision ${score(precision)}, recall ${score(recall)}, F1 ${score(f1)}).`
  );
}

function changeTable({ study }: SectionInput): Html {
  const { tree, latents } = study.focus.summary;
  const rows = realChanges(tree!).map(({ node, latent, size }) => [
    name(tree!.names[node]!),
    name(tree!.names[tree!.parents[node]!] ?? ""),
    name(latents.names[latent] ?? String(latent)),
    signed(size),
    count(tree!.rows[node] ?? 0),
  ]);
  if (rows.length === 0) return html`<p>No change counts as real.</p>`;
  return table(
    "Real changes, per latent of unit standard deviation.",
    [
      { label: "Edge above" },
      { label: "From" },
      { label: "Latent" },
      { label: "Change", numeric: true },
      { label: "Training rows", numeric: true },
    ],
    rows,
  );
}
