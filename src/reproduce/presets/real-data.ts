// Real data that presets of more than one method ask for.
import type { Given } from "../preset.js";

/** What of the light tunnel its sensors see. */
const ACTUATORS = ["red", "green", "blue", "pol_1", "pol_2"];

/** The real light tunnel: 21 environments, the truth are its actuators. */
export const LIGHT_TUNNEL: Given = {
  given:
    "the measurements lt_interventions_standard_v1 of the light tunnel as one table, with the columns environment, nine sensors and five actuators",
  roles: {
    inputs: ["current", "angle_1", "angle_2", "ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3"],
    environment: "environment",
    truth: ACTUATORS,
  },
};

/** Its environments in which nothing or one of the actuators is changed, and that in which nothing is. */
export const OF_ACTUATORS = {
  reference: ["reference"],
  six: ["reference", ...ACTUATORS.map((name) => `${name}_strong`)],
};

/** Single cells under nine conditions. */
export const CELLS: Given = {
  given:
    "the cells of Sachs et al. (2005) as one table, with the column condition and eleven proteins as raw intensities",
  prepare: { dataset: "sachs" },
};
