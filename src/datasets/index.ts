// The one list of known data sets that are made from a file of their source.
import type { JsonSchema } from "../config-keys.js";
import type { Dataset } from "../data/read.js";
import { type HippocampusConfig, hippocampus, hippocampusJsonSchema } from "./hippocampus.js";
import { type SachsConfig, sachs, sachsJsonSchema } from "./sachs.js";
import { type SuperconductorsConfig, superconductors, superconductorsJsonSchema } from "./superconductors.js";
import { type VariantMnistConfig, variantMnist, variantMnistJsonSchema } from "./variant-mnist.js";

export type { HippocampusConfig } from "./hippocampus.js";
export type { SachsConfig } from "./sachs.js";
export type { Cleaning, SuperconductorsConfig } from "./superconductors.js";
export type { VariantMnistConfig } from "./variant-mnist.js";

/** What to prepare: the name of a data set beside its keys; `disentangle prepare --help` lists them. */
export type PrepareConfig =
  | ({ readonly dataset: "superconductors" } & SuperconductorsConfig)
  | ({ readonly dataset: "sachs" } & SachsConfig)
  | ({ readonly dataset: "hippocampus" } & HippocampusConfig)
  | ({ readonly dataset: "variant-mnist" } & VariantMnistConfig);

/** A data set that can be prepared. */
export interface Preparation {
  readonly name: PrepareConfig["dataset"];
  /** One line. */
  readonly summary: string;
  /** The method that it is there for. */
  readonly method: string;
  /** JSON Schema of its keys. */
  readonly schema: JsonSchema;
  readonly prepare: (config: { readonly source: string }) => Promise<Dataset>;
}

/** All of them. */
export const PREPARATIONS: readonly Preparation[] = [
  {
    name: "superconductors",
    summary: "shares of elements; 80 properties and the critical temperature as tasks",
    method: "mtlcm",
    schema: superconductorsJsonSchema(),
    prepare: superconductors,
  },
  {
    name: "sachs",
    summary: "logarithms of eleven proteins in single cells; nine conditions as environments, and the consensus graph",
    method: "interventional",
    schema: sachsJsonSchema(),
    prepare: sachs,
  },
  {
    name: "hippocampus",
    summary: "six signals of resting brains, mixed by a random map; recordings as environments, the signals as truth",
    method: "latent-anm",
    schema: hippocampusJsonSchema(),
    prepare: hippocampus,
  },
  {
    name: "variant-mnist",
    summary:
      "digits colored by what they show and clothes turned by their kind, which follows the digit; the causes as truth",
    method: "multimodal",
    schema: variantMnistJsonSchema(),
    prepare: variantMnist,
  },
];
