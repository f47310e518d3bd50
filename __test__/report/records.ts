import type { Mcc, Scores, Summary, TreeSummary } from "../../src/generated/types.js";
import type { RunRecord } from "../../src/record.js";

/** What varies between the runs of the tests. */
export interface World {
  readonly method?: string;
  readonly seed?: number;
  readonly depth?: number;
  readonly latents?: number;
  /** Mean correlation of a latent with its match. */
  readonly quality?: number;
  readonly names?: (kind: "environment" | "latent" | "input", index: number) => string;
}

/** A small multiplicative generator: tests need numbers that look alike, not numbers that are random. */
function generator(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) % 2147483647;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const spell = (kind: string, index: number) =>
  ({ environment: `e${index}`, latent: `z${index + 1}`, input: `x${index + 1}` })[kind]!;

/** A record that looks like a run on a balanced tree world: `2 ** (depth + 1) - 1` environments. */
export function record(world: World = {}): RunRecord {
  const { method = "tbr", seed = 0, depth = 3, latents: d = 5, quality = 0.99, names = spell } = world;
  const random = generator(seed + 17 * method.length);
  const normal = () => random() + random() + random() + random() - 2;
  const latents = Array.from({ length: d }, (_, i) => names("latent", i));
  const tree = treeOf(depth, d, (i) => names("environment", i), random);
  const environments = tree.names
    .map((name, i) => ({ name, rows: i === 0 ? 0 : 180 + Math.floor(random() * 60) }))
    .slice(1);
  const error = (base: number) => base * (0.85 + 0.3 * random());
  const base = method === "tbr" ? 0.0855 : 1.35;
  const steps = Array.from({ length: 60 }, (_, i) => i * 13 + 1);
  const decay = (start: number, end: number) =>
    steps.map((step) => end + (start - end) * Math.exp(-step / 90) * (0.95 + 0.1 * random()));
  const summary: Summary = {
    method,
    latents: { names: latents, mean: latents.map(() => normal() / 10), sd: latents.map(() => 1) },
    errors: [
      { split: "train", rows: 21000, mse: error(base), meanMse: 2.61 },
      { split: "test", rows: 10500, mse: error(base), meanMse: 2.6 },
      ...environments.map(({ name, rows }) => ({
        split: "test" as const,
        environment: name,
        rows: Math.round(rows / 4),
        mse: error(base),
        meanMse: 1.6 + 2 * random(),
      })),
    ],
    choices: [],
    assumptions: [
      {
        id: "environments",
        question: "Are there enough environments?",
        status: "ok",
        finding: `${environments.length} environments for ${d} latents, at least ${d} are needed.`,
      },
      {
        id: "sparsity",
        question: "Are the changes along the tree sparse?",
        status: "ok",
        finding: "1.1 of 5 effects change on an average edge.",
      },
      {
        id: "variation",
        question: "Does every latent vary?",
        status: "warning",
        finding: "z4 has 3 % of the variance of the others in 2 environments.",
      },
      {
        id: "linearity",
        question: "Is the target linear in the latents?",
        status: "unknown",
        finding: "Too few rows per environment to test it.",
      },
    ],
    warnings: [],
    facts: [
      { id: "jointMcc", label: "MCC before the rotation", value: 0.871 },
      { id: "condition", label: "Condition of the whitening", value: 3.42 },
    ],
  };
  if (method === "tbr") {
    summary.tree = tree;
    summary.heads = {
      rows: tree.names,
      columns: latents,
      values: headsOf(tree, latents.map(normal)),
    };
  }
  return {
    dir: `/home/somebody/runs/${method}-${seed}`,
    config: { method, seed, threads: 2, [method]: { latentDim: d, lambda: 0.001, learningRate: 0.01, passes: 4 } },
    manifest: {
      format: 1,
      runId: `${method}-${seed.toString(16).padStart(8, "0")}`,
      method,
      version: "0.1.0",
      seed,
      outcome: { kind: "converged", step: 762 },
      steps: 762,
      dataset: {
        name: "tree world",
        fingerprint: "b3:5d41402abc4b2a76",
        rows: environments.reduce((sum, { rows }) => sum + rows, 0),
        columns: 17,
        inputs: Array.from({ length: 16 }, (_, i) => names("input", i)),
        target: "y",
        environments,
        provenance: { simulator: "tree-world", seed, depth, changes: 1 },
      },
      command: `disentangle fit --method ${method} --data worlds/tree --latent-dim ${d} --seed ${seed} --threads 2 --out runs/${method}-${seed}`,
      versions: { addon: "0.1.0", node: "20.19.0", platform: "linux-x64-gnu" },
    },
    history: {
      stages: [
        {
          name: "joint",
          steps,
          terms: { total: decay(4.2, 0.12), fit: decay(4, 0.086), changes: decay(0.2, 0.03) },
          validation: {
            steps: steps.filter((_, i) => i % 6 === 0),
            values: decay(4, 0.09).filter((_, i) => i % 6 === 0),
          },
        },
        { name: "rotation", steps: steps.slice(0, 20), terms: { total: decay(-8, -21).slice(0, 20) } },
      ],
    },
    summary,
    scores: scoresOf(d, quality, (i) => names("latent", i), random),
  };
}

