// Sweeps on many machines: a coordinator, workers in processes of their own, and a real server between them.
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import plainTest, { type ExecutionContext } from "ava";
import { readRunFolder } from "../../src/results.js";
import { openLedger, stateOf } from "../../src/sweep/ledger.js";
import { addressOf } from "../../src/sweep/remote/server.js";
import { killStarted, run, start } from "../cli/run.js";
import { redisServer, type Server, testWithRedis } from "./redis-server.js";

const { serial: test } = testWithRedis;

// What a test that fails leaves behind would keep this process from ending.
test.after.always(killStarted);

/** Each test starts a dozen processes, on a machine that may have other things to do. */
const PATIENCE_MS = 600_000;

const FILE = `parameters:
  latentDim: { values: [1, 2] }
seeds: 2
base: { method: shared-head, data: world, steps: STEPS, batchSize: 64 }
`;

/** A folder with a world and a sweep over it. */
async function place(steps = 30, file = FILE): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-remote-"));
  const world = "simulate tree-world --depth 2 --points-per-environment 100 --inputs 6 --latents 2 --seed 3".split(" ");
  await run([...world, "--out", "world"], { cwd });
  await writeFile(join(cwd, "a.yaml"), file.replace("STEPS", String(steps)));
  return cwd;
}

/** Another machine: nothing of the first is there but the address. */
async function worker(
  { url }: Pick<Server, "url">,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<ReturnType<typeof start> & { readonly cwd: string; said(): string }> {
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-worker-"));
  const started = start(["worker", "--redis", url, "--cache", join(cwd, "cache"), ...args], { cwd, env });
  let text = "";
  started.child.stderr!.on("data", (part: string) => {
    text += part;
  });
  return { ...started, cwd, said: () => text };
}

/** Ends a worker. */
async function handedBack({ child, ended }: Awaited<ReturnType<typeof worker>>): Promise<void> {
  child.kill("SIGTERM");
  await ended;
}

async function until(condition: () => Promise<boolean> | boolean, ms = 60_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error("waited in vain");
    await sleep(20);
  }
}

/** What must not depend on where the trials ran. */
async function essence(cwd: string): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const name of await readdir(join(cwd, "sweeps", "a"))) {
    if (!/-\d+$/.test(name)) continue;
    const { manifest, config, latents, model, summary, history, scores } = await readRunFolder(
      join(cwd, "sweeps", "a", name),
    );
    const { createdAt: _, elapsedMs: __, ...rest } = manifest;
    found.set(name, {
      rest,
      config,
      latents: Buffer.from(latents.data.buffer).toString("hex"),
      model: model.toString(),
      summary,
      history,
      scores,
    });
  }
  return found;
}

async function states(cwd: string): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await run(["sweep", "a.yaml", "--status", "--json"], { cwd });
  return (JSON.parse(stdout) as { counts: Readonly<Record<string, number>> }).counts;
}

let quiet: ReadonlyMap<string, unknown> | undefined;
/** What a sweep gives that nobody disturbs, on one machine. */
async function undisturbed(cwd: string): Promise<ReadonlyMap<string, unknown>> {
  const out = await run(["sweep", "a.yaml", "--jobs", "2"], { cwd });
  if (out.code !== 0) throw new Error(out.stderr);
  return essence(cwd);
}

