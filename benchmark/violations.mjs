// Assumptions that are broken little by little: how the score falls, and whether the method's own checks say so before it does. Worlds,
// levels, seeds and the line at which a score counts as fallen were fixed before the first run.

import { fit, simulate } from "disentangle";
import { LOST } from "../dist/calibration.js";
import { table } from "./tables.mjs";

export const about = "Scores and checks of every method as one assumption after the other is broken, on small worlds";

/** Of one sweep; each has its own, so that worlds in which everything holds are not counted twice. */
const seedsOf = (sweep) => [1, 2, 3, 4, 5].map((seed) => 97_200 + 10 * sweep + seed);

/** From what the method assumes to what breaks it. */
const SWEEPS = [
  {
    method: "tbr",
    assumption: "sparse changes: latents that change on an edge, of 3",
    key: "changes",
    levels: [1, 2, 3, 0],
  },
  { method: "tbr", assumption: "environments: depth of the tree", key: "depth", levels: [5, 4, 3, 2, 1] },
  { method: "tbr", assumption: "noise of the target", key: "noise", levels: [0.1, 0.3, 1, 3] },
  { method: "mtlcm", assumption: "tasks", key: "tasks", levels: [60, 20, 8, 4, 2] },
  { method: "mtlcm", assumption: "splits differ: causes, of 4", key: "causes", levels: [2, 3, 4] },
  { method: "mtlcm", assumption: "noise of the inputs", key: "noise", levels: [0.01, 0.1, 0.3, 1] },
  { method: "pdgmm", assumption: "silent share", key: "active", levels: ["half", "three-quarters", "one", "all"] },
  { method: "pdgmm", assumption: "noise of the inputs", key: "observationNoise", levels: [0, 0.1, 0.3, 1] },
  {
    method: "pdgmm",
    assumption: "silent each on its own: blocks",
    key: "blocks",
    levels: [
      [1, 1, 1, 1],
      [2, 1, 1],
      [2, 2],
    ],
  },
  { method: "latent-anm", assumption: "environments", key: "environments", levels: [20, 10, 5, 2] },
  {
    method: "latent-anm",
    assumption: "noise shifts: largest scale, least .1",
    key: "noiseScaleMost",
    levels: [2, 0.5, 0.2, 0.1],
    also: () => ({ noiseMean: 0 }),
  },
  {
    method: "interventional",
    assumption: "strength of shifts",
    key: "shiftMost",
    levels: [2, 0.5, 0.2, 0.05],
    also: (most) => ({ shiftLeast: most / 2 }),
    // Least shifts were 0 first, so that nothing held at any level: drawn anew.
    drawn: 30,
  },
  {
    method: "interventional",
    assumption: "single interventions: double ones beside them",
    key: "doubleEnvironments",
    levels: [0, 1, 2, 4],
  },
  { method: "interventional", assumption: "noise of the inputs", key: "inputNoise", levels: [0, 0.3, 1, 3] },
  { method: "multimodal", assumption: "noise of the inputs", key: "observationNoise", levels: [0, 0.1, 0.3, 1] },
  { method: "latent-anm", assumption: "noise of the inputs", key: "observationNoise", levels: [0, 0.1, 0.3, 1] },
  {
    method: "interventional",
    assumption: "environments: latents that none of them changes, of 4",
    key: "missing",
    levels: [[], [2], [2, 3], [2, 3, 4]],
  },
  { method: "multimodal", assumption: "sparsity: share of the links absent", key: "sparsity", levels: [0.5, 0.25, 0] },
];

/** A world in which every assumption holds, and the fit. */
const HOLDS = {
  tbr: [
    { simulator: "tree-world", depth: 5, pointsPerEnvironment: 150, inputs: 8, latents: 3 },
    { latentDim: 3, steps: 600 },
  ],
  mtlcm: [
    { simulator: "task-world", tasks: 60, pointsPerTask: 60, latents: 4, causes: 2 },
    { representation: "inputs", latentDim: 4 },
  ],
  pdgmm: [{ simulator: "silent-world", rows: 6000, layers: 1, latents: 4 }, { latentDim: 4 }],
  "latent-anm": [
    { simulator: "shift-world", latents: 2, environments: 20, pointsPerEnvironment: 200 },
    { latentDim: 2, training: { steps: 900 } },
  ],
  interventional: [
    { simulator: "intervention-world", latents: 4, inputs: 8, referencePoints: 4000, pointsPerEnvironment: 1000 },
    { nonlinear: "off" },
  ],
  multimodal: [
    { simulator: "modality-world", points: 4000 },
    { latentDim: 2, privateDim: 1 },
  ],
};

/** What the method itself says: checks that are violated or in doubt, and latents that it names as not identified. */
function told({ summary: { assumptions, identification = [] } }) {
  const of = (status) => assumptions.filter((one) => one.status === status).map(({ id }) => id);
  const open = identification.some(({ status }) => status === "violated") ? ["identification"] : [];
  return { violated: [...of("violated"), ...open], doubtful: of("warning") };
}