function treeOf(depth: number, d: number, name: (index: number) => string, random: () => number): TreeSummary {
  const count = 2 ** (depth + 1) - 1;
  const nodes = Array.from({ length: count }, (_, i) => i);
  const changes = nodes.map((i) => {
    const row = Array.from({ length: d }, () => (random() - 0.5) * 0.02);
    if (i > 2 && random() < 0.5) row[Math.floor(random() * d)] = (random() - 0.5) * 2.4;
    return i === 0 ? row.map(() => 0) : row;
  });
  return {
    names: nodes.map(name),
    parents: nodes.map((i) => (i === 0 ? -1 : Math.floor((i - 1) / 2))),
    lengths: nodes.map(() => 1),
    rows: nodes.map((i) => (i === 0 ? 0 : 100 + Math.floor(random() * 40))),
    changes,
    real: changes.map((row) => row.map((value) => Math.abs(value) > 0.05)),
    observed: nodes.map((i) => i > 2),
  };
}

function headsOf(tree: TreeSummary, root: readonly number[]): number[][] {
  const heads: number[][] = [];
  for (const [i, parent] of tree.parents.entries())
    heads.push(parent < 0 ? [...root] : tree.changes[i]!.map((change, k) => heads[parent]![k]! + change));
  return heads;
}

function scoresOf(d: number, quality: number, latent: (index: number) => string, random: () => number): Scores {
  const matching = Array.from({ length: d }, (_, i) => (i * 2 + 1) % d).map((column, i) => (d % 2 === 1 ? column : i));
  const correlation = matching.map((match) =>
    Array.from({ length: d }, (_, j) =>
      j === match ? Math.min(0.999, quality + (random() - 0.5) * 0.01) : random() * 0.12,
    ),
  );
  const perLatent = matching.map((match, i) => correlation[i]![match]!);
  const value = perLatent.reduce((sum, each) => sum + each, 0) / d;
  const mcc: Mcc = {
    value,
    kind: "pearson",
    perLatent,
    matching,
    interval: [value - 0.004, Math.min(1, value + 0.003)],
    outOfSample: value - 0.0004,
    correlation,
    nulls: {
      unrelated: {
        mean: 0.021,
        sd: 0.004,
        q95: 0.028,
        draws: 200,
        explanation: "Latents drawn independently of the truth.",
      },
      rotation: {
        mean: 0.604,
        sd: 0.061,
        q95: 0.712,
        draws: 200,
        explanation: "The truth turned by a random rotation.",
      },
      linear: {
        mean: 0.9936,
        sd: 0,
        q95: 0.9936,
        draws: 1,
        explanation: "The best linear map of the estimate to the truth.",
      },
    },
  };
  const ok = Math.max(0, Math.min(1, quality - 0.04));
  return {
    rows: { split: "test", count: 10500 },
    truth: Array.from({ length: d }, (_, i) => `true ${latent(i)}`),
    latents: Array.from({ length: d }, (_, i) => latent(i)),
    mcc,
    mccSpearman: { ...mcc, kind: "spearman", value: value - 0.002 },
    mccWeak: { value: ok, canonical: Array.from({ length: d }, () => ok) },
    r2: { value: value ** 2, perLatent: perLatent.map((each) => each ** 2) },
    oracle: { value: 0.9936, explanation: "E[z|x] of the simulator." },
    changes: {
      f1: ok,
      precision: ok,
      recall: ok,
      truePositives: 11,
      falsePositives: 1,
      falseNegatives: 1,
      observedEdges: 12,
    },
    ate: { value: 0.05 + 0.02 * random(), perEnvironment: [] },
    notes: [],
  };
}

/** The same record with parts replaced. */
export function altered(
  base: RunRecord,
  parts: { summary?: Partial<Summary>; manifest?: Partial<RunRecord["manifest"]>; scores?: Partial<Scores> },
): RunRecord {
  return {
    ...base,
    manifest: { ...base.manifest, ...parts.manifest },
    summary: { ...base.summary, ...parts.summary },
    ...(base.scores && { scores: { ...base.scores, ...parts.scores } }),
  };
}

/** The same record as if the truth were not known. */
export function withoutTruth(base: RunRecord): RunRecord {
  const { scores, ...rest } = base;
  return rest;
}
