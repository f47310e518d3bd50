/**
 * Causal representation learning: recovers hidden causes from raw measurements.
 *
 * `simulate` or your own data -> `fit` -> `Model` -> `score` -> `report`. Each arrow carries plain data.
 *
 * @module API
 */
export type { ReliabilityCurve } from "./calibration.js";
export { type Catalogue, catalogue, type SimulatorInfo } from "./catalogue.js";
export { configSchema, type RunConfig } from "./config.js";
export type { JsonSchema } from "./config-keys.js";
export type * from "./data/index.js";
export { type DataPart, type DataSource, inspect, readDataset, type ViewsData } from "./dataset.js";
export type {
  Cleaning,
  HippocampusConfig,
  SachsConfig,
  SuperconductorsConfig,
  VariantMnistConfig,
} from "./datasets/index.js";
export { DisentangleError, type ErrorCode, type Failure, isDisentangleError } from "./errors.js";
export {
  type ExportedFile,
  type ExportFormat,
  exportModel,
  logToMlflow,
  type MlflowOptions,
  type MlflowRun,
} from "./export/index.js";
export { type FitHandle, type FitOptions, fit } from "./fit.js";
export type * from "./generated/methods.js";
export type * from "./generated/types.js";
export { type GraphOptions, type LatentGraph, latentGraph } from "./graph.js";
export { type GraphFormat, graphText } from "./graph-text.js";
export type { InterveneOptions, Intervention } from "./intervene.js";
export { withMaxMemory } from "./memory-limit.js";
export {
  type LoadOptions,
  load,
  type Model,
  type ModelInfo,
  type PredictOptions,
  type Reading,
  type TransformOptions,
} from "./model.js";
export type {
  NativeDataset,
  NativeImage,
  NativeLabels,
  NativeMatrix,
  NativeTable,
  NativeTree,
  NativeView,
} from "./native.js";
export { type PrepareConfig, prepare } from "./prepare.js";
export type { CheckpointEvent, Progress, ResumedEvent } from "./progress.js";
export { type FitQueue, fitQueue } from "./queue.js";
export type { DatasetCard, Manifest, NamedArray, RunRecord, SilenceDigest, SilenceHistogram } from "./record.js";
export {
  type Agreement,
  type AgreementPair,
  type Remark,
  type Report,
  type ReportedModel,
  type ReportInput,
  type ReportOptions,
  report,
} from "./report.js";
export type * from "./reproduce/index.js";
export { PRESETS as presets } from "./reproduce/presets.js";
export { reproduce } from "./reproduce/reproduce.js";
export { type RunManifest, readRun, readRuns } from "./results.js";
export { type RowChoice, type ScoreOptions, score, type Truth } from "./score.js";
export { withSignal } from "./signal.js";
export { type LatentSilence, latentSilence } from "./silence.js";
export {
  type PhenotypeConfig,
  phenotype,
  type SimulateConfig,
  type SmoothConfig,
  selectInputs,
  simulate,
  smooth,
  writeDataset,
} from "./simulate.js";
export type * from "./sweep/index.js";
export { sweep } from "./sweep/sweep.js";
export type { Budgets, CheckpointOptions } from "./train.js";
