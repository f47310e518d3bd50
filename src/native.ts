// The only importer of the addon. Types mirror "The boundary" in ARCHITECTURE.md, same names, same order.
import { createRequire } from "node:module";
import { DisentangleError, type Failure, failure, messageOf } from "./errors.js";
import { memoryLeft } from "./memory-limit.js";
import { copied } from "./plain.js";
import { currentSignal } from "./signal.js";

/** Row-major matrix. */
export interface NativeMatrix {
  data: Float32Array;
  rows: number;
  cols: number;
}
/** One column of labels: `codes` index `levels`. */
export interface NativeLabels {
  column: string;
  levels: string[];
  codes: Uint32Array;
}
/** A matrix whose columns, and sometimes rows, have names. */
export interface NativeTable {
  columns: string[];
  rows?: string[];
  values: NativeMatrix;
}
/** A rooted tree; parent -1 is the root. */
export interface NativeTree {
  names: string[];
  parents: number[];
  lengths: number[];
}
/** The shape of an image: its columns are channels x height x width, the width running fastest. */
export interface NativeImage {
  channels: number;
  height: number;
  width: number;
}
/** A named range of the input columns, from `start` up to `end`: a modality, or an image where it has a shape. */
export interface NativeView {
  name: string;
  start: number;
  end: number;
  image?: NativeImage;
}
/** Everything a method may see, and in `truth` what it may not. */
export interface NativeDataset {
  name: string;
  inputs: NativeMatrix;
  /** The data set folder that the core reads the inputs from when it needs them: `inputs.data` is empty. */
  folder?: string;
  /** One per column outside images: pixels have no names. */
  inputNames: string[];
  /** One after the other, over all input columns. Absent: one view, `inputs`. */
  views?: NativeView[];
  /** Empty: rows are numbered from 0. */
  rowIds: string[];
  labels: { environment?: NativeLabels; task?: NativeLabels };
  targets?: NativeTable;
  tree?: NativeTree;
  /** `latents`, `heads`, `changes`, `expected`, `graph`. */
  truth: Record<string, NativeTable>;
  /** JSON object. */
  provenance: string;
  /** What is to be added to columns that lie far from zero, one number per column. Absent: nothing is. */
  offsets?: { inputs?: number[]; targets?: number[] };
}
/** Columns of a delimited file. Missing number = NaN, missing text = "". */
export interface NativeSelection {
  rows: number;
  numeric: NativeMatrix;
  /** `text[column][row]` */
  text: string[][];
  /** JSON: of each text column the words that were read as missing, with how often. */
  words: string;
}
/** All of a delimited file. */
export interface NativeSurvey {
  rows: number;
  /** JSON: the kinds of all columns, in file order. */
  kinds: string;
  /** Number columns, in file order; NaN where there is no number. */
  numeric: NativeMatrix;
  /** Text columns, in file order. */
  text: string[][];
  words: string;
  /** JSON: failures, of each column the first. */
  problems: string;
}
/** An array as a `.npy` file holds it, read as 32-bit floats. */
export interface NativeArray {
  shape: number[];
  data: Float32Array;
}
/** The PNG and JPEG files below a folder. */
export interface NativeImageFolder {
  /** In the order of the rows. */
  files: string[];
  image: NativeImage;
  /** Row-major, one image per row, channel first. */
  data: Float32Array;
}
/** What a fit yields. */
export interface NativeRun {
  /** JSON `Outcome`. */
  outcome: string;
  /** JSON `History`. */
  history: string;
  /** JSON `Summary`. */
  summary: string;
  latents: NativeMatrix;
  /** Of methods with private variables. */
  private?: NativeMatrix;
  /** Kept rows of the data set. */
  rows: Uint32Array;
  /** 0 train, 1 validation, 2 test, per kept row. */
  split: Uint8Array;
  model: Uint8Array;
  /** JSON, every default written out. */
  config: string;
  fingerprint: string;
}
/** A tensor of a model: row-major values of its own type. */
export interface NativeTensor {
  name: string;
  shape: number[];
  data: Float32Array | Float64Array;
}
/** A model as plain data. */
export interface NativePlainModel {
  /** JSON `{ encoder, decoder, decodes, doublePrecisionInputs }`: layers, which name their tensors. */
  layers: string;
  tensors: NativeTensor[];
}
/** Rows that an intervention is made on. */
export interface NativeRows {
  inputs: NativeMatrix;
  inputNames: string[];
  environments?: NativeLabels;
  views?: NativeView[];
  offsets?: number[];
  /** Private variables are wanted in place of latents. */
  private?: boolean;
}
/** Rows after an intervention. */
export interface NativeIntervention {
  latents: NativeMatrix;
  /** Names of the latents. */
  columns: string[];
  /** Absent without a decoder. */
  inputs?: NativeMatrix;
  inputNames: string[];
  /** Of the model. */
  environments: string[];
  /** Per row, an index into `environments`; absent where nothing depends on it. */
  environmentOf?: Uint32Array;
}
/** What a score looks at; all tables about rows have the same rows. */
export interface NativeScoreTables {
  latents: NativeTable;
  /** `latents` is needed; `expected`, `heads` and `changes` where the world knows them. */
  truth: Record<string, NativeTable>;
  targets?: NativeTable;
  environment?: NativeLabels;
  task?: NativeLabels;
}

