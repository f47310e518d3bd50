import { join } from "node:path";
import { askLater } from "./data/place.js";
import {
  type DataSource,
  type Dataset,
  isDataset,
  isViewsData,
  readData,
  readRowsFor,
  type ViewsData,
} from "./dataset.js";
import { DisentangleError, fail, failure, failuresOf, isDisentangleError } from "./errors.js";
import type { History, Outcome, Scores, Summary } from "./generated/types.js";
import { packModel, unpackModel } from "./model-bytes.js";
import { type Later, later, type Native, type NativeLabels, type NativeView, native } from "./native.js";
import { plain } from "./plain.js";
import type { NamedArray, RunRecord } from "./record.js";
import {
  MODEL,
  type ModelFiles,
  type Run,
  type RunManifest,
  readModelFiles,
  readRunFolder,
  writeRun,
} from "./results.js";
import { type Observed, type ScoreOptions, scoreRun, type Truth } from "./score.js";
import { silenceDigest } from "./silence.js";

/** What a model says about itself. */
export interface ModelInfo {
  readonly version: string;
  readonly method: string;
  /** Its configuration with everything settled, also what was `auto`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the input columns outside images, in the order of the encoder. */
  readonly inputs: readonly string[];
  /** Its modalities and images; absent where it was fitted on one table. */
  readonly views?: readonly NativeView[];
  /** Names of the latents. */
  readonly latents: readonly string[];
  /** Names of the environments, or of the nodes of the tree, in the order of the heads. */
  readonly environments: readonly string[];
  /** Name of the target, where the method predicts one. */
  readonly target?: string;
  /** Of the data it was fitted on. */
  readonly fingerprint: string;
}

/** How to predict the target. */
export interface PredictOptions {
  /** One label per row. Default: the environment column of `x`, when `x` is a data set or a file. */
  readonly environments?: readonly string[];
  /** Environments the tree does not know, each with the node whose head it takes. */
  readonly attach?: Readonly<Record<string, string>>;
}

/** A fitted model: plain data beside its verbs. */
export class Model implements AsyncDisposable {
  readonly info: ModelInfo;
  /** How the fit ended. Not converging is an outcome, not an error. */
  readonly outcome: Outcome;
  /** Loss terms over steps. */
  readonly history: History;
  /** What the fit found: errors, heads, changes, assumptions. */
  readonly summary: Summary;
  /** Identity, version, data set and times of the run. */
  readonly manifest: RunManifest;
  #files: ModelFiles | undefined;
  #run: Run | undefined;
  #observed: Observed | undefined;

  #opened: Promise<OpenModel> | undefined;
  readonly #calls = new Set<Promise<unknown>>();

