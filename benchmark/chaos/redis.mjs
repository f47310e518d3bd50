// A redis-server on loopback that can be killed, started again on the same files, and whose clock can be set.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** Whether there is one; without it nothing of this can be tried. */
export const isInstalled = spawnSync("redis-server", ["--version"]).status === 0;

const LIBRARY = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
  .map((dir) => join(dir, "faketime", "libfaketime.so.1"))
  .find(existsSync);

/** A clock for processes that are started with its environment; nothing where libfaketime is not installed. */
export function clockIn(folder) {
  if (LIBRARY === undefined) return undefined;
  const file = join(folder, "clock");
  writeFileSync(file, "+0");
  return {
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // What is set is the time of day: nobody can set the clock that measures spans.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set: (offset) => writeFileSync(file, offset),
  };
}

/** Starts a server that keeps an append-only file. */
export async function redisServer(folder, env = {}) {
  const dir = join(folder, "redis");
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on("error", () => {});
  let child;
  const start = async () => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--appendonly", "yes", "--save", ""];
    child = spawn("redis-server", args, { stdio: "ignore", env: { ...process.env, ...env } });
    await client.ping();
  };
  const kill = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    client,
    kill,
    start,
    async restart(away) {
      await kill();
      await sleep(away);
      await start();
    },
    async stop() {
      client.disconnect();
      await kill();
    },
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
