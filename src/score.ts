import {
  ANY,
  brief,
  checkArgument,
  checkKinds,
  checkOptions,
  checkParts,
  type Kind,
  OBJECT,
  TEXTS,
} from "./arguments.js";
import { nearest } from "./config-keys.js";
import { type ReadingOptions, readingOf, rememberedReading } from "./data/reading.js";
import { type DataSource, isTable, readTable } from "./dataset.js";
import { fail } from "./errors.js";
import type { Scores, Summary } from "./generated/types.js";
import {
  later,
  type NativeDataset,
  type NativeLabels,
  type NativeMatrix,
  type NativeTable,
  type native,
} from "./native.js";
import type { NamedArray } from "./record.js";
import type { Run } from "./results.js";
import { inTurns } from "./turns.js";

/** Which rows are scored. */
export type RowChoice = "all" | "train" | "validation" | "test";

/** How to score; how a file of the truth is read, where that is not as in the fit. */
export interface ScoreOptions extends Pick<ReadingOptions, "missingValues" | "decimal"> {
  /** Rows to score. Default: `test`, the rows that the fit has never seen. */
  readonly rows?: RowChoice;
  /** Of these rows those of some environments, by their names: for data in which others are there for comparison. Default: all of them. */
  readonly environments?: readonly string[];
  /** Seed of the bootstrap and of the nulls. Default: 0. */
  readonly seed?: number;
}

/** The truth to compare with: latents alone, or all that a simulated world knows. */
export type Truth =
  /** True latents, one row per row of the data set (or per kept row): anything that `data` accepts. */
  | { readonly z: DataSource | NativeTable }
  /** Tables by name, as in `dataset.truth`: `latents`, and `heads`, `changes`, `causes`, `expected` where they are known. */
  | { readonly truth: Readonly<Record<string, NativeTable>> };

/** What of a data set takes part in a score beside the truth. */
export type Observed = Pick<NativeDataset, "targets" | "labels" | "truth">;

/**
 * Scores estimated latents against true ones, always with the matching and the nulls.
 *
 * @param estimate estimated latents, n rows: anything that `data` accepts
 * @param truth true latents, n rows
 * @throws `METRIC_SHAPE`, `METRIC_NEEDS_TRUTH`, `CONFIG_WRONG_TYPE`, `CONFIG_UNKNOWN_KEY`
 *
 * @example
 * ```ts
 * import { score } from "disentangle";
 * const z = [[1, 2], [2, 1], [3, 5], [4, 3], [5, 8], [6, 1]];
 * const swapped = z.map(([a, b]) => [b, -a]);
 * const { mcc } = await score(swapped, { z });
 * console.log(mcc.value?.toFixed(3), mcc.matching); // 1.000 [ 1, 0 ]
 * ```
 */
export async function score(
  estimate: DataSource | NativeTable,
  truth: Truth,
  options: Pick<ScoreOptions, "seed"> = {},
): Promise<Scores> {
  checkOptions<typeof options>(options, { seed: ANY });
  const latents = await readTable(estimate);
  const tables = await truthTables(truth);
  checkRows(tables.latents, latents.values.rows);
  return scoreNative({ split: "all", seed: options.seed }, { latents, truth: tables });
}

