// `disentangle sweep` with real processes and real signals.
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import plainTest from "ava";
import { shardOf } from "../../src/sweep/shard.js";
import { testWithAddon } from "../addon.js";
import { run, start } from "../cli/run.js";

// One after the other: each has processes of its own.
const { serial: test } = testWithAddon;

const FILE = `parameters:
  latentDim: { values: [1, 2] }
seeds: 2
base: { method: shared-head, data: world, steps: STEPS, batchSize: 64 }
`;

/** A folder with a world and a sweep file. */
async function place(steps = 30, text = FILE): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-sweep-command-"));
  const world = "simulate tree-world --depth 2 --points-per-environment 100 --inputs 6 --latents 2 --out world";
  await run(world.split(" "), { cwd });
  await writeFile(join(cwd, "a.yaml"), text.replace("STEPS", String(steps)));
  return cwd;
}

async function json(args: readonly string[], cwd: string): Promise<Record<string, unknown>> {
  return JSON.parse((await run([...args, "--json"], { cwd })).stdout) as Record<string, unknown>;
}

test("a sweep is planned, run, looked at, and not run again", async (t) => {
  const cwd = await place();
  const plan = await json(["sweep", "a.yaml", "--dry-run"], cwd);
  t.like(plan, { dir: join("sweeps", "a"), done: 0, toRun: 4, guessMs: null });
  t.deepEqual(await readdir(cwd), ["a.yaml", "world"]);
  const { code, stdout, stderr } = await run(["sweep", "a.yaml", "--jobs", "2"], { cwd });
  t.is(code, 0);
  t.regex(stderr, /4 trials, 0 done already; 2 at once, \d+ threads? each/);
  t.regex(stdout, /Chosen: latentDim [12]/);
  const again = await run(["sweep", "a.yaml"], { cwd });
  t.is(again.stdout, stdout);
  t.regex(again.stderr, /4 trials, 4 done already/);
  t.like(await json(["sweep", "a.yaml", "--status"], cwd), { total: 4, counts: { done: 4, waiting: 0 }, leftMs: 0 });
  t.like(await json(["sweep", "sweeps/a", "--status"], cwd), { total: 4 });
  const after = await json(["sweep", "a.yaml", "--dry-run"], cwd);
  t.like(after, { done: 4, toRun: 0, guessMs: 0 });
  const [{ id }] = after.trials as [{ id: string }];
  t.like(await json(["sweep", "a.yaml", "--why", id], cwd), { trial: id, state: "done" });
  // A trial is a run like any other.
  t.is((await run(["score", join("sweeps", "a", id), "--json"], { cwd })).code, 0);
});

test("a mistake in the file is told with line and column, and nothing is written", async (t) => {
  const cwd = await place(30, FILE.replace("values: [1, 2]", "valuse: [1, 2]"));
  const { code, stderr } = await run(["sweep", "a.yaml"], { cwd });
  t.is(code, 2);
  t.regex(stderr, /a\.yaml:2:14/);
  await writeFile(join(cwd, "a.yaml"), FILE.replace("STEPS", "-1"));
  t.regex((await run(["sweep", "a.yaml"], { cwd })).stderr, /a\.yaml:4:\d+/);
  await writeFile(join(cwd, "a.yaml"), "parameters: {\n");
  t.regex((await run(["sweep", "a.yaml"], { cwd })).stderr, /a\.yaml:\d+:\d+/);
  const missing = await run(["sweep", "b.yaml"], { cwd });
  t.is(missing.code, 2);
  t.regex(missing.stderr, /sweep b\.yaml: no such file/);
  t.regex((await run(["sweep", "a.yaml", "--status"], { cwd })).stderr, /no sweep was begun there/);
  t.deepEqual(await readdir(cwd), ["a.yaml", "world"]);
});

test("failed trials end in exit code 3 and are told while the others run", async (t) => {
  const cwd = await place(
    30,
    FILE.replace("latentDim: { values: [1, 2] }", "method: { values: [mtlcm, shared-head] }").replace(
      "method: shared-head, ",
      "",
    ),
  );
  const { code, stderr, stdout } = await run(["sweep", "a.yaml"], { cwd });
  t.is(code, 3);
  t.regex(stderr, /mtlcm-\w+-0 \(method mtlcm, seed 0\) failed: .*\[DATA_NEEDS_TASKS\]/);
  t.regex(stdout, /Failed: 2 of 4 trials; --retry failed tries them again/);
  t.is((await run(["sweep", "a.yaml", "--status"], { cwd })).code, 3);
  const again = await run(["sweep", "a.yaml", "--retry", "failed"], { cwd });
  t.is(again.code, 3);
  t.is(again.stderr.match(/ failed: /g)?.length, 2);
});

