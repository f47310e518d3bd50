// The real light tunnel: 21 environments, of which five change an actuator that the sensors see. In the others sensors were
// changed, or what none of them sees: scored are held-out rows of the reference and the five.
import type { Band, Experiment, Preset, Row } from "../../preset.js";
import { LIGHT_TUNNEL, OF_ACTUATORS } from "../real-data.js";
import { CHOSEN, DEVICE, FRESH, SEEN, yardsticks } from "./beside.js";

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
    data: LIGHT_TUNNEL,
    fits: { interventional: { method: "interventional", reference: "reference" }, ...yardsticks(5) },
    seeds,
    within: OF_ACTUATORS,
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
