// Worlds that are not what the theory asks for: other noise, a mixing without kinks, and a number of latents that is not known.
import type { Preset } from "../../preset.js";
import { full, presetOf, rounded, type Setting, type SilentWorld, small } from "./beside.js";

type Pair = readonly [mean: number, sd: number];

/** What differs, the MCC that a prototype leaves room for at ten latents, and the published one at 5, 10 and 20. */
const KINDS: readonly (readonly [name: string, world: SilentWorld, atLeast: number, published: readonly Pair[]])[] = [
  [
    "exponential noise",
    { noise: "exponential" },
    0.92,
    [
      [0.92, 0.06],
      [0.96, 0.01],
      [0.94, 0.02],
    ],
  ],
  [
    "Gumbel noise",
    { noise: "gumbel" },
    0.94,
    [
      [0.95, 0.01],
      [0.97, 0.01],
      [0.95, 0.02],
    ],
  ],
  [
    "smooth mixing",
    { activation: "smooth" },
    0.97,
    [
      [0.97, 0.01],
      [0.98, 0.01],
      [0.94, 0.09],
    ],
  ],
];

const SETTINGS: readonly Setting[] = [
  ...KINDS.flatMap(([name, world, atLeast, published]) =>
    [5, 10, 20].map((latents, i) => ({
      name: `n = ${latents}, ${name}`,
      world: { latents, ...world },
      published: { mcc: published[i]! },
      ...(latents === 10 && { bounds: { mean: atLeast, each: rounded(atLeast - 0.05) } }),
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
  "What if noise, mixing or the number of latents are not what the theory asks for?",
  "Tables 10 and 17",
  {
    tiny: { seconds: 30, experiments: small(SMALL) },
    paper: { seconds: 900, experiments: full(SETTINGS) },
  },
);
