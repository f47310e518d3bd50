// From a configuration to a finished run: check, read, train. The API's `fit` and the command line share it.
import { AsyncResource } from "node:async_hooks";
import { performance } from "node:perf_hooks";
// Test environments replace global timers, or have none.
import { setImmediate } from "node:timers";
import { catalogue } from "./catalogue.js";
import { replayCommand } from "./command-line.js";
import { type CheckedConfig, checkConfig, type RunConfig } from "./config.js";
import { isPaths } from "./data/paths.js";
import { placedIn } from "./data/place.js";
import { tasksOf } from "./data/tasks.js";
import { type DataPart, readData } from "./dataset.js";
import { DisentangleError, type Failure, failure, messageOf } from "./errors.js";
import type { Description, History, Outcome, Summary } from "./generated/types.js";
import { isFailure, later, type NativeDataset, type NativeRun, native, plain } from "./native.js";
import type { CheckpointEvent, Progress, ResumedEvent } from "./progress.js";
import type { DatasetCard } from "./record.js";
import { type Run, type RunManifest, type RunStart, runIdOf, type StoppedRun } from "./results.js";
import { withSignal } from "./signal.js";

/** A checked configuration with its data: all that a fit needs. */
export interface Plan {
  /** Flat, every default of the core written out; without `data` when the data lie in memory. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The part of it that the core reads. */
  readonly core: Readonly<Record<string, unknown>>;
  readonly dataset: NativeDataset;
  /** Nobody else has the inputs: they are freed as soon as the core has its copy. */
  readonly ownsInputs: boolean;
  readonly card: DatasetCard;
  readonly runId: string;
  readonly version: string;
  /** The command that replays it. */
  readonly command: string;
}

/** What a fit tells while it runs. Where a hook throws, the fit stops and `CALLBACK_THREW` is thrown. */
export interface TrainHooks {
  /** Called when a stage begins; closed-form stages report nothing else. */
  readonly onStage?: ((name: string) => void) | null | undefined;
  readonly onProgress?: ((progress: Progress) => void) | null | undefined;
  readonly onCheckpoint?: ((event: CheckpointEvent) => void) | null | undefined;
  readonly onResumed?: ((event: ResumedEvent) => void) | null | undefined;
}

/** Where checkpoints go, and how often. */
export interface CheckpointOptions {
  /** A folder of this fit alone; it is made when it is not there. The last three checkpoints are kept. */
  readonly dir: string;
  /** Gradient steps between checkpoints, from 1. Default: as often as costs at most 2 % of the time, once a second at most. */
  readonly every?: number | undefined;
}

/** What a fit may use up. At a limit it ends as at its last step, with the outcome `step-limit` and the budget as its term. */
export interface Budgets {
  /** Gradient steps over all stages, from 1, counted from the beginning of the fit, also after a resumption. */
  readonly steps?: number | undefined;
  /** Milliseconds from 0, counted from this call. The result then depends on the machine. */
  readonly elapsedMs?: number | undefined;
}

/** How a fit runs, beside what it computes: of runs that end by themselves none of this changes a bit. */
export interface TrainOptions extends TrainHooks {
  readonly signal?: AbortSignal | undefined;
  readonly checkpoint?: CheckpointOptions | undefined;
  /** Go on from the newest checkpoint that is whole, or from the beginning where there is none. */
  readonly resume?: boolean | undefined;
  readonly budgets?: Budgets | undefined;
  /** What a resumed run keeps of its first start. */
  readonly start?: RunStart;
}

/** Where the data of a fit come from; many fits of one process may share them. */
export interface DataReader {
  read(data: DataPart): Promise<NativeDataset>;
  /** JSON of what the core says of a data set; with names of truth also of these. */
  describe(dataset: NativeDataset, shown: readonly string[] | undefined): Promise<string>;
}

const AFRESH: DataReader = {
  read: (data) => readData(data, undefined, { leavesInputs: true }),
  describe: (dataset, shown = []) => later().describe(withTruth(dataset, shown), shown),
};

