// What choosing without the truth costs: settings, numbers of latents and restarts that a blind criterion picks beside those that the truth
// would pick, and how far seeds agree beside what knows nothing. The criterion of each method and the seeds were fixed before the first run.

import { fit, presets, simulate } from "disentangle";
import { agreementOf } from "../dist/agreement.js";
import { mean } from "./statistics.mjs";

export const about = "What choosing without the truth costs, on small worlds of every preset whose data are simulated";

// 9701 to 9703 were seen while this was written.
const SEEDS = [9731, 9732];
const RESTARTS = [0, 1, 2, 3, 4];

/** Settings that a user may hesitate between; the first is the default. */
export const SETTINGS = {
  tbr: [{}, { hidden: [16] }, { sparsity: 0.1 }, { learningRate: 1e-3 }],
  mtlcm: [{}, { sigmaSpurious: 0.3 }, { sigmaSpurious: 0.03 }],
  pdgmm: [{}, { flow: { use: "never" } }, { sparsity: "none" }],
  interventional: [{}, { interventions: "soft" }, { mostLeftOut: 0 }],
  "latent-anm": [{}, { mechanisms: "linear" }, { layers: 1 }, { sparsity: 0.1 }],
  multimodal: [{}, { sparsity: 0.5 }, { flowLayers: 2 }],
};

const fact = (model, id) => model.summary.facts.find((one) => one.id === id)?.value ?? Number.NaN;
const validation = (model) =>
  model.history.stages.findLast((stage) => stage.validation !== undefined)?.validation.values.at(-1) ?? Number.NaN;
const relative = (model) => {
  const row = model.summary.errors.find((one) => one.split === "validation" && one.environment === undefined);
  return row === undefined ? Number.NaN : row.mse / row.meanMse;
};

/** What each method is chosen by: lower is better, and no truth is asked. */
export const CRITERIA = {
  tbr: { name: "validation error", of: relative },
  mtlcm: {
    name: "likelihood of the tasks",
    of: (model) => Math.min(...(model.summary.tasks?.objectives ?? [Number.NaN])),
  },
  pdgmm: {
    name: "sharpness of the planes",
    of: (model) => (fact(model, "flowUsed") === 1 ? fact(model, "sharpnessAfterFlow") : fact(model, "sharpness")),
  },
  interventional: { name: "gap of the likelihood", of: (model) => fact(model, "gap") },
  "latent-anm": { name: "validation loss", of: validation },
  multimodal: { name: "objective", of: (model) => fact(model, "objective") },
};

/** Methods that choose their number of latents, with worlds whose inputs have noise and more columns than latents. */
const DIMENSIONS = [
  {
    method: "tbr",
    rule: "validation error",
    world: { simulator: "tree-world", depth: 5, pointsPerEnvironment: 150, inputs: 8, latents: 3 },
    config: { steps: 600, maxLatentDim: 6 },
    truth: 3,
  },
  {
    method: "pdgmm",
    rule: "noise of the inputs",
    world: { simulator: "silent-world", rows: 6000, layers: 1, latents: 4, inputs: 9, observationNoise: 0.05 },
    config: {},
    truth: 4,
  },
  {
    method: "mtlcm",
    rule: "validation error",
    world: {
      simulator: "task-world",
      tasks: 60,
      pointsPerTask: 60,
      latents: 4,
      inputs: 20,
      causes: 2,
      mixing: "network",
    },
    config: { steps: 600, maxLatentDim: 6 },
    truth: 4,
  },
];

const said = (setting) => (Object.keys(setting).length === 0 ? "default" : JSON.stringify(setting));

/**
 * The first world of a preset at its small scale on which something changes, with the fit of its method; in place of them the reason why
 * there is none.
 */
export function worldOf({ name, scales }) {
  const [method] = name.split("/");
  if (!(method in SETTINGS))
    return { reason: "it judges what methods say of their results; its fits are those of other presets" };
  const { experiments } = scales.tiny;
  if (experiments.every(({ data }) => "given" in data)) return { reason: "real data, of which no worlds can be drawn" };
  if (experiments.some(({ data }) => "balls" in data))
    return { reason: "images whose latents are places: left out from the start" };
  const found = experiments.find(({ data }) => !("given" in data) && data.changes !== 0);
  const base = found && Object.values(found.fits).find((one) => one.method === method && one.latentDim !== "auto");
  if (base === undefined) return { reason: "it leaves the number of latents open" };
  // Every method has rows that choose and rows that judge.
  const { split: _, ...config } = base;
  return { preset: name, method, data: found.data, config };
}

async function fitted(config, data) {
  const model = await fit({ ...config, data }).result;
  const scores = await model.score();
  return { model, mcc: scores.mcc.value ?? Number.NaN };
}

async function tried(base, settings, data, criterion) {
  const found = [];
  for (const setting of settings) {
    try {
      const { model, mcc } = await fitted({ ...base, ...setting }, data);
      found.push({ setting, blind: criterion.of(model), mcc, model });
    } catch (error) {
      // Nobody picks what does not run.
      found.push({ setting, blind: Number.NaN, mcc: Number.NaN, failed: error.message });
    }
  }
  const known = found.filter(({ blind, mcc }) => Number.isFinite(blind) && Number.isFinite(mcc));
  const least = (key) => known.reduce((best, one) => (key(one) < key(best) ? one : best));
  return { found, picked: least((one) => one.blind), best: least((one) => -one.mcc) };
}

