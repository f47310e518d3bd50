// Terms that are the same in all environments: the latent that receives one is not identified, and has to be named.
import type { Experiment, Preset, Row } from "../../preset.js";
import { JUDGED, OUTSIDE, PAPER, type ShiftWorld, SMALL } from "./worlds.js";

/** A term on one of three latents. */
interface Setting {
  readonly name: string;
  readonly world: ShiftWorld;
  /** The latent that has it, from 0. */
  readonly latent: number;
  /** Which of its rows have a band: at the tiny scale only the one of the latent that falls. */
  readonly bands: "all" | "fall" | "none";
}

const CURVED: ShiftWorld = { unshiftedLink: "tanh", unshiftedGain: 3 };

// Nothing depends on the last one: no effect can show what it lost, and it must not be called identified.
const LAST: Setting = { name: "1.5 z added to the last", latent: 2, world: { unshiftedTerm: "added" }, bands: "all" };

const SETTINGS: readonly Setting[] = [
  { name: "1.5 z alone", latent: 1, world: { unshiftedTerm: "only" }, bands: "all" },
  { name: "1.5 z added", latent: 1, world: { unshiftedTerm: "added" }, bands: "all" },
  { name: "3 tanh z alone", latent: 1, world: { ...CURVED, unshiftedTerm: "only" }, bands: "none" },
  { name: "3 tanh z added", latent: 1, world: { ...CURVED, unshiftedTerm: "added" }, bands: "none" },
  LAST,
];

function rowsOf({ bands, latent }: Setting): readonly Row[] {
  const fit = "latent-anm";
  const last = latent === LAST.latent;
  const rows: readonly Row[] = [
    {
      fit,
      measure: `scores:mcc.perLatent.${latent}`,
      title: `correlation, z${latent + 1} (has the term)`,
      band: { atMost: 0.75 },
    },
    { fit, measure: `not-identified:${latent + 1}`, ...(!last && { band: { atLeast: 1 } }) },
    ...[0, 1, 2]
      .filter((i) => i !== latent)
      .map((i) => ({
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
  setting: Setting,
  size: ShiftWorld,
  seeds: readonly number[],
  training: { readonly steps?: number },
): Experiment {
  const { name, latent, world } = setting;
  return {
    name,
    data: { simulator: "shift-world", ...OUTSIDE, latents: 3, unshifted: [latent + 1], ...world, ...size },
    fits: { "latent-anm": { method: "latent-anm", latentDim: 3, threads: 2, training } },
    seeds,
    rows: rowsOf(setting),
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
        experiment({ ...LAST, bands: "fall" }, { ...SMALL, pointsPerEnvironment: 400 }, [1], { steps: 900 }),
      ],
    },
    paper: {
      seconds: 300,
      experiments: [...SETTINGS.map((setting) => experiment(setting, {}, JUDGED, {})), whole({}, JUDGED, {})],
    },
  },
};
