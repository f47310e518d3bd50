// `node --expose-gc child.mjs loaded|used|cold DIR COUNT`: one JSON line with the bytes that COUNT models hold, or the time to a first answer.

import { setTimeout as sleep } from "node:timers/promises";

const [what, dir, count] = process.argv.slice(2);
const began = performance.now();
const { load } = await import("disentangle");
const row = [Array.from({ length: 50 }, (_, j) => Math.sin(j))];
const first = await load(dir, { only: "model" });
await first.transform(row);
const ms = performance.now() - began;
if (what === "cold") {
  console.log(JSON.stringify({ ms }));
} else {
  const before = await resident();
  const models = [];
  for (let i = 0; i < Number(count); i += 1) {
    const model = await load(dir, { only: "model" });
    if (what === "used") await model.transform(row);
    models.push(model);
  }
  const held = (await resident()) - before;
  console.log(JSON.stringify({ held, count: models.length }));
}

async function resident() {
  await sleep(300);
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage.rss();
}