/** The addon. Every function throws `DisentangleError`; JSON crosses as text. */
export interface Native {
  catalogue(): string;
  schema(): string;
  doctor(): string;
  checkConfig(config: string): string;
  /** `options` as `fit` takes them. */
  checkFitOptions(options: string): void;
  simulate(config: string): NativeDataset;
  /** Sources by random leaky layers, as many columns as before. */
  mixed(sources: NativeMatrix, seed: number): NativeMatrix;
  uniforms(seed: number, name: string, count: number): NativeMatrix;
  smooth(inputs: NativeMatrix, config: string): NativeMatrix;
  phenotype(dataset: NativeDataset, config: string): NativeDataset;
  /** `leave`: the inputs stay in the folder. */
  readDatasetFolder(dir: string, leave: boolean): NativeDataset;
  writeDatasetFolder(dir: string, dataset: NativeDataset): void;
  csvColumns(path: string, options: string): string;
  csvKinds(path: string, options: string): string;
  csvRead(path: string, options: string): NativeSelection;
  /** Row-major. */
  csvReadExact(path: string, options: string): Float64Array;
  csvSurvey(path: string, options: string): NativeSurvey;
  /** JSON `ColumnFacts[]`. */
  columnFacts(values: NativeMatrix): string;
  suspects(values: NativeMatrix): Uint32Array;
  /** Of numbers that were copied: the array is empty afterwards. */
  free(numbers: ArrayBufferLike): void;
  /** JSON `{ distinct, kept, offset }`, or `null`. */
  collapse(exact: Float64Array): string;
  npyRead(path: string): NativeArray;
  npzMembers(path: string): string;
  npzRead(path: string, member: string): NativeArray;
  idxRead(path: string): NativeArray;
  imagesRead(folder: string): NativeImageFolder;
  /** JSON `{ shape, dtype }` */
  npyAbout(path: string): string;
  npyText(path: string, columns: Uint32Array): string[][];
  npzText(path: string, member: string, columns: Uint32Array): string[][];
  /** With 64 bits, row-major, as all that is exact. */
  npyExact(path: string, columns: Uint32Array): Float64Array;
  npzExact(path: string, member: string, columns: Uint32Array): Float64Array;
  /** JSON `{ format, rows, columns }` */
  scipyAbout(path: string): string;
  scipyRead(path: string, columns: Uint32Array): NativeMatrix;
  scipyExact(path: string, columns: Uint32Array): Float64Array;
  /** JSON `{ rows, columns }` */
  mtxAbout(path: string): string;
  mtxRead(path: string, transposed: boolean, columns: Uint32Array): NativeMatrix;
  mtxExact(path: string, transposed: boolean, columns: Uint32Array): Float64Array;
  /** JSON `[{ name, size }, ...]` */
  zipMembers(path: string): string;
  unzip(path: string, member: string, target: string): void;
  unzstd(path: string, target: string): void;
  csvLines(values: NativeMatrix, names?: readonly string[]): Uint8Array;
  npyWrite(path: string, array: { shape: number[]; data: Float32Array | Uint32Array | Uint8Array }): void;
  parseTree(text: string, format: "newick" | "table"): NativeTree;
  dendrogram(dataset: NativeDataset, options: string): NativeTree;
  /** JSON `Description`; `shown` names tables of the truth that a method looks at. */
  describe(dataset: NativeDataset, shown?: readonly string[]): string;
  fit(
    config: string,
    dataset: NativeDataset,
    options: string,
    onEvent: (event: string) => void,
    onEnd: (end: NativeRun | { failure: Failure }) => void,
  ): number;
  cancel(job: number): void;
  /** What the jobs that start until the next call may take, in bytes, and the limit in words. Without: what the system gives. */
  allowMemory(bytes?: number, limit?: string): void;
  /** Throws `MEMORY_LIMIT` where `what` needs more than is allowed. */
  claimMemory(bytes: number, what: string): void;
  /** `model`: the number that `later().openModel` gave, until `closeModel`. */
  transform(model: number, rows: NativeRows): { latents: NativeMatrix; columns: string[] };
  predict(
    model: number,
    inputs: NativeMatrix,
    inputNames: readonly string[],
    environments: NativeLabels | undefined,
    options: string,
    views?: NativeView[],
  ): Float32Array | Float64Array;
  decode(model: number, latents: NativeMatrix, names: readonly string[]): { inputs: NativeMatrix; columns: string[] };
  /** `request`: JSON `{ do, count?, seed?, environment? }`; without rows they are drawn. */
  intervene(model: number, request: string, rows?: NativeRows): NativeIntervention;
  closeModel(model: number): void;
  /** Those that it was opened from. */
  modelBytes(model: number): Uint8Array;
  modelInfo(model: Uint8Array): string;
  modelTensors(model: Uint8Array): NativePlainModel;
  /** `request`: JSON `{ split, seed?, summary }`. */
  score(request: string, tables: NativeScoreTables): string;
  graph(values: NativeMatrix, config: string, silent?: Uint8Array): string;
  lockFolder(dir: string, who: string): { id: number; locked: boolean };
  holdsFolder(id: number): boolean;
  unlockFolder(id: number): void;
  /** For tests: how much this thread holds by number, `[jobs, models, folders]`. */
  held(): number[];
}

