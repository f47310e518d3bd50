// Folders on their way between machines: what is cut, damaged or leads elsewhere is refused.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { isDisentangleError } from "../../src/errors.js";
import { newCarrier, UPLOAD_MS } from "../../src/sweep/remote/carrier.js";
import { leasesOf } from "../../src/sweep/remote/leases.js";
import { contentHash, filesIn, parcelOf, sizeOf } from "../../src/sweep/remote/parcel.js";
import { keysOf } from "../../src/sweep/remote/server.js";
import { checkTask } from "../../src/sweep/remote/task.js";
import { redisServer, testWithRedis } from "./redis-server.js";

const SWEEP = "0123456789abcdef";

async function folder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "disentangle-parcel-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(dir, name, ".."), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return dir;
}

test("the hash of a folder is that of its names, sizes and contents, and of nothing hidden", async (t) => {
  const one = await filesIn(await folder({ "a.npy": "1", "model/b.bin": "2", ".lock": "x" }));
  t.deepEqual(
    one.map(({ name, bytes }) => [name, bytes]),
    [
      ["a.npy", 1],
      ["model/b.bin", 1],
    ],
  );
  t.is(sizeOf(one), 2);
  const hash = contentHash(one);
  t.is(contentHash(one.toReversed()), hash);
  t.is(contentHash(await filesIn(await folder({ "a.npy": "1", "model/b.bin": "2" }))), hash);
  t.not(contentHash(await filesIn(await folder({ "a.npy": "1", "model/c.bin": "2" }))), hash);
  t.not(contentHash(await filesIn(await folder({ "a.npy": "3", "model/b.bin": "2" }))), hash);
});

test("names that lead out of the folder, hide, or stand there twice are refused", (t) => {
  const sha256 = "0".repeat(64);
  const parcel = (...names: readonly string[]): string =>
    JSON.stringify({ via: "redis", at: "0011", files: names.map((name) => ({ name, bytes: 1, sha256 })) });
  t.is(parcelOf(parcel("inputs.npy", "model/model.bin")).files.length, 2);
  const bad = ["../a", "/etc/passwd", "a/../b", "a//b", ".hidden", "a/.b", "", "a\u0000", "a\\b", "c:d", "a/b/c/d/e"];
  for (const name of bad) t.throws(() => parcelOf(parcel(name)), { message: /is refused/ }, JSON.stringify(name));
  t.throws(() => parcelOf(parcel("a", "A")), { message: /two files have one name/ });
  t.throws(() => parcelOf(parcel()), { message: /is refused/ });
  t.throws(() => parcelOf('{"via":"redis","at":"../x","files":[]}'), { message: /is refused/ });
  t.throws(() => parcelOf("{"), { message: /is refused/ });
});

test("a trial that arrives must be one that this program sends", (t) => {
  const task = { sweep: SWEEP, trial: "tbr-00-1", epoch: 0, rung: -1, config: { method: "tbr" } };
  t.deepEqual(checkTask(task) as object, task);
  for (const wrong of [
    { trial: "../tbr" },
    { trial: "a/b" },
    { sweep: "x" },
    { epoch: -1 },
    { data: "../data" },
    { config: "rm -rf" },
    { more: 1 },
  ])
    t.throws(() => checkTask({ ...task, ...wrong }), { message: /is refused/ }, JSON.stringify(wrong));
});

testWithRedis(
  "an upload that is cut at any chunk, or whose bytes change, is refused and leaves nothing behind",
  async (t) => {
    const server = await redisServer();
    const redis = server.client;
    const bytes = Buffer.alloc(3_500_000, 7);
    const dir = await folder({ "a.bin": bytes, "b.json": "{}", empty: "" });
    const files = await filesIn(dir);
    const carrier = newCarrier(redis, SWEEP, { limit: 1e9, shared: undefined });
    const parcel = await carrier.send(dir, files);
    const key = keysOf(SWEEP).parcel(parcel.at);
    // Until somebody keeps it, it goes by itself.
    const ttl = await redis.pttl(key);
    t.true(ttl > 0 && ttl <= UPLOAD_MS);
    const chunks = await redis.llen(key);
    t.is(chunks, 5);
    const to = await mkdtemp(join(tmpdir(), "disentangle-arrived-"));
    await carrier.fetch(parcel, join(to, "whole"));
    t.deepEqual(await filesIn(join(to, "whole")), files);
    for (let kept = 0; kept < chunks; kept++) {
      await redis.copy(key, keysOf(SWEEP).parcel("cut"), "REPLACE");
      if (kept === 0) await redis.del(keysOf(SWEEP).parcel("cut"));
      else await redis.ltrim(keysOf(SWEEP).parcel("cut"), 0, kept - 1);
      const error = await t.throwsAsync(carrier.fetch({ ...parcel, at: "cut" }, join(to, "cut")));
      t.true(isDisentangleError(error) && error.code === "DATA_CORRUPT");
    }
    await redis.copy(key, keysOf(SWEEP).parcel("bad"));
    await redis.lset(keysOf(SWEEP).parcel("bad"), 1, Buffer.alloc(1 << 20, 8));
    await t.throwsAsync(carrier.fetch({ ...parcel, at: "bad" }, join(to, "bad")), { message: /damaged/ });
    await redis.lset(keysOf(SWEEP).parcel("bad"), 1, Buffer.alloc(2 << 20, 7));
    await t.throwsAsync(carrier.fetch({ ...parcel, at: "bad" }, join(to, "bad")), { message: /damaged/ });
    t.deepEqual(await readdir(to), ["whole"]);
    t.deepEqual(await readFile(join(to, "whole", "a.bin")), bytes);
    await carrier.drop(parcel);
    t.is(await redis.exists(key), 0);
    await server.stop();
  },
);

