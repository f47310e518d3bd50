// What multimodal gains from subjects that lack a modality, and from convolutions: correlations of its latents with the true ones, matched within
// each modality.

import { cpus } from "node:os";
import { fit, simulate } from "disentangle";
import { number, table } from "./tables.mjs";

export const about =
  "Latents of `multimodal` on the rows that lack a modality, with and without learning from them; and of images of a spot whose place is a latent, with convolutions and flat";

const SEEDS = [1, 2, 3];
const THREADS = Math.min(2, cpus().length);
/** Subjects, and those of them that have both modalities. */
const [SUBJECTS, BOTH] = [4000, 400];
const IMAGES = 4000;
const SIDES = [16, 32];
const spotSeed = 1;

export async function run({ works, log }) {
  const rows = [];
  const told = (row) => {
    log(`${row.work}, ${row.setting}, seed ${row.seed}: ${row.correlations.map((c) => c.toFixed(3)).join(" ")}`);
    rows.push(row);
  };
  if (works("subjects")) {
    for (const seed of SEEDS) for (const row of await subjects(seed)) told(row);
  }
  for (const side of SIDES) {
    if (works(`images ${side}`)) for (const row of await spots(side)) told(row);
  }
  return { rows };
}

/** Case 1 of the paper; of the subjects after the first, half lack the first modality and half the second. */
async function subjects(seed) {
  const world = await simulate({ simulator: "modality-world", points: SUBJECTS, seed });
  const { data, cols } = world.inputs;
  const lacking = Float32Array.from(data);
  for (let row = BOTH; row < SUBJECTS; row += 1) {
    const { start, end } = world.views[row % 2];
    lacking.fill(Number.NaN, row * cols + start, row * cols + end);
  }
  const whole = { ...world, truth: {}, inputs: { data: lacking, rows: SUBJECTS, cols } };
  const few = { ...whole, inputs: { data: lacking.slice(0, BOTH * cols), rows: BOTH, cols } };
  const rest = { data: lacking.slice(BOTH * cols), shape: [SUBJECTS - BOTH, cols] };
  const truth = columnsOf(world.truth.latents.values).map((column) => column.slice(BOTH));
  const rows = [];
  for (const [setting, given] of [
    ["all subjects", whole],
    ["those with both", few],
  ]) {
    const fitted = await timed({ data: given, latentDim: 2, privateDim: 1, seed });
    const { data: values, shape } = await fitted.model.transform(rest);
    const found = columnsOf({ data: values, rows: shape[0], cols: shape[1] });
    rows.push({ work: "subjects", setting, seed, seconds: fitted.seconds, correlations: matched(truth, found, 2) });
    await fitted.model.close();
  }
  return rows;
}

/** From left to right a spot follows the latent of its modality, from top to bottom what is private. */
async function spots(side) {
  const world = await simulate({
    simulator: "modality-world",
    points: IMAGES,
    latentsPerModality: 1,
    privatePerModality: 1,
    seed: spotSeed,
  });
  const latents = columnsOf(world.truth.latents.values).map(standard);
  const own = columnsOf(world.truth.private.values).map(standard);
  const [pixels, cols] = [side * side, 2 * side * side];
  const data = new Float32Array(IMAGES * cols);
  const place = (value) => side / 2 + 0.13 * side * Math.min(3, Math.max(-3, value));
  for (let row = 0; row < IMAGES; row += 1) {
    for (const m of [0, 1]) {
      const [x, y] = [place(latents[m][row]), place(own[m][row])];
      for (let at = 0; at < pixels; at += 1) {
        const square = ((at % side) - x) ** 2 + (Math.floor(at / side) - y) ** 2;
        data[row * cols + m * pixels + at] = Math.exp(-square / (2 * (0.09 * side) ** 2));
      }
    }
  }
  const image = { channels: 1, height: side, width: side };
  const views = ["left", "right"].map((name, m) => ({ name, start: m * pixels, end: (m + 1) * pixels, image }));
  const given = { ...world, name: "spots", inputs: { data, rows: IMAGES, cols }, inputNames: [], views, truth: {} };
  const rows = [];
  for (const encoder of ["convolutional", "mlp"]) {
    const { model, seconds } = await timed({ data: given, latentDim: 1, privateDim: 1, seed: spotSeed, encoder });
    const found = columnsOf({ data: model.latents.data, rows: model.latents.shape[0], cols: model.latents.shape[1] });
    const truth = latents.map((column) => Array.from(model.rows, (row) => column[row]));
    const left = model.summary.facts.filter(({ id }) => id.startsWith("left-")).map(({ value }) => value);
    const isTold = model.summary.warnings.some(({ code }) => code === "NOT_IDENTIFIED");
    const correlations = matched(truth, found, 1);
    rows.push({
      work: `images ${side} x ${side}`,
      setting: encoder,
      seed: spotSeed,
      seconds,
      correlations,
      left,
      isTold,
    });
    await model.close();
  }
  return rows;
}

async function timed(config) {
  const began = performance.now();
  const model = await fit({ method: "multimodal", threads: THREADS, ...config }).result;
  return { model, seconds: (performance.now() - began) / 1e3 };
}

function columnsOf({ data, rows, cols }) {
  return Array.from({ length: cols }, (_, j) => Array.from({ length: rows }, (_, row) => data[row * cols + j]));
}

function standard(column) {
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  const sd = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
  return column.map((value) => (value - mean) / sd);
}

/** |correlation| over the rows that have both. */
function correlation(a, b) {
  const rows = a.flatMap((_, row) => (Number.isFinite(b[row]) ? [row] : []));
  const [x, y] = [a, b].map((column) => standard(rows.map((row) => column[row])));
  return Math.abs(x.reduce((sum, value, row) => sum + value * y[row], 0) / rows.length);
}

/** Of each true latent with its match, so many of them in a modality, at most two. */
function matched(truth, found, each) {
  const all = [];
  for (let first = 0; first < truth.length; first += each) {
    const of = (i, j) => correlation(truth[first + i], found[first + j]);
    const straight = Array.from({ length: each }, (_, i) => of(i, i));
    const crossed = Array.from({ length: each }, (_, i) => of(i, each - 1 - i));
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    all.push(...(sum(straight) >= sum(crossed) ? straight : crossed));
  }
  return all;
}

export function render(rows) {
  const cells = rows.map(({ work, setting, seed, seconds, correlations, left, isTold }) => [
    work,
    setting,
    seed,
    correlations.map((c) => c.toFixed(3)).join(" "),
    left === undefined ? "" : left.map((share) => `${(100 * share).toFixed(1)} %`).join(" "),
    isTold === undefined ? "" : isTold ? "yes" : "no",
    number(seconds),
  ]);
  return table(["rows", "setting", "seed", "correlations", "variance left", "reported as not identified", "s"], cells);
}
