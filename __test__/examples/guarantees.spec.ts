// What the README promises beyond what the tests of single parts show.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fit, simulate } from "../../src/index.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "../cli/run.js";
import { emptyFolder } from "./run.js";

const world = { simulator: "tree-world", depth: 3, pointsPerEnvironment: 100, inputs: 8, latents: 3, seed: 0 } as const;
const method = { method: "tbr", latentDim: 3, steps: 100, seed: 0 } as const;
const small = ["--depth", "3", "--points-per-environment", "100", "--inputs", "8", "--latents", "3"];

test("the truth takes no part in a fit: without it the latents have the same bits", async (t) => {
  const data = await simulate(world);
  const { truth, ...rest } = data;
  t.true(Object.keys(truth).length > 0);
  const informed = await fit({ ...method, data }).result;
  const blind = await fit({ ...method, data: { ...rest, truth: {} } }).result;
  t.deepEqual(blind.latents.data, informed.latents.data);
});

test("the same seed gives the same bits in another process and on two threads", async (t) => {
  const data = await simulate(world);
  const here = await fit({ ...method, data }).result;
  const cwd = emptyFolder();
  t.is((await run(["simulate", "tree-world", ...small, "--out", "world"], { cwd })).code, 0);
  const flags = ["fit", "--method", "tbr", "--data", "world", "--latent-dim", "3", "--steps", "100", "--no-report"];
  for (const threads of ["1", "2"]) {
    t.is((await run([...flags, "--threads", threads, "--out", threads], { cwd })).code, 0);
    const file = readFileSync(join(cwd, threads, "latents.npy"));
    const { buffer, byteLength } = here.latents.data;
    t.deepEqual(file.subarray(file.length - byteLength), Buffer.from(buffer, 0, byteLength), `${threads} threads`);
  }
});

test("from a world to a report no socket is opened", async (t) => {
  const cwd = emptyFolder();
  const guard = join(cwd, "no-sockets.mjs");
  writeFileSync(
    guard,
    `import net from "node:net";
import dgram from "node:dgram";
const refuse = () => { throw new Error("a socket was opened"); };
net.Socket.prototype.connect = net.Server.prototype.listen = dgram.Socket.prototype.send = refuse;
`,
  );
  const env = { NODE_OPTIONS: `--import=${guard}` };
  const guarded = { cwd, env: { ...process.env, ...env }, encoding: "utf8" } as const;
  const { stderr } = spawnSync(process.execPath, ["-e", "require('node:http').get('http://127.0.0.1:9')"], guarded);
  t.regex(stderr, /a socket was opened/, "the guard works");
  const commands = [
    ["simulate", "tree-world", ...small, "--out", "world"],
    ["fit", "--method", "tbr", "--data", "world", "--latent-dim", "3", "--steps", "50", "--out", "run"],
    ["score", "run"],
    ["report", "run"],
  ];
  for (const command of commands) {
    const { code, stderr } = await run(command, { cwd, env });
    t.is(code, 0, `${command[0]}: ${stderr}`);
  }
});
