// A run as an MLflow run, through the REST API of a tracking server.
import { type DisentangleError, fail, failure, isDisentangleError, messageOf } from "../errors.js";
import type { RunRecord } from "../record.js";
import { MEASURES } from "../report/measures.js";
import { pointsOf } from "./curves.js";

/** Where a run is sent. */
export interface MlflowOptions {
  /** Address of the tracking server, such as `http://localhost:5000`. */
  readonly url: string;
  /** Name of the experiment; one that does not exist is made. Default: `disentangle`. */
  readonly experiment?: string;
  /** Name of the run. Default: method, data set and seed. */
  readonly runName?: string;
  /** Sent with every request, for example `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Stops it. */
  readonly signal?: AbortSignal;
}

/** The run that was made. */
export interface MlflowRun {
  readonly experimentId: string;
  readonly runId: string;
  readonly metrics: number;
  readonly params: number;
  /** Parameters whose values are longer than MLflow takes: they were left out. */
  readonly leftOut: readonly string[];
}

/** What the server takes at once. */
const LIMITS = { metrics: 1000, params: 100, paramValue: 6000, tagValue: 5000, key: 250 } as const;
/** How long one answer may take, in milliseconds. */
const PATIENCE = 30_000;

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}
interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Makes an MLflow run of a run; where the server refuses a part, the whole is taken back. Throws `EXPORT_REFUSED`. */
export async function sendToMlflow(record: RunRecord, options: MlflowOptions): Promise<MlflowRun> {
  const { manifest, history } = record;
  const { createdAt, elapsedMs } = manifest as Partial<{ createdAt: string; elapsedMs: number }>;
  const start = createdAt === undefined ? 0 : Date.parse(createdAt);
  const end = start + (elapsedMs ?? 0);
  const metrics: readonly Metric[] = [
    ...pointsOf(history).map(({ tag, step, value }) => ({ key: keyOf(tag), value, timestamp: start, step })),
    ...MEASURES.flatMap(({ id, read }) => {
      const value = read(record)?.value ?? null;
      return value === null ? [] : [{ key: `score/${id}`, value, timestamp: end, step: manifest.steps }];
    }),
  ];
  const all = flattened(record.config);
  const params = all.filter(({ value }) => value.length <= LIMITS.paramValue);
  const leftOut = all.filter((pair) => !params.includes(pair)).map(({ key }) => key);
  const server = new Server(options);
  const experimentId = await server.experiment(options.experiment ?? "disentangle");
  const { run } = await server.post<{ run: { info: { run_id: string } } }>("runs/create", {
    experiment_id: experimentId,
    run_name: options.runName ?? `${manifest.method} on ${manifest.dataset.name}, seed ${manifest.seed}`,
    start_time: start,
    tags: tagsOf(record),
  });
  const runId = run.info.run_id;
  try {
    for (const part of parts(params, LIMITS.params))
      await server.post("runs/log-batch", { run_id: runId, params: part });
    for (const part of parts(metrics, LIMITS.metrics))
      await server.post("runs/log-batch", { run_id: runId, metrics: part });
    await server.post("runs/update", { run_id: runId, status: statusOf(record), end_time: end });
  } catch (error) {
    // Half a run would look like a run.
    await server.post("runs/delete", { run_id: runId }).catch(() => {});
    throw error;
  }
  return { experimentId, runId, metrics: metrics.length, params: params.length, leftOut };
}

class Server {
  readonly #options: MlflowOptions;
  readonly #base: string;