test("workers that share nothing with the coordinator but a server give what one machine gives, to the byte", async (t) => {
  t.timeout(PATIENCE_MS);
  const server = await redisServer();
  const [cwd, alone] = [await place(), await place()];
  const workers = [await worker(server), await worker(server, ["--jobs", "2"])];
  const { code, stderr } = await run(["sweep", "a.yaml", "--redis", server.url], { cwd });
  t.is(code, 0, stderr);
  t.regex(
    stderr,
    /data sets: 1 \([\d.]+ MB\) through Redis; checkpoints and results up to 64 MB through Redis, larger ones fail/,
  );
  t.regex(stderr, /4 trials, 0 done already; run by workers/);
  quiet = await undisturbed(alone);
  t.is(quiet.size, 4);
  t.deepEqual(await essence(cwd), quiet);
  // The server is left as it was found, and nothing of the attempts is left in the folder.
  t.deepEqual(
    (await server.client.keys("*")).filter((key) => key.startsWith("disentangle:{")),
    [],
  );
  t.deepEqual(await readdir(join(cwd, "sweeps", "a", ".work")), []);
  const again = await run(["sweep", "a.yaml", "--redis", server.url], { cwd });
  t.regex(again.stderr, /4 trials, 4 done already/);
  for (const one of workers) await handedBack(one);
  // With nothing to do a worker ends by itself.
  t.is((await (await worker(server, ["--idle", "1"])).ended).code, 0);
  await server.stop();
});

test("a worker that is asked to end hands its trial back within a second or so, and another goes on to the same bytes", async (t) => {
  t.timeout(PATIENCE_MS);
  const server = await redisServer();
  const file = FILE.replace("values: [1, 2]", "values: [2]").replace("seeds: 2", "seeds: 1");
  const [cwd, alone] = [await place(60_000, file), await place(60_000, file)];
  const sweep = start(["sweep", "a.yaml", "--redis", server.url], { cwd });
  const first = await worker(server);
  const ledger = async (): Promise<string> =>
    readFile(join(cwd, "sweeps", "a", "ledger.jsonl"), "utf8").catch(() => "");
  await until(async () => (await ledger()).includes('"claim"'));
  // On its way, however long the machine took to start it.
  const written = async (): Promise<boolean> =>
    (await readdir(first.cwd, { recursive: true })).some((name) => name.endsWith(".dsn"));
  await until(written);
  const asked = performance.now();
  first.child.kill("SIGTERM");
  const { code, stderr } = await first.ended;
  const took = performance.now() - asked;
  t.is(code, 143, stderr);
  // A second on a machine that does nothing else; here other tests run.
  t.true(took < 4000, `${took} ms`);
  await until(async () => (await ledger()).includes('"released"'));
  const step = Number(/"step":(\d+)/.exec(await ledger())?.[1]);
  t.true(step > 0);
  const second = await worker(server);
  t.is((await sweep.ended).code, 0);
  await handedBack(second);
  t.true((await ledger()).includes('"epoch":2'));
  t.deepEqual(await essence(cwd), await undisturbed(alone));
  await server.stop();
});

test("a worker that is killed loses its trials to another one, a server that is emptied is told again, one that restarts goes on", async (t) => {
  t.timeout(PATIENCE_MS);
  const server = await redisServer();
  const [cwd, alone] = [await place(6000), await place(6000)];
  const want = await undisturbed(alone);
  const sweep = start(["sweep", "a.yaml", "--redis", server.url], { cwd, env: { DISENTANGLE_STALE: "2" } });
  const env = { DISENTANGLE_STALE: "2" };
  const killed = await worker(server, ["--jobs", "2"], env);
  await until(() => killed.said().includes("begins"));
  killed.child.kill("SIGKILL");
  const second = await worker(server, ["--jobs", "1"], env);
  await until(() => /begins, attempt 2/.test(second.said()));
  await server.client.flushall();
  await until(async () => (await states(cwd)).done! >= 1);
  await server.kill();
  await sleep(500);
  await server.start();
  const { code, stderr } = await sweep.ended;
  t.is(code, 0, stderr);
  t.regex(stderr, /does not answer[\s\S]*answers again/);
  t.deepEqual(await essence(cwd), want);
  await handedBack(second);
  await server.stop();
});

