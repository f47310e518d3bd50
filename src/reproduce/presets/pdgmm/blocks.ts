// Latents that are always silent together: single ones cannot be told apart, their blocks can.
import type { Band, Experiment, Row } from "../../preset.js";
import { full, type Setting, small } from "./beside.js";

/** The published R2 of each latent explained by its own block, and by each of the others: means over the entries of a table. */
interface PublishedBlocks {
  readonly within: number;
  readonly across: number;
  readonly note?: string;
}

/** Sizes of the blocks, as the tables of appendix E.5 show them by their entries. */
const BLOCKS: readonly (readonly [sizes: readonly number[], published: PublishedBlocks])[] = [
  [[2, 2, 2, 2, 2], { within: 0.896, across: 0.005 }],
  [[1, 1, 1, 3, 4], { within: 0.923, across: 0.005 }],
  [[1, 1, 2, 6], { within: 0.908, across: 0.007, note: "nine of ten latents" }],
];

function blocksOf(sizes: readonly number[]): Setting {
  const latents = sizes.reduce((sum, size) => sum + size, 0);
  return { name: `n = ${latents}, blocks of ${sizes.join(", ")}`, world: { latents, blocks: [...sizes] } };
}

/** R2 by block, in both directions, beside what needs no disentangling. */
function blockRows(published?: PublishedBlocks, atLeast?: number): readonly Row[] {
  const noted = (mean: number | undefined): Pick<Row, "published"> =>
    mean === undefined ? {} : { published: { mean, ...(published?.note !== undefined && { note: published.note }) } };
  const own = { measure: "scores:blocks.value", title: "R2 of true latents on those of their own block" };
  const others = { measure: "scores:blocks.leakage", title: "R2 of true latents on those of all other blocks" };
  return [
    { fit: "pdgmm", ...own, ...(atLeast !== undefined && { band: { atLeast, on: "mean" } satisfies Band }) },
    { fit: "pdgmm", ...others },
    {
      fit: "pdgmm",
      measure: "scores:blocks.dependence",
      title: "R2 of true latents on the true ones of all other blocks",
    },
    {
      fit: "pdgmm",
      measure: "scores:blocks.within",
      title: "R2 of latents found on the truth of their block",
      ...noted(published?.within),
    },
    {
      fit: "pdgmm",
      measure: "scores:blocks.across",
      title: "R2 of latents found on the truth of another block",
      ...noted(published?.across),
    },
    { fit: "planes only", ...own },
    { fit: "no sparsity", ...own },
    { fit: "no sparsity", ...others },
    { fit: "inputs", ...own, title: "the same of principal components" },
    { fit: "pdgmm", measure: "mcc", title: "MCC, which asks for single latents" },
    { fit: "pdgmm", measure: "silence-f1" },
    { fit: "pdgmm", measure: "fit-seconds" },
  ];
}

/** The settings of appendix E.5. */
export const BLOCK_SETTINGS: readonly Experiment[] = BLOCKS.flatMap(([sizes, published]) =>
  full([blocksOf(sizes)], () => blockRows(published)),
);

/** A small world of blocks. */
export const SMALL_BLOCKS: readonly Experiment[] = small([blocksOf([2, 2, 1])], () => blockRows(undefined, 0.9));
