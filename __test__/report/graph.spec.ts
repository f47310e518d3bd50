import test from "ava";
import type { CausalGraph, MethodGraphScore } from "../../src/generated/types.js";
import { edgesOf, edgeText, graphText } from "../../src/graph-text.js";
import type { RunRecord } from "../../src/record.js";
import { report } from "../../src/report/index.js";
import { figure, sections, text } from "./page.js";
import { record } from "./records.js";

const GRAPH: CausalGraph = {
  names: ["z1", "z2", "z3"],
  weights: [
    [0, 0.8, 0],
    [0, 0, -0.5],
    [0, -0.5, 0],
  ],
  certainty: [
    [0, 0.97, 0.1],
    [0.02, 0, 0.6],
    [0, 0.6, 0],
  ],
  undirected: [[1, 2]],
  undecided: [[1, 2]],
  basis: "Drawn by hand",
};

const SCORE: MethodGraphScore = {
  shd: 1,
  comparedAs: "cpdag",
  classShd: 1,
  shdOfEmpty: 2,
  difference: {
    shd: 1,
    reversal: "one",
    missing: 0,
    extra: 1,
    reversed: 0,
    undirected: 0,
    directed: 0,
    skeleton: { truePositives: 1, falsePositives: 1, falseNegatives: 0, precision: 0.5, recall: 1, f1: 0.667 },
    arrows: { truePositives: 1, falsePositives: 0, falseNegatives: 0, precision: 1, recall: 1, f1: 1 },
  },
  truth: { nodes: 3, arrows: [[0, 1]], lines: [] },
};

/** A run of a method that finds a graph and can decode. */
function graphRecord(graph: CausalGraph = GRAPH): RunRecord {
  const base = record({ latents: 3 });
  const values = [-2, -1, 0, 1, 2];
  return {
    ...base,
    summary: {
      ...base.summary,
      graph,
      reconstruction: [
        { split: "train", rows: 10, mse: 0.1, explained: 0.9 },
        { split: "test", rows: 10, mse: 0.2, explained: 0.8 },
      ],
      traversals: [
        {
          latent: "z1",
          row: 4,
          values,
          latents: [{ name: "z2", sd: 1, values: values.map((value) => 0.8 * value) }],
          inputs: [{ name: "gene1", sd: 2, values: values.map((value) => 7 + 2 * value) }],
        },
      ],
    },
    scores: { ...base.scores!, methodGraph: SCORE },
  };
}

test("a graph is drawn with its weights, and said with what it rests on and how it stands against the truth", async (t) => {
  const { html, markdown, json } = await report([graphRecord()]);
  t.true(sections(html).includes("graph"));
  const drawn = figure(html, "graph");
  t.regex(drawn, /<svg[^>]*role="img"/);
  t.regex(drawn, /stroke-dasharray/);
  const words = text(html);
  t.regex(words, /2 edges between 3 latents \(1 without a direction, 1 not decided by the data\)\. Drawn by hand\./);
  t.regex(
    words,
    /Against the equivalence class of the true graph: structural Hamming distance 1, of a graph without edges 2/,
  );
  t.regex(text(drawn), /Weights\. Row: cause\. Column: effect\./);
  t.regex(markdown, /\| z1 → z2 \| \+?0\.8\S* \| 97 % \|/);
  const [run] = JSON.parse(json).studies[0].runs;
  t.deepEqual(run.graph.edges[0], { from: "z1", to: "z2", directed: true, weight: 0.8, certainty: 0.97 });
  t.deepEqual(run.graph.edges[1], {
    from: "z2",
    to: "z3",
    directed: false,
    undecided: true,
    weight: -0.5,
    certainty: 0.6,
  });
  t.is(run.scores.methodGraph.shd, 1);
  t.is(run.reconstruction[1].explained, 0.8);
});

