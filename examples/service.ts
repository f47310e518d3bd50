// A service that fits and transforms. `PORT=8080 node --import=tsx examples/service.ts`, then
//   curl -d @config.json localhost:8080/fit              -> { id, outcome, latents }
//   curl -d '[[1, 2, 3]]' localhost:8080/transform/ID    -> [[...]]
// A client that hangs up stops its fit. For your own machine only: `data` may name any file on it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fit, isDisentangleError, type Model } from "disentangle";

const models = new Map<string, Model>();

export const service = createServer((request, response) => {
  answer(request, response).then(
    (body) =>
      body === undefined ? send(response, 404, { error: { message: "not found" } }) : send(response, 200, body),
    (error: unknown) => {
      const status = error instanceof SyntaxError ? 400 : 500;
      if (!isDisentangleError(error)) return send(response, status, { error: { message: String(error) } });
      send(response, error.code === "INTERNAL_PANIC" ? 500 : 422, { error: error.toJSON() });
    },
  );
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const [, verb = "", id = ""] = (request.url ?? "").split("/");
  const body = JSON.parse(await text(request));
  if (verb === "fit") return fitted(body, response);
  const model = models.get(id);
  if (verb !== "transform" || model === undefined) return undefined;
  const { data, shape } = await model.transform(body);
  return Array.from({ length: shape[0] }, (_, i) => [...data.subarray(i * shape[1], (i + 1) * shape[1])]);
}

async function fitted(config: Parameters<typeof fit>[0], response: ServerResponse): Promise<unknown> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const model = await fit(config, { signal: gone.signal }).result;
  const id = model.manifest.runId;
  models.set(id, model);
  return { id, outcome: model.outcome, latents: model.info.latents };
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

if (process.env.PORT) service.listen(Number(process.env.PORT));
