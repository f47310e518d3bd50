import { join } from "node:path";
import { nearest } from "./config-keys.js";
import { isPaths } from "./data/paths.js";
import { askLater } from "./data/place.js";
import { type FoundReading, type ReadingOptions, readingOf, rememberedReading } from "./data/reading.js";
import { type DataPart, type DataSource, type Dataset, isDataset, isViewsData, type ViewsData } from "./dataset.js";
import { DisentangleError, fail, isDisentangleError } from "./errors.js";
import type { PlainModel } from "./export/plain-model.js";
import type { History, Outcome, Scores, Summary } from "./generated/types.js";
import { type InterveneOptions, type Intervention, interventionOf, namedArray, requestOf } from "./intervene.js";
import {
  checkIntervene,
  checkLoad,
  checkPredict,
  checkSave,
  checkScore,
  checkTransform,
  refuseUnlabeled,
} from "./model-arguments.js";
import { packModel, unpackModel } from "./model-bytes.js";
import { type Header, headerOf, type ModelInfo } from "./model-info.js";
import { type Later, later, type Native, native, plain } from "./native.js";
import { labelsOf, nativeRows } from "./native-rows.js";
import { absolute, formatOf, isNamed, matrixOf, readNew, refuseWidth, taken } from "./new-rows.js";
import { AT_ONCE, closed, type OpenModel, Weights } from "./opened-model.js";
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
import { digestWork } from "./silence.js";
import { atOnce, type Work } from "./turns.js";

export type { ModelInfo };

/** How new rows are taken; the keys of reading win over what the fit was told. */
export interface TransformOptions extends ReadingOptions {
  /**
   * Takes the typed arrays of `x` over instead of copying them, as `transfer` of `fit` does: the caller's are detached. For large arrays
   * in a service. Default: false, they are copied before this function returns.
   */
  readonly transfer?: boolean;
  /**
   * Private variables in place of latents, of a method that sets such apart (`multimodal`). Default: false.
   */
  readonly private?: boolean;
  /**
   * Environments of the rows, where they are known: one label per row, or `true` for the environment column of `x`. They change the
   * latents of methods whose latents depend on them, which is the nonlinear model of `interventional`; those of other models are the
   * same. Default: they are unknown, whatever columns `x` has, so that rows of environments that the fit has not seen have latents too.
   */
  readonly environments?: readonly string[] | true;
}

/** How to predict the target. */
export interface PredictOptions extends Omit<TransformOptions, "environments" | "private"> {
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
  #files: Omit<ModelFiles, "model"> | undefined;
  #run: Omit<Run, "model"> | undefined;
  readonly #weights: Weights;
  #observed: Observed | undefined;

  /** What the inputs were kept relative to, by name. */
  readonly #offsets: ReadonlyMap<string, number>;

  /** @internal */
  constructor(files: ModelFiles | Run, { info, offsets }: Header, observed?: Observed) {
    this.info = info;
    this.#offsets = offsets;
    this.outcome = files.manifest.outcome;
    this.history = files.history;
    this.summary = files.summary;
    this.manifest = files.manifest;
    const { model, ...said } = files;
    this.#weights = new Weights(model);
    this.#files = said;
    this.#run = "latents" in said ? said : undefined;
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

  /** Private variables of the same rows, of a method that sets such apart, as long as there are `latents`. */
  get private(): NamedArray | undefined {
    return this.#run?.private;
  }

  /** Index in the data set of each row of `latents`. */
  get rows(): Uint32Array {
    return this.#run?.rows ?? new Uint32Array(0);
  }

  /**
   * Latents of new rows. Where the latents of a modality come from it alone (`multimodal`), modalities may be left out, and their latents are;
   * a row without any number of a modality has NaN for its latents.
   *
   * @param x anything that `data` accepts, or `{ modalities, join }`. Columns with names are matched by name, in any order; without
   * names by position
   * @param options how to read a file, where that is not as in the fit: what the fit was told and found is remembered; environments,
   * where they are known
   * @throws `DATA_COLUMN_MISMATCH`, `DATA_NOT_FINITE`, `DATA_UNKNOWN_ENVIRONMENT`, `DATA_NEEDS_ENVIRONMENTS`, `DATA_NEEDS_MODALITIES`
   * for a row that lacks every modality, `CONFIG_UNKNOWN_KEY` for a modality that the model has not, `CONFIG_CONFLICT` for private variables of
   * a method without such, `MODEL_CLOSED`
   */
  async transform(x: DataSource | ViewsData, options: TransformOptions = {}): Promise<NamedArray> {
    this.#open();
    checkTransform(options);
    const { transfer = false, environments, private: own = false, ...reading } = options;
    const wanted = { reading, withEnvironment: environments === true };
    const dataset = await this.readRows(transfer ? taken(x) : x, wanted);
    if (environments === true) refuseUnlabeled(dataset);
    const { latents, columns } = await this.#ask(dataset, (rows, { id }, run) =>
      run.transform(id, {
        ...nativeRows(rows, environments === true ? rows.labels.environment : environments),
        ...(own && { private: true }),
      }),
    );
    return namedArray(latents, columns, dataset.rowIds);
  }

