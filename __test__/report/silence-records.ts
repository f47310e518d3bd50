import type { Silence, SilenceScores } from "../../src/generated/types.js";
import type { NamedArray, RunRecord } from "../../src/record.js";
import { silenceDigest } from "../../src/silence.js";
import { record } from "./records.js";

/** What varies between runs whose latents are silent in part of the rows. */
export interface SilentWorld {
  readonly method?: string;
  readonly seed?: number;
  readonly latents?: number;
  readonly rows?: number;
}

/** Latent j is silent, at j / 10, in the rows i with i % latents = j, and takes evenly spaced values in all others. */
export function silentLatents({ latents = 4, rows = 600 }: SilentWorld = {}): NamedArray {
  const data = new Float32Array(rows * latents);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < latents; j++) {
      const spread = ((i * 37 + j * 11) % 97) / 24 - 2;
      data[i * latents + j] = i % latents === j ? j / 10 : spread + (spread < j / 10 ? -0.2 : 0.2);
    }
  }
  return { data, shape: [rows, latents], columns: Array.from({ length: latents }, (_, j) => `z${j + 1}`) };
}

/** What a fit would say of `silentLatents`. */
export function silenceOf({ latents = 4 }: SilentWorld = {}): Silence {
  return {
    latents: Array.from({ length: latents }, (_, j) => ({
      name: `z${j + 1}`,
      value: j / 10,
      threshold: 0.1,
      share: 1 / latents,
      certainty: 0.97,
      spike: { mean: j / 10, sd: 0.03, weight: 1 / latents },
      slab: { mean: 0, sd: 1.2 },
    })),
  };
}

/** A record that looks like a run on a silent world. */
export function silentRecord(world: SilentWorld = {}): RunRecord {
  const { method = "pdgmm", seed = 0, latents = 4 } = world;
  const base = record({ method, seed, latents });
  const { environments: _, target: _target, ...dataset } = base.manifest.dataset;
  const { changes: _changes, ate: _ate, oracle: _oracle, ...scores } = base.scores!;
  const found: SilenceScores = {
    f1: 0.9,
    precision: 0.95,
    recall: 0.855,
    f1OfAll: 0.4,
    truePositives: 171,
    falsePositives: 9,
    falseNegatives: 29,
    entries: 800,
  };
  const knows = method === "pdgmm";
  const silence = silenceOf(world);
  return {
    ...base,
    config: { method, seed },
    manifest: {
      ...base.manifest,
      dataset: { ...dataset, name: "silent world", provenance: {} },
      command: `disentangle fit --method ${method} --data silent --seed ${seed}`,
    },
    summary: { ...base.summary, errors: [], assumptions: [], facts: [], ...(knows && { silence }) },
    scores: knows ? { ...scores, mccUnrotated: { ...scores.mcc, value: 0.96 }, silence: found } : scores,
    ...(knows && { silence: silenceDigest(silentLatents(world), silence) }),
  };
}
