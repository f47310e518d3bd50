// A run sent to a server that answers as MLflow's REST API does. MLFLOW_SERVER=http://... sends one to a real server as well.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { type MlflowOptions, sendToMlflow } from "../../src/export/mlflow.js";
import type { RunRecord } from "../../src/record.js";
import { RUN } from "../api/run.js";
import { HISTORY } from "./samples.js";

const record = {
  ...RUN,
  config: { method: "tbr", seed: 0, mtrn: { hidden: [64, 8] }, absent: null, long: "x".repeat(7000) },
  history: HISTORY,
  summary: { ...RUN.summary, errors: [], warnings: [{ code: "LATENTS_COLLAPSED", message: "m" }] },
} as unknown as RunRecord;

interface Request {
  readonly path: string;
  readonly body: Record<string, unknown> & { readonly metrics?: readonly Record<string, unknown>[] };
  readonly headers: IncomingMessage["headers"];
}

/** A tracking server; `answer` may refuse a request with a status and a body. */
async function serve(
  t: ExecutionContext,
  answer: (request: Request) => { status: number; body: string } | undefined = () => undefined,
): Promise<{ readonly url: string; readonly requests: readonly Request[] }> {
  const requests: Request[] = [];
  const server = createServer(async (incoming, response) => {
    let text = "";
    for await (const chunk of incoming) text += String(chunk);
    const path = incoming.url!.replace("/api/2.0/mlflow/", "");
    const request = { path, body: text === "" ? {} : JSON.parse(text), headers: incoming.headers } as Request;
    requests.push(request);
    const refused = answer(request);
    const made: Readonly<Record<string, object>> = {
      "experiments/create": { experiment_id: "7" },
      "runs/create": { run: { info: { run_id: "abc" } } },
    };
    const missing = { error_code: "RESOURCE_DOES_NOT_EXIST", message: "no such experiment" };
    const isQuestion = path.startsWith("experiments/get-by-name");
    response.statusCode = refused?.status ?? (isQuestion ? 404 : 200);
    response.end(refused?.body ?? JSON.stringify(isQuestion ? missing : (made[path] ?? {})));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests };
}

test("a run arrives with its parameters, its curves, its tags and how it ended", async (t) => {
  const { url, requests } = await serve(t);
  const made = await sendToMlflow(record, {
    url,
    experiment: "cells & co",
    headers: { authorization: "Bearer secret" },
  });
  t.deepEqual(made, { experimentId: "7", runId: "abc", metrics: 12, params: 4, leftOut: ["long"] });
  t.deepEqual(
    requests.map(({ path }) => path),
    [
      "experiments/get-by-name?experiment_name=cells%20%26%20co",
      "experiments/create",
      "runs/create",
      "runs/log-batch",
      "runs/log-batch",
      "runs/update",
    ],
  );
  t.true(requests.every(({ headers }) => headers.authorization === "Bearer secret"));
  const [, experiment, create, params, metrics, update] = requests.map(({ body }) => body);
  const start = Date.parse("2026-01-01T00:00:00Z");
  t.is(experiment?.name, "cells & co");
  t.like(create, { experiment_id: "7", start_time: start, run_name: "tbr on world, seed 0" });
  const tags = create?.tags as readonly { key: string; value: string }[];
  t.is(tags.find(({ key }) => key === "disentangle.warnings")?.value, "LATENTS_COLLAPSED");
  t.deepEqual(params, {
    run_id: "abc",
    params: [
      { key: "method", value: "tbr" },
      { key: "seed", value: "0" },
      { key: "mtrn.hidden", value: "[64,8]" },
      { key: "absent", value: "null" },
    ],
  });
  t.deepEqual(metrics?.metrics?.[1], { key: "joint/fit", value: 1.5, timestamp: start, step: 10 });
  t.deepEqual(update, { run_id: "abc", status: "FINISHED", end_time: start + 3 });
});

test("many points are sent in parts of the size that MLflow takes", async (t) => {
  const { url, requests } = await serve(t);
  const steps = Array.from({ length: 2300 }, (_, i) => i);
  const history = { stages: [{ name: "joint", steps, terms: { fit: steps } }] };
  const made = await sendToMlflow({ ...record, history } as RunRecord, { url });
  const sizes = requests.flatMap(({ body }) => (body.metrics === undefined ? [] : [body.metrics.length]));
  t.deepEqual([made.metrics, sizes], [2300, [1000, 1000, 300]]);
});

test("where the server refuses a part, the run is deleted again and the message tells why", async (t) => {
  const refusal = { status: 400, body: '{"error_code":"INVALID_PARAMETER_VALUE","message":"bad\\nkey"}' };
  const { url, requests } = await serve(t, ({ body }) => (body.metrics === undefined ? undefined : refusal));
  const error = await t.throwsAsync(sendToMlflow(record, { url }), { code: "EXPORT_REFUSED" });
  t.regex(error!.message, /refuses runs\/log-batch with status 400: bad key$/);
  t.like(requests.at(-1), { path: "runs/delete", body: { run_id: "abc" } });
});

test("runs that gave no result are marked so", async (t) => {
  for (const [kind, status] of [
    ["diverged", "FAILED"],
    ["non-finite", "FAILED"],
    ["cancelled", "KILLED"],
    ["step-limit", "FINISHED"],
  ] as const) {
    const { url, requests } = await serve(t);
    const manifest = { ...record.manifest, outcome: { kind, step: 7 } };
    await sendToMlflow({ ...record, manifest } as RunRecord, { url });
    t.is(requests.at(-1)?.body.status, status);
  }
});

test("an address that is none, that nobody answers, or that is no MLflow is told as that", async (t) => {
  const refused = async (options: MlflowOptions, code: string, message: RegExp): Promise<void> => {
    const error = await t.throwsAsync(sendToMlflow(record, options), { code });
    t.regex(error!.message, message);
    t.truthy((error as { hint?: string }).hint);
  };
  for (const url of ["", "localhost:5000", "file:///tmp/mlruns"])
    await refused({ url }, "CONFIG_OUT_OF_RANGE", /address/);
  // Port 9 discards; nobody listens there.
  await refused({ url: "http://127.0.0.1:9" }, "EXPORT_REFUSED", /^no answer from http:\/\/127\.0\.0\.1:9: /);
  const { url } = await serve(t, () => ({ status: 200, body: "<html>" }));
  await refused({ url }, "EXPORT_REFUSED", /not JSON/);
  await t.throwsAsync(sendToMlflow(record, { url, signal: AbortSignal.abort(new Error("mine")) }), { message: "mine" });
});

const real = process.env.MLFLOW_SERVER;
// Not skipped but absent: where CI runs, every test that there is has to run.
if (real !== undefined) {
  test("a real MLflow server takes a run", async (t) => {
    const made = await sendToMlflow(record, { url: real, experiment: "disentangle-test" });
    const address = `${real.replace(/\/$/, "")}/api/2.0/mlflow/runs/get?run_id=${made.runId}`;
    const { run } = (await (await fetch(address)).json()) as {
      run: {
        info: { status: string };
        data: { params: { key: string; value: string }[]; metrics: { key: string; value: number }[] };
      };
    };
    t.is(run.info.status, "FINISHED");
    t.deepEqual([run.data.params.length, made.params], [4, 4]);
    t.is(run.data.metrics.find(({ key }) => key === "joint/fit")?.value, 1.25);
  });
}