test("a coordinator that is killed finds what workers did meanwhile, and two coordinators share one sweep", async (t) => {
  t.timeout(PATIENCE_MS);
  const server = await redisServer();
  const [cwd, alone] = [await place(3000), await place(3000)];
  const want = await undisturbed(alone);
  const one = await worker(server);
  const first = start(["sweep", "a.yaml", "--redis", server.url], { cwd });
  await until(() => one.said().includes("begins"));
  first.child.kill("SIGKILL");
  await until(() => (one.said().match(/ done/g)?.length ?? 0) >= 2);
  const both = [1, 2].map(() => start(["sweep", "a.yaml", "--redis", server.url, "--no-report"], { cwd }));
  for (const { ended } of both) {
    const { code, stderr } = await ended;
    t.is(code, 0, stderr);
  }
  t.deepEqual(await essence(cwd), want);
  const ledger = await openLedger(join(cwd, "sweeps", "a"), "reader");
  await ledger.close();
  for (const id of want.keys()) t.is(stateOf(ledger, id).state, "done");
  await handedBack(one);
  await server.stop();
});

test("a sweep without the server, on the folder of one that uses it, leaves to workers what they have", async (t) => {
  t.timeout(PATIENCE_MS);
  const server = await redisServer();
  const [cwd, alone] = [await place(6000), await place(6000)];
  const far = start(["sweep", "a.yaml", "--redis", server.url, "--no-report"], { cwd });
  const one = await worker(server);
  const ledger = async (): Promise<string> =>
    readFile(join(cwd, "sweeps", "a", "ledger.jsonl"), "utf8").catch(() => "");
  await until(async () => (await ledger()).includes('"claim"'));
  const { stdout } = await run(["sweep", "a.yaml", "--status", "--json"], { cwd });
  const [owner] = (JSON.parse(stdout) as { owners: readonly { host: string; pid: number }[] }).owners;
  t.is(owner?.pid, one.child.pid!);
  t.not(owner?.host, "gone");
  const near = start(["sweep", "a.yaml"], { cwd });
  for (const { ended } of [near, far]) {
    const { code, stderr } = await ended;
    t.is(code, 0, stderr);
  }
  t.deepEqual(await essence(cwd), await undisturbed(alone));
  const text = await ledger();
  t.false(text.includes('"epoch":2'), text);
  t.deepEqual(await readdir(join(cwd, "sweeps", "a", ".work")), []);
  t.deepEqual(await readdir(join(cwd, "sweeps", "a", ".owners")), []);
  await handedBack(one);
  await server.stop();
});

test("what is too large for the server travels through the shared folder, and without one that is said before anything starts", async (t) => {
  t.timeout(PATIENCE_MS);
  const server = await redisServer();
  const [cwd, alone] = [await place(), await place()];
  const without = await run(["sweep", "a.yaml", "--redis", server.url, "--redis-limit", "0"], { cwd });
  t.is(without.code, 2);
  t.regex(without.stderr, /a data set has [\d.]+ MB, more than the 0 MB that go through Redis[\s\S]*--shared DIR/);
  const shared = await mkdtemp(join(tmpdir(), "disentangle-shared-"));
  const blind = await worker(server);
  const sweep = start(["sweep", "a.yaml", "--redis", server.url, "--redis-limit", "0", "--shared", shared], { cwd });
  // A worker without the folder says what it lacks, and ends; the trial is not lost.
  const { code, stderr } = await blind.ended;
  t.is(code, 2);
  t.regex(stderr, /start it with --shared DIR/);
  const seeing = await worker(server, ["--shared", shared]);
  const ended = await sweep.ended;
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stderr, /data sets: 1 \([\d.]+ MB\) through .*disentangle-shared/);
  t.deepEqual(await essence(cwd), await undisturbed(alone));
  await handedBack(seeing);
  await server.stop();
});

