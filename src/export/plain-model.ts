// A model as plain data, as the core gives it: tensors by name, and what encoder and decoder compute.
import type { NativeImage } from "../native.js";

/** A tensor: row-major values of its own type. */
export interface Tensor {
  readonly name: string;
  /** Empty for a scalar. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** The nonlinearity of a dense layer. */
export interface Activation {
  readonly name: "identity" | "leaky-relu" | "relu" | "elu" | "tanh" | "sigmoid" | "softplus";
  /** Of `leaky-relu`: the factor of negative values. */
  readonly slope?: number;
}

/**
 * A function of rows. Strings name tensors. Layers whose tensors have 64 bits compute in 64 bits, and what comes out is rounded to
 * 32; all others compute in 32 bits.
 */
export type Layer =
  /** Missing values are replaced, column by column. */
  | { readonly op: "fill"; readonly value: string }
  /** `activation(x weight + bias)`, weight (in, out). */
  | { readonly op: "dense"; readonly weight: string; readonly bias?: string; readonly activation: Activation }
  /** `(x - center) * factor + shift`, column by column. */
  | { readonly op: "scale"; readonly center: string; readonly factor: string; readonly shift: string }
  /**
   * A convolution of images `from`, whose columns are channel first and the width running fastest, with a square kernel
   * (out, in, k, k); or, `transposed`, the transpose of one, with a kernel (in, out, k, k). It gives images `to`.
   */
  | {
      readonly op: "convolution";
      readonly kernel: string;
      readonly bias: string;
      readonly step: number;
      readonly padding: number;
      readonly transposed: boolean;
      readonly from: NativeImage;
      readonly to: NativeImage;
      readonly activation: Activation;
    }
  /** The columns from `start`. */
  | { readonly op: "narrow"; readonly start: number; readonly count: number }
  /**
   * Each column x becomes `s x + (1 - s) t softplus(x / t)`, s the column's `slope` and t the `softness`; with `inverse` x becomes the
   * number of which that is x, in 64 bits.
   */
  | { readonly op: "bend"; readonly slope: string; readonly softness: number; readonly inverse: boolean }
  /**
   * The columns from `start` pass; each other x becomes `x exp(s) + t`, or with `inverse` `(x - t) exp(-s)`. Of the passing columns
   * `net` makes a and t, side by side, and `s = bound tanh(a / bound)`.
   */
  | {
      readonly op: "coupling";
      readonly start: number;
      readonly count: number;
      readonly bound: number;
      readonly inverse: boolean;
      readonly net: readonly Layer[];
    };

/** What encoder and decoder compute. */
export interface Layers {
  /** From inputs to latents, in the units of both; null: the method does not write it down. */
  readonly encoder: readonly Layer[] | null;
  /** From latents to inputs; null without a decoder, or where the method does not write it down. */
  readonly decoder: readonly Layer[] | null;
  /** Whether there is a decoder at all. */
  readonly decodes: boolean;
  /** Inputs lie so far from zero that 32 bits do not hold them. */
  readonly doublePrecisionInputs: boolean;
}

/** A model as plain data. */
export interface PlainModel {
  readonly layers: Layers;
  /** Parameters (`trained/`), solved results (`solved/`), and what only a layer holds (`encoder/`, `decoder/`). */
  readonly tensors: readonly Tensor[];
}
