/**
 * Causal representation learning: recovers hidden causes from raw measurements.
 *
 * @packageDocumentation
 */
export { type Catalogue, catalogue, type SimulatorInfo } from "./catalogue.js";
export { configSchema, type RunConfig } from "./config.js";
export { DisentangleError, type ErrorCode, type Failure, isDisentangleError } from "./errors.js";
export { type FitHandle, type FitOptions, fit } from "./fit.js";
export type * from "./generated/types.js";
export { load, Model, type ModelInfo, type PredictOptions } from "./model.js";
export type { Progress } from "./progress.js";
export type { DatasetCard, Manifest, RunRecord } from "./record.js";
export { type NamedArray, type RunManifest, readRun, readRuns } from "./results.js";
export { type RowChoice, type ScoreOptions, score, type Truth } from "./score.js";
export { type Dataset, type SimulateConfig, simulate, writeDataset } from "./simulate.js";
