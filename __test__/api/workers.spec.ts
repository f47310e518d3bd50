// A guest in the user's process: fits on worker threads, processes that end while a fit runs, processes that end by themselves.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { fit, simulate } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";

const index = new URL("../../src/index.ts", import.meta.url).href;
const tsx = import.meta.resolve("tsx/esm/api");
const WORLD = { simulator: "tree-world", depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 2 } as const;
const QUICK = { method: "tbr", latentDim: 2, steps: 200 } as const;
/** Longer than any test. */
const ENDLESS = { ...QUICK, steps: 50_000_000 } as const;

/** Workers do not take loaders from the command line. */
const PRELUDE = `
  import { register } from "${tsx}";
  register();
  const { fit, simulate } = await import("${index}");
  import { parentPort } from "node:worker_threads";
  const data = await simulate(${JSON.stringify(WORLD)});
  const quick = ${JSON.stringify(QUICK)}, endless = ${JSON.stringify(ENDLESS)};
`;

async function program(work: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "disentangle-guest-")), "program.mjs");
  await writeFile(path, `${PRELUDE}${work}`);
  return path;
}

const inWorker = async (work: string): Promise<Worker> =>
  new Worker(await program(work), { execArgv: ["--import", tsx] });

/** Runs a program in a process of its own. */
async function inProcess(work: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [await program(work)]);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Threads of this process that train. */
function trainingThreads(): number {
  const tasks = "/proc/self/task";
  return readdirSync(tasks).filter((id) => readFileSync(join(tasks, id, "comm"), "utf8").startsWith("disentangle-fit"))
    .length;
}

/** Waits until so many threads train: one that has said its last word still has to end. */
async function training(count: number): Promise<void> {
  while (trainingThreads() !== count) await sleep(5);
}

const onLinux = process.platform === "linux" ? test.serial : test.serial.skip;
const latentsHere = async (): Promise<Float32Array> =>
  (await fit({ ...QUICK, data: await simulate(WORLD) }).result).latents.data;

onLinux(
  "workers that are terminated while they train leave no thread behind, and the fits of others alone",
  async (t) => {
    const undisturbed = await latentsHere();
    await training(0);
    const workers = await Promise.all(
      [1, 2].map(() => inWorker(`for await (const _ of fit({ ...endless, data })) parentPort.postMessage("trains");`)),
    );
    await Promise.all(workers.map((worker) => once(worker, "message")));
    await training(2);
    const here = latentsHere();
    await workers[0]!.terminate();
    t.deepEqual(await here, undisturbed);
    await workers[1]!.terminate();
    await training(0);
  },
);

test.serial("fits on several workers and here, all at once, have the same bits", async (t) => {
  const work = `
    const models = await Promise.all([1, 2].map(() => fit({ ...quick, data }).result));
    parentPort.postMessage(models.map(({ latents }) => latents.data));`;
  const workers = await Promise.all([1, 2].map(() => inWorker(work)));
  const messages = Promise.all(workers.map((worker) => once(worker, "message")));
  const exits = Promise.all(workers.map((worker) => once(worker, "exit")));
  const here = await latentsHere();
  for (const [latents] of (await messages) as [Float32Array[]][]) t.deepEqual(latents, [here, here]);
  t.deepEqual(await exits, [[0], [0]]);
});

test.serial("a worker that exits while it trains ends with its own code", async (t) => {
  const worker = await inWorker(`for await (const _ of fit({ ...endless, data })) process.exit(3);`);
  t.deepEqual(await once(worker, "exit"), [3]);
});

const ends: Readonly<Record<string, readonly [work: string, code: number, said: RegExp]>> = {
  "a process ends by itself once its fit has ended": [
    `const model = await fit({ ...quick, data }).result; console.log(model.outcome.step);`,
    0,
    /^200$/m,
  ],
  "a process waits for a fit that nothing else waits for": [
    `fit({ ...quick, data }).result.then(({ outcome }) => console.log(outcome.step));`,
    0,
    /^200$/m,
  ],
  "a process that closes its model and its fits ends by itself": [
    `await (await fit({ ...quick, data }).result).close();
     const run = fit({ ...endless, data });
     for await (const _ of run) break;
     run.cancel();
     await run.result.catch(({ code }) => console.log(code));`,
    0,
    /^FIT_CANCELLED$/m,
  ],
  "process.exit during several fits ends the process with its code": [
    `const runs = [1, 2, 3].map((seed) => fit({ ...endless, seed, data }));
     await Promise.all(runs.map(async (run) => { for await (const _ of run) break; }));
     process.exit(7);`,
    7,
    /^$/,
  ],
  "an exception that nobody catches ends the process during a fit": [
    `for await (const _ of fit({ ...endless, data })) setImmediate(() => { throw new Error("mine"); });`,
    1,
    /Error: mine/,
  ],
};

for (const [law, [work, code, said]] of Object.entries(ends)) {
  test(law, async (t) => {
    const ended = await inProcess(work);
    t.is(ended.code, code, ended.stderr);
    t.regex(`${ended.stdout}${ended.stderr}`, said);
  });
}
