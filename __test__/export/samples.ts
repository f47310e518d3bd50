// What golden/exports.py reads with the libraries that these formats come from. Run as a program, it prints the bytes of both files.
import { fileURLToPath } from "node:url";
import { pointsOf } from "../../src/export/curves.js";
import type { Tensor } from "../../src/export/plain-model.js";
import { safetensorsOf } from "../../src/export/safetensors.js";
import { eventFile } from "../../src/export/tensorboard.js";
import type { History } from "../../src/generated/types.js";

/** Both types, a scalar, a vector whose bytes are no multiple of eight, and names beyond ASCII. */
export const TENSORS: readonly Tensor[] = [
  { name: "trained/encoder.0.weight", shape: [2, 3], data: Float32Array.of(1, -2.5, 3, 0, 1e-20, -1e20) },
  { name: "solved/map", shape: [2, 2], data: Float64Array.of(0.1, -0.2, 1e-300, 4) },
  { name: "trained/größe", shape: [1], data: Float32Array.of(7) },
  { name: "trained/scalar", shape: [], data: Float32Array.of(0.5) },
];

export const METADATA = { method: "tbr", latents: '["z1","z2"]' } as const;

/** A fit of two stages, one of which was validated and held a constraint; the last term left the finite numbers. */
export const HISTORY: History = {
  stages: [
    {
      name: "joint",
      steps: [0, 10, 20],
      terms: { fit: [2, 1.5, 1.25], changes: [0.5, 0.25, 0.125] },
      validation: { steps: [20], values: [1.75] },
      gradientNorms: [3, 2, 1],
    },
    {
      name: "stacks",
      steps: [5],
      terms: { reconstruction: [Number.NaN] },
      constraints: [{ name: "sparsity", violations: [0.5], multipliers: [1] }],
    },
  ],
} as unknown as History;

export const TIME = new Date("2026-01-02T03:04:05.000Z");

/** The files, as text. */
export function samples(): { readonly safetensors: string; readonly events: string } {
  return {
    safetensors: Buffer.from(safetensorsOf(TENSORS, METADATA)).toString("base64"),
    events: Buffer.from(eventFile(pointsOf(HISTORY), TIME)).toString("base64"),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(samples()));