/** Checks a configuration and reads its data. */
export async function plan(config: RunConfig, signal?: AbortSignal, reader = AFRESH): Promise<Plan> {
  throwIfAborted(signal);
  const { data, core } = await checkConfig(config);
  throwIfAborted(signal);
  const dataset = await stoppable(signal, () => reader.read(data));
  throwIfAborted(signal);
  const { version } = catalogue();
  // Truth that the method is shown is part of what the run is, and no part of the data that other methods see.
  const text = await stoppable(signal, () => reader.describe(dataset, core.oracle as readonly string[] | undefined));
  const described = JSON.parse(text) as Pick<Description, "fingerprint" | "shown">;
  const { fingerprint, shown = fingerprint } = described;
  return {
    config: flatConfig({ data, core }),
    core,
    dataset,
    ownsInputs: reader === AFRESH && isPaths(data.data),
    card: datasetCard(dataset, fingerprint),
    runId: runIdOf(core, shown, version),
    version,
    command: replayCommand({ ...config, seed: core.seed }),
  };
}

/** What is given up where the signal aborts, wherever it is. */
async function stoppable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await withSignal(signal, work);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

/** A checked configuration as run folders keep it: without what lies in memory. */
function flatConfig({
  data: { data, labels, modalities, ...roles },
  core,
}: CheckedConfig): Readonly<Record<string, unknown>> {
  const parts = Object.entries(modalities ?? {}).map(([name, { data: own, ...rest }]) => {
    return [name, { ...(typeof own === "string" && { data: own }), ...rest }] as const;
  });
  return {
    ...core,
    ...(isPaths(data) && { data }),
    ...(typeof labels === "string" && { labels }),
    ...(modalities !== undefined && { modalities: Object.fromEntries(parts) }),
    ...roles,
  };
}

/** What is known of a run before it has trained. */
export function startOf({ core, card, runId, version, command }: Plan): RunStart {
  return {
    format: 1,
    runId,
    method: String(core.method),
    version,
    seed: Number(core.seed),
    dataset: card,
    command,
    versions: { disentangle: version, node: process.versions.node, platform: `${process.platform}-${process.arch}` },
    createdAt: new Date().toISOString(),
    elapsedMs: 0,
  };
}

/** What is worth keeping of a data set when its numbers are gone. */
export function datasetCard(dataset: NativeDataset, fingerprint: string): DatasetCard {
  const { environment } = dataset.labels;
  const counts = new Uint32Array(environment?.levels.length ?? 0);
  environment?.codes.forEach((code) => {
    counts[code]!++;
  });
  const targets = dataset.targets?.columns ?? [];
  const [target] = targets;
  const tasks = tasksOf(dataset);
  return {
    name: dataset.name,
    fingerprint,
    rows: dataset.inputs.rows,
    columns: dataset.inputs.cols,
    inputs: dataset.inputNames,
    ...(dataset.views !== undefined && {
      views: dataset.views.map(({ name, start, end, image }) => ({
        name,
        columns: end - start,
        ...(image !== undefined && { image }),
      })),
    }),
    ...(target !== undefined && { target }),
    ...(targets.length > 1 && { targets }),
    ...(tasks !== undefined && { tasks }),
    ...(environment && {
      environments: environment.levels.map((name, code) => ({ name, rows: counts[code]! })),
    }),
    provenance: JSON.parse(dataset.provenance) as Record<string, unknown>,
  };
}

/** Trains. A cancelled fit is a `StoppedRun`; everything else that ends by itself, converged or not, is a `Run`. */
export async function train(planned: Plan, options: TrainOptions = {}): Promise<Run | StoppedRun> {
  const began = performance.now();
  const { start = startOf(planned) } = options;
  const end = await runNative(planned, options);
  const outcome = end === undefined ? { kind: "cancelled" as const, step: 0 } : (JSON.parse(end.outcome) as Outcome);
  const history = end === undefined ? { stages: [] } : (JSON.parse(end.history) as History);
  const { config, card } = planned;
  if (end !== undefined && end.fingerprint !== card.fingerprint) throw changed(card);
  const elapsedMs = start.elapsedMs + Math.round(performance.now() - began);
  const manifest: RunManifest = { ...start, outcome, steps: outcome.step, elapsedMs };
  if (end === undefined || outcome.kind === "cancelled") return { config, manifest, history };
  const summary = JSON.parse(end.summary) as Summary;
  const { private: own } = end;
  return {
    config,
    manifest,
    history,
    summary,
    latents: { data: end.latents.data, shape: [end.latents.rows, end.latents.cols], columns: summary.latents.names },
    ...(own !== undefined && {
      private: { data: own.data, shape: [own.rows, own.cols], columns: summary.private?.names ?? [] },
    }),
    rows: end.rows,
    split: end.split,
    model: end.model,
  };
}