test("latents of several modalities stand in frames, and the distance between modalities is said", async (t) => {
  const names = ["a.z1", "a.z2", "b.z1"];
  const base = graphRecord({ ...GRAPH, names });
  const views = [
    { name: "a", columns: 4 },
    { name: "b", columns: 3 },
  ];
  const dataset = { ...base.manifest.dataset, views };
  const betweenModalities = { ...SCORE.difference!, shd: 3, missing: 2, extra: 1 };
  const scores = { ...base.scores!, truth: names, latents: names, methodGraph: { ...SCORE, betweenModalities } };
  const { html } = await report([{ ...base, scores, manifest: { ...base.manifest, dataset } }]);
  const frames = (drawn: string): number => [...drawn.matchAll(/<g class="cluster">/g)].length;
  t.is(frames(figure(html, "graph")), 2);
  t.regex(text(figure(html, "graph")), /A frame holds the latents of one modality/);
  t.regex(text(html), /Between modalities alone: 3 \(2 missing, 1 extra, 0 reversed\)\./);
  // Without views nothing says what belongs together.
  const plain = await report([base]);
  t.is(frames(figure(plain.html, "graph")), 0);
  t.notRegex(text(plain.html), /Between modalities alone/);
});

test("what each latent does is drawn in standard deviations, with its own units in the table", async (t) => {
  const { html } = await report([graphRecord()]);
  const drawn = figure(html, "traversal-1");
  t.regex(drawn, /<svg[^>]*role="img"/);
  t.regex(text(drawn), /z1 z2 gene1 \u22122 \u22121\.6\d* 3/);
  t.regex(
    text(html),
    /the other latents follow as the mechanisms say\. Decoding the latents of the test rows gives back 80 %/,
  );
});

test("without a graph and a decoder there are no such sections", async (t) => {
  const { html } = await report([record()]);
  t.false(sections(html).some((id) => ["graph", "traversals"].includes(id)));
});

test("a graph as text holds every edge once, and names survive whatever they hold", (t) => {
  t.is(edgesOf(GRAPH).length, 2);
  t.is(
    graphText(GRAPH, "dot"),
    [
      "digraph causes {",
      '  "z1";',
      '  "z2";',
      '  "z3";',
      '  "z1" -> "z2" [strength="0.8", label="0.8", certainty="0.97"];',
      '  "z2" -> "z3" [strength="-0.5", label="-0.5", certainty="0.6", dir=none, style=dashed];',
      "}",
      "",
    ].join("\n"),
  );
  const odd = { ...GRAPH, names: ['a "b" \\', "<c> & d\u0001", "e\nf"] };
  t.regex(graphText(odd, "dot"), /"a \\"b\\" \\\\" -> "<c> & d/);
  const xml = graphText(odd, "graphml");
  t.regex(xml, /a &quot;b&quot; \\<\/data>/);
  t.regex(xml, /&lt;c&gt; &amp; d\ufffd<\/data>/);
  t.regex(xml, /source="n1" target="n2" directed="false"><data key="weight">-0.5<\/data>/);
  t.deepEqual(JSON.parse(graphText(GRAPH, "json")), GRAPH);
  t.throws(() => graphText(GRAPH, "svg" as "dot"), { code: "CONFIG_OUT_OF_RANGE" });
});

test("a list of edges marks what has no direction and what is not decided, in every form", async (t) => {
  const names = Array.from({ length: 24 }, (_, i) => `z${i + 1}`);
  const weights = names.map(() => names.map(() => 0));
  weights[0]![1] = 0.8;
  weights[1]![2] = -0.5;
  weights[2]![1] = -0.5;
  weights[2]![3] = 0.1;
  const wide: CausalGraph = { names, weights, undirected: [[1, 2]], undecided: [[2, 3]], basis: "Drawn by hand" };
  const { html, markdown } = await report([graphRecord(wide)]);
  const drawn = text(figure(html, "graph"));
  for (const edge of ["z1 → z2", "z2 – z3", "z3 → z4?"]) {
    t.true(drawn.includes(edge), edge);
    t.true(markdown.includes(`| ${edge} |`), edge);
  }
  t.deepEqual(
    edgesOf(wide).map((edge) => edgeText(edge, names)),
    ["z1 -> z2", "z2 - z3", "z3 -> z4?"],
  );
});
