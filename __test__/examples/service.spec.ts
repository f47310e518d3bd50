import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { service } from "../../examples/service.js";
import { testWithAddon as test } from "../addon.js";

const x = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i + 1)]);
const config = { method: "shared-head", data: x, target: x.map(([a = 0, b = 0]) => a - b), latentDim: 1, hidden: [8] };

async function post(path: string, body: unknown, signal?: AbortSignal): Promise<{ status: number; body: unknown }> {
  if (!service.listening) {
    service.listen(0, "127.0.0.1");
    await once(service, "listening");
    service.unref();
  }
  const { port } = service.address() as AddressInfo;
  const init = { method: "POST", body: JSON.stringify(body), ...(signal && { signal }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, body: await response.json() };
}

test.serial("the service fits, transforms by id, and answers mistakes with their code", async (t) => {
  const fitted = await post("/fit", { ...config, steps: 20 });
  t.is(fitted.status, 200);
  const { id } = fitted.body as { id: string };
  const latents = await post(`/transform/${id}`, x.slice(0, 3));
  t.deepEqual([latents.status, (latents.body as number[][]).map((row) => row.length)], [200, [1, 1, 1]]);

  const wrong = await post("/fit", { ...config, latentDimm: 2 });
  t.deepEqual([wrong.status, (wrong.body as { error: { code: string } }).error.code], [422, "CONFIG_UNKNOWN_KEY"]);
  t.is((await post("/transform/none", x)).status, 404);
  const noJson = await fetch(`http://127.0.0.1:${(service.address() as AddressInfo).port}/fit`, {
    method: "POST",
    body: "{",
  });
  t.is(noJson.status, 400);
});

test.serial("a client that hangs up stops its fit", async (t) => {
  await t.throwsAsync(post("/fit", { ...config, steps: 100_000_000 }, AbortSignal.timeout(300)), { any: true });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  // A running fit would take most of a second of a core; what is idle takes next to nothing.
  t.true(process.cpuUsage(after).user < 300_000, `${process.cpuUsage(after).user} microseconds`);
});