/** Scores the latents of a run; `observed` is the data set it was fitted on, where that is at hand. */
export async function scoreRun(
  run: Omit<Run, "model">,
  truth: Truth,
  options: ScoreOptions = {},
  observed?: Observed,
): Promise<Scores> {
  checkKinds(options, { environments: TEXTS });
  checkChoice(options.rows);
  const { said, found } = rememberedReading(run.config, run.manifest.dataset.provenance);
  const { missingValues, decimal } = { ...said, ...readingOf(options as Readonly<Record<string, unknown>>) };
  // A truth lies in a file of its own: of the delimiter and the like only a guess is taken over.
  const tables = await truthTables(truth, { missingValues, decimal } as Parameters<typeof readTable>[1], {
    likely: found,
  });
  const choice = options.rows ?? "test";
  const { environments } = options;
  const picked = await keptRows(run, choice);
  const kept = environments === undefined ? picked : ofEnvironments(run, picked, environments, observed);
  const ofDataset = await pickedOf(run.rows, kept);
  const total = run.manifest.dataset.rows;
  // A table with a row per kept row is aligned with the latents, one with a row per row of the data set is not.
  const align = async (table: NativeTable): Promise<NativeTable> => {
    if (table.rows !== undefined && table.rows.length > 0) return table;
    const { rows } = table.values;
    if (rows === total) return selectRows(table, ofDataset);
    if (rows === run.rows.length) return selectRows(table, kept);
    return fail(
      "METRIC_SHAPE",
      `the truth has ${rows} rows; the data set has ${total}, of which ${run.rows.length} were kept`,
      {
        hint: "give one row per row of the data set, in its order",
        context: { rows, total, kept: run.rows.length },
      },
    );
  };
  const [rows, columns] = run.latents.shape;
  const latents = { columns: [...run.latents.columns], values: { data: run.latents.data, rows, cols: columns } };
  const ofRows = async (labels: NativeLabels): Promise<NativeLabels> => ({
    ...labels,
    codes: await pickedOf(labels.codes, ofDataset),
  });
  const { environment, task } = observed?.labels ?? {};
  const aligned: Record<string, NativeTable> = {};
  for (const [name, table] of Object.entries(tables)) aligned[name] = await align(table);
  const scores = await scoreNative(
    {
      split: choice,
      seed: options.seed,
      summary: run.summary,
      views: run.manifest.dataset.views?.map(({ name }) => name),
    },
    {
      latents: await selectRows(latents, kept),
      truth: aligned,
      ...(observed?.targets && { targets: await align(observed.targets) }),
      ...(environment && { environment: await ofRows(environment) }),
      ...(task && { task: await ofRows(task) }),
    },
  );
  if (environments === undefined) return scores;
  return { ...scores, notes: [...scores.notes, `only rows of the environments ${environments.join(", ")} are scored`] };
}

/** Of these places among the kept rows those of some environments. */
function ofEnvironments(
  run: Pick<Run, "rows">,
  kept: Uint32Array,
  environments: readonly string[],
  observed: Observed | undefined,
): Uint32Array {
  const labels = observed?.labels.environment;
  if (labels === undefined) {
    fail("DATA_NEEDS_ENVIRONMENTS", "environments: the environments of the rows are not known here", {
      path: "environments",
      hint: "score the model that `fit` gave, or the run folder without --truth, and name the column with `environment` in the fit",
    });
  }
  const wanted = environments.map((name) => {
    const code = labels.levels.indexOf(name);
    if (code >= 0) return code;
    const near = nearest(name, labels.levels);
    return fail("DATA_UNKNOWN_ENVIRONMENT", `environments: the data have no environment ${JSON.stringify(name)}`, {
      path: "environments",
      hint: near === undefined ? `there are: ${labels.levels.join(", ")}` : `did you mean ${JSON.stringify(near)}?`,
    });
  });
  const places = kept.filter((place) => wanted.includes(labels.codes[run.rows[place]!]!));
  if (places.length > 0) return places;
  return fail("METRIC_SHAPE", `the run has no such rows of the environments ${environments.join(", ")}`, {
    path: "environments",
    hint: "name others, or take all rows of them: --rows all",
  });
}

/** Scores a fit where its data know the true latents: on the test rows, or on all where it kept none out. */
export async function scoreIfKnown(run: Run, dataset: Observed): Promise<Scores | undefined> {
  if (dataset.truth.latents === undefined) return undefined;
  return scoreRun(run, { truth: dataset.truth }, run.split.includes(2) ? {} : { rows: "all" }, dataset);
}

type ReadArguments = Parameters<typeof readTable> extends [unknown, ...infer Rest] ? Rest : never;

async function givenTables(truth: Truth | undefined, reading: ReadArguments): Promise<Record<string, NativeTable>> {
  if (truth !== undefined) {
    const hint = Array.isArray(truth) || typeof truth === "string" ? "name what it is: { z: ... }" : TRUTH_HINT;
    checkArgument("truth", truth, { ...OBJECT, expected: "{ z } or { truth }" }, hint);
  }
  if (truth !== undefined && "truth" in truth) {
    checkParts("truth", truth, { truth: OBJECT }, TRUTH_HINT);
    const tables = { ...truth.truth };
    for (const [name, table] of Object.entries(tables)) checkArgument(`truth.truth.${name}`, table, TABLE, TRUTH_HINT);
    return tables;
  }
  return truth?.z === undefined ? {} : { latents: await readTable(truth.z, ...reading) };
}

