// What the service of the examples does under pressure: limits, metrics, and a shutdown that loses nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createService, type Limits } from "../../examples/service/server.js";
import { testWithAddon as test } from "../addon.js";
import { root } from "./run.js";

const x = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i + 1)]);
const config = { method: "shared-head", data: x, target: x.map(([a = 0, b = 0]) => a - b), latentDim: 1, hidden: [8] };
const endless = { ...config, steps: 100_000_000 };
const LIMITS: Limits = { fitsAtOnce: 1, fitsWaiting: 1, maxModels: 2, maxBodyBytes: 1 << 16 };

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers
  readonly body: any;
}

async function ask(url: string, body?: unknown, init: RequestInit = {}): Promise<Answer> {
  const post =
    body === undefined ? {} : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await fetch(url, { ...post, ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
}

async function listening(
  limits: Partial<Limits> = {},
): Promise<{ url: string; service: ReturnType<typeof createService> }> {
  const service = createService({ ...LIMITS, ...limits });
  service.server.listen(0, "127.0.0.1");
  await once(service.server, "listening");
  service.server.unref();
  return { url: `http://127.0.0.1:${(service.server.address() as AddressInfo).port}`, service };
}

test("it predicts and transforms, one row or many, and deletes models", async (t) => {
  const { url } = await listening();
  const { id } = (await ask(`${url}/fit`, { ...config, steps: 20 })).body;
  const one = await ask(`${url}/predict/${id}`, x.slice(0, 1));
  t.is(one.status, 200, one.text);
  const many = await ask(`${url}/predict/${id}`, { rows: x });
  t.is(many.body.length, x.length);
  t.is(many.body[0], one.body[0]);
  t.is((await ask(`${url}/transform/${id}`, { rows: x.slice(0, 2) })).body.length, 2);
  const deleted = await ask(`${url}/models/${id}`, undefined, { method: "DELETE" });
  t.deepEqual([deleted.status, deleted.body], [200, { deleted: id }]);
  t.is((await ask(`${url}/predict/${id}`, x)).status, 404);
});

test("mistakes are answered with what is wrong, and the service goes on", async (t) => {
  const { url } = await listening();
  const { id } = (await ask(`${url}/fit`, { ...config, steps: 20 })).body;
  const status = async (path: string, body?: unknown, init?: RequestInit): Promise<number> => {
    const answer = await ask(`${url}${path}`, body, init);
    t.is(typeof answer.body.error.message, "string");
    return answer.status;
  };
  t.is(await status("/fit", "{"), 400);
  t.is(await status("/fit", "null"), 422);
  t.is(await status("/fit", { ...config, method: "tbrr" }), 422);
  t.is(await status("/nowhere"), 404);
  t.is(await status("/toString"), 404);
  t.is(await status("/predict/none", x), 404);
  t.is(await status(`/predict/${id}`), 405);
  t.is(await status(`/predict/${id}`, "7"), 422);
  t.is(await status(`/predict/${id}`, { rows: [[1, 2]] }), 422);
  t.is(await status(`/predict/${id}`, { rows: x, environments: [1] }), 422);
  // Too large, announced and not; what was sent is no reason to close the connection before the answer.
  const large = JSON.stringify(Array.from({ length: 20_000 }, () => [1, 2, 3]));
  t.is(await status(`/predict/${id}`, large), 413);
  const chunks = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 4; i += 1) controller.enqueue(Buffer.from(large.slice(0, 1 << 15)));
      controller.close();
    },
  });
  t.is(await status(`/predict/${id}`, undefined, { method: "POST", body: chunks, duplex: "half" } as RequestInit), 413);
  t.is((await ask(`${url}/health`)).body.status, "ok");
});

