// Data that single interventions cannot be learnt from, and what cannot be told of data that they can: as a user sees it.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import type { Summary } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { type Ended, run } from "./run.js";

interface Row {
  readonly x: number[];
  readonly condition: string;
}

/** Standard normal numbers, the same every time. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return (state + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Three causes, the first of which acts on the second, behind six sensors; each drug sets one of them. `load` changes the loadings. */
function cells(load = (h: number[][]): number[][] => h, noise = 0): Row[] {
  const normal = normals(7);
  const loadings = load(Array.from({ length: 6 }, () => Array.from({ length: 3 }, normal)));
  return ["control", "drug1", "drug2", "drug3"].flatMap((condition, drug) =>
    Array.from({ length: drug === 0 ? 2000 : 800 }, () => {
      const set = (cause: number, otherwise: number): number =>
        drug === cause ? 2 + 0.7 * normal() : otherwise + normal();
      const a = set(1, 0);
      const z = [a, set(2, 0.8 * a), set(3, 0)];
      const signal = loadings.map((row) => row.reduce((sum, h, j) => sum + h * z[j]!, 0));
      return { x: signal.map((value) => value + noise * normal()), condition };
    }),
  );
}

async function fitted(rows: readonly Row[], ...flags: readonly string[]): Promise<Ended & { readonly cwd: string }> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-interventions-"));
  const names = rows[0]!.x.map((_, j) => `s${j + 1}`);
  const lines = rows.map(({ x, condition }) => [...x.map((value) => value.toPrecision(6)), condition].join(","));
  await writeFile(join(cwd, "cells.csv"), `${[[...names, "condition"].join(","), ...lines].join("\n")}\n`);
  const args = ["--data", "cells.csv", "--environment", "condition", "--out", "a", "--no-report", ...flags];
  return { ...(await run(["fit", "--method", "interventional", ...args], { cwd })), cwd };
}

async function summaryOf(t: ExecutionContext, rows: readonly Row[], ...flags: readonly string[]): Promise<Summary> {
  const { code, stderr, cwd } = await fitted(rows, ...flags);
  t.is(code, 0, stderr);
  return JSON.parse(await readFile(join(cwd, "a", "summary.json"), "utf8")) as Summary;
}

const told = ({ warnings }: Summary, code: string): string =>
  warnings
    .filter((warning) => warning.code === code)
    .map(({ message }) => message)
    .join("\n");
const statusOf = ({ assumptions }: Summary, id: string): string | undefined =>
  assumptions.find((assumption) => assumption.id === id)?.status;
const without = (rows: readonly Row[], condition: string): Row[] => rows.filter((row) => row.condition !== condition);
const named = (rows: readonly Row[], name: (row: Row, i: number) => string): Row[] =>
  rows.map((row, i) => ({ ...row, condition: name(row, i) }));
const column = (rows: readonly Row[], j: number, value: (row: Row) => number): Row[] =>
  rows.map((row) => ({ ...row, x: row.x.map((old, at) => (at === j ? value(row) : old)) }));

test("data without a reference are refused, and the hint names the option", async (t) => {
  const { code, stderr } = await fitted(without(cells(), "control"));
  t.is(code, 1);
  t.regex(stderr, /finds no environment without an intervention.*\[DATA_NEEDS_REFERENCE\]/);
  t.regex(stderr, /name it with `reference`/);
});

test("one environment, and one that is equal to the reference, are refused for what they are", async (t) => {
  const control = cells().filter(({ condition }) => condition === "control");
  const one = await fitted(control);
  t.is(one.code, 1);
  t.regex(one.stderr, /at least 2 environments, column "condition" has 1 \[DATA_NEEDS_ENVIRONMENTS\]/);
  const equal = named(control, (_, i) => (i % 2 === 0 ? "control" : "drug1"));
  for (const flags of [[], ["--reference", "control"]]) {
    const { code, stderr } = await fitted(equal, ...flags);
    t.is(code, 1);
    t.regex(stderr, /no environment moves the mean of 2 inputs.*\[DATA_NEEDS_INTERVENTIONS\]/, flags.join(" "));
  }
});

