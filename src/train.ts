// From a configuration to a finished run: check, read, train. The API's `fit` and the command line share it.
import { checkConfig, type RunConfig } from "./config.js";
import { flagOf } from "./config-keys.js";
import { placedIn } from "./data/place.js";
import { readData } from "./dataset.js";
import { DisentangleError, type Failure, failure, messageOf } from "./errors.js";
import type { History, Outcome, Summary } from "./generated/types.js";
import { isFailure, type NativeDataset, type NativeRun, native } from "./native.js";
import type { Progress } from "./progress.js";
import type { DatasetCard } from "./record.js";
import { type Run, type RunManifest, runIdOf, type StoppedRun } from "./results.js";

/** A checked configuration with its data: all that a fit needs. */
export interface Plan {
  /** Flat, every default of the core written out; without `data` when the data lie in memory. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The part of it that the core reads. */
  readonly core: Readonly<Record<string, unknown>>;
  readonly dataset: NativeDataset;
  readonly card: DatasetCard;
  readonly runId: string;
  readonly version: string;
  /** The command that replays it. */
  readonly command: string;
}

/** What a fit tells while it runs. */
export interface TrainHooks {
  readonly signal?: AbortSignal | undefined;
  /** Called when a stage begins; closed-form stages report nothing else. */
  readonly onStage?: ((name: string) => void) | undefined;
  /** When it throws, the fit stops and `CALLBACK_THREW` is thrown. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Checks a configuration and reads its data. */
export async function plan(config: RunConfig, signal?: AbortSignal): Promise<Plan> {
  throwIfAborted(signal);
  const { data, core } = await checkConfig(config);
  throwIfAborted(signal);
  const dataset = await readData(data);
  throwIfAborted(signal);
  const { version } = JSON.parse(native().catalogue()) as { version: string };
  const { fingerprint } = JSON.parse(native().describe(dataset)) as { fingerprint: string };
  const { data: source, ...rest } = data;
  return {
    config: { ...core, ...(typeof source === "string" && { data: source }), ...rest },
    core,
    dataset,
    card: datasetCard(dataset, fingerprint),
    runId: runIdOf(core, fingerprint, version),
    version,
    command: replayCommand({ ...config, seed: core.seed }),
  };
}

/** What is worth keeping of a data set when its numbers are gone. */
export function datasetCard(dataset: NativeDataset, fingerprint: string): DatasetCard {
  const { environment } = dataset.labels;
  const counts = new Map<number, number>();
  for (const code of environment?.codes ?? []) counts.set(code, (counts.get(code) ?? 0) + 1);
  const target = dataset.targets?.columns[0];
  return {
    name: dataset.name,
    fingerprint,
    rows: dataset.inputs.rows,
    columns: dataset.inputs.cols,
    inputs: dataset.inputNames,
    ...(target !== undefined && { target }),
    ...(environment && {
      environments: environment.levels.map((name, code) => ({ name, rows: counts.get(code) ?? 0 })),
    }),
    provenance: JSON.parse(dataset.provenance) as Record<string, unknown>,
  };
}

/** Trains. A cancelled fit is a `StoppedRun`; everything else that ends by itself, converged or not, is a `Run`. */
export async function train(planned: Plan, hooks: TrainHooks = {}): Promise<Run | StoppedRun> {
  const started = performance.now();
  const createdAt = new Date().toISOString();
  const end = await runNative(planned, hooks);
  const outcome = end === undefined ? { kind: "cancelled" as const, step: 0 } : (JSON.parse(end.outcome) as Outcome);
  const history = end === undefined ? { stages: [] } : (JSON.parse(end.history) as History);
  const { core, config, card, runId, version } = planned;
  const manifest: RunManifest = {
    format: 1,
    runId,
    method: String(core.method),
    version,
    seed: Number(core.seed),
    outcome,
    steps: outcome.step,
    dataset: card,
    command: planned.command,
    versions: { disentangle: version, node: process.versions.node, platform: `${process.platform}-${process.arch}` },
    createdAt,
    elapsedMs: Math.round(performance.now() - started),
  };
  if (end === undefined || outcome.kind === "cancelled") return { config, manifest, history };
  const summary = JSON.parse(end.summary) as Summary;
  return {
    config,
    manifest,
    history,
    summary,
    latents: { data: end.latents.data, shape: [end.latents.rows, end.latents.cols], columns: summary.latents.names },
    rows: end.rows,
    split: end.split,
    model: end.model,
  };
}

/** Whether a run ended by itself. */
export function isFinished(run: Run | StoppedRun): run is Run {
  return "model" in run;
}

/** Throws `FIT_CANCELLED` when the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw failure("FIT_CANCELLED", "the fit was cancelled before it began", {
      hint: "nothing was read and nothing was written",
      cause: signal.reason,
    });
  }
}

/** The command that repeats a run; for data in memory, the call. */
export function replayCommand(config: Readonly<Record<string, unknown>>): string {
  if (typeof config.data !== "string") {
    const { data, ...rest } = config;
    return `fit({ data, ...${JSON.stringify(rest)} })`;
  }
  const words = Object.entries(config).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const flag = flagOf(key);
    if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return [flag, ...value.map(quoted)];
    return [flag, quoted(typeof value === "object" ? JSON.stringify(value) : value)];
  });
  return ["disentangle fit", ...words].join(" ");
}

function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The core's training; `undefined` when it was stopped before it had anything to tell. */
function runNative(planned: Plan, hooks: TrainHooks): Promise<NativeRun | undefined> {
  const { signal } = hooks;
  return new Promise((resolve, reject) => {
    let job: number | undefined;
    let thrown: { cause: unknown } | undefined;
    let ended = false;
    const stop = (): void => {
      if (job !== undefined) native().cancel(job);
    };
    const onCallbackError = (cause: unknown): void => {
      thrown ??= { cause };
      stop();
    };
    const onEvent = (text: string): void => {
      // What a callback throws here would end the process: it is on no stack of the user's.
      try {
        const { kind, ...event } = JSON.parse(text) as { kind: string; name: string } & Progress;
        if (thrown !== undefined || ended) return;
        const given: unknown = kind === "stage" ? hooks.onStage?.(event.name) : hooks.onProgress?.(event);
        if (given instanceof Promise) given.catch(onCallbackError);
      } catch (cause) {
        onCallbackError(cause);
      }
    };
    const onEnd = (end: NativeRun | { failure: Failure }): void => {
      ended = true;
      signal?.removeEventListener("abort", stop);
      if (thrown !== undefined) {
        const { cause } = thrown;
        reject(
          failure("CALLBACK_THREW", `onProgress threw, the fit was stopped: ${messageOf(cause)}`, {
            hint: "catch errors inside onProgress; the error it threw is `cause`",
            cause,
          }),
        );
      } else if (!isFailure(end)) resolve(end);
      else if (end.failure.code === "FIT_CANCELLED") resolve(undefined);
      else reject(new DisentangleError(placedIn(planned.dataset, end.failure)));
    };
    // Events and the end come through two queues, which the event loop may empty in either order: the end waits a turn.
    const onEndQueued = (end: Parameters<typeof onEnd>[0]): void => void setImmediate(onEnd, end);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      job = native().fit(JSON.stringify(planned.core), planned.dataset, "{}", onEvent, onEndQueued);
    } catch (error) {
      signal?.removeEventListener("abort", stop);
      reject(error);
      return;
    }
    if (signal?.aborted) stop();
  });
}