  /** @internal */
  constructor(files: ModelFiles | Run, info: ModelInfo, observed?: Observed) {
    this.info = info;
    this.outcome = files.manifest.outcome;
    this.history = files.history;
    this.summary = files.summary;
    this.manifest = files.manifest;
    this.#files = files;
    this.#run = "latents" in files ? files : undefined;
    // The inputs are by far the largest part of a data set, and no score looks at them.
    this.#observed = observed && {
      labels: observed.labels,
      truth: observed.truth,
      ...(observed.targets && { targets: observed.targets }),
    };
  }

  /** Latents of the rows it was fitted on, in their order. Empty once it is closed, and of a model that was loaded alone. */
  get latents(): NamedArray {
    const columns = this.summary.latents.names;
    return this.#run?.latents ?? { data: new Float32Array(0), shape: [0, columns.length], columns };
  }

  /** Index in the data set of each row of `latents`. */
  get rows(): Uint32Array {
    return this.#run?.rows ?? new Uint32Array(0);
  }

  /**
   * Latents of new rows.
   *
   * @param x anything that `data` accepts, or `{ modalities, join }`. Columns with names are matched by name, in any order; without
   * names by position
   * @throws `DATA_COLUMN_MISMATCH`, `DATA_NOT_FINITE`, `MODEL_CLOSED`
   */
  async transform(x: DataSource | ViewsData): Promise<NamedArray> {
    this.#open();
    const dataset = await this.readRows(x);
    const { latents, columns } = await this.#ask(dataset, ({ inputs, inputNames, views }, { id }, run) =>
      run.transform(id, inputs, inputNames, views),
    );
    const { rowIds } = dataset;
    return { data: latents.data, shape: [latents.rows, latents.cols], columns, ...(rowIds.length > 0 && { rowIds }) };
  }

  /**
   * Predicted target of new rows, one number per row.
   *
   * @throws `DATA_UNKNOWN_ENVIRONMENT`, `DATA_COLUMN_MISMATCH`, `MODEL_CLOSED`
   */
  async predict(x: DataSource | ViewsData, { environments, attach }: PredictOptions = {}): Promise<Float32Array> {
    this.#open();
    const options = JSON.stringify(attach === undefined ? {} : { attach });
    const rows = await this.readRows(x, environments === undefined);
    return this.#ask(rows, ({ inputs, inputNames, labels, views }, { id }, run) =>
      run.predict(
        id,
        inputs,
        inputNames,
        environments === undefined ? labels.environment : encode(environments),
        options,
        views,
      ),
    );
  }

  /**
   * Scores against a truth, always with the matching and the nulls.
   *
   * @param truth `{ z }` or `{ truth }`. Default: the truth in the data the model was just fitted on
   * @throws `METRIC_NEEDS_TRUTH`, `METRIC_SHAPE`, `MODEL_CLOSED`
   */
  async score(truth?: Truth, options: ScoreOptions = {}): Promise<Scores> {
    const run = this.#whole();
    const scores = await scoreRun(run, truth ?? { truth: this.#observed?.truth ?? {} }, options, this.#observed);
    if (this.#run !== undefined) this.#run = { ...run, scores };
    return scores;
  }

  /** Writes a run folder with the latest scores; `load`, `readRun` and every command read it. Throws `FILE_WRITE`, `MODEL_CLOSED`. */
  async save(dir: string): Promise<void> {
    await writeRun(dir, this.#whole());
  }

  /** The run, with its latest scores, as `report` takes it. Throws `MODEL_CLOSED`. */
  record(): RunRecord {
    const { config, manifest, history, summary, scores, latents } = this.#whole();
    return {
      config,
      manifest,
      history,
      summary,
      ...(scores !== undefined && { scores }),
      ...(summary.silence !== undefined && { silence: silenceDigest(latents, summary.silence) }),
    };
  }

  /**
   * The model as bytes, for a database or another process: `load` takes them. The latents of the rows it was fitted on are no part
   * of it. Throws `MODEL_CLOSED`.
   */
  toBytes(): Uint8Array {
    return packModel(this.#open());
  }

  /**
   * Frees all that it holds: model, latents, rows. Using the model afterwards throws `MODEL_CLOSED`; closing it twice does nothing.
   */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#files = undefined;
    this.#run = undefined;
    this.#observed = undefined;
    // Calls that are under way have their answer.
    await Promise.allSettled(this.#calls);
    await opened?.then(({ close }) => close()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the core answers about rows: few of them at once, many on a thread of its own. */
  #ask<T>(
    rows: Dataset,
    ask: (rows: Dataset, model: OpenModel, run: Pick<Native, Asked> | Pick<Later, Asked>) => T | Promise<T>,
  ): Promise<T> {
    const { model } = this.#open();
    this.#opened ??= openModel(model, this);
    const opening = this.#opened;
    const answer = async (): Promise<T> => {
      const opened = await opening;
      const isShort = rows.inputs.rows * opened.weights <= AT_ONCE;
      return askLater(rows, async (dataset) =>
        isShort ? plain(await ask(dataset, opened, native())) : ask(dataset, opened, later()),
      );
    };
    const call = answer();
    this.#calls.add(call);
    return call.finally(() => this.#calls.delete(call));
  }

  #open(): ModelFiles {
    return this.#files ?? fail("MODEL_CLOSED", "the model is closed", { hint: "load it again, or close it later" });
  }

  /** What needs the rows that it was fitted on. */
  #whole(): Run {
    this.#open();
    return (
      this.#run ??
      fail("CONFIG_CONFLICT", "the model was loaded alone, without the latents of the rows it was fitted on", {
        hint: 'load its run folder without { only: "model" }',
      })
    );
  }

  /** @internal The rows of whatever is given, as the model takes them. */
  async readRows(x: DataSource | ViewsData, withEnvironment = false, column?: string): Promise<Dataset> {
    if (isDataset(x)) return x;
    const { inputs: names, views } = this.info;
    if (views !== undefined || isViewsData(x)) return this.#readViews(x, withEnvironment, column);
    const plainRows = matrixOf(x, names);
    if (plainRows !== undefined) return plainRows;
    const { matrix, rowId, environment: fitted } = this.#open().config;
    const environment = column ?? fitted;
    const roles = {
      ...(withEnvironment && typeof environment === "string" && { environment }),
      ...(typeof x === "string" && typeof matrix === "string" && { matrix }),
    };
    const isPath = typeof x === "string";
    const model = { inputs: names, ...(typeof rowId === "string" && { rowId }) };
    const dataset = await (isPath
      ? readNew(() => readRowsFor(model, { data: x, ...roles }))
      : readNew(() => readData(isNamed(x) ? { data: x, inputs: [...names], ...roles } : { data: x })));
    if (isPath ? formatOf(dataset) !== "npy" : isNamed(x)) return dataset;
    refuseWidth(x, dataset, names.length);
    return { ...dataset, inputNames: [...names] };
  }

  /** New rows of a model with views, or of modalities. What lacks a view is told so by what the model knows of its views. */
  async #readViews(
    x: Exclude<DataSource | ViewsData, Dataset>,
    withEnvironment: boolean,
    column: string | undefined,
  ): Promise<Dataset> {
    const { environment: fitted, matrix, channels } = this.#open().config;
    const environment = column ?? fitted;
    const dataset = await readNew(() =>
      readData({
        ...(withEnvironment && typeof environment === "string" && { environment }),
        ...(typeof x === "string" && typeof matrix === "string" && { matrix }),
        ...((channels === "first" || channels === "last") && { channels }),
        ...this.#parts(x),
      }),
    );
    const isNameless = typeof x === "string" ? formatOf(dataset) === "npy" : !isViewsData(x) && !isNamed(x);
    if (!isNameless || dataset.views !== undefined) return dataset;
    const { inputs: names, views } = this.info;
    refuseWidth(x, dataset, views?.at(-1)?.end ?? names.length);
    return { ...dataset, inputNames: [] };
  }

  /** New rows as a configuration names them: with the columns and matrices that the fit chose of each modality. */
  #parts(x: Exclude<DataSource | ViewsData, Dataset>): ViewsData {
    const { modalities: fitted, data, join } = this.#open().config as ViewsData;
    const given: ViewsData = isViewsData(x) ? x : { data: x };
    const chosen = given.modalities ?? (typeof data === "string" && fitted !== undefined ? fitted : undefined);
    if (chosen === undefined) return given;
    const modalities = Object.entries(chosen).map(([name, one]) => {
      const { data: _, ...settings } = fitted?.[name] ?? {};
      return [name, { ...settings, ...one }] as const;
    });
    return {
      ...(join !== undefined && given.data === undefined && { join }),
      ...given,
      modalities: Object.fromEntries(modalities),
    };
  }
}

/** The format that a data set was read from. */
function formatOf({ provenance }: Dataset): string | undefined {
  return (JSON.parse(provenance) as { format?: string }).format;
}

/** Columns without names are matched by position: there must be as many as the model has. */
function refuseWidth(x: unknown, { inputs: { cols } }: Dataset, expected: number): void {
  if (cols === expected) return;
  fail("DATA_COLUMN_MISMATCH", `${cols} columns without names, but the model was fitted on ${expected}`, {
    path: typeof x === "string" ? x : "data",
    hint: "give the same columns in the same order, or give them names",
    context: { got: cols, expected },
  });
}

type Asked = "transform" | "predict";

/** Multiplications that take less time than to begin a thread, about a quarter of a millisecond. */
const AT_ONCE = 1 << 19;

/** A model whose weights the core holds. */
interface OpenModel {
  readonly id: number;
  /** Numbers in it: about as many multiplications as a row costs. */
  readonly weights: number;
  close(): void;
}

const forgotten = new FinalizationRegistry((id: number) => native().closeModel(id));

async function openModel(model: Uint8Array, of: Model): Promise<OpenModel> {
  const { id, weights } = await later().openModel(model);
  const token = {};
  forgotten.register(of, id, token);
  return {
    id,
    weights,
    close() {
      forgotten.unregister(token);
      native().closeModel(id);
    },
  };
}

async function modelInfo(model: Uint8Array): Promise<ModelInfo> {
  const header = JSON.parse(await later().modelInfo(model)) as ModelInfo & {
    readonly dimensions: { readonly views?: readonly NativeView[] };
  };
  const { version, config, inputs, latents, environments, target, fingerprint } = header;
  const { views } = header.dimensions;
  const method = String(config.method);
  return {
    version,
    method,
    config,
    inputs,
    latents,
    environments,
    fingerprint,
    ...(views !== undefined && { views }),
    ...(target !== undefined && { target }),
  };
}

/** @internal */
export async function createModel(files: ModelFiles | Run, observed?: Observed): Promise<Model> {
  return new Model(files, await modelInfo(files.model), observed);
}

/** What of a run folder is read. */
export interface LoadOptions {
  /** `model` leaves out all that is as long as the data: enough for `transform` and `predict`, and small. Default: all of it. */
  readonly only?: "model";
}

/**
 * Reads a model that `model.save`, `disentangle fit` or `model.toBytes` wrote. Of a folder that others save to meanwhile it reads one
 * version, whole.
 *
 * @param from a run folder, or the bytes of `model.toBytes()`
 * @throws `RUN_NOT_FOUND`, `ARTIFACT_CORRUPT`, `ARTIFACT_VERSION`, `DATA_NOT_FOUND` where a file cannot be read
 */
export async function load(from: string | Uint8Array, { only }: LoadOptions = {}): Promise<Model> {
  if (typeof from !== "string") return createModel(unpackModel(from));
  const files = only === "model" ? await readModelFiles(from) : await readRunFolder(from);
  try {
    return await createModel(files);
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    // The core has only seen bytes.
    throw new DisentangleError({ path: join(files.dir ?? "", MODEL), ...error.toJSON() }, error.cause);
  }
}

/** Reads new rows; a column that the model needs and they lack is a mismatch with the model. */
async function readNew(read: () => Promise<Dataset>): Promise<Dataset> {
  try {
    return await read();
  } catch (error) {
    if (!isDisentangleError(error) || failuresOf(error).some(({ code }) => code !== "DATA_MISSING_COLUMN")) throw error;
    if (error.path === "environment") {
      throw failure("DATA_NEEDS_ENVIRONMENTS", `the new rows have no environments: ${error.message}`, {
        path: error.path,
        hint: "give `environments`, one label per row, or rows with that column",
        cause: error,
      });
    }
    throw failure("DATA_COLUMN_MISMATCH", error.message, {
      ...error.toJSON(),
      hint: "the new rows need every input column that the model was fitted on; their order does not matter",
      cause: error,
    });
  }
}

/** Whether the columns of `x`, which is in memory, have names of their own. */
function isNamed(x: Exclude<DataSource, string>): boolean {
  if (Array.isArray(x)) return false;
  return typeof x === "object" && x !== null && !("shape" in x && !("columns" in x));
}

/** Numbers of the right width, which need no reading: a copy, as a request's buffer may be used again before its turn. */
function matrixOf(x: DataSource, names: readonly string[]): Dataset | undefined {
  if (typeof x !== "object" || x === null || !("shape" in x) || !("data" in x) || "columns" in x) return undefined;
  const { data, shape } = x as { readonly data: unknown; readonly shape: readonly number[] };
  const [rows = 0, cols] = shape;
  // Anything else is judged, and refused, where data are read.
  if (!(data instanceof Float32Array) || shape.length !== 2 || cols !== names.length || rows < 1) return undefined;
  if (data.length !== rows * cols) return undefined;
  return {
    name: "rows",
    inputs: { data: data.slice(), rows, cols },
    inputNames: [...names],
    rowIds: [],
    labels: {},
    truth: {},
    provenance: '{"source":"in memory"}',
  };
}

function encode(labels: readonly string[]): NativeLabels {
  const levels = [...new Set(labels)];
  const codes = new Map(levels.map((level, code) => [level, code]));
  return { column: "environment", levels, codes: Uint32Array.from(labels, (label) => codes.get(label)!) };
}