test("a reproduction through workers gives the table that one machine gives, and the coordinator may be one of them", async (t) => {
  t.timeout(PATIENCE_MS);
  const server = await redisServer();
  const cwd = await mkdtemp(join(tmpdir(), "disentangle-remote-"));
  const words = ["reproduce", "tbr/ate", "--scale", "tiny", "--seeds", "0", "--json"];
  const one = await worker(server);
  const far = await run([...words, "--redis", server.url, "--jobs", "1", "--out", "far"], { cwd });
  t.true([0, 3].includes(far.code!), far.stderr);
  const near = await run([...words, "--out", "near"], { cwd });
  const rows = (text: string): unknown =>
    (JSON.parse(text) as { rows: readonly { measure: string }[] }).rows.filter(
      ({ measure }) => !measure.includes("seconds"),
    );
  t.deepEqual(rows(far.stdout), rows(near.stdout));
  await handedBack(one);
  await server.stop();
});

test("a server that refuses or drops entries is told, and no password is ever shown", async (t) => {
  t.timeout(PATIENCE_MS);
  const cwd = await place();
  const env = { REDIS_PASSWORD: "secret-of-nobody" };
  const failing = async (
    args: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ): Promise<{ code: string; hint?: string }> => {
    const { stdout, stderr } = await run(["sweep", "a.yaml", "--json", ...args], { cwd, env: more });
    t.false(`${stdout}${stderr}`.includes("secret-of-nobody"));
    return (JSON.parse(stdout) as { error: { code: string; hint?: string } }).error;
  };
  const guarded = await redisServer("--requirepass", "right");
  t.is((await failing(["--redis", guarded.url])).code, "QUEUE_REFUSED");
  t.is((await failing(["--redis", guarded.url], env)).code, "QUEUE_REFUSED");
  const inUrl = await failing(["--redis", `redis://:secret-of-nobody@127.0.0.1:${guarded.port}`]);
  t.like(inUrl, { code: "CONFIG_CONFLICT" });
  t.regex(inUrl.hint ?? "", /REDIS_PASSWORD/);
  await guarded.client.config("SET", "maxmemory-policy", "allkeys-lru");
  const dropping = await failing(["--redis", guarded.url], { REDIS_PASSWORD: "right" });
  t.is(dropping.code, "QUEUE_REFUSED");
  t.regex(dropping.hint ?? "", /noeviction/);
  await guarded.client.config("SET", "maxmemory-policy", "noeviction");
  // The whole address from the environment; the helper's processes and the folder are told no password.
  const REDIS_URL = `redis://:right@127.0.0.1:${guarded.port}`;
  const { code, stderr } = await run(["sweep", "a.yaml", "--redis", "--jobs", "1"], { cwd, env: { REDIS_URL } });
  t.is(code, 0, stderr);
  t.false(stderr.includes(":right@"));
  for (const name of await readdir(join(cwd, "sweeps", "a"), { recursive: true })) {
    const text = await readFile(join(cwd, "sweeps", "a", name), "latin1").catch(() => "");
    t.false(text.includes(":right@"), name);
  }
  await guarded.stop();
  t.is((await failing(["--redis", guarded.url])).code, "QUEUE_UNREACHABLE");
});

plainTest("addresses are read, and credentials come from the environment alone", (t: ExecutionContext) => {
  t.deepEqual(addressOf("redis://host", { REDIS_PASSWORD: "p" }), {
    text: "redis://host",
    options: { host: "host", port: 6379, password: "p" },
  });
  t.deepEqual(addressOf(true, { REDIS_URL: "rediss://u:p%40@[::1]:7000/2" }), {
    text: "rediss://[::1]:7000/2",
    options: { host: "::1", port: 7000, db: 2, username: "u", password: "p@", tls: {} },
  });
  for (const given of ["http://host", "host:6379", "redis://host/name"])
    t.throws(() => addressOf(given, {}), { message: /is not an address/ });
  t.throws(() => addressOf(true, {}), { message: /no address/ });
  const shown = t.throws(() => addressOf("redis://:pass word@host", {}));
  t.false(shown.message.includes("pass word"));
});
