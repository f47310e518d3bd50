// The light tunnel of the demo: measurements of a real device whose causes are known, see examples/data/light-tunnel/NOTICE.md.
import { fileURLToPath } from "node:url";
import { type Dataset, readDataset } from "../dataset.js";
import type { RunRecord } from "../record.js";

const FILE = fileURLToPath(new URL("../../examples/data/light-tunnel/light_tunnel.csv", import.meta.url));

/** What a computer set, and the sensors that saw it. */
const ACTUATORS = ["red", "green", "blue", "pol_1", "pol_2"];
const SENSORS = ["current", "angle_1", "angle_2", "ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3"];

/** A latent of which the inputs carry less than this share is named by the fit, too. */
const RELIABLE = 0.5;

/** The environments whose rows are scored; in the others a sensor was changed, or what none of the sensors sees. */
export const SCORED = ["reference", ...ACTUATORS.map((name) => `${name}_strong`)];

/** Sensors as inputs, actuators as truth, all 21 environments. */
export async function readTunnel(): Promise<Dataset> {
  const data = await readDataset({ data: FILE, inputs: SENSORS, environment: "environment", truth: ACTUATORS });
  return { ...data, name: "light tunnel, a real device" };
}

/** What a fit says of itself: what it set aside, and which causes the sensors hardly carry, by the names that the truth gives them. */
export function saidOfTunnel({ summary, scores }: RunRecord): readonly string[] {
  const aside = summary.warnings.filter(({ code }) => code === "ENVIRONMENTS_SET_ASIDE").map(({ message }) => message);
  const reliability = new Map(summary.facts.map(({ id, value }) => [id, value]));
  const hardly = (scores?.mcc.matching ?? []).flatMap((match, cause) => {
    const latent = typeof match === "number" ? scores?.latents[match] : undefined;
    const value = reliability.get(`reliability-${latent}`);
    if (typeof value !== "number" || value >= RELIABLE) return [];
    return `${scores?.truth[cause]} is hardly told by a single row: reliability ${value.toFixed(2)} (${latent}), which the MCC hides`;
  });
  return [...aside, ...hardly];
}
