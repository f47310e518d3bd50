// Superconductors: nobody knows their latents, so that seeds are compared with each other.
import type { Experiment, Preset } from "../../preset.js";
import { FIVE, othersRows, othersWith, PAPER, withoutPublished } from "./beside.js";

const SPLIT = { train: 0.9, validation: 0.1, test: 0 };
const STRONG = { measure: "agreement" };
const WEAK = { measure: "agreement-weak" };

/** What a scale fixes. */
interface Size {
  readonly latents: readonly (readonly [latents: number, atLeast: number])[];
  readonly seeds: readonly number[];
  readonly steps?: number;
}

const FULL: Size = {
  latents: [
    [5, 0.97],
    [10, 0.93],
  ],
  seeds: FIVE,
};

const SMALL: Size = { latents: [[5, 0.9]], seeds: [1, 2], steps: 100 };

/** `mtlcm/superconductors` */
export const SUPERCONDUCTORS: Preset = {
  name: "mtlcm/superconductors",
  title: "Do seeds agree on the latents of the superconductors?",
  repeats: "Figure 4",
  paper: PAPER,
  scales: {
    tiny: { seconds: 15, experiments: experiments(SMALL).map(withoutPublished) },
    paper: { seconds: 5000, experiments: experiments(FULL) },
  },
};

function experiments({ latents, seeds, steps: given }: Size): readonly Experiment[] {
  const steps = given === undefined ? {} : { steps: given };
  return latents.map(([d, atLeast]) => ({
    name: `${d} latents`,
    data: {
      given: "the formulas and critical temperatures of SuperCon, such as the supercon.csv of vstanev1/Supercon",
      prepare: { dataset: "superconductors", skipInvalid: true },
    },
    fits: { mtlcm: { method: "mtlcm", latentDim: d, split: SPLIT, ...steps }, ...othersWith(d, steps, SPLIT) },
    seeds,
    rows: [
      {
        fit: "mtlcm",
        ...STRONG,
        published: { note: "> 0.96" },
        // Pairs share seeds: they are no independent draws, and their mean is what the paper shows.
        band: { atLeast, on: "mean" },
      },
      { fit: "mtlcm", ...WEAK, published: { note: "as the strong" } },
      ...othersRows([STRONG, WEAK], { note: "<= 0.4" }),
    ],
  }));
}