for (const [signal, expected] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGUSR1", 138],
] as const) {
  test(`${signal} ends a sweep in a moment, with a checkpoint and the line that goes on`, async (t) => {
    const cwd = await place(200_000);
    const { child, ended } = start(["sweep", "a.yaml"], { cwd });
    let said = "";
    child.stderr!.on("data", (text: string) => {
      said += text;
    });
    while (!said.includes("at once")) await sleep(20);
    const work = join(cwd, "sweeps", "a", ".work");
    const checkpoints = async (): Promise<string[]> =>
      (await readdir(work, { recursive: true }).catch(() => [])).filter((name) => name.endsWith(".dsn"));
    while ((await checkpoints()).length === 0) await sleep(20);
    child.kill(signal);
    const { code, stderr } = await ended;
    t.is(code, expected);
    t.regex(stderr, /go on with\n {2}disentangle sweep a\.yaml --out sweeps\/a$/m);
    t.like(await json(["sweep", "a.yaml", "--status"], cwd), { counts: { running: 0, waiting: 4 } });
    t.true((await checkpoints()).length > 0);
  });
}

test("processes end with a coordinator that is killed, and another one takes its trials over", async (t) => {
  const cwd = await place(3000);
  const whole = await place(3000);
  const { child, ended } = start(["sweep", "a.yaml", "--jobs", "2"], { cwd });
  const ledger = join(cwd, "sweeps", "a", "ledger.jsonl");
  const claims = async (): Promise<number> =>
    (await readFile(ledger, "utf8").catch(() => "")).match(/"kind":"claim"/g)?.length ?? 0;
  while ((await claims()) < 2) await sleep(20);
  const children = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").catch(() => "")).trim();
  await sleep(300);
  child.kill("SIGKILL");
  await ended;
  const alive = (): string[] =>
    children.split(" ").filter((pid) => {
      try {
        return pid !== "" && process.kill(Number(pid), 0);
      } catch {
        return false;
      }
    });
  // A second is what they are given; a process that had only begun to start must first come so far.
  for (let tries = 0; tries < 200 && alive().length > 0; tries++) await sleep(50);
  t.deepEqual(alive(), []);
  const { code, stderr } = await run(["sweep", "a.yaml", "--jobs", "2"], { cwd });
  t.is(code, 0, stderr);
  await run(["sweep", "a.yaml"], { cwd: whole });
  const trials = (await readdir(join(whole, "sweeps", "a"))).filter((name) => name.startsWith("shared-head"));
  t.is(trials.length, 4);
  for (const trial of trials) {
    for (const name of ["latents.npy", "model/model.bin", "config.json"]) {
      const bytes = (at: string): Promise<Buffer> => readFile(join(at, "sweeps", "a", trial, name));
      t.deepEqual((await bytes(cwd)).equals(await bytes(whole)), true, `${trial} ${name}`);
    }
  }
});

test("flags that ask for different things are refused", async (t) => {
  const cwd = await place();
  t.is((await run(["sweep", "a.yaml", "--status", "--dry-run"], { cwd })).code, 2);
  t.is((await run(["sweep", "a.yaml", "--merge", "x", "--shard", "0/2"], { cwd })).code, 2);
  t.is((await run(["sweep", "a.yaml", "--shard", "2/2"], { cwd })).code, 2);
});

plainTest("shards count from 0, and the tasks of a Slurm array from where it begins", (t) => {
  t.like(shardOf("0/4", {}), { index: 0, of: 4 });
  t.like(shardOf("3/4", {}), { index: 3, of: 4 });
  const task = (id: number, min: number, step = 1): NodeJS.ProcessEnv => ({
    SLURM_ARRAY_TASK_ID: String(id),
    SLURM_ARRAY_TASK_COUNT: "4",
    SLURM_ARRAY_TASK_MIN: String(min),
    SLURM_ARRAY_TASK_STEP: String(step),
  });
  t.like(shardOf("4/4", task(4, 1)), { index: 3, of: 4 });
  t.regex(shardOf("4/4", task(4, 1)).said, /shard 4 of 4 .*count from 1/);
  t.like(shardOf("0/4", task(0, 0)), { index: 0, of: 4 });
  t.like(shardOf("7/4", task(7, 1, 2)), { index: 3, of: 4 });
  for (const text of ["4/4", "1", "a/b", "-1/3", "1/0"]) t.throws(() => shardOf(text, {}), { message: /--shard/ });
  t.throws(() => shardOf("2/4", task(2, 1, 2)), { message: /--shard/ });
});
