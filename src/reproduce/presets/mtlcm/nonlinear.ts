// Latents behind a network: the representation, the linear model on it, and the baselines.
import type { Experiment, Preset, Row, World } from "../../preset.js";
import { FIVE, othersRows, othersWith, PAPER, WITHIN_TASKS, withoutPublished } from "./beside.js";

/** No row is kept back for a test: what is asked is what the latents of these rows are. */
const SPLIT = { train: 0.9, validation: 0.1, test: 0 };

/** What a scale fixes. */
interface Size {
  readonly world: Extract<World, { simulator: "task-world" }>;
  readonly inputs: readonly number[];
  readonly causes: readonly number[];
  readonly seeds: readonly number[];
  readonly latents: (inputs: number) => number;
  /** Steps of every method that takes some; their defaults where absent. */
  readonly steps?: number;
  /** The least weak and strong MCC, within tasks and overall, where they were set. */
  readonly bands: (
    inputs: number,
    causes: number,
  ) => { weak: number; withinTasks: number; overall: number } | undefined;
}

const FULL: Size = {
  world: { simulator: "task-world", mixing: "network", tasks: 500, pointsPerTask: 200 },
  inputs: [20, 50, 100, 200],
  causes: [4, 8, 12],
  seeds: FIVE,
  latents: (inputs) => Math.min(20, inputs / 2),
  // Set by a prototype at 20 passes, there and nowhere else.
  bands: (inputs, causes) =>
    inputs === 50 && causes === 4 ? { weak: 0.84, withinTasks: 0.88, overall: 0.83 } : undefined,
};

const SMALL: Size = {
  world: { simulator: "task-world", mixing: "network", tasks: 100, pointsPerTask: 60 },
  inputs: [12],
  causes: [2],
  seeds: [1],
  latents: () => 3,
  steps: 300,
  bands: () => ({ weak: 0.9, withinTasks: 0.9, overall: 0.9 }),
};

/** `mtlcm/nonlinear` */
export const NONLINEAR: Preset = {
  name: "mtlcm/nonlinear",
  title: "Are latents behind a network recovered, up to a linear map and up to order and scale?",
  repeats: "Figure 3",
  paper: PAPER,
  scales: {
    tiny: { seconds: 10, experiments: experiments(SMALL).map(withoutPublished) },
    paper: { seconds: 20_000, experiments: experiments(FULL) },
  },
};

function experiments(size: Size): readonly Experiment[] {
  const { world, inputs, causes, seeds, latents } = size;
  const steps = size.steps === undefined ? {} : { steps: size.steps };
  return inputs.flatMap((columns) => {
    const d = latents(columns);
    return causes
      .filter((k) => k < d)
      .map((k) => ({
        name: `${columns} inputs, D = ${d}, k = ${k}`,
        data: { ...world, inputs: columns, latents: d, causes: k },
        fits: {
          mtlcm: { method: "mtlcm", latentDim: d, split: SPLIT, ...steps },
          ...othersWith(d, steps, SPLIT),
        },
        seeds,
        rows: rowsOf(size.bands(columns, k)),
      }));
  });
}

function rowsOf(bands: ReturnType<Size["bands"]>): readonly Row[] {
  const fit = "mtlcm";
  const band = (atLeast: number | undefined) => (atLeast === undefined ? {} : { band: { atLeast } });
  return [
    { fit, measure: "mcc-weak", ...band(bands?.weak) },
    { fit, measure: "mcc", title: "strong MCC", published: { note: "as the weak" }, ...band(bands?.overall) },
    { fit, ...WITHIN_TASKS, ...band(bands?.withinTasks) },
    { fit, measure: "r2" },
    { fit, measure: "scores:indicators.accuracy", title: "causal indicators that are right" },
    { fit, measure: "fit-seconds" },
    ...othersRows([{ measure: "mcc", title: "strong MCC" }, WITHIN_TASKS, { measure: "mcc-weak" }, { measure: "r2" }], {
      note: "underperform",
    }),
  ];
}
