// Whether latents that a method names as identified have been found, and those that it names as not identified have not.
import type { Band, Experiment, Preset, Row, Scale } from "../../preset.js";
import { PARTIAL } from "../latent-anm/partial.js";
import { SPARSITY } from "../multimodal/sparsity.js";

/** Nobody looked at these before the band was written down. */
const FRESH = [12001, 12002, 12003, 12004, 12005];

/** Of all latents, those that may be named as identified without having been found. */
const BAND: Band = { atMost: 0.05 };

/** With one seed: at most one of three or four latents. */
const TINY: Band = { atMost: 0.34 };

/** Worlds that identify all of their latents, some or none, and the method that has to tell which. */
function experiments(scale: Scale, band: Band, seeds?: readonly number[]): readonly Experiment[] {
  const asked = [
    { preset: SPARSITY, fit: "multimodal" },
    { preset: PARTIAL, fit: "latent-anm" },
  ];
  return asked.flatMap(({ preset, fit }) =>
    preset.scales[scale].experiments.map((experiment) => ({
      name: `${fit}: ${experiment.name}`,
      data: experiment.data,
      fits: { [fit]: experiment.fits[fit]! },
      seeds: seeds ?? experiment.seeds,
      rows: rowsOf(fit, band),
    })),
  );
}

function rowsOf(fit: string, band: Band): readonly Row[] {
  return [
    { fit, measure: "wrong-calls:identified", band },
    { fit, measure: "wrong-calls:not-identified" },
    { fit, measure: "named-as:identified" },
    { fit, measure: "found-among:identified" },
    { fit, measure: "named-as:not-identified" },
    { fit, measure: "found-among:not-identified" },
    { fit, measure: "mcc" },
  ];
}

/** `calibration/identified` */
export const IDENTIFIED: Preset = {
  name: "calibration/identified",
  title: "Have latents been found that a method names as identified?",
  repeats: "no table: it judges what the methods say of each latent, on the worlds of two other presets",
  paper: `${SPARSITY.paper}, and ${PARTIAL.paper}`,
  scales: {
    tiny: { seconds: 25, experiments: experiments("tiny", TINY) },
    paper: { seconds: 400, experiments: experiments("paper", BAND, FRESH) },
  },
};
