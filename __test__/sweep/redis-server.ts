// Debian's redis-server on loopback, for tests.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import anyTest, { type TestFn } from "ava";
import { Redis } from "ioredis";
import { addonPath } from "../addon.js";

const isInstalled = spawnSync("redis-server", ["--version"]).status === 0;
if (!isInstalled)
  console.warn(
    "NO REDIS-SERVER: the tests of sweeps on many machines are SKIPPED. Install it: apt-get install redis-server",
  );

/** `test` where addon and server are there, `test.skip` elsewhere: then the tests count as skipped, which CI refuses. */
export const testWithRedis = (isInstalled && existsSync(addonPath) ? anyTest : anyTest.skip) as TestFn;

// What a test that fails leaves behind would keep this process from ending.
const servers = new Set<ChildProcess>();
anyTest.after.always(() => {
  for (const child of servers) child.kill("SIGKILL");
});

/** A server of this process. */
export interface Server {
  readonly url: string;
  readonly port: number;
  /** For looking into it. */
  readonly client: Redis;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** On the same files. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server that keeps an append-only file. */
export async function redisServer(...options: readonly string[]): Promise<Server> {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-redis-"));
  const port = await freePort();
  const password = options[options.indexOf("--requirepass") + 1];
  let child: ChildProcess | undefined;
  const client = new Redis({
    port,
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
    ...(options.includes("--requirepass") && { password: password! }),
  });
  client.on("error", () => {});
  const kill = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    if (child?.kill(signal)) await ended;
  };
  const start = async (): Promise<void> => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--appendonly", "yes", "--save", ""];
    child = spawn("redis-server", [...args, ...options], { stdio: "ignore" });
    servers.add(child);
    for (;;) {
      const answers = await client.ping().then(
        () => true,
        () => false,
      );
      if (answers) return;
      await sleep(20);
    }
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    kill,
    start,
    async stop() {
      client.disconnect();
      await kill();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