/** What takes time. */
type Slow =
  | "readDatasetFolder"
  | "writeDatasetFolder"
  | "csvColumns"
  | "csvKinds"
  | "csvRead"
  | "csvReadExact"
  | "csvSurvey"
  | "columnFacts"
  | "suspects"
  | "npyRead"
  | "npzRead"
  | "npyText"
  | "npzText"
  | "npyExact"
  | "npzExact"
  | "idxRead"
  | "imagesRead"
  | "scipyRead"
  | "scipyExact"
  | "mtxRead"
  | "mtxExact"
  | "unzip"
  | "unzstd"
  | "simulate"
  | "smooth"
  | "phenotype"
  | "dendrogram"
  | "describe"
  | "score"
  | "graph"
  | "modelInfo"
  | "modelTensors"
  | "modelBytes"
  | "transform"
  | "predict"
  | "decode"
  | "intervene";

/** The same on a thread of its own; `withSignal` says what stops it. */
export type Later = {
  readonly [Name in Slow]: (...args: Parameters<Native[Name]>) => Promise<ReturnType<Native[Name]>>;
} & { openModel(model: Uint8Array): Promise<{ id: number; weights: number }> };

/** Numbers that are looked through in less time than it takes to begin a thread, about a quarter of a millisecond. */
const AT_ONCE = 1 << 18;

/** Who answers about so many numbers: of few at once, of many on a thread. */
export function askedOf(numbers: number): Pick<Native, Slow> | Pick<Later, Slow> {
  return numbers <= AT_ONCE ? native() : later();
}

const threads = new Proxy({} as Later, {
  get: (_, name) => (name === "then" ? undefined : (...args: unknown[]) => onThread(String(name), args)),
});

/** The addon's functions that take time, each on a thread of its own. */
export function later(): Later {
  return threads;
}

/** A result of the core as JavaScript's own: arrays of the core's memory cannot be handed to other threads. */
export function plain<T>(result: T): Promise<T> {
  return copied(result, (numbers) => native().free(numbers));
}