test("an environment that is equal to the reference is set aside by name beside others", async (t) => {
  const rows = cells();
  let controls = 0;
  const twin = named(rows, (row) => (row.condition === "control" && controls++ % 4 === 0 ? "again" : row.condition));
  const summary = await summaryOf(t, twin);
  t.regex(told(summary, "ENVIRONMENTS_SET_ASIDE"), /those of the reference: "again"/);
  t.is(summary.latents.names.length, 3);
});

test("more directions than inputs are refused with both numbers", async (t) => {
  // Three directions far from each other in a plane.
  const rows = cells(() => [
    [0.87, 0.26, -0.71],
    [0.5, 0.97, 0.71],
  ]);
  const { code, stderr } = await fitted(rows, "--reference", "control");
  t.is(code, 1);
  t.regex(stderr, /3 environments move .* only 2 inputs vary.*\[DATA_NEEDS_INTERVENTIONS\]/);
});

test("interventions in one direction give one latent, and a warning", async (t) => {
  const normal = normals(3);
  const rows = ["control", "drug1", "drug2"].flatMap((condition, drug) =>
    Array.from({ length: 600 }, () => {
      const z = normal() + 2 * drug;
      return { x: [1, -0.5, 0.8, 0.3].map((h) => h * z + 0.3 * normal()), condition };
    }),
  );
  const summary = await summaryOf(t, rows, "--reference", "control");
  t.is(summary.latents.names.length, 1);
  t.regex(told(summary, "ONE_DIRECTION"), /one latent/);
});

test("a constant column is refused by name, one that a drug saturates is left out, with the reference named or found", async (t) => {
  const constant = await fitted(cells().map((row) => ({ ...row, x: [...row.x, 1023] })));
  t.is(constant.code, 1);
  t.regex(constant.stderr, /never vary.*"s7" \[DATA_CONSTANT_COLUMN\]/);
  const saturated = column(cells(), 3, ({ x, condition }) => (condition === "drug2" ? 1023 : x[3]!));
  for (const flags of [[], ["--reference", "control"]]) {
    const summary = await summaryOf(t, saturated, ...flags);
    t.regex(told(summary, "INPUTS_CONSTANT"), /: s4$/, flags.join(" "));
    t.is(summary.latents.names.length, 3);
  }
  // A sensor that reaches its ceiling in some rows bends.
  const clipped = column(cells(), 3, ({ x }) => Math.min(x[3]!, 0.5));
  t.regex(told(await summaryOf(t, clipped, "--reference", "control"), "INPUTS_LEFT_OUT"), /: s4 \(gap/);
});

test("a latent behind noise is named with its reliability, and the others are not", async (t) => {
  // Its squared correlation with the cause is .42 in the control.
  const weak = cells((h) => h.map(([a, b, c]) => [a!, 0.15 * b!, c!]), 0.8);
  const summary = await summaryOf(t, weak, "--reference", "control");
  t.regex(told(summary, "LATENTS_NOT_SEPARATED"), /: z2 \(0\.[34]\d\)$/);
  t.is(statusOf(summary, "reliability"), "violated");
  const strong = await summaryOf(
    t,
    cells((h) => h, 0.3),
    "--reference",
    "control",
  );
  t.is(told(strong, "LATENTS_NOT_SEPARATED"), "");
});

test("edges are told with their certainty", async (t) => {
  const { code, stdout, stderr, cwd } = await fitted(cells(), "--reference", "control");
  t.is(code, 0, stderr);
  t.regex(stdout, /^causal graph +z1 -> z2 \(certainty 1\.00\)$/m);
  const graph = JSON.parse(await readFile(join(cwd, "a", "graph.json"), "utf8")) as { certainty: number[][] };
  t.is(graph.certainty[0]![1], 1);
});