  /**
   * Inputs of latents, in units of the inputs.
   *
   * @param z anything that `data` accepts, such as what `transform` gives. Columns with names are matched by name, in any order;
   * without names by position
   * @throws `MODEL_NO_DECODER`, `DATA_COLUMN_MISMATCH`, `DATA_NOT_FINITE`, `MODEL_CLOSED`
   */
  async decode(z: DataSource): Promise<NamedArray> {
    this.#open();
    const dataset = absolute(await this.readRows(z, { names: this.info.latents }));
    const { inputs, columns } = await this.#ask(dataset, ({ inputs, inputNames }, { id }, run) =>
      run.decode(id, inputs, inputNames),
    );
    return namedArray(inputs, columns, dataset.rowIds);
  }

  /**
   * What becomes of rows when latents are set: of given rows a counterfactual, whose noise is inferred and kept while all latents
   * downstream follow; without rows a sample under the intervention.
   *
   * @throws `MODEL_NO_MECHANISMS`, `CONFIG_UNKNOWN_KEY` for a latent that does not exist, `CONFIG_MISSING` where none is set,
   * `DATA_NEEDS_ENVIRONMENTS`, `DATA_COLUMN_MISMATCH`, `MODEL_CLOSED`
   *
   * @example
   * ```ts
   * import { type Model } from "disentangle";
   * // What would these rows have been, had z2 been 1.5? And what are 500 new rows like with z2 at 1.5?
   * const ask = async (model: Model, rows: number[][]) => [
   *   await model.intervene({ do: { z2: 1.5 }, rows }),
   *   await model.intervene({ do: { z2: 1.5 }, count: 500, seed: 1 }),
   * ];
   * ```
   */
  async intervene(options: InterveneOptions): Promise<Intervention> {
    this.#open();
    checkIntervene(options);
    const { rows, environments } = options;
    const request = requestOf(options);
    if (rows === undefined)
      return interventionOf(await this.#askAlone(({ id }, run) => run.intervene(id, request, undefined)));
    const dataset = await this.#readRows(rows, environments === undefined);
    const after = await this.#ask(dataset, (rows, { id }, run) =>
      run.intervene(id, request, nativeRows(rows, environments ?? rows.labels.environment)),
    );
    return interventionOf(after, dataset.rowIds);
  }

  /**
   * Predicted target of new rows, one number per row; with 64 bits where the target lies so far from zero that it needs them.
   *
   * @throws `DATA_UNKNOWN_ENVIRONMENT`, `DATA_COLUMN_MISMATCH`, `MODEL_CLOSED`
   */
  async predict(x: DataSource | ViewsData, options: PredictOptions = {}): Promise<Float32Array | Float64Array> {
    this.#open();
    checkPredict(options);
    const { environments, attach, transfer = false, ...reading } = options;
    const given = transfer ? taken(x) : x;
    const rows = await this.readRows(given, { reading, withEnvironment: environments === undefined });
    return this.#ask(rows, ({ inputs, inputNames, labels, views, offsets }, { id }, run) =>
      run.predict(
        id,
        inputs,
        inputNames,
        environments === undefined ? labels.environment : labelsOf(environments),
        JSON.stringify({ attach, offsets: offsets?.inputs }),
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
    checkScore(options);
    const scores = await scoreRun(run, truth ?? { truth: this.#observed?.truth ?? {} }, options, this.#observed);
    if (this.#run !== undefined) this.#run = { ...run, scores };
    return scores;
  }

  /** Writes a run folder with the latest scores; `load`, `readRun` and every command read it. Throws `FILE_WRITE`, `MODEL_CLOSED`. */
  async save(dir: string): Promise<void> {
    const run = this.#whole();
    checkSave(dir);
    await this.#weights.withBytes((model) => writeRun(dir, { ...run, model }));
  }

  /**
   * The run, with its latest scores, as `report` takes it. Of a method that finds silent latents it counts over all rows before it
   * returns; `report([model])` does that in turns with the event loop. Throws `MODEL_CLOSED`.
   */
  record(): RunRecord {
    return atOnce(this.recordWork());
  }

  /** @internal As `record`, in pieces. */
  *recordWork(): Work<RunRecord> {
    const { config, manifest, history, summary, scores, latents } = this.#whole();
    return {
      config,
      manifest,
      history,
      summary,
      ...(scores !== undefined && { scores }),
      ...(summary.silence !== undefined && { silence: yield* digestWork(latents, summary.silence) }),
    };
  }

  /**
   * The model as bytes, for a database or another process: `load` takes them. The latents of the rows it was fitted on are no part
   * of it. Throws `MODEL_CLOSED`.
   */
  toBytes(): Uint8Array {
    return packModel({ ...this.#open(), model: this.#weights.bytes() });
  }

  /**
   * Frees all that it holds: model, latents, rows. Using the model afterwards throws `MODEL_CLOSED`; closing it twice does nothing.
   */
  async close(): Promise<void> {
    this.#files = undefined;
    this.#run = undefined;
    this.#observed = undefined;
    await this.#weights.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal Its tensors, and what encoder and decoder compute. */
  async plain(): Promise<PlainModel> {
    this.#open();
    const { layers, tensors } = await this.#weights.withBytes((model) => later().modelTensors(model));
    return { layers: JSON.parse(layers) as PlainModel["layers"], tensors };
  }

  /** How the fit read its data, and so how new rows are read. */
  get reading(): Reading {
    const { config, manifest } = this.#open();
    return rememberedReading(config, manifest.dataset.provenance);
  }

  /** What the core answers about rows: few of them at once, many on a thread of its own. */
  #ask<T>(
    rows: Dataset,
    ask: (rows: Dataset, model: OpenModel, run: Pick<Native, Asked> | Pick<Later, Asked>) => T | Promise<T>,
  ): Promise<T> {
    return this.#call((opened) => {
      const isShort = rows.inputs.rows * opened.weights <= AT_ONCE;
      return askLater(rows, async (dataset) =>
        isShort ? plain(await ask(dataset, opened, native())) : ask(dataset, opened, later()),
      );
    });
  }

  /** What the core answers without rows, on a thread of its own. */
  #askAlone<T>(ask: (model: OpenModel, run: Pick<Later, Asked>) => Promise<T>): Promise<T> {
    return this.#call((opened) => ask(opened, later()));
  }

  #call<T>(work: (model: OpenModel) => Promise<T>): Promise<T> {
    this.#open();
    return this.#weights.call(work);
  }

  #open(): Omit<ModelFiles, "model"> {
    return this.#files ?? closed();
  }

  /** What needs the rows that it was fitted on. */
  #whole(): Omit<Run, "model"> {
    this.#open();
    return (
      this.#run ??
      fail("CONFIG_CONFLICT", "the model was loaded alone, without the latents of the rows it was fitted on", {
        hint: 'load its run folder without { only: "model" }',
      })
    );
  }

  /** Rows with their environments where they have them: whether they are needed is the core's to say. */
  async #readRows(rows: DataSource | ViewsData, withEnvironment: boolean): Promise<Dataset> {
    try {
      return await this.readRows(rows, { withEnvironment });
    } catch (error) {
      if (!isDisentangleError(error) || error.code !== "DATA_NEEDS_ENVIRONMENTS") throw error;
      return this.readRows(rows);
    }
  }

  /** @internal The rows of whatever is given, as the model takes them. */
  async readRows(
    x: DataSource | ViewsData,
    { reading = {}, withEnvironment = false, column, names = this.info.inputs }: Wanted = {},
  ): Promise<Dataset> {
    if (isDataset(x)) return x;
    const areInputs = names === this.info.inputs;
    const { matrix, ...words } = this.#words(reading);
    if ((areInputs && this.info.views !== undefined) || isViewsData(x))
      return this.#readViews(x, reading, withEnvironment, column);
    const offsets: ReadonlyMap<string, number> = areInputs ? this.#offsets : new Map();
    const plainRows = offsets.size === 0 && words.missingValues === undefined ? matrixOf(x, names) : undefined;
    if (plainRows !== undefined) return plainRows;
    const { environment: fitted, rowId } = this.#open().config;
    const environment = column ?? fitted;
    const isPath = isPaths(x);
    const hasNames = !isPath && isNamed(x);
    const roles = {
      ...words,
      ...((isPath || hasNames) && withEnvironment && typeof environment === "string" && { environment }),
      ...(isPath && matrix !== undefined && { matrix }),
      // Without names all columns are inputs, in order.
      ...(!isPath && !hasNames && { rowId: false as const }),
    };
    const model = { inputs: names, ...(typeof rowId === "string" && { rowId }) };
    const dataset = await readNew({ data: x, ...roles } as DataPart, {
      likely: this.reading.found,
      offsets,
      model,
    });
    const isKnown =
      dataset.inputNames.length === names.length && dataset.inputNames.every((name, j) => name === names[j]);
    // Columns without names are called as the model's, where there are as many.
    if (!isKnown) refuseWidth(x, dataset, names.length);
    return dataset;
  }

  /** What is said about reading: what the fit was told, and what is said now. */
  #words(reading: ReadingOptions): ReadingOptions {
    return { ...this.reading.said, ...readingOf(reading as Readonly<Record<string, unknown>>) };
  }

  /** New rows of a model with views, or of modalities. What lacks a view is told so by what the model knows of its views. */
  async #readViews(
    x: Exclude<DataSource | ViewsData, Dataset>,
    reading: ReadingOptions,
    withEnvironment: boolean,
    column: string | undefined,
  ): Promise<Dataset> {
    const { environment: fitted, channels } = this.#open().config;
    const environment = column ?? fitted;
    const { matrix, ...words } = this.#words(reading);
    const dataset = await readNew(
      {
        ...words,
        ...(withEnvironment && typeof environment === "string" && { environment }),
        ...(isPaths(x) && matrix !== undefined && { matrix }),
        ...((channels === "first" || channels === "last") && { channels }),
        ...this.#parts(x),
      } as DataPart,
      { likely: this.reading.found, offsets: this.#offsets },
    );
    const isNameless = isPaths(x) ? formatOf(dataset) === "npy" : !isViewsData(x) && !isNamed(x);
    if (!isNameless || dataset.views !== undefined) return dataset;
    const { inputs: names, views } = this.info;
    refuseWidth(x, dataset, views?.at(-1)?.end ?? names.length);
    return { ...dataset, inputNames: [] };
  }

  /** A modality that the model does not know is a slip: its columns would be ignored. */
  #refuseUnknown(modalities: readonly string[]): void {
    const known = this.info.views?.map(({ name }) => name);
    // Images of one modality have a view of their own, beside that of its table.
    const isKnown = (name: string): boolean => known!.some((view) => view === name || view === `${name}.table`);
    const unknown = known && modalities.find((name) => !isKnown(name));
    if (known === undefined || unknown === undefined) return;
    const near = nearest(unknown, known);
    fail("CONFIG_UNKNOWN_KEY", `the model has no modality ${JSON.stringify(unknown)}`, {
      path: `modalities.${unknown}`,
      hint: near === undefined ? `it was fitted on ${known.join(", ")}` : `did you mean ${JSON.stringify(near)}?`,
      context: { modality: unknown, known },
    });
  }

  /** New rows as a configuration names them: with the columns and matrices that the fit chose of each modality. */
  #parts(x: Exclude<DataSource | ViewsData, Dataset>): ViewsData {
    const { modalities: fitted, data, join, unmatched } = this.#open().config as ViewsData;
    const given: ViewsData = isViewsData(x) ? x : { data: x };
    const chosen = given.modalities ?? (typeof data === "string" && fitted !== undefined ? fitted : undefined);
    if (chosen === undefined) return given;
    this.#refuseUnknown(Object.keys(chosen));
    const modalities = Object.entries(chosen).map(([name, one]) => {
      const { data: _, ...settings } = fitted?.[name] ?? {};
      return [name, { ...settings, ...one }] as const;
    });
    return {
      ...(join !== undefined && given.data === undefined && { join }),
      ...(unmatched !== undefined && given.data === undefined && { unmatched }),
      ...given,
      modalities: Object.fromEntries(modalities),
    };
  }
}

type Asked = "transform" | "predict" | "decode" | "intervene";

/** What is read of new rows. */
interface Wanted {
  /** How, where that is not as in the fit. */
  readonly reading?: ReadingOptions;
  readonly withEnvironment?: boolean;
  /** The column with the environments. Default: the one of the fit. */
  readonly column?: string | undefined;
  /** Columns that are needed. Default: the inputs of the model. */
  readonly names?: readonly string[];
}

/** @internal */
export async function createModel(files: ModelFiles | Run, observed?: Observed): Promise<Model> {
  return new Model(files, await headerOf(files.model), observed);
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
export async function load(from: string | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  checkLoad(from, options);
  if (typeof from !== "string") return createModel(unpackModel(from));
  const files = options.only === "model" ? await readModelFiles(from) : await readRunFolder(from);
  try {
    return await createModel(files);
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    // The core has only seen bytes.
    throw new DisentangleError({ path: join(files.dir ?? "", MODEL), ...error.toJSON() }, error.cause);
  }
}
