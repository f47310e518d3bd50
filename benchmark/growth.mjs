// What every method costs as data and latents grow, and once on tables as wide as real ones.

import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { simulate, writeDataset } from "disentangle";
import { timed } from "./processes.mjs";
import { commit, root } from "./provenance.mjs";
import { exponent, uniforms } from "./statistics.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "Every method with its defaults, a whole process on one thread: processor seconds and peak memory as one size at a time is doubled twice, and on wide tables";

const CLI = fileURLToPath(new URL("../bin/disentangle.js", import.meta.url));
/** Sizes that all others are compared with; `groups` are environments, tasks or modalities. */
const BASE = { rows: 8000, columns: 32, latents: 4 };
const FACTORS = [1, 2, 4];
const WIDE = [
  { rows: 50_000, columns: 2000, latents: 5 },
  { rows: 2000, columns: 20_000, latents: 5 },
];
/** Stands in place of an error code where the system ended the process. */
const KILLED = "ended by the system: out of memory";
/** Gradient steps on the wide tables; defaults have 1,000 to 10,000. */
const WIDE_STEPS = 200;

const tree = {
  group: "environments",
  groups: 14,
  // Every node but the root has rows: 14, 30 and 62 environments stand for 14, 28 and 56.
  world: ({ rows, columns, latents, groups }) => {
    const depth = Math.round(Math.log2(groups + 2)) - 1;
    const pointsPerEnvironment = Math.round(rows / (2 ** (depth + 1) - 2));
    return { simulator: "tree-world", depth, pointsPerEnvironment, inputs: columns, latents };
  },
};
const tasks = {
  group: "tasks",
  groups: 50,
  world: ({ rows, columns, latents, groups }) => ({
    simulator: "task-world",
    tasks: groups,
    mixing: "network",
    pointsPerTask: Math.round(rows / groups),
    inputs: columns,
    latents,
    causes: Math.ceil(latents / 2),
  }),
};
const silent = {
  world: ({ rows, columns, latents }) => ({ simulator: "silent-world", layers: 3, rows, inputs: columns, latents }),
};
const shifts = {
  group: "environments",
  groups: 20,
  world: ({ rows, columns, latents, groups }) => ({
    simulator: "shift-world",
    environments: groups,
    pointsPerEnvironment: Math.round(rows / groups),
    inputs: columns,
    latents,
  }),
};
const interventions = {
  // Sums of inputs make the likelihood of two references equal.
  wide: ["--reference", "reference"],
  world: ({ rows, columns, latents }) => ({
    simulator: "intervention-world",
    inputs: columns,
    latents,
    pointsPerEnvironment: Math.round(rows / (latents + 1)),
    referencePoints: Math.round(rows / (latents + 1)),
  }),
};
/** Columns and latents are those of all modalities together, one latent of each is private. */
const modalities = {
  group: "modalities",
  groups: 2,
  world: ({ rows, columns, latents, groups }) => ({
    simulator: "modality-world",
    points: rows,
    modalities: groups,
    inputsPerModality: Math.round(columns / groups),
    latentsPerModality: Math.max(1, Math.round(latents / groups)),
    privatePerModality: 1,
  }),
};
/** `mcl` is for two modalities. */
const pairs = { ...modalities, group: undefined };
const labeled = {
  ...silent,
  // Every latent is a label.
  adapt: ({ truth, ...data }) => ({ ...data, targets: truth.latents, targetNames: truth.latentNames, truth: {} }),
};

const METHODS = {
  tbr: tree,
  "shared-head": tree,
  mtlcm: tasks,
  pdgmm: silent,
  "latent-anm": shifts,
  interventional: interventions,
  multimodal: modalities,
  vae: silent,
  vade: silent,
  ivae: shifts,
  icarl: shifts,
  "mt-ivae": tasks,
  "mt-icarl": tasks,
  mcl: pairs,
  "causal-vae": labeled,
  pca: silent,
  "factor-analysis": silent,
  "fast-ica": silent,
  "random-encoder": silent,
};

/** Columns that a world is drawn with at most: some simulators mix by square matrices as wide as the inputs. */
const DRAWN = 128;

/** The world with so many columns: its own, and sums of three of the same view, all with a little noise. */
function widened({ inputs, inputNames, views, ...rest }, columns) {
  if (inputs.cols === columns) return { inputs, inputNames, views, ...rest };
  const parts = views?.length > 0 ? views : [{ name: "inputs", start: 0, end: inputs.cols }];
  const width = columns / parts.length;
  const data = new Float32Array(inputs.rows * columns);
  const uniform = uniforms(1);
  parts.forEach(({ start, end }, part) => {
    for (let j = 0; j < width; j++) {
      const of = j < end - start ? [start + j] : [0, 1, 2].map(() => start + Math.floor(uniform() * (end - start)));
      for (let row = 0; row < inputs.rows; row++) {
        const sum = of.reduce((total, at) => total + inputs.data[row * inputs.cols + at], 0);
        data[row * columns + part * width + j] = sum + 0.1 * (uniform() - 0.5);
      }
    }
  });
  return {
    ...rest,
    inputs: { data, rows: inputs.rows, cols: columns },
    inputNames: Array.from({ length: columns }, (_, j) => `x${j}`),
    ...(views?.length > 0 && {
      views: views.map((view, part) => ({ ...view, start: part * width, end: (part + 1) * width })),
    }),
  };
}

