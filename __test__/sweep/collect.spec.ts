// What workers send back is written down by whoever collects it, several coordinators of one folder among them.
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { makeSweepFolder, partialFolder, settleDone, trialFolder, workFolder } from "../../src/sweep/folder.js";
import { openLedger, stateOf } from "../../src/sweep/ledger.js";
import type { SweepTrial } from "../../src/sweep/planned.js";
import { newCarrier } from "../../src/sweep/remote/carrier.js";
import { collect } from "../../src/sweep/remote/collect.js";
import { leasesOf } from "../../src/sweep/remote/leases.js";
import { filesIn } from "../../src/sweep/remote/parcel.js";
import { keysOf } from "../../src/sweep/remote/server.js";
import { redisServer, testWithRedis } from "./redis-server.js";

const SWEEP = "0123456789abcdef";
const RESULT = { values: {}, outcome: "completed", steps: 1, elapsedMs: 1 };

async function sweepFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-collect-"));
  await makeSweepFolder(dir);
  return dir;
}

testWithRedis(
  "coordinators that collect the same results at once leave each of them whole in its place, and nothing else",
  async (t) => {
    const server = await redisServer();
    const leases = leasesOf(server.client, SWEEP);
    const carrier = newCarrier(server.client, SWEEP, { limit: 1e9, shared: undefined });
    const ids = Array.from({ length: 60 }, (_, i) => `t-${i}`);
    const mine = ids.map((id) => ({ id })) as unknown as readonly SweepTrial[];
    const result = await mkdtemp(join(tmpdir(), "disentangle-result-"));
    await writeFile(join(result, "manifest.json"), "{}");
    await leases.offer(
      ids.map((trial) => ({ trial, epoch: 0, state: "open", owner: "" })),
      60_000,
    );
    for (const trial of ids) {
      await leases.claim({ kind: "claim", trial, epoch: 1, owner: "worker" }, 60_000);
      const parcel = await carrier.send(result, await filesIn(result));
      await leases.end({ kind: "done", trial, epoch: 1, owner: "worker", ...RESULT }, { parcel });
    }
    const found = await server.client.xrange(keysOf(SWEEP).log, "-", "+");
    const log = found.map(([id, fields]) => ({ id, fields }));
    const dir = await sweepFolder();
    const coordinator = async (): Promise<void> => {
      const ledger = await openLedger(dir, "writer");
      // One after the other, so that they meet at every one of them.
      for (let at = 0; at < log.length; at += 2)
        await collect({
          dir,
          mine,
          ledger,
          redis: server.client,
          sweep: SWEEP,
          leases,
          carrier,
          log: log.slice(at, at + 2),
        });
      await settleDone(dir, mine, ledger);
      for (const id of ids) {
        t.is(stateOf(ledger, id).state, "done");
        t.is(await readFile(join(trialFolder(dir, id), "manifest.json"), "utf8"), "{}", id);
      }
      await ledger.close();
    };
    await Promise.all([coordinator(), coordinator(), coordinator()]);
    t.deepEqual(await readdir(join(dir, ".work")), []);
    t.deepEqual((await server.client.keys("disentangle:*parcel*")).length, 0);
    await server.stop();
  },
);

test("what somebody else has written down and not yet put in its place is put there", async (t) => {
  const dir = await sweepFolder();
  const writer = await openLedger(dir, "writer");
  const mine = [{ id: "done" }, { id: "running" }, { id: "failed" }];
  const owner = "other";
  for (const { id } of mine) {
    await mkdir(workFolder(dir, id, 1));
    await writeFile(join(workFolder(dir, id, 1), "manifest.json"), id);
    await writer.commit({ kind: "claim", trial: id, epoch: 1, owner });
  }
  await writer.commit({ kind: "done", trial: "done", epoch: 1, owner, ...RESULT });
  await writer.commit({
    kind: "failed",
    trial: "failed",
    epoch: 1,
    owner,
    failure: { code: "DATA_EMPTY", message: "" },
  });
  await settleDone(dir, mine, writer);
  t.is(await readFile(join(trialFolder(dir, "done"), "manifest.json"), "utf8"), "done");
  t.deepEqual(await readdir(join(dir, ".work")), ["running.1"]);
  await settleDone(dir, mine, writer);
  t.is(await readFile(join(trialFolder(dir, "done"), "manifest.json"), "utf8"), "done");
  await writer.close();
});

test("what an attempt had copied of an earlier one when it was killed goes with the rest of the trial", async (t) => {
  const dir = await sweepFolder();
  const ledger = await openLedger(dir, "writer");
  await ledger.commit({ kind: "claim", trial: "t-1", epoch: 1, owner: "a" });
  await ledger.commit({ kind: "released", trial: "t-1", epoch: 1, owner: "a" });
  await ledger.commit({ kind: "claim", trial: "t-1", epoch: 2, owner: "a" });
  for (const folder of [workFolder(dir, "t-1", 2), partialFolder(workFolder(dir, "t-1", 1))]) {
    await mkdir(folder);
    await writeFile(join(folder, "manifest.json"), folder.endsWith(".partial") ? "cut" : "whole");
  }
  await ledger.commit({ kind: "done", trial: "t-1", epoch: 2, owner: "a", ...RESULT });
  await mkdir(partialFolder(workFolder(dir, "t-1", 2)));
  await settleDone(dir, [{ id: "t-1" }], ledger);
  t.is(await readFile(join(trialFolder(dir, "t-1"), "manifest.json"), "utf8"), "whole");
  t.deepEqual(await readdir(join(dir, ".work")), []);
  await ledger.close();
});
