// Routes and limits of the service.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type FitQueue, fitQueue, isDisentangleError, type RunConfig } from "disentangle";
import { fitter } from "./fitting.js";
import { createMetrics, type Metrics } from "./metrics.js";
import { createModels, type Models } from "./models.js";
import { Refusal, readJson } from "./request.js";

/** What the service allows. */
export interface Limits {
  /** Fits that run at the same time: each takes a core and the memory of its data. */
  readonly fitsAtOnce: number;
  /** Fits that may wait for their turn; the next one is answered with 503. */
  readonly fitsWaiting: number;
  /** Models that are kept; another fit is answered with 429 until one is deleted. */
  readonly maxModels: number;
  /** The largest request body; a larger one is answered with 413. */
  readonly maxBodyBytes: number;
  /** Folder for the checkpoints of fits that a shutdown stops. Default: they are lost. */
  readonly checkpoints?: string;
}

/** A service and what its shutdown needs. */
export interface Service {
  readonly server: Server;
  /** Refuses new work from now on. */
  drain(): void;
  /** Stops all fits. `saved` tells whether they can go on after a restart. */
  cancelFits(): { readonly fits: number; readonly saved: boolean };
}

/** What a route needs. */
interface Context {
  readonly limits: Limits;
  readonly queue: FitQueue;
  readonly models: Models;
  readonly metrics: Metrics;
  readonly fits: ReturnType<typeof fitter>;
  draining: boolean;
}

/** A service that is not listening yet. */
export function createService(limits: Limits): Service {
  const queue = fitQueue({ concurrency: limits.fitsAtOnce });
  const models = createModels(limits.maxModels);
  const metrics = createMetrics({
    disentangle_fits_running: ["Fits that run.", () => queue.running],
    disentangle_fits_waiting: ["Fits that wait for their turn.", () => queue.waiting],
    disentangle_models: ["Models that are kept.", () => models.size],
  });
  const fits = fitter(queue, models, limits);
  const context: Context = { limits, queue, models, metrics, fits, draining: false };
  const server = createServer((request, response) => {
    const [, verb = "", id] = new URL(request.url ?? "/", "http://service").pathname.split("/");
    const finish = metrics.start(Object.hasOwn(ROUTES, verb) ? verb : "unknown");
    response.once("close", () => finish(response.writableFinished ? response.statusCode : "aborted"));
    answer(context, request, response, verb, id).then(
      (body) => send(response, 200, body),
      (error: unknown) => refuse(response, error),
    );
  });
  return {
    server,
    drain: () => {
      context.draining = true;
    },
    cancelFits: () => ({ fits: fits.cancel(), saved: limits.checkpoints !== undefined }),
  };
}

type Route = (context: Context, body: unknown, id: string, response: ServerResponse) => Promise<unknown>;

const ROUTES: Readonly<Record<string, { readonly method: string; readonly run: Route }>> = {
  health: {
    method: "GET",
    run: async ({ draining }) => {
      if (draining) throw new Refusal(503, "shutting down");
      return { status: "ok" };
    },
  },
  metrics: { method: "GET", run: async ({ metrics }) => metrics.text() },
  fit: { method: "POST", run: async ({ fits }, config, _, response) => fits.run(config as RunConfig, response) },
  transform: { method: "POST", run: async ({ models }, body, id) => models.transform(id, body) },
  predict: { method: "POST", run: async ({ models }, body, id) => models.predict(id, body) },
  models: {
    method: "DELETE",
    run: async ({ models }, _, id) => {
      await models.delete(id);
      return { deleted: id };
    },
  },
};

async function answer(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  verb: string,
  id = "",
): Promise<unknown> {
  const route = Object.hasOwn(ROUTES, verb) ? ROUTES[verb] : undefined;
  if (route === undefined) throw new Refusal(404, `no route /${verb}; there are /${Object.keys(ROUTES).join(", /")}`);
  if (request.method !== route.method) {
    throw new Refusal(405, `/${verb} takes ${route.method}, not ${request.method}`, { allow: route.method });
  }
  // Health and metrics are asked until the end: they tell that it comes.
  if (context.draining && route.method !== "GET") {
    throw new Refusal(503, "shutting down", { connection: "close", "retry-after": "10" });
  }
  const body = route.method === "POST" ? await readJson(request, context.limits.maxBodyBytes) : undefined;
  return route.run(context, body, id, response);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof Refusal) {
    send(response, error.status, { error: { message: error.message } }, error.headers);
  } else if (isDisentangleError(error)) {
    send(response, statusOf(error.code), { error: error.toJSON() });
  } else {
    send(response, 500, { error: { message: String(error) } });
  }
}

/** Most failures of the library are mistakes in the request. */
function statusOf(code: string): number {
  if (code === "INTERNAL_PANIC") return 500;
  // The same fit is under way, or the service is stopping it.
  if (code === "RUN_BUSY") return 409;
  return code === "FIT_CANCELLED" ? 503 : 422;
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return;
  const isText = typeof body === "string";
  const type = isText ? "text/plain; version=0.0.4; charset=utf-8" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers }).end(isText ? body : `${JSON.stringify(body)}\n`);
}
