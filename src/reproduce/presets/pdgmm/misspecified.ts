// Worlds that are not what the theory asks for: other noise, a mixing without kinks, latents that are always silent together, and a
// number of latents that is not known.
import type { Preset } from "../../preset.js";
import { type Bounds, full, presetOf, rounded, type Setting, type SilentWorld, small } from "./beside.js";
import { BLOCK_SETTINGS, SMALL_BLOCKS } from "./blocks.js";

type Pair = readonly [mean: number, sd: number];

/** What differs, the published MCC at 5, 10 and 20 latents, and the MCC that a prototype leaves room for at ten. */
const KINDS: readonly (readonly [name: string, world: SilentWorld, published: readonly Pair[], atLeast?: number])[] = [
  [
    "exponential noise",
    { noise: "exponential" },
    [
      [0.92, 0.06],
      [0.96, 0.01],
      [0.94, 0.02],
    ],
    0.92,
  ],
  [
    "Gumbel noise",
    { noise: "gumbel" },
    [
      [0.95, 0.01],
      [0.97, 0.01],
      [0.95, 0.02],
    ],
    0.94,
  ],
  [
    "smooth mixing",
    { activation: "smooth" },
    [
      [0.97, 0.01],
      [0.98, 0.01],
      [0.94, 0.09],
    ],
    0.97,
  ],
  // The paper, too, reports that this one does not work.
  [
    "sigmoid mixing",
    { activation: "sigmoid" },
    [
      [0.36, 0.02],
      [0.32, 0.06],
      [0.29, 0.04],
    ],
  ],
];

const SETTINGS: readonly Setting[] = [
  ...KINDS.flatMap(([name, world, published, atLeast]) =>
    [5, 10, 20].map((latents, i) => ({
      name: `n = ${latents}, ${name}`,
      world: { latents, ...world },
      published: { mcc: published[i]! },
      ...(latents === 10 && atLeast !== undefined && { bounds: boundsFrom(atLeast) }),
    })),
  ),
  {
    name: "n = 10, 12 looked for",
    world: { latents: 10, inputs: 12 },
    latentDim: 12,
    published: { r2: [0.91, 0], mcc: [0.96, 0] },
    bounds: { mean: 0.94, each: 0.9 },
  },
  {
    name: "n = 10, 20 inputs",
    world: { latents: 10, inputs: 20 },
    bounds: { mean: 0.96, each: 0.93 },
  },
  {
    name: "n = 10, noise of the inputs",
    world: { latents: 10, observationNoise: 0.05 },
    bounds: { mean: 0.94, each: 0.9 },
  },
];

function boundsFrom(mean: number): Bounds {
  return { mean, each: rounded(mean - 0.05) };
}

const SMALL: readonly Setting[] = [
  {
    name: "n = 4, exponential noise",
    world: { latents: 4, noise: "exponential" },
    bounds: { mean: 0.9, each: 0.85 },
  },
  { name: "n = 4, smooth mixing", world: { latents: 4, activation: "smooth" }, bounds: { mean: 0.95, each: 0.93 } },
];

/** `pdgmm/misspecified` */
export const MISSPECIFIED: Preset = presetOf(
  "misspecified",
  "What if noise, mixing, silence or the number of latents are not what the theory asks for?",
  "Tables 10 and 17, and those of appendix E.5",
  {
    tiny: { seconds: 40, experiments: [...small(SMALL), ...SMALL_BLOCKS] },
    paper: { seconds: 1500, experiments: [...full(SETTINGS), ...BLOCK_SETTINGS] },
  },
);
