// Figure 5 (c): what the share of absent links between two modalities does, and whether it shows that latents are not identified. The
// steady rise of the paper is not asked for: it peaks where links are one to one.
import type { Experiment, Preset, Row } from "../../preset.js";
import { beside, CASE_1, JUDGED, type ModalityWorld, methods, PAPER, SEEN, type Training } from "./worlds.js";

/** One world, and whether its latents are identified. */
interface Setting {
  readonly name: string;
  readonly world: ModalityWorld;
  /** `open`: a case in between, for which nothing is asked. */
  readonly identified: "yes" | "no" | "open";
  /** The link that mixing removes, between latents by number: asked for among those that are left out, as undecided. */
  readonly hidden?: string;
  /** Latents that are linked, from 0; asked of the fit that finds the sizes. */
  readonly linked?: readonly number[];
}

const SETTINGS: readonly Setting[] = [
  { name: "0 % of the links absent", world: { sparsity: 0 }, identified: "no" },
  { name: "25 % of the links absent", world: { sparsity: 0.25 }, identified: "open", hidden: "1>4" },
  { name: "50 % of the links absent", world: { sparsity: 0.5 }, identified: "yes" },
  { name: "75 % of the links absent", world: { sparsity: 0.75 }, identified: "no", linked: [0, 2] },
  {
    name: "one to one, linear, of equal strength",
    world: { mechanism: "linear", noiseFirst: 0.5, noiseLast: 0.5 },
    identified: "no",
  },
];

function rowsOf({ identified, hidden, linked }: Setting, others: readonly string[], least: number): readonly Row[] {
  const fit = "multimodal";
  const open = "sizes left open";
  const alarm = { yes: { atMost: 0 }, no: { atLeast: 1 }, open: undefined }[identified];
  const sizes: readonly Row[] = [
    { fit: open, measure: "latent-dim", title: "latents chosen", ...(linked && { band: { atLeast: 2, atMost: 2 } }) },
    ...(linked ?? []).map((i) => ({
      fit: open,
      measure: `scores:mcc.perLatent.${i}`,
      title: `correlation of linked latent ${i + 1}, sizes left open`,
      band: { atLeast: 0.99 },
    })),
  ];
  return [
    { fit, measure: "mcc", ...(identified === "yes" && { band: { atLeast: least } }) },
    { fit, measure: "scores:methodGraph.betweenModalities.shd", title: "SHD of the graph between modalities" },
    { fit, measure: "violated:identified", title: "called not identified", ...(alarm && { band: alarm }) },
    ...(hidden === undefined ? [] : [{ fit, measure: `left-out:${hidden}`, band: { atLeast: 1 } }]),
    {
      fit,
      measure: "fact:hidden-links",
      title: "links said to be hidden by a mixture",
      ...(identified === "yes" && { band: { atMost: 0 } }),
    },
    ...[1, 2, 3, 4].map((i) => ({ fit, measure: `not-identified:${i}` })),
    ...sizes,
    ...others.map((other) => ({ fit: other, measure: "mcc", title: `MCC of ${other}` })),
    { fit, measure: "fit-seconds" },
  ];
}

function experiment(
  setting: Setting,
  size: ModalityWorld,
  seeds: readonly number[],
  training: Training,
  least: number,
): Experiment {
  const world = { ...CASE_1, ...size, ...setting.world };
  const others = beside(world, training);
  return {
    name: setting.name,
    data: { simulator: "modality-world", ...world },
    fits: { ...methods(world), ...others },
    seeds,
    rows: rowsOf(setting, Object.keys(others), least),
  };
}

/** At the tiny scale only what four thousand rows show. */
const SMALL: readonly Setting[] = SETTINGS.filter(({ name }) => /^(0|50) %/.test(name)).map((setting) =>
  setting.identified === "no" ? { ...setting, identified: "open" } : setting,
);

/** `multimodal/sparsity` */
export const SPARSITY: Preset = {
  name: "multimodal/sparsity",
  title: "What do fewer links between modalities do, and is it noticed where they do not suffice?",
  repeats: "Figure 5 (c), with mechanisms of a named family",
  paper: PAPER,
  scales: {
    tiny: {
      seconds: 40,
      experiments: SMALL.map((setting) => experiment(setting, { points: 4000 }, SEEN, { steps: 300 }, 0.9)),
    },
    paper: {
      seconds: 300,
      experiments: SETTINGS.map((setting) => experiment(setting, {}, JUDGED, { steps: 1500 }, 0.985)),
    },
  },
};
