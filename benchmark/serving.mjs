// The service of the examples under load: time of an answer for one row and for 1,000, beside a server of the same encoder by
// onnxruntime-web. Both give the same numbers, which is checked first. Loopback, one connection, engines in turns.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fit } from "disentangle";
import { installed } from "./engines.mjs";
import { root } from "./provenance.mjs";
import { container, encoderToOnnx } from "./serving/onnx.mjs";
import { number, table } from "./tables.mjs";

export const about =
  "Milliseconds to the answer of a request with one row of 50 numbers and with 1,000, as JSON over loopback: the service of the examples (encoder 50-256-64-8), and onnxruntime-web with the same encoder; the best of three turns";

const WIDTH = 50;
const TURNS = 3;
const SECONDS = 4;

export async function run({ log }) {
  const folder = mkdtempSync(join(tmpdir(), "disentangle-serving-"));
  const { folder: programs, dependencies: versions } = installed("serving", log);
  const servers = [];
  try {
    const data = rows(400, 1);
    const target = data.map(([a, b]) => a - b);
    const config = { method: "shared-head", data, target, latentDim: 8, hidden: [256, 64], steps: 60, seed: 0 };
    const model = await fit(config).result;
    await model.save(join(folder, "run"));
    await model.close();
    const onnx = join(folder, "encoder.onnx");
    writeFileSync(onnx, encoderToOnnx(container(readFileSync(join(folder, "run/model/model.bin")))));

    const ours = await started(["--import=tsx", "examples/service.ts"], root);
    servers.push(ours);
    const theirs = await started([join(programs, "onnx-server.mjs"), onnx], programs);
    servers.push(theirs);
    const { id } = await asked(`${ours.url}/fit`, config);
    const works = [
      { engine: "disentangle", work: "transform", url: `${ours.url}/transform/${id}` },
      { engine: "disentangle", work: "predict", url: `${ours.url}/predict/${id}` },
      { engine: "onnxruntime-web", work: "transform", url: theirs.url },
    ];
    const difference = await largestDifference(works[0].url, works[2].url);
    log(`latents differ by ${difference} at most`);
    // Single precision in another order of additions.
    if (!(difference < 1e-4)) throw new Error(`the encoders do not agree: ${difference}`);

    const results = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const count of [1, 1000]) {
        for (const { engine, work, url } of works) {
          const found = await load(programs, url, rows(count, 2));
          if (found.failed > 0) throw new Error(`${engine} ${work}: ${found.failed} requests failed`);
          log(`${engine} ${work} ${count}: ${found.p50} ms, ${found.perSecond} a second`);
          results.push({ engine, work, rows: count, ...found });
        }
      }
    }
    return { rows: summarized(results, difference), versions };
  } finally {
    for (const { child } of servers) child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

export function render(found) {
  return table(
    ["rows", "work", "engine", "p50, ms", "p99, ms", "requests a second", "latents differ by"],
    found.map(({ rows: count, work, engine, p50, p99, perSecond, difference }) => [
      count,
      work,
      engine,
      number(p50),
      number(p99),
      number(perSecond),
      difference === undefined ? "" : number(difference),
    ]),
  );
}

/** Of each work its best turn: others do something else on the machine now and then. */
function summarized(results, difference) {
  return [...grouped(results).values()].map((turns) => {
    const best = turns.reduce((least, one) => (one.perSecond > least.perSecond ? one : least));
    return { ...best, turns: turns.length, ...(best.engine !== "disentangle" && { difference }) };
  });
}

function keyOf({ engine, work, rows: count }) {
  return `${count} ${work} ${engine}`;
}

function grouped(results) {
  const groups = new Map();
  for (const one of results) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

function rows(count, seed) {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: WIDTH }, (_, j) => Number(Math.sin((i + 1) * (j + 2) + seed).toFixed(4))),
  );
}

async function started(args, cwd) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, PORT: "0", HOST: "127.0.0.1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { port } = JSON.parse(line.slice(line.indexOf("{")));
  return { child, url: `http://127.0.0.1:${port}` };
}

async function asked(url, body) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function largestDifference(one, other) {
  const [a, b] = await Promise.all([one, other].map((url) => asked(url, rows(100, 3))));
  return Math.max(...a.flat().map((value, i) => Math.abs(value - b.flat()[i])));
}

/** Autocannon in a process of its own. */
async function load(programs, url, body) {
  const child = spawn(process.execPath, [join(programs, "load.mjs"), url, "1", String(SECONDS)], {
    cwd: programs,
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(body));
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return JSON.parse(text);
}