/** Inputs that stay in their folder are read when the fit begins. */
function changed({ name, provenance }: DatasetCard): DisentangleError {
  return failure("DATA_CHANGED", `${name}: the data were changed after they had been checked`, {
    ...(typeof provenance.source === "string" && { path: provenance.source }),
    hint: "fit again when nobody writes there",
  });
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

/** The core's training; `undefined` when it was stopped before it had anything to tell. */
function runNative(planned: Plan, options: TrainOptions): Promise<NativeRun | undefined> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    let job: number | undefined;
    let thrown: { hook: string; cause: unknown } | undefined;
    let ended = false;
    const stop = (): void => {
      if (job !== undefined) native().cancel(job);
    };
    // What comes from another thread has no asynchronous context of its own.
    const onEvent = AsyncResource.bind((text: string): void => {
      if (thrown !== undefined || ended) return;
      const event = JSON.parse(text) as NativeEvent;
      if (event.kind === "taken") {
        freeInputs(planned);
        return;
      }
      const onThrow = (cause: unknown): void => {
        thrown ??= { hook: HOOKS[event.kind], cause };
        stop();
      };
      // What a callback throws here would end the process: it is on no stack of the user's.
      try {
        const given = tell(event, options);
        if (given instanceof Promise) given.catch(onThrow);
      } catch (cause) {
        onThrow(cause);
      }
    });
    const onEnd = (end: NativeRun | { failure: Failure }): void => {
      ended = true;
      signal?.removeEventListener("abort", stop);
      if (thrown !== undefined) {
        const { hook, cause } = thrown;
        reject(
          failure("CALLBACK_THREW", `${hook} threw, the fit was stopped: ${messageOf(cause)}`, {
            hint: `catch errors inside ${hook}; the error it threw is \`cause\``,
            cause,
          }),
        );
      } else if (!isFailure(end)) resolve(plain(end));
      else if (end.failure.code === "FIT_CANCELLED") resolve(undefined);
      else reject(new DisentangleError(placedIn(planned.dataset, end.failure)));
    };
    // Events and the end come through two queues, which the event loop may empty in either order: the end waits a turn.
    const onEndQueued = (end: Parameters<typeof onEnd>[0]): void => void setImmediate(onEnd, end);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const { core, dataset } = planned;
      const seen = withTruth(dataset, (core.oracle ?? []) as readonly string[]);
      job = native().fit(JSON.stringify(core), seen, optionsJson(options), onEvent, onEndQueued);
    } catch (error) {
      signal?.removeEventListener("abort", stop);
      reject(error);
      return;
    }
    if (signal?.aborted) stop();
  });
}

/** The data set with no other truth than this: what is not to be seen is not handed over. */
function withTruth(dataset: NativeDataset, names: readonly string[]): NativeDataset {
  return {
    ...dataset,
    truth: Object.fromEntries(Object.entries(dataset.truth).filter(([name]) => names.includes(name))),
  };
}

/** Frees the inputs where nobody else has them, and nothing else lies in their memory. */
function freeInputs({ ownsInputs, dataset }: Plan): void {
  const { buffer, byteLength } = dataset.inputs.data;
  if (ownsInputs && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) native().free(buffer);
}

/** What the core tells of a running fit. */
type NativeEvent =
  | { readonly kind: "taken" }
  | { readonly kind: "stage"; readonly name: string }
  | ({ readonly kind: "progress" } & Progress)
  | ({ readonly kind: "checkpoint" } & CheckpointEvent)
  | ({ readonly kind: "resumed" } & ResumedEvent);

const HOOKS = {
  stage: "onStage",
  progress: "onProgress",
  checkpoint: "onCheckpoint",
  resumed: "onResumed",
} as const satisfies Record<Exclude<NativeEvent["kind"], "taken">, keyof TrainHooks>;

function tell(event: Exclude<NativeEvent, { kind: "taken" }>, hooks: TrainHooks): unknown {
  if (event.kind === "stage") return hooks.onStage?.(event.name);
  const { kind, ...told } = event;
  return (hooks[HOOKS[kind]] as ((told: unknown) => void) | undefined)?.(told);
}

/** Refuses options as `train` would, before anything is made for it. */
export function checkTrainOptions(options: TrainOptions): void {
  native().checkFitOptions(optionsJson(options));
}

/** What the core reads of the options. JSON would turn NaN into "no limit": as text it is refused instead. */
function optionsJson({ checkpoint, resume, budgets }: TrainOptions): string {
  return JSON.stringify({ checkpoint, resume, budgets }, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}