/** Agreement of the latents of fits to the same data, over all pairs. */
async function agreement(models) {
  const runs = models.map((model, seed) => ({
    latents: model.latents,
    rows: model.record().rows ?? rowsOf(model),
    seed,
  }));
  const pairs = runs.flatMap((a, i) => runs.slice(i + 1).map((b) => [a, b]));
  return (await agreementOf(pairs)).mean ?? Number.NaN;
}

const rowsOf = (model) => Uint32Array.from({ length: model.latents.shape[0] }, (_, i) => i);

/** What was picked on one seed beside what the truth would pick, and all that there was to pick from. */
function chosenOf(seed, { found, picked, best }) {
  return {
    tried: found.map(({ setting, blind, mcc, failed }) => ({ setting: said(setting), blind, mcc, failed })),
    seed,
    picked: said(picked.setting),
    pickedMcc: picked.mcc,
    best: said(best.setting),
    bestMcc: best.mcc,
    first: found[0].mcc,
  };
}

async function settingsRow({ preset, method, data, config }) {
  const criterion = CRITERIA[method];
  const each = [];
  for (const seed of SEEDS) {
    const world = await simulate({ ...data, seed });
    each.push(chosenOf(seed, await tried({ ...config, seed }, SETTINGS[method], world, criterion)));
  }
  return summary(
    { study: "settings", preset, method, criterion: criterion.name, tried: SETTINGS[method].length },
    each,
  );
}

async function restartsRow({ preset, method, data, config }) {
  const criterion = CRITERIA[method];
  const each = [];
  const agree = { method: [], random: [], pca: [], ica: [] };
  for (const seed of SEEDS) {
    const world = await simulate({ ...data, seed });
    const restarts = RESTARTS.map((restart) => ({ seed: restart }));
    const choice = await tried(config, restarts, world, criterion);
    const found = choice.found.filter(({ model }) => model !== undefined);
    each.push(chosenOf(seed, choice));
    agree.method.push(await agreement(found.map(({ model }) => model)));
    const latentDim = found[0].model.latents.shape[1];
    for (const [key, other] of [
      ["random", "random-encoder"],
      ["pca", "pca"],
      ["ica", "fast-ica"],
    ]) {
      const models = [];
      for (const restart of RESTARTS)
        models.push((await fitted({ method: other, latentDim, seed: restart }, world)).model);
      agree[key].push(await agreement(models));
    }
  }
  const agreements = Object.fromEntries(Object.entries(agree).map(([key, values]) => [key, mean(values)]));
  return {
    ...summary({ study: "restarts", preset, method, criterion: criterion.name, tried: RESTARTS.length }, each),
    agreements,
  };
}

async function dimensionRow({ method, rule, world, config, truth }) {
  const each = [];
  for (const seed of SEEDS) {
    const data = await simulate({ ...world, seed });
    const auto = await fitted({ method, ...config, latentDim: "auto", seed }, data);
    const all = [];
    for (let latents = Math.max(1, truth - 2); latents <= truth + 2; latents++)
      all.push({ latents, mcc: (await fitted({ method, ...config, latentDim: latents, seed }, data)).mcc });
    const best = all.reduce((a, b) => (b.mcc > a.mcc ? b : a));
    each.push({
      seed,
      picked: String(auto.model.latents.shape[1]),
      pickedMcc: auto.mcc,
      best: String(best.latents),
      bestMcc: best.mcc,
      first: all.find(({ latents }) => latents === truth).mcc,
    });
  }
  return summary({ study: "latents", preset: said(world), method, criterion: rule, tried: 5, truth }, each);
}

function summary(about, each) {
  // A pick that scores more than the best of those compared has no regret.
  const regrets = each.map(({ pickedMcc, bestMcc }) => Math.max(0, bestMcc - pickedMcc));
  return {
    ...about,
    each,
    picked: mean(each.map((one) => one.pickedMcc)),
    best: mean(each.map((one) => one.bestMcc)),
    first: mean(each.map((one) => one.first)),
    regret: mean(regrets),
    most: Math.max(...regrets),
  };
}

export async function run({ works, log }) {
  const rows = [];
  const known = new Set();
  const add = async (what, make) => {
    if (!works(what)) return;
    try {
      rows.push(await make());
    } catch (error) {
      rows.push({ study: "failed", preset: what, reason: error.message });
    }
    log(`${what}: ${JSON.stringify({ ...rows.at(-1), each: undefined })}`);
  };
  const worlds = presets.flatMap((preset) => {
    const world = worldOf(preset);
    const key = JSON.stringify([world.method, world.data, world.config]);
    if (world.reason !== undefined || known.has(key)) return [];
    known.add(key);
    return [world];
  });
  // One world of each method first.
  const leads = worlds.filter(({ method }, at) => worlds.findIndex((other) => other.method === method) === at);
  const study = async (all) => {
    for (const world of all) {
      await add(`settings ${world.preset}`, () => settingsRow(world));
      await add(`restarts ${world.preset}`, () => restartsRow(world));
    }
  };
  await study(leads);
  for (const dimension of DIMENSIONS) await add(`latents ${dimension.method}`, () => dimensionRow(dimension));
  await study(worlds.filter((world) => !leads.includes(world)));
  return { rows };
}

/** Where the tables are: one page has them all. */
export function render(rows) {
  const failed = rows.filter(({ study }) => study === "failed").map(({ preset, reason }) => `- ${preset}: ${reason}`);
  const where = "The tables are in [Choosing without the truth](../docs/choosing.md).";
  return [where, ...(failed.length === 0 ? [] : [`Not measured:\n${failed.join("\n")}`])].join("\n\n");
}
