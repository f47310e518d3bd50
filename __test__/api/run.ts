// The smallest run there is, for tests of files.
import type { Run } from "../../src/results.js";

const manifest = {
  format: 1 as const,
  runId: "0".repeat(64),
  method: "tbr",
  version: "0.1.0",
  seed: 0,
  outcome: { kind: "converged" as const, step: 7 },
  steps: 7,
  dataset: { name: "world", fingerprint: "f", rows: 1, columns: 1, inputs: ["x0"], provenance: {} },
  command: "disentangle fit --method tbr",
  versions: {},
  createdAt: "2026-01-01T00:00:00.000Z",
  elapsedMs: 3,
};

/** A finished run of one row. */
export const RUN: Run = {
  config: { method: "tbr", seed: 0 },
  manifest,
  history: { stages: [] },
  summary: { latents: { names: ["z1"], mean: [0], sd: [1] } } as unknown as Run["summary"],
  latents: { data: Float32Array.of(1), shape: [1, 1], columns: ["z1"] },
  rows: Uint32Array.of(0),
  split: Uint8Array.of(0),
  model: Uint8Array.of(1, 2, 3),
};