async function one(method, world, config, seed) {
  const data = await simulate({ ...world, seed });
  try {
    const model = await fit({ method, ...config, data, seed }).result;
    const { mcc } = await model.score();
    return { seed, mcc: mcc.value, ...told(model) };
  } catch (error) {
    // Refusing data is noticing, too; a configuration that is refused is a mistake of this file.
    if (!error.code?.startsWith("DATA_")) throw error;
    return { seed, mcc: null, violated: [error.code ?? "error"], doubtful: [], refused: error.message };
  }
}

export async function run({ works, log }) {
  const rows = [];
  for (const [place, { method, assumption, key, levels, also, drawn = place }] of SWEEPS.entries()) {
    if (!works(method)) continue;
    const [world, config] = HOLDS[method];
    for (const level of levels) {
      const fits = [];
      for (const seed of seedsOf(drawn))
        fits.push(await one(method, { ...world, ...also?.(level), [key]: level }, config, seed));
      rows.push({ method, assumption, key, level, fits });
      log(
        `${method}, ${key} = ${JSON.stringify(level)}: ${fits.map(({ mcc, violated }) => `${mcc?.toFixed(3) ?? "refused"} ${violated}`).join("; ")}`,
      );
    }
  }
  return { rows };
}

const lost = ({ mcc }) => mcc === null || mcc < LOST;

/** How often a check speaks where all holds and nothing is lost, where something is broken and nothing lost yet, and is silent where it is. */
function rates(levels, notices) {
  const share = (all, of) => (all.length === 0 ? "-" : `${all.filter(of).length} of ${all.length}`);
  const all = levels.flatMap(({ fits, holds }) => fits.map((one) => ({ ...one, holds })));
  const kept = all.filter((one) => !lost(one));
  return [
    share(
      kept.filter(({ holds }) => holds),
      notices,
    ),
    share(
      kept.filter(({ holds }) => !holds),
      notices,
    ),
    share(all.filter(lost), (one) => !notices(one)),
  ];
}

const levelText = (level) => (Array.isArray(level) && level.length === 0 ? "none" : [level].flat().join("+"));
const most = (fits, of) => 2 * fits.filter(of).length > fits.length;
const violates = ({ violated }) => violated.length > 0;
const doubts = ({ violated, doubtful }) => violated.length + doubtful.length > 0;

/** Whether most seeds notice at a milder level than that at which most are lost. */
function order(levels, notices) {
  const fallen = levels.findIndex(({ fits }) => most(fits, lost));
  const noticed = levels.findIndex(({ fits }) => most(fits, notices));
  if (fallen < 0) return noticed < 0 ? "nothing lost, silent" : "nothing lost, speaks";
  if (noticed < 0) return "never";
  return noticed < fallen ? "before" : noticed === fallen ? "at the same level" : "later";
}

/** Three tables: scores and checks along every sweep, which of both comes first, then false alarms and misses of every check. */
export function render(rows) {
  const scores = rows.map(({ method, assumption, level, fits }) => {
    const known = fits.flatMap(({ mcc }) => (mcc === null ? [] : [mcc.toFixed(2)]));
    const words = [...new Set(fits.flatMap(({ violated }) => violated))].join(", ");
    const said = (notices) => `${fits.filter(notices).length} of ${fits.length}`;
    return [
      method,
      assumption,
      levelText(level),
      known.length === 0 ? "refused" : known.join(" "),
      said(violates),
      said(doubts),
      words,
    ];
  });
  const sweeps = SWEEPS.map(({ method, key }) =>
    rows.filter((row) => row.method === method && row.key === key).map((row, at) => ({ ...row, holds: at === 0 })),
  ).filter((levels) => levels.length > 0);
  const orders = sweeps.map((levels) => {
    const { method, assumption } = levels[0];
    const fallen = levels.find(({ fits }) => most(fits, lost));
    const level = fallen === undefined ? "-" : levelText(fallen.level);
    return [method, assumption, level, order(levels, violates), order(levels, doubts)];
  });
  const checks = [...new Set(rows.map(({ method }) => method))].flatMap((method) => {
    const levels = sweeps.flat().filter((level) => level.method === method);
    const ids = [...new Set(levels.flatMap(({ fits }) => fits.flatMap((one) => [...one.violated, ...one.doubtful])))];
    return [
      ["any violated", ...rates(levels, violates)],
      ["any violated or in doubt", ...rates(levels, doubts)],
      ...ids.map((id) => [
        `\`${id}\``,
        ...rates(levels, ({ violated, doubtful }) => violated.includes(id) || doubtful.includes(id)),
      ]),
    ].map((cells) => [method, ...cells]);
  });
  return [
    table(["method", "assumption", "level", "MCC by seed", "violated", "or in doubt", "what is violated"], scores),
    table(["method", "assumption", "most lost from", "violated", "or in doubt"], orders),
    table(["method", "check", "speaks where all holds", "speaks early", "silent where lost"], checks),
  ].join("\n\n");
}
