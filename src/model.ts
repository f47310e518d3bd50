import { join } from "node:path";
import { askAbout } from "./data/place.js";
import { type DataPart, type DataSource, type Dataset, isDataset, readData } from "./dataset.js";
import { DisentangleError, fail, failure, failuresOf, isDisentangleError } from "./errors.js";
import type { History, Outcome, Scores, Summary } from "./generated/types.js";
import { type NativeLabels, native } from "./native.js";
import type { NamedArray, RunRecord } from "./record.js";
import { packModel, unpackModel } from "./model-bytes.js";
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
  /** Names of the input columns, in the order of the encoder. */
  readonly inputs: readonly string[];
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

  /** @internal */
  constructor(files: ModelFiles | Run, observed?: Observed) {
    this.info = modelInfo(files.model);
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
   * @param x anything that `data` accepts. Columns with names are matched by name, in any order; without names by position
   * @throws `DATA_COLUMN_MISMATCH`, `DATA_NOT_FINITE`, `MODEL_CLOSED`
   */
  async transform(x: DataSource): Promise<NamedArray> {
    const run = this.#open();
    const { latents, columns } = askAbout(await this.readRows(x), ({ inputs, inputNames }) =>
      native().transform(run.model, inputs, inputNames),
    );
    return { data: latents.data, shape: [latents.rows, latents.cols], columns };
  }

  /**
   * Predicted target of new rows, one number per row.
   *
   * @throws `DATA_UNKNOWN_ENVIRONMENT`, `DATA_COLUMN_MISMATCH`, `MODEL_CLOSED`
   */
  async predict(x: DataSource, { environments, attach }: PredictOptions = {}): Promise<Float32Array> {
    const run = this.#open();
    const options = JSON.stringify(attach === undefined ? {} : { attach });
    return askAbout(await this.readRows(x, environments === undefined), ({ inputs, inputNames, labels }) =>
      native().predict(
        run.model,
        inputs,
        inputNames,
        environments === undefined ? labels.environment : encode(environments),
        options,
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
    this.#files = undefined;
    this.#run = undefined;
    this.#observed = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
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
  async readRows(x: DataSource, withEnvironment = false, column?: string): Promise<Dataset> {
    if (isDataset(x)) return x;
    const { inputs: names } = this.info;
    const { matrix, environment: fitted } = this.#open().config;
    const environment = column ?? fitted;
    const named = isNamed(x);
    const dataset = await readNew({
      data: x,
      ...(named && { inputs: [...names] }),
      ...(named && withEnvironment && typeof environment === "string" && { environment }),
      ...(typeof x === "string" && typeof matrix === "string" && { matrix }),
    });
    if (named) return dataset;
    if (dataset.inputs.cols !== names.length) {
      fail(
        "DATA_COLUMN_MISMATCH",
        `${dataset.inputs.cols} columns without names, but the model was fitted on ${names.length}`,
        {
          path: typeof x === "string" ? x : "data",
          hint: "give the same columns in the same order, or give them names",
          context: { got: dataset.inputs.cols, expected: names.length },
        },
      );
    }
    return { ...dataset, inputNames: [...names] };
  }
}

function modelInfo(model: Uint8Array): ModelInfo {
  const header = JSON.parse(native().modelInfo(model)) as ModelInfo;
  const { version, config, inputs, latents, environments, target, fingerprint } = header;
  const method = String(config.method);
  return {
    version,
    method,
    config,
    inputs,
    latents,
    environments,
    fingerprint,
    ...(target !== undefined && { target }),
  };
}

/** @internal */
export function createModel(run: Run, observed?: Observed): Model {
  return new Model(run, observed);
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
  if (typeof from !== "string") return new Model(unpackModel(from));
  const files = only === "model" ? await readModelFiles(from) : await readRunFolder(from);
  try {
    return new Model(files);
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    // The core has only seen bytes.
    throw new DisentangleError({ path: join(files.dir ?? "", MODEL), ...error.toJSON() }, error.cause);
  }
}

/** Reads new rows; a column that the model needs and they lack is a mismatch with the model. */
async function readNew(config: DataPart): Promise<Dataset> {
  try {
    return await readData(config);
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

/** Whether the columns of `x` have names of their own. */
function isNamed(x: DataSource): boolean {
  if (typeof x === "string") return !/\.npy$/i.test(x);
  if (Array.isArray(x)) return false;
  return typeof x === "object" && x !== null && !("shape" in x && !("columns" in x));
}

function encode(labels: readonly string[]): NativeLabels {
  const levels = [...new Set(labels)];
  const codes = new Map(levels.map((level, code) => [level, code]));
  return { column: "environment", levels, codes: Uint32Array.from(labels, (label) => codes.get(label)!) };
}
