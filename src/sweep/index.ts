// The types of a sweep.
export type { TrialProgress } from "./assignment.js";
export type { Distribution, EarlyTerminate, MetricConfig, ParameterSpec, SweepConfig } from "./config.js";
export type { Result as TrialResult, TrialState } from "./ledger.js";
export type { Values as TrialValues } from "./metric.js";
export type { SweepTrial } from "./planned.js";
export type { Regret, SweepResult, SweptSetting } from "./result.js";
export type { SweepOptions } from "./run.js";
export type { Shard } from "./shard.js";
export type { Setting } from "./space.js";
export type { SweptTrial } from "./swept.js";
export type { SweepEvent } from "./work.js";
