// The paper's Table 1, with its ablations beside it: number of latents, edges, depth, share that is active, silent value.
import type { Preset } from "../../preset.js";
import { type Bounds, full, presetOf, rounded, type Setting, small } from "./beside.js";

/** The setting that every group of the table has in common. */
const TEN: Setting = {
  name: "n = 10, 50 % active",
  world: { latents: 10 },
  published: { r2: [0.94, 0.02], mcc: [0.97, 0.01], vade: [0.32, 0.03], without: [0.57, 0.04], oracle: [0.98, 0] },
  bounds: { mean: 0.98, each: 0.97 },
  overInputs: 1.03,
  vade: true,
};

const SIZES: readonly Setting[] = [
  {
    name: "n = 5, 50 % active",
    world: { latents: 5 },
    published: {
      r2: [0.93, 0.02],
      mcc: [0.96, 0.01],
      vade: [0.45, 0.05],
      without: [0.57, 0.02],
      oracle: [0.91, 0.05],
    },
    bounds: { mean: 0.96, each: 0.94 },
    overInputs: 1.03,
    vade: true,
  },
  TEN,
  {
    name: "n = 20, 50 % active",
    world: { latents: 20 },
    published: { r2: [0.93, 0.02], mcc: [0.92, 0.05], without: [0.44, 0.01], oracle: [0.96, 0.01] },
    bounds: { mean: 0.97, each: 0.95 },
    overInputs: 1.03,
  },
  {
    name: "n = 40, 50 % active",
    world: { latents: 40 },
    published: { r2: [0.94, 0.01], mcc: [0.94, 0.03], without: [0.36, 0.01], oracle: [0.94, 0.02] },
    bounds: { mean: 0.95, each: 0.93 },
  },
];

const THREE_QUARTERS: readonly (readonly [latents: number, bounds: Bounds])[] = [
  [5, { mean: 0.96, each: 0.94 }],
  [10, { mean: 0.96, each: 0.9 }],
  [20, { mean: 0.94, each: 0.9 }],
  [40, { mean: 0.93, each: 0.86 }],
];

const ACTIVE: readonly Setting[] = [
  ...THREE_QUARTERS.map(
    ([latents, bounds]): Setting => ({
      name: `n = ${latents}, 75 % active`,
      world: { latents, active: "three-quarters" },
      ...(latents === 10 && {
        published: { r2: [0.95, 0.02], mcc: [0.93, 0.04], without: [0.56, 0.02], oracle: [0.98, 0.01] },
      }),
      bounds,
      ...(latents <= 20 && { overInputs: 1.02 }),
    }),
  ),
  ...[5, 10, 20, 40].map(
    (latents): Setting => ({
      name: `n = ${latents}, one active`,
      world: { latents, active: "one" },
      ...(latents === 10 && {
        published: { r2: [0.75, 0.03], mcc: [0.45, 0.04], without: [0.42, 0.03], oracle: [0.86, 0.04] },
      }),
      bounds: { mean: 0.94, each: 0.91 },
    }),
  ),
];

/** At ten latents, half of them active. Bounds: what a prototype reached on other seeds, less a margin. */
const OTHERS: readonly Setting[] = [
  ten("no edges", { edgesPerLatent: 0 }, [0.94, 0.02], [0.97, 0.01], [0.56, 0.04], [0.98, 0.01], 0.96),
  ten("2 edges per latent", { edgesPerLatent: 2 }, [0.93, 0.01], [0.95, 0.01], [0.54, 0.01], [0.95, 0.04], 0.95),
  ten("3 edges per latent", { edgesPerLatent: 3 }, [0.92, 0.03], [0.91, 0.04], [0.55, 0.01], [0.95, 0.03], 0.93),
  ten("3 layers", { layers: 3 }, [0.99, 0.01], [0.96, 0.03], [0.55, 0.01], [0.99, 0], 0.98),
  ten("20 layers", { layers: 20 }, [0.88, 0.02], [0.93, 0.01], [0.56, 0.02], [0.95, 0.01], 0.93),
  ten("silent at 1 sd", { silentAt: 1 }, [0.95, 0.01], [0.88, 0.04], [0.54, 0.02], [0.73, 0.16], 0.95),
  ten("silent at 2 sd", { silentAt: 2 }, [0.96, 0.01], [0.61, 0.04], [0.55, 0.04], [0.41, 0.04], 0.95),
  ten("silent at 3 sd", { silentAt: 3 }, [0.96, 0.01], [0.49, 0.02], [0.55, 0.03], [0.38, 0.02], 0.85),
];

type Pair = readonly [mean: number, sd: number];

function ten(
  name: string,
  world: Setting["world"],
  r2: Pair,
  mcc: Pair,
  without: Pair,
  oracle: Pair,
  mean: number,
): Setting {
  const published = { r2, mcc, without, oracle };
  return {
    name: `n = 10, ${name}`,
    world: { latents: 10, ...world },
    published,
    bounds: { mean, each: rounded(mean - 0.05) },
  };
}

const SMALL: readonly Setting[] = [
  { name: "n = 4, 50 % active", world: { latents: 4 }, bounds: { mean: 0.95, each: 0.93 } },
  { name: "n = 4, silent at 2 sd", world: { latents: 4, silentAt: 2 }, bounds: { mean: 0.9, each: 0.85 } },
];

/** `pdgmm/table-1` */
export const TABLE_1: Preset = presetOf(
  "table-1",
  "Are latents recovered that are silent in part of the rows?",
  "Tables 1 and 8",
  {
    tiny: { seconds: 30, experiments: small(SMALL) },
    paper: { seconds: 3600, experiments: full([...SIZES, ...ACTIVE, ...OTHERS]) },
  },
);
