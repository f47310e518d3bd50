// The simulated sensors of the light tunnel: linear in its actuators but two, which light reaches through both polarizers.
import type { Experiment, Preset } from "../../preset.js";
import { DEVICE, FRESH, rowsOf, SEEN, yardsticks } from "./beside.js";

/** `interventional/chamber` */
export const CHAMBER: Preset = {
  name: "interventional/chamber",
  title: "Are the actuators of an optical device found from its simulated sensors?",
  repeats: "the simulated sensors, without noise",
  paper: DEVICE,
  scales: {
    tiny: { seconds: 10, experiments: [experiment(4000, SEEN, 0.995)] },
    paper: { seconds: 60, experiments: [experiment(10_000, FRESH, 0.999)] },
  },
};

function experiment(pointsPerEnvironment: number, seeds: readonly number[], atLeast: number): Experiment {
  return {
    name: "six environments",
    data: { simulator: "chamber-world", pointsPerEnvironment },
    fits: { interventional: { method: "interventional" }, ...yardsticks(5) },
    seeds,
    rows: rowsOf({ mcc: { atLeast }, ...(atLeast === 0.999 && { shd: { atMost: 0 } }) }),
  };
}
