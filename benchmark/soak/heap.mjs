// Loaded into the service before anything else: tells whoever started it how large the young generation of V8 is, and what JavaScript
// still held after each of its own full collections. None is forced: that would hide how much garbage a service carries in between.
import { constants, PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";

let found = [];

new PerformanceObserver((list) => {
  const full = list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR);
  const [last] = full.slice(-1);
  if (last === undefined) return;
  // Young objects have been made since.
  const old = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.startsWith("new_"));
  const heldBytes = old.reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  found.push({ at: Date.now(), heldBytes, externalBytes: process.memoryUsage().external });
}).observe({ entryTypes: ["gc"] });

process.on("message", () => {
  const young = getHeapSpaceStatistics().filter(({ space_name }) => space_name.startsWith("new_"));
  process.send({
    youngBytes: young.reduce((sum, { physical_space_size }) => sum + physical_space_size, 0),
    collections: found,
  });
  found = [];
});
// The service ends when its work does.
process.channel.unref();
