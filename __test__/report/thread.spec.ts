// Reports as the built package draws them: on a thread of their own. Sources have no module for such a thread.
import { performance } from "node:perf_hooks";
import test from "ava";
import type * as Package from "../../src/index.js";
import { report as inPlace } from "../../src/report/index.js";
import { record } from "./records.js";

const built = async (): Promise<typeof Package> =>
  (await import(new URL("../../dist/index.js", import.meta.url).href)) as typeof Package;

test("a report on another thread is the same to the byte, and the process answers others meanwhile", async (t) => {
  const { report } = await built();
  const records = [0, 1, 2].map((seed) => record({ seed }));
  const before = performance.eventLoopUtilization();
  const made = await report(records, { agreement: [] });
  const { utilization } = performance.eventLoopUtilization(before);
  // Drawn in place it is above 0.9.
  t.true(utilization < 0.5, `${utilization} of the time the event loop was held`);
  t.deepEqual(made, await inPlace(records, { agreement: [] }));
});

test("several reports at once are drawn one after the other, and each failure comes back as what it is", async (t) => {
  const { report, isDisentangleError } = await built();
  const [first, none, second] = await Promise.allSettled([report([record({})]), report([]), report([record({})])]);
  t.is(first.status, "fulfilled");
  t.deepEqual(second, first);
  const reason: unknown = none.status === "rejected" ? none.reason : undefined;
  t.true(isDisentangleError(reason) && reason.code === "RUN_NOT_FOUND");
});
