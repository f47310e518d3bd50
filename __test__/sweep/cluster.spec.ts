// The scripts for clusters, run as they stand: programs of the cluster are stand-ins that start what they are given on this machine.

import { spawn } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { testWithAddon } from "../addon.js";
import { run } from "../cli/run.js";
import { quotedCommandLine } from "../command-line.js";
import { redisServer, testWithRedis } from "./redis-server.js";

const { serial: test } = testWithAddon;
const scripts = fileURLToPath(new URL("../../examples/cluster", import.meta.url));

/** Each test starts a dozen processes, on a machine that may have other things to do. */
const PATIENCE_MS = 600_000;

/** What `npx --yes --package ... PROGRAM` does once everything is installed. */
const NPX = `while [ "\${1#--}" != "$1" ]; do [ "$1" = --package ] && shift; shift; done; exec "$@"`;

const FILE = `parameters:
  latentDim: { values: [1, 2] }
seeds: SEEDS
base: { method: shared-head, data: world, steps: STEPS, batchSize: 64 }
`;

/** A folder with a world, a sweep over it, and programs by these names that run these lines of bash. */
async function place(
  programs: Readonly<Record<string, string>>,
  steps = 30,
  seeds = 2,
): Promise<{ readonly cwd: string; readonly env: NodeJS.ProcessEnv }> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-cluster-"));
  const world = "simulate tree-world --depth 2 --points-per-environment 100 --inputs 6 --latents 2 --seed 3".split(" ");
  await run([...world, "--out", "world"], { cwd });
  await writeFile(join(cwd, "latents.yaml"), FILE.replace("STEPS", String(steps)).replace("SEEDS", String(seeds)));
  const bin = join(cwd, "bin");
  await mkdir(bin);
  const own = `exec ${quotedCommandLine} "$@"`;
  for (const [name, lines] of Object.entries({ disentangle: own, ...programs })) {
    await writeFile(join(bin, name), `#!/bin/bash\n${lines}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return { cwd, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } };
}

/** Runs a program; gives its exit code and what it said. */
function started(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
  said(): string;
} {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, said })),
  );
  return { pid: child.pid!, ended, said: () => said };
}

async function trialsIn(dir: string): Promise<number> {
  return (await readdir(dir)).filter((name) => /^shared-head-\w+-\d+$/.test(name)).length;
}

function task(id: number): NodeJS.ProcessEnv {
  return {
    SLURM_ARRAY_JOB_ID: "7",
    SLURM_ARRAY_TASK_ID: String(id),
    SLURM_ARRAY_TASK_COUNT: "2",
    SLURM_ARRAY_TASK_MIN: "0",
    SLURM_ARRAY_TASK_STEP: "1",
  };
}

test("Slurm: tasks of an array whose time is up are put back, go on, and their parts are the whole", async (t) => {
  t.timeout(PATIENCE_MS);
  const { cwd, env } = await place({ scontrol: `echo "$@" >> requeued` }, 30_000, 1);
  const script = join(scripts, "slurm.sh");
  const first = started("bash", [script, "latents.yaml"], { cwd, env: { ...env, ...task(0) } });
  const ledger = join(cwd, "sweeps", "latents.shard-0-of-2", "ledger.jsonl");
  while (!(await readFile(ledger, "utf8").catch(() => "")).includes('"claim"')) await sleep(50);
  // The fit has begun and is far from its end.
  await sleep(700);
  process.kill(first.pid, "SIGUSR1");
  t.is((await first.ended).code, 0);
  t.is(await readFile(join(cwd, "requeued"), "utf8"), "requeue 7_0\n");
  t.regex(await readFile(ledger, "utf8"), /"released"/);
  for (const id of [0, 1]) {
    const { code, said } = await started("bash", [script, "latents.yaml"], {
      cwd,
      env: { ...env, ...task(id), SLURM_RESTART_COUNT: "1" },
    }).ended;
    t.is(code, 0, said);
  }
  // How often it was started again stands beside the claim.
  t.regex(await readFile(ledger, "utf8"), /"SLURM_RESTART_COUNT":"1"/);
  const parts = [0, 1].map((part) => `sweeps/latents.shard-${part}-of-2`);
  t.is((await run(["sweep", "latents.yaml", "--merge", ...parts], { cwd })).code, 0);
  t.is(await trialsIn(join(cwd, "sweeps", "latents")), 2);
});

test("HyperQueue: every task runs its part", async (t) => {
  t.timeout(PATIENCE_MS);
  // What `hq submit` does with an array: the command behind `--`, with the number of the task.
  const hq = `while [ "$1" != -- ]; do [ "$1" = --array ] && range=$2; shift; done; shift
for i in $(seq "\${range%-*}" "\${range#*-}"); do HQ_TASK_ID=$i "$@" || exit 1; done`;
  const { cwd, env } = await place({ hq });
  const { code, said } = await started("bash", [join(scripts, "hyperqueue.sh"), "latents.yaml", "2"], { cwd, env })
    .ended;
  t.is(code, 0, said);
  t.is(await trialsIn(join(cwd, "sweeps", "latents.shard-0-of-2")), 2);
  t.is(await trialsIn(join(cwd, "sweeps", "latents.shard-1-of-2")), 2);
});

test("ssh: hosts run their parts, which are fetched and merged", async (t) => {
  t.timeout(PATIENCE_MS);
  const { cwd, env } = await place({
    ssh: `cd "$(dirname "$0")/../hosts/$1" && bash -c "$2"`,
    rsync: `cp -r "$(dirname "$0")/../hosts/\${2%%:*}/\${2#*:}" "$3"`,
  });
  for (const host of ["a", "b"]) {
    await mkdir(join(cwd, "hosts", host, "project"), { recursive: true });
    for (const name of ["world", "latents.yaml"])
      await cp(join(cwd, name), join(cwd, "hosts", host, "project", name), { recursive: true });
  }
  const { code, said } = await started("bash", [join(scripts, "ssh.sh"), "latents.yaml", "a", "b"], { cwd, env }).ended;
  t.is(code, 0, said);
  t.is(await trialsIn(join(cwd, "sweeps", "latents")), 4);
});

interface Pod {
  readonly spec: {
    readonly completions?: number;
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly args: readonly [string] }] } };
  };
}

async function podOf(name: string): Promise<Pod> {
  const [document] = parseAllDocuments(await readFile(join(scripts, name), "utf8"));
  return document!.toJS() as Pod;
}

test("Kubernetes: the command of an indexed Job runs the part of its index", async (t) => {
  t.timeout(PATIENCE_MS);
  const { cwd, env } = await place({ npx: NPX });
  const { spec } = await podOf("kubernetes.yaml");
  const [command] = spec.template.spec.containers[0].args;
  t.true(command.includes(`/${spec.completions}"`), "every index has a part");
  // As in the pod, but for the place of the volume and the number of parts.
  const line = command.replaceAll("/data", cwd).replaceAll("/16", "/2");
  const { code, said } = await started("sh", ["-c", line], { cwd, env: { ...env, JOB_COMPLETION_INDEX: "1" } }).ended;
  t.is(code, 0, said);
  t.is(await trialsIn(join(cwd, "part-1")), 2);
});

testWithRedis.serial(
  "workers on Slurm and on Kubernetes serve a sweep, and end or hand back when they are asked to",
  async (t) => {
    t.timeout(PATIENCE_MS);
    const server = await redisServer();
    const { cwd, env } = await place({ npx: NPX });
    const slurm = started("bash", [join(scripts, "slurm-workers.sh"), server.url], {
      cwd,
      env: { ...env, IDLE: "600" },
    });
    const { spec } = await podOf("kubernetes-workers.yaml");
    const line = spec.template.spec.containers[0].args[0].replace("redis://redis:6379", server.url);
    const pod = started("sh", ["-c", line], { cwd, env });
    const { code, stderr } = await run(["sweep", "latents.yaml", "--redis", server.url], { cwd });
    t.is(code, 0, stderr);
    // Before it listens Node takes this signal for a debugger's.
    while (!slurm.said().includes("waits for trials")) await sleep(50);
    process.kill(slurm.pid, "SIGUSR1");
    process.kill(pod.pid, "SIGTERM");
    t.regex((await slurm.ended).said, /handing trials back/);
    t.is((await pod.ended).code, 143);
    t.is(await trialsIn(join(cwd, "sweeps", "latents")), 4);
    await server.stop();
  },
);
