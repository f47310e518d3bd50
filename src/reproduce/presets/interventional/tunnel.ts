// The real light tunnel: 21 environments, of which five change an actuator that the sensors see.
import type { Experiment, Preset } from "../../preset.js";
import { DEVICE, FRESH, rowsOf, SEEN, yardsticks } from "./beside.js";

/** `interventional/tunnel` */
export const TUNNEL: Preset = {
  name: "interventional/tunnel",
  title: "Are the actuators of a real optical device found from its sensors?",
  repeats: "the real measurements, all 21 environments",
  paper: DEVICE,
  scales: {
    tiny: { seconds: 10, experiments: [experiment(SEEN)] },
    paper: { seconds: 60, experiments: [experiment(FRESH)] },
  },
};

function experiment(seeds: readonly number[]): Experiment {
  return {
    name: "21 environments",
    data: {
      given:
        "the measurements lt_interventions_standard_v1 of the light tunnel as one table, with the columns environment, nine sensors and five actuators",
      roles: {
        inputs: ["current", "angle_1", "angle_2", "ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3"],
        environment: "environment",
        truth: ["red", "green", "blue", "pol_1", "pol_2"],
      },
    },
    fits: { interventional: { method: "interventional" }, ...yardsticks(5) },
    seeds,
    rows: rowsOf({}).filter(({ measure }) => measure !== "scores:methodGraph.shd"),
  };
}
