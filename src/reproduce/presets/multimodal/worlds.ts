// What the presets of several modalities have in common.
import type { FitConfig, World } from "../../preset.js";

/** Where the method was published. */
export const PAPER =
  "Causal representation learning from multi-modal biological observations, https://arxiv.org/abs/2411.06518";

/** Options of the simulator. */
export type ModalityWorld = Omit<Extract<World, { simulator: "modality-world" }>, "simulator">;

/** Seeds that the presets were built with. */
export const SEEN = [1];

/** Nobody looked at these before the bands were written down. */
export const JUDGED = [9881, 9882, 9883, 9884, 9885];

/** The cases of the paper, with 10,000 rows; its mechanisms are not printed, those of the worlds are a named family. */
export const CASE_1: ModalityWorld = {};
export const CASE_2: ModalityWorld = { inputsPerModality: 20, latentsPerModality: 3 };
export const CASE_3: ModalityWorld = { modalities: 4 };

/** How long the others train. */
export interface Training {
  readonly steps?: number;
}

/** Four rows in five to learn from, as the method itself takes them: nothing is chosen on validation rows. */
const split = { train: 0.8, validation: 0, test: 0.2 } as const;

/** The method, told the sizes or left to find them. */
export function methods({ latentsPerModality = 2, privatePerModality = 1 }: ModalityWorld): Record<string, FitConfig> {
  return {
    multimodal: {
      method: "multimodal",
      latentDim: latentsPerModality,
      privateDim: privatePerModality,
      threads: 2,
    },
    "sizes left open": { method: "multimodal", latentDim: "auto", privateDim: "auto", threads: 2 },
  };
}

/** What the methods beside it are given: all columns, with as many latents as the world has, private ones included. */
export function beside(
  { modalities = 2, latentsPerModality = 2, privatePerModality = 1 }: ModalityWorld,
  training: Training,
): Record<string, FitConfig> {
  const latentDim = modalities * (latentsPerModality + privatePerModality);
  const vae = (beta: number): FitConfig => ({
    method: "vae",
    beta,
    latentDim,
    hidden: [64, 64],
    decoderVariance: 0.05,
    learningRate: 2e-3,
    split,
    ...training,
  });
  return {
    ...(modalities === 2 && { mcl: { method: "mcl", latentDim: latentsPerModality, split, ...training } }),
    vae: vae(1),
    "beta-VAE": vae(4),
    pca: { method: "pca", latentDim, split },
    "fast-ica": { method: "fast-ica", latentDim, split },
  };
}