/** One fit of a world of this size. */
async function measured(method, kind, size, limit, folder) {
  const drawn = await simulate({ ...kind.world({ ...size, columns: Math.min(size.columns, DRAWN) }), seed: 1 });
  const world = widened(drawn, size.columns);
  const data = join(folder, "data");
  await writeDataset(data, (kind.adapt ?? ((data) => ({ ...data, truth: {} })))(world));
  const latents =
    method === "multimodal" || method === "mcl" ? Math.round(size.latents / (size.groups ?? 2)) : size.latents;
  const own = ["causal-vae", "interventional"].includes(method) ? [] : ["--latent-dim", String(Math.max(1, latents))];
  if (limit) own.push(...(kind.wide ?? []));
  const run = ["--out", join(folder, "run"), "--no-report", "--quiet", "--force", "--json"];
  const steps = limit ? ["--max-steps", String(limit)] : [];
  const command = [process.execPath, CLI, "fit", "--method", method, "--data", data, ...own, ...steps, ...run];
  const { us, processorUs, bytes, stdout } = timed(command);
  const { outcome, term, steps: taken } = JSON.parse(stdout);
  rmSync(data, { recursive: true, force: true });
  return { us, processorUs, maxBytes: bytes, outcome, steps: taken, ...(term && { term }) };
}

/** Rows that were measured before, one on each line: what takes an hour may be stopped. Those that are committed count as well. */
const KEPT = join(root, "reproduce", "growth.jsonl");
const COMMITTED = fileURLToPath(new URL("./results/growth.json", import.meta.url));

export async function run({ works, log, fresh }) {
  if (fresh) rmSync(KEPT, { force: true });
  const committed = !fresh && existsSync(COMMITTED) ? JSON.parse(readFileSync(COMMITTED, "utf8")).rows : [];
  const own = existsSync(KEPT) ? readFileSync(KEPT, "utf8").trim().split("\n").map(JSON.parse) : [];
  const kept = [...own, ...committed];
  const keep = (row) => {
    mkdirSync(join(root, "reproduce"), { recursive: true });
    appendFileSync(KEPT, `${JSON.stringify(row)}\n`);
    return row;
  };
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const at = commit();
  const rows = [];
  const add = async (method, kind, axis, size, limit) => {
    const work = `${method}, ${axis}, ${size.rows} x ${size.columns}, ${size.latents} latents${size.groups ? `, ${size.groups}` : ""}`;
    if (!works(work)) return;
    const before = kept.find((row) => row.work === work);
    if (before !== undefined) return rows.push(before);
    const row = { work, method, axis, ...size, commit: at };
    try {
      rows.push(keep({ ...row, ...(await measured(method, kind, size, limit, folder)) }));
      const { processorUs, maxBytes } = rows.at(-1);
      log(`${work}: ${number(processorUs / 1e6)} s, ${number(maxBytes / 1e6)} MB`);
    } catch (error) {
      const killed = error.message.includes("terminated by signal 9") ? KILLED : undefined;
      rows.push(keep({ ...row, refused: killed ?? /\[([A-Z_]+)\]/.exec(error.message)?.[1] ?? error.message }));
      log(`${work}: ${rows.at(-1).refused}`);
    }
  };
  try {
    for (const [method, kind] of Object.entries(METHODS)) {
      const base = { ...BASE, ...(kind.groups && { groups: kind.groups }) };
      await add(method, kind, "base", base);
      for (const axis of ["rows", "columns", "latents", ...(kind.group ? ["groups"] : [])]) {
        for (const factor of FACTORS.slice(1)) await add(method, kind, axis, { ...base, [axis]: factor * base[axis] });
      }
    }
    for (const [method, kind] of Object.entries(METHODS)) {
      for (const size of WIDE) {
        await add(method, kind, "wide", { ...size, ...(kind.groups && { groups: kind.groups }) }, WIDE_STEPS);
      }
    }
    return { rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function render(rows) {
  const methods = Object.entries(METHODS).filter(([method]) => rows.some((row) => row.method === method));
  const of = (method, axis) => rows.filter((row) => row.method === method && row.axis === axis);
  const growth = (method, axis, key) => {
    const [base] = of(method, "base");
    const pairs = [base, ...of(method, axis)].filter((row) => row?.[key]).map((row) => [row[axis], row[key]]);
    return pairs.length === FACTORS.length ? number(Math.max(0, exponent(pairs)), 2) : "-";
  };
  const small = methods.map(([method, { group }]) => {
    const [base] = of(method, "base");
    const exponents = ["rows", "columns", "latents", "groups"].map((axis) => growth(method, axis, "processorUs"));
    return [method, base?.processorUs ? number(base.processorUs / 1e6) : "-", ...exponents, group ?? ""];
  });
  const cells = (row) => {
    if (row === undefined) return ["not measured", "", ""];
    if (row.refused !== undefined) return [row.refused, "", ""];
    const { processorUs, maxBytes, rows: n, columns, steps } = row;
    return [number(processorUs / 1e6), number(maxBytes / (4 * n * columns)), steps === 0 ? "whole" : steps];
  };
  const wide = methods.map(([method]) => [
    method,
    ...WIDE.flatMap((size) => cells(of(method, "wide").find(({ columns }) => columns === size.columns))),
  ]);
  const axes = ["rows", "columns", "latents", "groups"];
  const commits = [...new Set(rows.map((row) => row.commit))];
  const sizes = WIDE.map(({ rows: n, columns }) => `${n} x ${columns}`);
  return [
    `Processor seconds at ${BASE.rows} rows, ${BASE.columns} columns and ${BASE.latents} latents, and the exponent of their growth (least squares of the logarithms over factors ${FACTORS.join(", ")}):`,
    table(["method", "s", ...axes, "groups are"], small),
    `Once on wide tables, at most ${WIDE_STEPS} gradient steps; memory in multiples of the inputs as 32-bit floats:`,
    table(["method", ...sizes.flatMap((size) => [`${size}: s`, "memory", "steps"])], wide),
    `Rows were measured at ${commits.join(" and ")}.`,
  ].join("\n\n");
}
