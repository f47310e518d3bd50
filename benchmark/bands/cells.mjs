// The fits of the bands: worlds of the paper's size, methods at their defaults, seeds.

/** The recipe was tuned with the truth at hand on these. */
const TUNED = [0, 1, 2];
/** Nobody looked at these before the settings were fixed. */
const FRESH = [11, 12, 13];
const ALL = [...TUNED, ...FRESH];

const tbr = { method: "tbr", latentDim: 5 };
const shared = { method: "shared-head", latentDim: 5 };
/** Leaves of a tree of depth 7 that are kept wholly for the test: as many as the paper holds out, drawn once. */
const UNSEEN = { holdout: ["n135", "n168", "n201", "n242"] };

/** Each group: a world without its seed, what is fitted on it, the seeds. */
const GROUPS = [
  { work: "changes-1", world: { changes: 1 }, fits: { tbr, "shared-head": shared }, seeds: ALL },
  { work: "changes-2", world: { changes: 2 }, fits: { tbr, "shared-head": shared }, seeds: ALL },
  { work: "changes-0", world: { changes: 0 }, fits: { tbr, "shared-head": shared }, seeds: ALL },
  { work: "paper", world: { changes: 1 }, fits: { tbr: { ...tbr, algorithm: "paper" } }, seeds: [0, 1, 11] },
  {
    work: "paper-40000-steps",
    world: { changes: 1 },
    fits: { tbr: { ...tbr, algorithm: "paper", steps: 40_000 } },
    seeds: [1],
  },
  {
    work: "unseen",
    world: { changes: 1 },
    fits: { tbr: { ...tbr, split: UNSEEN }, "shared-head": { ...shared, split: UNSEEN } },
    seeds: ALL,
  },
  { work: "leaves-only", world: { changes: 1, depth: 8, leavesOnly: true }, fits: { tbr }, seeds: [0, 11, 12] },
  { work: "linear-map", world: { changes: 1, map: "linear" }, fits: { tbr }, seeds: [0, 11, 12] },
  {
    work: "dimension",
    world: { changeProbability: 0.5 },
    fits: { tbr: { method: "tbr", latentDim: "auto", maxLatentDim: 8 } },
    seeds: [0, 11, 12],
  },
  { work: "changes-3", world: { changes: 3 }, fits: { tbr }, seeds: [0, 11, 12] },
  { work: "changes-4", world: { changes: 4 }, fits: { tbr }, seeds: [0, 11, 12] },
  { work: "changes-5", world: { changes: 5 }, fits: { tbr }, seeds: [0, 11, 12] },
];

/** Every cell: one world, one fit. The world and the fit have the same seed. */
export const CELLS = GROUPS.flatMap(({ work, world, fits, seeds }) =>
  Object.entries(fits).flatMap(([method, fit]) =>
    seeds.map((seed) => ({
      id: `${work}.${method}.${seed}`,
      work,
      method,
      seed,
      fresh: FRESH.includes(seed),
      world: { simulator: "tree-world", ...world, seed },
      fit: { ...fit, seed },
    })),
  ),
);
