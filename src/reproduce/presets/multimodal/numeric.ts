// Cases 1 to 3 of the paper: latents, the graph between modalities, sizes, and the baselines.
import type { Experiment, Preset, Row } from "../../preset.js";
import {
  beside,
  CASE_1,
  CASE_2,
  CASE_3,
  JUDGED,
  type ModalityWorld,
  methods,
  PAPER,
  SEEN,
  type Training,
} from "./worlds.js";

/** One world, and what is asked of the method there. */
interface Setting {
  readonly name: string;
  readonly world: ModalityWorld;
  /** Least MCC of every seed; then also no difference between modalities, and no alarm. */
  readonly mcc?: number;
  /** The link that mixing removes, between latents by number: asked for among those that are left out, as undecided. */
  readonly hidden?: string;
  /** Most seconds of a fit, on average. */
  readonly seconds?: number;
}

const SETTINGS: readonly Setting[] = [
  { name: "case 1", world: CASE_1, mcc: 0.985, seconds: 2 },
  { name: "case 2, links one to one", world: CASE_2, mcc: 0.985 },
  // Mixing within a modality can remove the link beside those one to one: it is not asked for in the graph, but to be named.
  { name: "case 2, one link more", world: { ...CASE_2, sparsity: 0.55 }, hidden: "1>6" },
  { name: "case 3", world: CASE_3, mcc: 0.985, seconds: 4 },
];

const SMALL: readonly Setting[] = [{ name: "case 1, 4,000 rows", world: { ...CASE_1, points: 4000 }, mcc: 0.9 }];

function rowsOf({ world, mcc, hidden, seconds }: Setting, others: readonly string[]): readonly Row[] {
  const fit = "multimodal";
  const asked = mcc !== undefined;
  const open = "sizes left open";
  return [
    { fit, measure: "mcc", ...(asked && { band: { atLeast: mcc } }) },
    {
      fit,
      measure: "scores:methodGraph.betweenModalities.shd",
      title: "SHD of the graph between modalities",
      ...(asked && { band: { atMost: 0 } }),
    },
    { fit, measure: "scores:methodGraph.shd", title: "SHD of the whole graph" },
    {
      fit,
      measure: "violated:identified",
      title: "called not identified",
      ...(asked && { band: { atMost: 0 } }),
    },
    ...(hidden === undefined ? [] : [{ fit, measure: `left-out:${hidden}`, band: { atLeast: 1 } }]),
    {
      fit,
      measure: "fact:hidden-links",
      title: "links said to be hidden by a mixture",
      ...(asked && { band: { atMost: 0 } }),
    },
    { fit: open, measure: "mcc", title: "MCC, sizes left open" },
    ...Array.from({ length: world.modalities ?? 2 }, (_, m) => `m${m + 1}`).flatMap((name) => [
      { fit: open, measure: `fact:latents-${name}`, title: `latents chosen, ${name}` },
      { fit: open, measure: `fact:private-${name}`, title: `private variables chosen, ${name}` },
    ]),
    ...others.map((other) => ({ fit: other, measure: "mcc", title: `MCC of ${other}` })),
    { fit, measure: "fit-seconds", ...(seconds !== undefined && { band: { atMost: seconds, on: "mean" as const } }) },
    { fit: open, measure: "fit-seconds", title: "seconds of the fit, sizes left open" },
  ];
}

function experiment(setting: Setting, seeds: readonly number[], training: Training): Experiment {
  const { name, world } = setting;
  const others = beside(world, training);
  return {
    name,
    data: { simulator: "modality-world", ...world },
    fits: { ...methods(world), ...others },
    seeds,
    rows: rowsOf(setting, Object.keys(others)),
  };
}

/** `multimodal/numeric` */
export const NUMERIC: Preset = {
  name: "multimodal/numeric",
  title: "Are the latents of each modality found, and the graph between modalities?",
  repeats: "Figure 5 (a) and (b), with mechanisms of a named family",
  paper: PAPER,
  scales: {
    tiny: { seconds: 20, experiments: SMALL.map((setting) => experiment(setting, SEEN, { steps: 300 })) },
    paper: { seconds: 300, experiments: SETTINGS.map((setting) => experiment(setting, JUDGED, { steps: 1500 })) },
  },
};