const TRUTH_HINT =
  "{ z: ... } takes anything that `data` accepts; { truth: dataset.truth } the tables that a data set knows";
const TABLE: Kind = { expected: "a table { columns, values }", is: isTable };

async function truthTables(truth: Truth, ...reading: ReadArguments): Promise<Record<string, NativeTable>> {
  const tables = await givenTables(truth, reading);
  if (tables.latents === undefined) {
    fail("METRIC_NEEDS_TRUTH", "the data hold no true latents", {
      hint: "name the truth columns with `truth`, or give a file with --truth FILE or score({ z })",
    });
  }
  return tables;
}

const CHOICES: readonly RowChoice[] = ["all", "train", "validation", "test"];

function checkChoice(choice: unknown): void {
  if (choice === undefined || CHOICES.includes(choice as RowChoice)) return;
  fail("CONFIG_OUT_OF_RANGE", `rows: got ${brief(choice)}, expected one of ${CHOICES.join(", ")}`, {
    path: "rows",
    hint: `choose one of ${CHOICES.join(", ")}`,
  });
}

/** Places among the kept rows of a run of those in a part of it. */
async function keptRows(run: Omit<Run, "model">, choice: RowChoice): Promise<Uint32Array> {
  const code = ["train", "validation", "test"].indexOf(choice);
  const all = new Uint32Array(run.split.length);
  let count = 0;
  await inTurns(all.length, CELLS, (from, to) => {
    for (let i = from; i < to; i++) if (choice === "all" || run.split[i] === code) all[count++] = i;
  });
  const kept = all.subarray(0, count);
  if (kept.length === 0) {
    fail("METRIC_SHAPE", `the run has no ${choice} rows`, {
      hint: 'take all rows: --rows all, or { rows: "all" }',
    });
  }
  return kept;
}

/** Latents of a part of a run. */
export async function keptLatents(run: Omit<Run, "model">, choice: RowChoice): Promise<NamedArray> {
  const { data, shape, columns } = run.latents;
  const [rows, cols] = shape;
  const kept = await keptRows(run, choice);
  const { values } = await selectRows({ columns: [...columns], values: { data, rows, cols } }, kept);
  return { data: values.data, shape: [values.rows, cols], columns };
}

function checkRows(latents: NativeTable | undefined, rows: number): void {
  if (latents !== undefined && latents.values.rows !== rows) {
    fail("METRIC_SHAPE", `${rows} estimated rows, but ${latents.values.rows} true ones`, {
      hint: "give one true row per estimated row, in the same order",
      context: { estimated: rows, true: latents.values.rows },
    });
  }
}

/** Cells that are copied within a millisecond. */
const CELLS = 1 << 16;

async function selectRows(table: NativeTable, rows: Uint32Array): Promise<NativeTable> {
  const { cols, data } = table.values;
  const values: NativeMatrix = { data: new Float32Array(rows.length * cols), rows: rows.length, cols };
  await inTurns(rows.length, Math.ceil(CELLS / Math.max(1, cols)), (from, to) => {
    for (let i = from; i < to; i++) {
      const [start, target] = [rows[i]! * cols, i * cols];
      for (let j = 0; j < cols; j++) values.data[target + j] = data[start + j]!;
    }
  });
  return { ...table, values };
}

async function pickedOf(values: Uint32Array, rows: Uint32Array): Promise<Uint32Array> {
  const picked = new Uint32Array(rows.length);
  await inTurns(rows.length, CELLS, (from, to) => {
    for (let i = from; i < to; i++) picked[i] = values[rows[i]!]!;
  });
  return picked;
}

async function scoreNative(
  request: {
    split: RowChoice;
    seed?: number | undefined;
    summary?: Summary;
    views?: readonly string[] | undefined;
  },
  tables: Parameters<ReturnType<typeof native>["score"]>[1],
): Promise<Scores> {
  const { seed } = request;
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
    fail("CONFIG_WRONG_TYPE", `seed: ${seed} is not an integer >= 0`, {
      path: "seed",
      hint: "give an integer >= 0; the default is 0",
    });
  }
  return JSON.parse(await later().score(JSON.stringify(request), tables)) as Scores;
}
