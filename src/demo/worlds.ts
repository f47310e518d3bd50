// One simulated world for each of the other systems, in which its assumptions hold: there it must succeed, and `fast-ica` need not.
import { type SimulateConfig, simulate } from "../simulate.js";
import type { Chapter, DemoRun } from "./chapter.js";

interface System {
  readonly id: string;
  readonly name: string;
  readonly remark: string;
  readonly world: SimulateConfig;
  readonly fit: { readonly method: string } & Readonly<Record<string, unknown>>;
  /** Number of latents over all tables. */
  readonly latents: number;
}

const SYSTEMS: readonly System[] = [
  {
    id: "tasks",
    name: "task world, two causes of five for each task",
    remark:
      "Sixty properties of the same inputs; each depends on two of five causes. Which two differs, and that tells the causes apart.",
    world: { simulator: "task-world", tasks: 60, pointsPerTask: 100, latents: 5, causes: 2, seed: 0 },
    fit: { method: "mtlcm", representation: "inputs", latentDim: 5 },
    latents: 5,
  },
  {
    id: "silent",
    name: "silent world, each cause off in a quarter of the rows",
    remark:
      "Measurements alone: neither a target nor environments. Each of six causes is switched off in a quarter of the rows; they depend on " +
      "each other, so that independent components cannot be the causes.",
    world: {
      simulator: "silent-world",
      latents: 6,
      rows: 8000,
      layers: 1,
      active: "three-quarters",
      edgesPerLatent: 2,
      seed: 0,
    },
    fit: { method: "pdgmm", latentDim: 6 },
    latents: 6,
  },
  {
    id: "shifts",
    name: "shift world, mechanisms that change between environments",
    remark:
      "Twenty environments and nothing to predict: the noise of every cause, and the effect of one cause on the other, change from one to the next.",
    world: { simulator: "shift-world", latents: 2, environments: 20, pointsPerEnvironment: 200, seed: 0 },
    fit: { method: "latent-anm", latentDim: 2, training: { steps: 900 } },
    latents: 2,
  },
  {
    id: "modalities",
    name: "modality world, two tables of the same subjects",
    remark:
      "Two tables of the same subjects. Each has causes of its own, linked to those of the other, and noise that only it sees.",
    world: { simulator: "modality-world", points: 4000, seed: 0 },
    fit: { method: "multimodal", latentDim: 2, privateDim: 1 },
    latents: 4,
  },
];

/** A chapter for each, the method beside independent components. */
export async function otherSystems(): Promise<readonly Chapter[]> {
  return Promise.all(
    SYSTEMS.map(async ({ id, name, remark, world, fit, latents }): Promise<Chapter> => {
      const data = { ...(await simulate(world)), name };
      return {
        name,
        remark,
        agreement: false,
        runs: [
          { id: `${id}-${fit.method}`, config: { ...fit, seed: 0, data } as DemoRun["config"] },
          { id: `${id}-fast-ica`, config: { method: "fast-ica", latentDim: latents, seed: 0, data } },
        ],
      };
    }),
  );
}
