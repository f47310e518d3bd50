// The real light tunnel: 21 environments, of which five change an actuator that the sensors see. In the others sensors were
// changed, or what none of them sees: scored are held-out rows of the reference and the five.
import type { Band, Experiment, Preset, Row } from "../../preset.js";
import { CHOSEN, DEVICE, FRESH, SEEN, yardsticks } from "./beside.js";

const ACTUATORS = ["red", "green", "blue", "pol_1", "pol_2"];
const SIX = ["reference", ...ACTUATORS.map((name) => `${name}_strong`)];
const METHODS = ["interventional", ...Object.keys(yardsticks(5))];

/** `interventional/tunnel` */
export const TUNNEL: Preset = {
  name: "interventional/tunnel",
  title: "Are the actuators of a real optical device found from its sensors?",
  repeats: "the real measurements, all 21 environments",
  paper: DEVICE,
  remark: `${CHOSEN} An environment is unknown unless the row says otherwise.`,
  scales: {
    tiny: { seconds: 30, experiments: [experiment(SEEN)] },
    paper: { seconds: 75, experiments: [experiment(FRESH)] },
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
        truth: ACTUATORS,
      },
    },
    fits: { interventional: { method: "interventional", reference: "reference" }, ...yardsticks(5) },
    seeds,
    within: { reference: ["reference"], six: SIX },
    rows: [
      ...mcc("six", "MCC, six environments", { atLeast: 0.95 }),
      {
        fit: "interventional",
        measure: "within:six.mcc.value",
        title: "the same, on average",
        band: { atLeast: 0.965, on: "mean" },
      },
      {
        fit: "interventional",
        measure: "known:six.mcc.value",
        title: "MCC, six environments, environment known",
        band: { atLeast: 0.97, on: "mean" },
      },
      ...mcc("reference", "MCC, rows of the reference", { atLeast: 0.87, on: "mean" }),
      {
        fit: "interventional",
        measure: "known:reference.mcc.value",
        title: "MCC, rows of the reference, environment known",
      },
      { fit: "interventional", measure: "latent-dim", band: { atLeast: 5, atMost: 5 } },
      { fit: "interventional", measure: "fact:gap", title: "gap, nats per row" },
      { fit: "interventional", measure: "fact:reliability-z2", title: "reliability of the latent of green" },
      { fit: "interventional", measure: "processor-seconds", band: { atMost: 20, on: "mean" } },
    ],
  };
}

/** The method against its band, and the yardsticks beside it. */
function mcc(part: string, title: string, band: Band): readonly Row[] {
  const row = (fit: string): Row => ({ fit, measure: `within:${part}.mcc.value`, title });
  return METHODS.map((fit) => (fit === "interventional" ? { ...row(fit), band } : row(fit)));
}