function onThread(name: string, args: readonly unknown[]): Promise<unknown> {
  const signal = currentSignal();
  const own = native() as unknown as Record<string, (...args: unknown[]) => number>;
  return new Promise((resolve, reject) => {
    const onEnd = (end: unknown): void => {
      signal?.removeEventListener("abort", stop);
      // Nobody waits for it any more.
      if (signal?.aborted) return;
      if (isFailure(end)) reject(new DisentangleError(end.failure));
      else resolve(plain(end));
    };
    const job = own[`${name}Later`]!(onEnd, ...args);
    const stop = (): void => {
      native().cancel(job);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}

let loaded: Native | undefined;

/** The addon, loaded at first use. Throws `NATIVE_NOT_FOUND`, which says what was tried. */
export function native(): Native {
  loaded ??= wrap(load());
  return loaded;
}

/** The platform as napi names it, for example `linux-x64-gnu`. */
export function nativeTarget(): string {
  const { platform, arch } = process;
  if (platform === "linux") return `linux-${arch}-${isMusl() ? "musl" : "gnu"}`;
  return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** Whether a value that came over the boundary is a failure. */
export function isFailure(value: unknown): value is { failure: Failure } {
  return typeof value === "object" && value !== null && "failure" in value;
}

function isMusl(): boolean {
  const { report } = process as { report?: typeof process.report & { excludeNetwork?: boolean } };
  if (report === undefined) return false;
  // Without this it looks up the name of both ends of every open socket, on the event loop.
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined;
}

const require = createRequire(import.meta.url);

function load(): Record<string, unknown> {
  const addon = found();
  const { version } = JSON.parse((addon as unknown as Native).doctor()) as { version: string };
  const { version: own } = require("../package.json") as { version: string };
  if (version === own) return addon;
  throw failure("NATIVE_VERSION", `the native addon has version ${version}, the package ${own}`, {
    hint: "install the package again; in a checkout, build the addon: `npm run setup`",
    context: { addon: version, package: own },
  });
}

function found(): Record<string, unknown> {
  try {
    // Of @napi-rs/cli: one literal `require` per platform, which is what programs that trace files see. An addon beside it comes first: a
    // development build.
    return require("../binding.cjs") as Record<string, unknown>;
  } catch (error) {
    throw notFound(error);
  }
}

function notFound(error: unknown): DisentangleError {
  const target = nativeTarget();
  const tried: string[] = [];
  // The loader chains what it tried. It would also take a build for WebAssembly, and there is none.
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const [line = ""] = cause.message.split("\n");
    if (!/wasi|^Cannot find native binding/.test(line)) tried.unshift(line);
  }
  return failure("NATIVE_NOT_FOUND", `no native addon for ${target}; tried: ${tried.join("; ")}`, {
    hint: hintOn(tried),
    context: { target, tried },
    cause: error,
  });
}

function hintOn(tried: readonly string[]): string {
  if (tried.some((line) => /^lib(cuda|cublas|curand)\w*\.so/.test(line)))
    return "the addon with CUDA needs NVIDIA's driver, and the libraries of CUDA 13 on LD_LIBRARY_PATH: docs/deployment.md";
  return tried.some((line) => !/^(Cannot find module|Unsupported)/.test(line))
    ? "the addon is there, but the system cannot load it: its C library is older than the addon needs, or a file is damaged"
    : "install the package without `--no-optional`, or build the addon in a checkout: `npm run setup`";
}

function wrap(addon: Record<string, unknown>): Native {
  const entries = Object.entries(addon).flatMap(([name, value]) => {
    if (typeof value !== "function") return [];
    // What takes time takes memory.
    const asks = name === "fit" || name === "claimMemory" || name.endsWith("Later");
    const call = (...args: unknown[]): unknown => {
      const result = answerOf(name, () => (asks ? withinLimit(addon, () => value(...args)) : value(...args)));
      if (isFailure(result)) throw new DisentangleError(result.failure);
      return result;
    };
    return [[name, call] as const];
  });
  return Object.fromEntries(entries) as unknown as Native;
}

/** Starts a job that may take what is left now. */
function withinLimit(addon: Record<string, unknown>, start: () => unknown): unknown {
  const allow = addon.allowMemory as Native["allowMemory"];
  const { bytes, limit } = memoryLeft();
  allow(bytes, limit);
  try {
    return start();
  } finally {
    allow();
  }
}

/** The core answers with failures. It throws at arguments of the wrong type, and where a panic escaped its guard: a bug. */
function answerOf(name: string, call: () => unknown): unknown {
  try {
    return call();
  } catch (cause) {
    const message = messageOf(cause);
    if (/^InvalidArg$|Expected$/.test(String((cause as { code?: unknown } | undefined)?.code))) {
      throw failure("CONFIG_WRONG_TYPE", `a value of the wrong type was given to ${name}: ${message}`, {
        hint: "compare it with the types of the package: `Dataset` for data sets, Float32Array for their numbers",
        cause,
      });
    }
    throw failure("INTERNAL_PANIC", `the core refused a call of ${name}: ${message}`, {
      hint: "this is a bug in disentangle; please report it with the code that led here",
      cause,
    });
  }
}
