import { join } from "node:path";
import { isPaths } from "./data/paths.js";
import { askAbout } from "./data/place.js";
import type { Remembered } from "./data/read.js";
import { type FoundReading, type ReadingOptions, readingOf, rememberedReading } from "./data/reading.js";
import { type DataPart, type DataSource, type Dataset, isDataset, readData } from "./dataset.js";
import { DisentangleError, fail, failure, failuresOf, isDisentangleError } from "./errors.js";
import type { History, Outcome, Scores, Summary } from "./generated/types.js";
import { type NativeLabels, native } from "./native.js";
import type { NamedArray, RunRecord } from "./record.js";
import { MODEL, type Run, type RunManifest, readRunFolder, writeRun } from "./results.js";
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

/** How to predict the target; the keys of reading win over what the fit was told. */
export interface PredictOptions extends ReadingOptions {
  /** One label per row. Default: the environment column of `x`, when `x` is a data set or a file. */
  readonly environments?: readonly string[];
  /** Environments the tree does not know, each with the node whose head it takes. */
  readonly attach?: Readonly<Record<string, string>>;
}

/** How a fit read its data: what it was told, and what it found in the file. */
export interface Reading {
  readonly said: ReadingOptions;
  readonly found: FoundReading;
}

/** A fitted model. Plain data beside three verbs; it holds no native resources, only its own bytes. */
export class Model implements AsyncDisposable {
  readonly info: ModelInfo;
  /** How the fit ended. Not converging is an outcome, not an error. */
  readonly outcome: Outcome;
  /** Loss terms over steps. */
  readonly history: History;
  /** What the fit found: errors, heads, changes, assumptions. */
  readonly summary: Summary;
  /** Latents of the rows it was fitted on, in their order. */
  readonly latents: NamedArray;
  /** Index in the data set of each row of `latents`. */
  readonly rows: Uint32Array;
  /** Identity, version, data set and times of the run. */
  readonly manifest: RunManifest;
  #run: Run | undefined;
  #observed: Observed | undefined;

