// The types of a reproduction: presets in, tables out.
export type { SeedsRun } from "./coverage.js";
export type { ReproducedRow, RowVerdict, Verdict } from "./judge.js";
export type { FailedTrial, FinishedTrial, Seconds, StudyTask, Trial, TrialHead } from "./kept.js";
export type * from "./preset.js";
export type { Provenance } from "./provenance.js";
export type { Reproduction, TrialFailure } from "./reproduction.js";
export type { ReproduceOptions, TrialEvent } from "./run.js";
export type { TrialPlace } from "./trials.js";