test("so many fits run and wait, so many models are kept, and no more", async (t) => {
  const { url, service } = await listening();
  const stopped = [1, 2].map((seed) => ask(`${url}/fit`, { ...endless, seed }));
  const gauge = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\d+)$`, "m").exec((await ask(`${url}/metrics`)).text)?.[1]);
  while ((await gauge("disentangle_fits_waiting")) < 1) await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(await gauge("disentangle_fits_running"), 1);
  const third = await ask(`${url}/fit`, { ...config, steps: 20 });
  t.deepEqual([third.status, third.body.error.message], [503, "1 fits wait already"]);
  t.deepEqual(service.cancelFits(), { fits: 2, saved: false });
  for (const { status, body } of await Promise.all(stopped))
    t.deepEqual([status, body.error.code], [503, "FIT_CANCELLED"]);

  for (const seed of [1, 2]) t.is((await ask(`${url}/fit`, { ...config, steps: 20, seed })).status, 200);
  const full = await ask(`${url}/fit`, { ...config, steps: 20, seed: 3 });
  t.is(full.status, 429, full.text);
  t.is(await gauge("disentangle_models"), 2);
});

test("metrics are text that Prometheus reads, and count every answer", async (t) => {
  const { url } = await listening();
  await ask(`${url}/fit`, "{");
  await ask(`${url}/fit`, "{");
  await ask(`${url}/nowhere`);
  const { text } = await ask(`${url}/metrics`);
  // https://prometheus.io/docs/instrumenting/exposition_formats/: comments, and names with labels and one number.
  const line =
    /^(# (HELP|TYPE) [a-z_]\w* .+|[a-z_]\w*(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (\d+(\.\d+)?(e[+-]?\d+)?|\+Inf))$/;
  for (const one of text.trimEnd().split("\n")) t.regex(one, line);
  t.regex(text, /^disentangle_requests_total\{route="fit",status="400"\} 2$/m);
  t.regex(text, /^disentangle_requests_total\{route="unknown",status="404"\} 1$/m);
  t.regex(text, /^disentangle_request_seconds_count\{route="fit"\} 2$/m);
  t.regex(text, /^process_resident_memory_bytes \d+$/m);
  const counts = [...text.matchAll(/^disentangle_request_seconds_bucket\{route="fit",le="[^"]+"\} (\d+)$/gm)];
  const values = counts.map(([, count]) => Number(count));
  t.deepEqual(
    values,
    [...values].sort((a, b) => a - b),
    "buckets are cumulative",
  );
  t.is(values.at(-1), 2);
});

interface Started {
  readonly url: string;
  readonly lines: string[];
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  kill(signal: NodeJS.Signals): void;
}

/** The service in a process of its own. */
async function started(env: NodeJS.ProcessEnv): Promise<Started> {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/service.ts"], {
    cwd: root,
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit") as Started["ended"];
  const said = createInterface({ input: child.stdout });
  const lines: string[] = [];
  said.on("line", (line) => lines.push(line));
  const [first] = (await once(said, "line")) as [string];
  const { port } = JSON.parse(first.slice(first.indexOf("{"))) as { port: number };
  return { url: `http://127.0.0.1:${port}`, lines, ended, kill: (signal) => void child.kill(signal) };
}

test("SIGTERM lets what is under way end, takes nothing new, and exits with 0", async (t) => {
  const { url, ended, kill } = await started({ GRACE_SECONDS: "60" });
  const fitting = ask(`${url}/fit`, { ...config, steps: 4000 });
  const metrics = async (): Promise<string> => (await ask(`${url}/metrics`)).text;
  while (!(await metrics()).includes("disentangle_fits_running 1")) await new Promise((go) => setTimeout(go, 20));
  kill("SIGTERM");
  const { status, body } = await fitting;
  t.deepEqual([status, typeof body.id], [200, "string"]);
  t.deepEqual(await ended, [0, null]);
  await t.throwsAsync(ask(`${url}/health`), { any: true });
});

test("a fit that outlasts the grace is stopped with a checkpoint, and the same request goes on after a restart", async (t) => {
  const checkpoints = mkdtempSync(join(tmpdir(), "disentangle-service-"));
  const env = { GRACE_SECONDS: "0", CHECKPOINTS: checkpoints };
  const first = await started(env);
  const long = { ...config, steps: 300_000 };
  let isOver = false;
  const stopped = ask(`${first.url}/fit`, long).finally(() => {
    isOver = true;
  });
  while (
    !isOver &&
    readdirSync(checkpoints, { recursive: true }).filter((name) => String(name).endsWith(".dsn")).length === 0
  ) {
    await new Promise((go) => setTimeout(go, 50));
  }
  first.kill("SIGTERM");
  const { status, body } = await stopped;
  t.is(status, 503, JSON.stringify(body));
  t.true(body.error.context.saved);
  t.deepEqual(await first.ended, [0, null]);
  t.true(
    first.lines.some((line) => /1 fits stopped, checkpoints are kept/.test(line)),
    first.lines.join("\n"),
  );

  const second = await started(env);
  const { outcome } = (await ask(`${second.url}/fit`, long)).body;
  const whole = (await ask(`${second.url}/fit`, { ...long })).body.outcome;
  t.deepEqual(outcome, whole, "as without the interruption");
  t.deepEqual(readdirSync(checkpoints), [], "nothing is left of finished fits");
  second.kill("SIGINT");
  t.deepEqual(await second.ended, [0, null]);
});

test("a fit that is stopped without a checkpoint is an exit code of 1; a second signal ends at once", async (t) => {
  const lost = await started({ GRACE_SECONDS: "0" });
  const stopped = ask(`${lost.url}/fit`, endless);
  while (!(await ask(`${lost.url}/metrics`)).text.includes("disentangle_fits_running 1")) {
    await new Promise((go) => setTimeout(go, 20));
  }
  lost.kill("SIGTERM");
  t.is((await stopped).status, 503);
  t.deepEqual(await lost.ended, [1, null]);

  const hurried = await started({ GRACE_SECONDS: "600" });
  const cut = ask(`${hurried.url}/fit`, endless).catch(() => "cut");
  while (!(await ask(`${hurried.url}/metrics`)).text.includes("disentangle_fits_running 1")) {
    await new Promise((go) => setTimeout(go, 20));
  }
  hurried.kill("SIGTERM");
  while (!hurried.lines.some((line) => line.startsWith("SIGTERM"))) await new Promise((go) => setTimeout(go, 20));
  hurried.kill("SIGTERM");
  t.deepEqual(await hurried.ended, [null, "SIGTERM"]);
  t.is(await cut, "cut");
});