testWithRedis(
  "of several that claim an epoch one has it, a late owner changes nothing, and what is sent twice counts once",
  async (t) => {
    const server = await redisServer();
    const leases = leasesOf(server.client, SWEEP);
    const claim = (owner: string, epoch: number) => ({ kind: "claim", trial: "a-0", epoch, owner }) as const;
    const ending = (owner: string, epoch: number) =>
      ({ kind: "failed", trial: "a-0", epoch, owner, failure: { code: "DATA_EMPTY", message: "" } }) as const;
    const claimed = async (...args: Parameters<typeof leases.claim>): Promise<string> =>
      (await leases.claim(...args)).answer;
    t.is(await claimed(claim("one", 1), 200), "absent");
    await leases.offer([{ trial: "a-0", epoch: 0, state: "open", owner: "" }], 200);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => claimed(claim(`owner-${i}`, 1), 200)));
    t.is(answers.filter((answer) => answer === "counts").length, 1);
    const first = `owner-${answers.indexOf("counts")}`;
    // While its owner is heard of nobody else gets it; afterwards the next one does.
    t.is(await leases.beat("a-0", 1, first, 200), "counts");
    t.is(await claimed(claim("next", 2), 200), "refused");
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.deepEqual(await leases.silent(["a-0"], 5000), ["a-0"]);
    const racing = await Promise.all(Array.from({ length: 20 }, (_, i) => claimed(claim(`next-${i}`, 2), 5000)));
    t.is(racing.filter((answer) => answer === "counts").length, 1);
    const next = `next-${racing.indexOf("counts")}`;
    t.is(await leases.beat("a-0", 1, first, 200), "refused");
    t.is(await leases.end(ending(first, 1), {}), "refused");
    t.is(await leases.leave("a-0", 1, first, { via: "shared", at: "x", files: [] }), false);
    t.is(await leases.end(ending(next, 2), {}), "counts");
    t.is(await leases.end(ending(next, 2), {}), "refused");
    // Its end waits in the log: who has not read it yet must not offer it again.
    t.deepEqual(await leases.silent(["a-0"], 5000), []);
    const log = await server.client.xrange(keysOf(SWEEP).log, "-", "+");
    t.deepEqual(
      log.map(([, fields]) => (JSON.parse(fields[1]!) as { kind: string; owner: string }).kind),
      ["claim", "claim", "failed"],
    );
    // A lease that a clock which was set back keeps alive stands still all the same.
    await leases.offer([{ trial: "b-0", epoch: 1, state: "running", owner: "gone" }], 3_600_000);
    t.deepEqual(await leases.silent(["b-0"], 100), []);
    await new Promise((resolve) => setTimeout(resolve, 150));
    t.deepEqual(await leases.silent(["b-0"], 100), ["b-0"]);
    t.is(await claimed({ kind: "claim", trial: "b-0", epoch: 2, owner: "next" }, 5000), "counts");
    for (let beat = 0; beat < 3; beat++) {
      t.is(await leases.beat("b-0", 2, "next", 5000), "counts");
      t.deepEqual(await leases.silent(["b-0"], 100), []);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    // The ledger gives another chance: what has ended is open again, and what is ahead of it stays.
    await leases.offer([{ trial: "a-0", epoch: 2, state: "open", owner: "" }], 200);
    t.is(await claimed(claim("third", 3), 5000), "counts");
    await leases.offer([{ trial: "a-0", epoch: 2, state: "open", owner: "" }], 200);
    t.is(await leases.beat("a-0", 3, "third", 5000), "counts");
    // Somebody works on it in the folder, without the server: no worker gets it, until they have let it go.
    await leases.offer([{ trial: "c-0", epoch: 1, state: "away", owner: "local" }], 5000);
    t.is(await claimed({ kind: "claim", trial: "c-0", epoch: 2, owner: "next" }, 5000), "refused");
    await leases.offer([{ trial: "c-0", epoch: 1, state: "open", owner: "" }], 5000);
    t.is(await claimed({ kind: "claim", trial: "c-0", epoch: 2, owner: "next" }, 5000), "counts");
    // A server that has lost its memory may be told again; one that knows the sweep and not the trial has seen its end.
    await leases.forget(["c-0"]);
    t.is(await leases.beat("c-0", 2, "next", 5000), "absent");
    t.is(await leases.end({ ...ending("next", 2), trial: "c-0" }, {}), "absent");
    await server.client.set(keysOf(SWEEP).sweep, "{}");
    t.is(await leases.beat("c-0", 2, "next", 5000), "refused");
    t.is(await leases.end({ ...ending("next", 2), trial: "c-0" }, {}), "refused");
    await server.stop();
  },
);

test("the digest of a card is that of the file", async (t) => {
  const [card] = await filesIn(await folder({ a: "abc" }));
  t.is(card!.sha256, createHash("sha256").update("abc").digest("hex"));
});
