// Whether what a method calls likely is true as often. Nothing of this was published: bands are ours.
import type { Band, Experiment, FitConfig, Preset, World } from "../../preset.js";
import { INSIDE, OUTSIDE } from "../latent-anm/worlds.js";

/** Nobody looked at these before the bands were written down. */
const FRESH = range(9401, 10);

/** Edges are few in one world; nobody looked at these before their probabilities were defined anew. */
const MORE = range(9501, 30);

/** Of shifting mechanisms; nobody looked at these before the band was written down. Five seeds are too few, see the remark. */
const SHIFTS = range(12_101, 20);

/** For the tiny scale, at which a few edges say nothing. */
const SEEN = [1, 2];

/** Largest error over all seeds together. */
const BAND: Band = { atMost: 0.03 };

/** A world, the method whose probabilities are looked at, and what they speak of. */
interface Setting {
  readonly name: string;
  readonly kind: "silence" | "causes" | "edges";
  readonly data: World;
  readonly fit: FitConfig;
}

type Rows = Readonly<Record<"silence" | "tasks" | "environment", number>>;

/** Worlds in which calls are easy, and worlds in which they are not: only there can a probability be wrong by much. */
function settings({ silence, tasks, environment }: Rows): readonly Setting[] {
  const silent = (options: object): World => ({ simulator: "silent-world", latents: 5, rows: silence, ...options });
  const task = (latents: number, causes: number, pointsPerTask: number): World => ({
    simulator: "task-world",
    latents,
    causes,
    tasks,
    pointsPerTask,
  });
  const shifted = (options: object): World => ({
    simulator: "intervention-world",
    latents: 4,
    inputs: 8,
    referencePoints: 4 * environment,
    pointsPerEnvironment: environment,
    ...options,
  });
  const modalities = (options: object): World => ({ simulator: "modality-world", ...options });
  const pdgmm: FitConfig = { method: "pdgmm", latentDim: 5, split: { train: 0.8, validation: 0.1, test: 0.1 } };
  const mtlcm = (latentDim: number): FitConfig => ({
    method: "mtlcm",
    representation: "inputs",
    latentDim,
    split: { train: 1, validation: 0, test: 0 },
  });
  const interventional: FitConfig = { method: "interventional", reference: "reference", nonlinear: "off" };
  const modality = (latentDim: number): FitConfig => ({ method: "multimodal", latentDim, privateDim: 1, threads: 2 });
  const anm: FitConfig = { method: "latent-anm", latentDim: 4, threads: 2 };
  const shifting = { simulator: "shift-world", latents: 4, graph: "random" } as const;
  const three = { inputsPerModality: 20, latentsPerModality: 3 };
  return [
    { name: "5 latents", kind: "silence", data: silent({}), fit: pdgmm },
    { name: "5 latents, silent at 2 sd", kind: "silence", data: silent({ silentAt: 2 }), fit: pdgmm },
    { name: "5 latents, noise of the inputs", kind: "silence", data: silent({ observationNoise: 0.05 }), fit: pdgmm },
    { name: "5 latents, 100 rows a task", kind: "causes", data: task(5, 2, 100), fit: mtlcm(5) },
    { name: "5 latents, 20 rows a task", kind: "causes", data: task(5, 2, 20), fit: mtlcm(5) },
    { name: "10 latents, 30 rows a task", kind: "causes", data: task(10, 4, 30), fit: mtlcm(10) },
    { name: "single interventions", kind: "edges", data: shifted({}), fit: interventional },
    { name: "single interventions, noise", kind: "edges", data: shifted({ inputNoise: 0.1 }), fit: interventional },
    { name: "two modalities", kind: "edges", data: modalities({}), fit: modality(2) },
    {
      name: "two modalities, one link more",
      kind: "edges",
      data: modalities({ ...three, sparsity: 0.55 }),
      fit: modality(3),
    },
    { name: "four modalities", kind: "edges", data: modalities({ modalities: 4 }), fit: modality(2) },
    { name: "shifting mechanisms, l(u) tanh z", kind: "edges", data: { ...shifting, ...OUTSIDE }, fit: anm },
    { name: "shifting mechanisms, 2 tanh(l(u) z)", kind: "edges", data: { ...shifting, ...INSIDE }, fit: anm },
  ];
}

/** `calibration/probabilities` */
export const PROBABILITIES: Preset = {
  name: "calibration/probabilities",
  title: "Is what a method calls likely true as often?",
  repeats: "no table: it judges the probabilities that reports print",
  remark:
    "Edges of `interventional` and `multimodal` were first judged on 9401 to 9430: .161, .159 and .089, outside. How sure an edge is was then defined anew, looking at the seeds 11 to 20. Edges of `latent-anm` were first judged on 9871 to 9875: .040, outside, and .004. With so few, sound probabilities would have .035 by chance, so twenty other seeds are asked for now.",
  paper:
    "Obtaining well calibrated probabilities using Bayesian binning, https://ojs.aaai.org/index.php/AAAI/article/view/9602",
  scales: {
    tiny: {
      seconds: 40,
      experiments: settings({ silence: 4000, tasks: 60, environment: 1000 })
        .filter(({ fit }) => fit.method !== "multimodal" && fit.method !== "latent-anm")
        .map((setting) => experiment(setting, SEEN, setting.kind === "edges" ? undefined : { atMost: 0.05 })),
    },
    paper: {
      seconds: 900,
      experiments: settings({ silence: 20_000, tasks: 200, environment: 1000 }).map((setting) =>
        experiment(setting, seedsOf(setting), BAND),
      ),
    },
  },
};

function seedsOf({ kind, fit }: Setting): readonly number[] {
  if (fit.method === "latent-anm") return SHIFTS;
  return kind === "edges" ? MORE : FRESH;
}

function experiment({ name, kind, data, fit }: Setting, seeds: readonly number[], band?: Band): Experiment {
  const rowOf = (measure: string) => ({ fit: fit.method, measure });
  return {
    name,
    data,
    fits: { [fit.method]: fit },
    seeds,
    rows: [
      { ...rowOf(`calibration:${kind}`), ...(band && { band }) },
      rowOf(`calibration-by-chance:${kind}`),
      { ...rowOf(`scores:calibration.${kind}.brier`), title: "Brier score" },
      { ...rowOf(`scores:calibration.${kind}.brierOfShare`), title: "Brier score of the overall share" },
      rowOf("mcc"),
    ],
  };
}

function range(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