  constructor(options: MlflowOptions) {
    const { url } = options;
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      fail("CONFIG_OUT_OF_RANGE", `${JSON.stringify(url)} is not the address of a tracking server`, {
        path: "url",
        hint: "give an address that begins with http:// or https://, for example http://localhost:5000",
      });
    }
    this.#options = options;
    this.#base = parsed.href.replace(/\/+$/, "");
  }

  async experiment(name: string): Promise<string> {
    try {
      const path = `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
      const found = await this.#ask<{ experiment: { experiment_id: string } }>("GET", path);
      return found.experiment.experiment_id;
    } catch (error) {
      if (!isDisentangleError(error) || error.context.error !== "RESOURCE_DOES_NOT_EXIST") throw error;
    }
    const made = await this.post<{ experiment_id: string }>("experiments/create", { name });
    return made.experiment_id;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#ask("POST", path, body);
  }

  async #ask<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const { headers, signal } = this.#options;
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(PATIENCE);
    const address = `${this.#base}/api/2.0/mlflow/${path}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(address, {
        method,
        headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      text = await response.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw failure("EXPORT_REFUSED", `no answer from ${this.#base}: ${reasonOf(cause)}`, {
        hint: "check the address, and that the server runs: `mlflow server --host 127.0.0.1 --port 5000`",
        cause,
      });
    }
    if (!response.ok) throw this.#refused(path, response.status, text);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw failure("EXPORT_REFUSED", `${this.#base} answers with something that is not JSON`, {
        hint: "check the address: it should be that of an MLflow tracking server",
        cause,
      });
    }
  }

  #refused(path: string, status: number, text: string): DisentangleError {
    const { error_code: error, message } = errorOf(text);
    const said = message === undefined ? "" : `: ${message.replace(/\s+/g, " ").slice(0, 300)}`;
    return failure("EXPORT_REFUSED", `${this.#base} refuses ${path.split("?")[0]} with status ${status}${said}`, {
      hint: "check the address and the credentials; the message is the server's",
      context: { status, ...(error !== undefined && { error }) },
    });
  }
}

function errorOf(text: string): { readonly error_code?: string; readonly message?: string } {
  try {
    const { error_code, message } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return {
      ...(typeof error_code === "string" && { error_code }),
      ...(typeof message === "string" && { message }),
    };
  } catch {
    return {};
  }
}

/** Why a request had no answer: what Node says of it stands in the cause. */
function reasonOf(error: unknown): string {
  if ((error as { name?: unknown } | undefined)?.name === "TimeoutError") return `none in ${PATIENCE / 1000} s`;
  const cause = (error as { cause?: { code?: unknown } } | undefined)?.cause;
  return typeof cause?.code === "string"
    ? ({ ECONNREFUSED: "the connection was refused", ENOTFOUND: "the name is not known" }[cause.code] ??
        messageOf(cause))
    : messageOf(error);
}

function statusOf({ manifest }: RunRecord): "FINISHED" | "FAILED" | "KILLED" {
  const { kind } = manifest.outcome;
  if (kind === "cancelled") return "KILLED";
  return kind === "diverged" || kind === "non-finite" ? "FAILED" : "FINISHED";
}

function tagsOf({ manifest, summary }: RunRecord): readonly Pair[] {
  const { runId, version, outcome, dataset, command } = manifest;
  const tags = {
    "mlflow.source.name": "disentangle",
    "mlflow.source.type": "JOB",
    "mlflow.note.content": `Run it again:\n\n${command}`,
    "disentangle.runId": runId,
    "disentangle.version": version,
    "disentangle.outcome": outcome.kind,
    "disentangle.dataset": dataset.name,
    "disentangle.fingerprint": dataset.fingerprint,
    ...(summary.warnings.length > 0 && {
      "disentangle.warnings": summary.warnings.map(({ code }) => code).join(", "),
    }),
  };
  return Object.entries(tags).map(([key, value]) => ({ key, value: value.slice(0, LIMITS.tagValue) }));
}

/** A configuration as parameters: `mtrn.hidden` is `[64]`. */
function flattened(config: Readonly<Record<string, unknown>>, before = ""): readonly Pair[] {
  return Object.entries(config).flatMap(([name, value]): readonly Pair[] => {
    const key = before === "" ? name : `${before}.${name}`;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return flattened(value as Readonly<Record<string, unknown>>, key);
    }
    return [{ key: keyOf(key), value: typeof value === "string" ? value : JSON.stringify(value ?? null) }];
  });
}

/** A name in the characters that MLflow takes. */
function keyOf(name: string): string {
  return name.replace(/[^\w\-. /]/g, "_").slice(0, LIMITS.key);
}

function parts<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
