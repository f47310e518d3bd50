// `node benchmark/soak.mjs [--minutes 120]`: the service of the examples under a mixed load, in a process of its own. Memory must not
// grow and no request may fail. Resident memory is measured every ten seconds, what JavaScript holds after each of its own full
// collections. V8 enlarges its young generation in steps, from 4 to 32 MiB, over minutes under load and over hours under little of it; that is
// bounded, and no leak, so it is told apart. The rows of a run of an hour or more are left in results/soak.json; exits 1 when a promise is broken.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { provenance, root } from "./provenance.mjs";
import { growth } from "./soak/growth.mjs";
import { about, render } from "./soak/table.mjs";
import { client, MIX } from "./soak/traffic.mjs";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "120" }, out: { type: "string" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError("--minutes: expected a number above 0");
// Little of a shared machine, and yet a full collection every few minutes: at two requests a second there is one in half an hour.
const PAUSE_MS = 50;
const SAMPLE_MS = 10_000;

const began = new Date();
// Asked first: what cannot be told at the end would be the loss of hours.
const from = provenance();
const service = spawn(process.execPath, ["--import=./benchmark/soak/heap.mjs", "--import=tsx", "examples/service.ts"], {
  cwd: root,
  env: { ...process.env, PORT: "0", HOST: "127.0.0.1" },
  stdio: ["ignore", "pipe", "inherit", "ipc"],
});
const lines = createInterface({ input: service.stdout });
const ended = once(service, "exit");
const [listening] = await Promise.race([once(lines, "line"), ended.then(() => Promise.reject(new Error("no start")))]);
const { port } = JSON.parse(listening.slice(listening.indexOf("{")));
lines.on("line", (line) => console.error(line));

const { turn, counts, errors } = client(`http://127.0.0.1:${port}`);
const memory = [];
const collected = [];
const start = performance.now();
const startedAt = Date.now();
let [last, stopping] = [Number.NEGATIVE_INFINITY, false];
process.once("SIGTERM", () => {
  stopping = true;
});
for (let i = 0; performance.now() - start < minutes * 60_000 && !stopping; i += 1) {
  await turn(i);
  if (performance.now() - last >= SAMPLE_MS) {
    last = performance.now();
    const { youngBytes, collections } = await told();
    memory.push({ s: (last - start) / 1000, mib: residentKiB(service.pid) / 1024, youngMiB: youngBytes / 2 ** 20 });
    for (const { at, ...bytes } of collections) collected.push({ s: (at - startedAt) / 1000, ...bytes });
    report();
  }
  await sleep(PAUSE_MS);
}
service.kill("SIGTERM");
const [code] = await ended;
if (code !== 0) errors.push(`the service ended with ${code}`);

const rows = report();
console.log(render(rows));
// Twice its standard error is room for chance; a service that leaked would be far above it.
const { slopeKiBPerHour, errorKiBPerHour } = rows[0].withoutYoung;
if (errors.length > 0 || slopeKiBPerHour - 2 * errorKiBPerHour > 1024) process.exitCode = 1;

/** Writes what is known by now, and gives its rows. */
function report() {
  const lasted = (performance.now() - start) / 60_000;
  const own = [
    {
      minutes: lasted,
      requests: counts,
      errors: errors.length,
      ...growth(memory),
      withoutYoung: growth(memory.map(({ s, mib, youngMiB }) => ({ s, mib: mib - youngMiB }))),
      heap: growth(collected.map(({ s, heldBytes }) => ({ s, mib: heldBytes / 2 ** 20 }))),
      memory: thinned(memory),
      collected: collected.map(({ s, ...bytes }) => ({ s: Math.round(s), ...bytes })),
    },
  ];
  const result = {
    benchmark: "soak",
    about,
    began: began.toISOString(),
    mix: MIX,
    pauseMs: PAUSE_MS,
    ...from,
    rows: own,
  };
  if (errors.length > 0) result.firstErrors = errors.slice(0, 20);
  const out = values.out ?? (lasted >= 60 ? new URL("./results/soak.json", import.meta.url) : undefined);
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
  return own;
}

/** The young generation of the service, and its full collections since the last question. */
async function told() {
  service.send("memory");
  const [answer] = await once(service, "message");
  return answer;
}

/** Resident memory of a process, KiB. */
function residentKiB(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
}

/** One sample a minute is enough to look at. */
function thinned(samples) {
  const every = Math.max(1, Math.round(60_000 / SAMPLE_MS));
  return samples
    .filter((_, i) => i % every === 0)
    .map(({ s, mib, youngMiB }) => ({
      s: Math.round(s),
      rssMiB: Number(mib.toFixed(1)),
      youngMiB: Number(youngMiB.toFixed(1)),
    }));
}
