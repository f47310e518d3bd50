// One cell of the bands, through the public API: simulate, fit, score.

import { fit, score, simulate } from "disentangle";

/** Rows that judge the latents before the rotation: every twentieth is plenty for three digits. */
const STRIDE = 20;

/** Simulates the cell's world, fits and scores it. Plain numbers, times in seconds of wall clock and of processor. */
export async function measure(cell) {
  const started = performance.now();
  const world = await simulate(cell.world);
  const simulated = performance.now();
  const before = process.cpuUsage();
  const model = await fit({ ...cell.fit, data: world }).result;
  const { user, system } = process.cpuUsage(before);
  const fitted = performance.now();
  const scores = await model.score();
  const { config } = model.info;
  return {
    seconds: { simulate: (simulated - started) / 1e3, fit: (fitted - simulated) / 1e3, fitCpu: (user + system) / 1e6 },
    steps: config.steps,
    outcome: model.outcome,
    ...scored(scores),
    jointMcc: await beforeRotation(model, world),
    testMse: errorOf(model, ({ split, environment }) => split === "test" && environment === undefined),
    ...unseen(model, config.split.holdout),
    choices: model.summary.choices,
    assumptions: Object.fromEntries(model.summary.assumptions.map(({ id, status }) => [id, status])),
  };
}

function scored({ mcc, r2, oracle, changes, ate }) {
  return {
    mcc: mcc.value,
    interval: mcc.interval,
    oracleMcc: oracle?.value ?? null,
    linearMcc: mcc.nulls.linear?.mean ?? null,
    rotationMcc: mcc.nulls.rotation?.mean ?? null,
    unrelatedMcc: mcc.nulls.unrelated?.mean ?? null,
    r2: r2.value,
    ...(changes && { supportF1: changes.f1, precision: changes.precision, recall: changes.recall }),
    ate: ate?.value ?? null,
    ateEnvironments: ate?.perEnvironment.map(({ value }) => value) ?? [],
  };
}

/** MCC of the latents as the joint loss left them: the rotation is a stage that the paper does not have. */
async function beforeRotation(model, world) {
  const { map } = model.summary;
  if (map?.stage !== "rotation") return null;
  const undo = inverse(map.values);
  const [rows, k] = model.latents.shape;
  const { values } = world.truth.latents;
  const [latents, truth] = [[], []];
  for (let row = 0; row < rows; row += STRIDE) {
    const z = model.latents.data.subarray(row * k, (row + 1) * k);
    latents.push(undo.map((line) => line.reduce((sum, weight, j) => sum + weight * z[j], 0)));
    const of = model.rows[row];
    truth.push([...values.data.subarray(of * values.cols, (of + 1) * values.cols)]);
  }
  return (await score(latents, { z: truth })).mcc.value;
}

function unseen(model, holdout) {
  if (holdout.length === 0) return {};
  const perEnvironment = holdout.map((name) =>
    errorOf(model, ({ split, environment }) => split === "test" && environment === name),
  );
  return { unseen: holdout, unseenMse: perEnvironment };
}

function errorOf(model, which) {
  const rows = model.summary.errors.filter(which);
  if (rows.length !== 1) throw new Error(`${rows.length} rows of errors where one was expected`);
  return rows[0].mse;
}

/** Gauss-Jordan with partial pivoting. */
function inverse(matrix) {
  const n = matrix.length;
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let i = 0; i < n; i++) {
    const pivot = work.reduce((top, row, r) => (r >= i && Math.abs(row[i]) > Math.abs(work[top][i]) ? r : top), i);
    [work[i], work[pivot]] = [work[pivot], work[i]];
    work[i] = work[i].map((value) => value / work[i][i]);
    for (let r = 0; r < n; r++) {
      if (r !== i) work[r] = work[r].map((value, j) => value - work[r][i] * work[i][j]);
    }
  }
  return work.map((row) => row.slice(n));
}
