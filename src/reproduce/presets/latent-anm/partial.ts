// Terms that are the same in all environments: the latent that receives one is not identified, and has to be named.
import type { Experiment, Preset, Row } from "../../preset.js";
import { JUDGED, OUTSIDE, PAPER, type ShiftWorld, SMALL } from "./worlds.js";

/** A term on the second of three latents. */
interface Setting {
  readonly name: string;
  readonly world: ShiftWorld;
  /** Which of its rows have a band: at the tiny scale only the one of the latent that falls. */
  readonly bands: "all" | "fall" | "none";
}

const SETTINGS: readonly Setting[] = [
  { name: "1.5 z alone", world: { unshiftedTerm: "only" }, bands: "all" },
  { name: "1.5 z added", world: { unshiftedTerm: "added" }, bands: "all" },
  { name: "3 tanh z alone", world: { unshiftedTerm: "only", unshiftedLink: "tanh", unshiftedGain: 3 }, bands: "none" },
  { name: "3 tanh z added", world: { unshiftedTerm: "added", unshiftedLink: "tanh", unshiftedGain: 3 }, bands: "none" },
];

/** Latents of the truth, from 0. */
const TERM = 1;
const OTHERS = [0, 2];

function rowsOf(bands: Setting["bands"]): readonly Row[] {
  const fit = "latent-anm";
  const rows: readonly Row[] = [
    {
      fit,
      measure: `scores:mcc.perLatent.${TERM}`,
      title: `correlation, z${TERM + 1} (has the term)`,
      band: { atMost: 0.75 },
    },
    { fit, measure: `not-identified:${TERM + 1}`, band: { atLeast: 1 } },
    ...OTHERS.map((i) => ({
      fit,
      measure: `scores:mcc.perLatent.${i}`,
      title: `correlation, z${i + 1}`,
      band: { atLeast: 0.97 },
    })),
    { fit, measure: "false-alarms", band: { atMost: 0.05, on: "mean" } },
    { fit, measure: "fit-seconds" },
  ];
  // After a sixth of the steps the term is not absorbed as a whole.
  if (bands === "fall")
    return rows.map(({ band: _, ...row }, i) => (i === 0 ? { ...row, band: { atMost: 0.9 } } : row));
  return bands === "all" ? rows : rows.map(({ band: _, ...row }) => row);
}

function experiment(
  { name, world, bands }: Setting,
  size: ShiftWorld,
  seeds: readonly number[],
  training: { readonly steps?: number },
): Experiment {
  return {
    name,
    data: { simulator: "shift-world", ...OUTSIDE, latents: 3, unshifted: [TERM + 1], ...world, ...size },
    fits: { "latent-anm": { method: "latent-anm", latentDim: 3, threads: 2, training } },
    seeds,
    rows: rowsOf(bands),
  };
}

/** The same without the term, where nothing may be named. */
function whole(size: ShiftWorld, seeds: readonly number[], training: { readonly steps?: number }): Experiment {
  return {
    name: "no such term",
    data: { simulator: "shift-world", ...OUTSIDE, latents: 5, ...size },
    fits: { "latent-anm": { method: "latent-anm", latentDim: 5, threads: 2, training } },
    seeds,
    rows: [
      { fit: "latent-anm", measure: "mcc", band: { atLeast: 0.97 } },
      { fit: "latent-anm", measure: "false-alarms", band: { atMost: 0.05, on: "mean" } },
    ],
  };
}

/** `latent-anm/partial` */
export const PARTIAL: Preset = {
  name: "latent-anm/partial",
  title: "Is a latent named whose mechanism has a part that never changes?",
  repeats: "Figure 3, with terms of a named family",
  paper: PAPER,
  scales: {
    tiny: {
      seconds: 10,
      experiments: [
        experiment({ ...SETTINGS[1]!, bands: "fall" }, { ...SMALL, pointsPerEnvironment: 400 }, [1], { steps: 900 }),
      ],
    },
    paper: {
      seconds: 300,
      experiments: [...SETTINGS.map((setting) => experiment(setting, {}, JUDGED, {})), whole({}, JUDGED, {})],
    },
  },
};
