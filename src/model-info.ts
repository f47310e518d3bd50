// What the bytes of a model say of it.
import { later, type NativeView } from "./native.js";

/** What a model says about itself. */
export interface ModelInfo {
  readonly version: string;
  readonly method: string;
  /** Its configuration with everything settled, also what was `auto`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the input columns outside images, in the order of the encoder. */
  readonly inputs: readonly string[];
  /** Its modalities and images; absent where it was fitted on one table. */
  readonly views?: readonly NativeView[];
  /** Names of the latents. */
  readonly latents: readonly string[];
  /** Names of the environments, or of the nodes of the tree, in the order of the heads. */
  readonly environments: readonly string[];
  /** Name of the target, where the method predicts one. */
  readonly target?: string;
  /** Of the data it was fitted on. */
  readonly fingerprint: string;
}

/** What a model says about itself, and what its inputs were kept relative to. */
export interface Header {
  readonly info: ModelInfo;
  readonly offsets: ReadonlyMap<string, number>;
}

/** Asks the core, on a thread of its own. */
export async function headerOf(model: Uint8Array): Promise<Header> {
  const header = JSON.parse(await later().modelInfo(model)) as ModelInfo & {
    readonly dimensions: { readonly views?: readonly NativeView[] };
    readonly inputOffsets?: readonly number[];
  };
  const { version, config, inputs, latents, environments, target, fingerprint, inputOffsets = [] } = header;
  const { views } = header.dimensions;
  const method = String(config.method);
  const info: ModelInfo = {
    version,
    method,
    config,
    inputs,
    latents,
    environments,
    fingerprint,
    ...(views !== undefined && { views }),
    ...(target !== undefined && { target }),
  };
  const offsets = inputOffsets.flatMap((offset, j) => (offset === 0 ? [] : [[inputs[j]!, offset] as const]));
  return { info, offsets: new Map(offsets) };
}
