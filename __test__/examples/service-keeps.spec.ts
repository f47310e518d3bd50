// What a service keeps of requests that were answered: nothing. Objects and jobs are counted, not bytes or time, so that one object
// left behind by each round of requests is seen.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { createService } from "../../examples/service/server.js";
import { fit, type Model } from "../../src/index.js";
import { native } from "../../src/native.js";
import { testWithAddon as test } from "../addon.js";

const x = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i + 1)]);
const y = x.map(([a = 0, b = 0]) => a - b);
const config = { method: "shared-head", data: x, target: y, latentDim: 1, hidden: [8], steps: 3 } as const;

/** Objects that can be reached, after a collection. */
function objects(): number {
  return Number(queryObjects(Object, { format: "count" }));
}

test.serial("a service keeps nothing of the requests that it has answered", async (t) => {
  const { server } = createService({ fitsAtOnce: 1, fitsWaiting: 4, maxModels: 4, maxBodyBytes: 2 ** 20 });
  // Longer than a collection takes: a connection that is closed meanwhile would fail the next request.
  server.keepAliveTimeout = 60_000;
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = async (method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<string> => {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }), ...(signal && { signal }) };
    return (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();
  };
  const round = async (seed: number): Promise<void> => {
    const { id } = JSON.parse(await ask("POST", "/fit", { ...config, seed: seed % 3 })) as { id: string };
    const asked = ["/predict", "/transform", "/transform"].map((verb) => ask("POST", `${verb}/${id}`, x.slice(0, 20)));
    await Promise.all([...asked, ask("GET", "/health"), ask("GET", "/metrics")]);
    await Promise.all([ask("POST", "/fit", 1), ask("POST", "/predict/none", x), ask("POST", `/predict/${id}`, [[1]])]);
    const hungUp = ask("POST", "/fit", { ...config, steps: 100_000_000 }, AbortSignal.timeout(30));
    await t.throwsAsync(hungUp, { any: true });
    await ask("DELETE", `/models/${id}`);
    while (native().held()[0] !== 0) await sleep(2);
  };
  const rounds = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) await round(i);
    return objects();
  };
  await rounds(10);
  // Node's own pools breathe by a few and fill now and then; what one round leaves behind is there forty times after every forty rounds.
  const counts = [await rounds(5)];
  let grown = Number.POSITIVE_INFINITY;
  for (let block = 0; block < 4 && grown >= 40; block++) {
    counts.push(await rounds(40));
    grown = Math.min(grown, counts.at(-1)! - counts.at(-2)!);
  }
  t.true(grown < 40, `${counts.join(", ")} objects, each after 40 rounds more`);
  t.deepEqual(native().held(), [0, 0, 0]);
});

test.serial("a model that was closed leaves nothing behind in the core", async (t) => {
  const model: Model = await fit({ ...config, hidden: [8] }).result;
  await model.transform(x);
  t.is(native().held()[1], 1);
  await model.close();
  t.is(native().held()[1], 0);
});