  /** @internal */
  constructor(run: Run, observed?: Observed) {
    this.info = modelInfo(run.model);
    this.outcome = run.manifest.outcome;
    this.history = run.history;
    this.summary = run.summary;
    this.latents = run.latents;
    this.rows = run.rows;
    this.manifest = run.manifest;
    this.#run = run;
    // The inputs are by far the largest part of a data set, and no score looks at them.
    this.#observed = observed && {
      labels: observed.labels,
      truth: observed.truth,
      ...(observed.targets && { targets: observed.targets }),
    };
  }

  /**
   * Latents of new rows.
   *
   * @param x anything that `data` accepts. Columns with names are matched by name, in any order; without names by position
   * @param reading how to read a file, where that is not as in the fit: what the fit was told and found is remembered
   * @throws `DATA_COLUMN_MISMATCH`, `DATA_NOT_FINITE`, `MODEL_CLOSED`
   */
  async transform(x: DataSource, reading: ReadingOptions = {}): Promise<NamedArray> {
    const run = this.#open();
    const dataset = await this.#read(x, reading);
    const { latents, columns } = askAbout(dataset, ({ inputs, inputNames, offsets }) =>
      native().transform(run.model, inputs, inputNames, offsets?.inputs),
    );
    const { rowIds } = dataset;
    return { data: latents.data, shape: [latents.rows, latents.cols], columns, ...(rowIds.length > 0 && { rowIds }) };
  }

  /**
   * Predicted target of new rows, one number per row; with 64 bits where the target lies so far from zero that it needs them.
   *
   * @throws `DATA_UNKNOWN_ENVIRONMENT`, `DATA_COLUMN_MISMATCH`, `MODEL_CLOSED`
   */
  async predict(
    x: DataSource,
    { environments, attach, ...reading }: PredictOptions = {},
  ): Promise<Float32Array | Float64Array> {
    const run = this.#open();
    return askAbout(
      await this.#read(x, reading, environments === undefined),
      ({ inputs, inputNames, labels, offsets }) =>
        native().predict(
          run.model,
          inputs,
          inputNames,
          environments === undefined ? labels.environment : encode(environments),
          JSON.stringify({ attach, offsets: offsets?.inputs }),
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
    const run = this.#open();
    const scores = await scoreRun(run, truth ?? { truth: this.#observed?.truth ?? {} }, options, this.#observed);
    if (this.#run !== undefined) this.#run = { ...run, scores };
    return scores;
  }

  /** Writes a run folder with the latest scores; `load`, `readRun` and every command read it. Throws `FILE_WRITE`, `MODEL_CLOSED`. */
  async save(dir: string): Promise<void> {
    await writeRun(dir, this.#open());
  }

  /** The run, with its latest scores, as `report` takes it. Throws `MODEL_CLOSED`. */
  record(): RunRecord {
    const { config, manifest, history, summary, scores, latents } = this.#open();
    return {
      config,
      manifest,
      history,
      summary,
      ...(scores !== undefined && { scores }),
      ...(summary.silence !== undefined && { silence: silenceDigest(latents, summary.silence) }),
    };
  }

  /** Lets go of the model's bytes. Using the model afterwards throws `MODEL_CLOSED`; closing it twice does nothing. */
  async close(): Promise<void> {
    this.#run = undefined;
    this.#observed = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the inputs were kept relative to, by name. */
  #offsets(): ReadonlyMap<string, number> {
    const { inputOffsets = [] } = JSON.parse(native().modelInfo(this.#open().model)) as { inputOffsets?: number[] };
    return new Map(
      inputOffsets.flatMap((offset, j) => (offset === 0 ? [] : [[this.info.inputs[j]!, offset] as const])),
    );
  }

  #open(): Run {
    return this.#run ?? fail("MODEL_CLOSED", "the model is closed", { hint: "load it again, or close it later" });
  }

  /** How the fit read its data, and so how new rows are read. */
  get reading(): Reading {
    const { config, manifest } = this.#open();
    return rememberedReading(config, manifest.dataset.provenance);
  }

  async #read(x: DataSource, reading: ReadingOptions, withEnvironment = false): Promise<Dataset> {
    if (isDataset(x)) return x;
    const { inputs: names } = this.info;
    const { environment, rowId } = this.#open().config;
    const { said, found } = this.reading;
    const { matrix, ...words } = { ...said, ...readingOf(reading as Readonly<Record<string, unknown>>) };
    const isPath = isPaths(x);
    const hasNames = !isPath && isNamed(x);
    const roles = {
      ...words,
      ...((isPath || hasNames) && withEnvironment && typeof environment === "string" && { environment }),
      ...(isPath && matrix !== undefined && { matrix }),
      ...(hasNames && { inputs: [...names] }),
      // Without names all columns are inputs, in order.
      ...(!isPath && !hasNames && { rowId: false as const }),
    };
    const model = { inputs: names, ...(typeof rowId === "string" && { rowId }) };
    const dataset = await readNew({ data: x, ...roles } as DataPart, {
      likely: found,
      offsets: this.#offsets(),
      ...(isPath && { model }),
    });
    const { format } = JSON.parse(dataset.provenance) as { format?: string };
    if (isPath ? format !== "npy" : hasNames) return dataset;
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

/**
 * Reads a model that `model.save` or `disentangle fit` wrote.
 *
 * @throws `RUN_NOT_FOUND`, `ARTIFACT_CORRUPT`, `ARTIFACT_VERSION`
 */
export async function load(dir: string): Promise<Model> {
  const run = await readRunFolder(dir);
  try {
    return new Model(run);
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    // The core has only seen bytes.
    throw new DisentangleError({ path: join(run.dir, MODEL), ...error.toJSON() }, error.cause);
  }
}

/** Reads new rows; a column that the model needs and they lack is a mismatch with the model. */
async function readNew(config: DataPart, remembered: Remembered): Promise<Dataset> {
  try {
    return await readData(config, remembered);
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
function isNamed(x: DataSource): boolean {
  if (Array.isArray(x)) return false;
  return typeof x === "object" && x !== null && !("shape" in x && !("columns" in x));
}

function encode(labels: readonly string[]): NativeLabels {
  const levels = [...new Set(labels)];
  const codes = new Map(levels.map((level, code) => [level, code]));
  return { column: "environment", levels, codes: Uint32Array.from(labels, (label) => codes.get(label)!) };
}
