// The ledger and its owners: whatever is cut, raced, late or set back, every reader sees one owner and one result of each trial.
import { appendFile, mkdir, mkdtemp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import {
  after,
  type Entry,
  entryOf,
  lineOf,
  openLedger,
  PARK_AFTER,
  stateOf,
  type TrialState,
  UNTOUCHED,
} from "../../src/sweep/ledger.js";
import { valueIn, valuesOf } from "../../src/sweep/metric.js";
import { newOwner, newOwnerId, newServerSign, placeOf, SERVER, signOf, watchOwners } from "../../src/sweep/owners.js";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "disentangle-ledger-"));
const RESULT = { values: { error: 0.5 }, outcome: "converged", steps: 10, elapsedMs: 5 } as const;
const claim = (trial: string, epoch: number, owner: string): Entry => ({ kind: "claim", trial, epoch, owner });
const done = (trial: string, epoch: number, owner: string): Entry => ({ kind: "done", trial, epoch, owner, ...RESULT });
const fold = (entries: readonly Entry[]): TrialState => entries.reduce(after, UNTOUCHED);

const entries = fc.oneof(
  ...(["claim", "done", "paused", "failed", "released", "crashed", "retry", "merged"] as const).map((kind) =>
    fc
      .record({ epoch: fc.integer({ min: 0, max: 5 }), owner: fc.constantFrom("a", "b", "c"), step: fc.nat(3) })
      .map((one) => {
        const how = one.step % 2 === 0 ? "killed" : "fault";
        const failure = { code: "INTERNAL_PANIC", message: "" };
        return { trial: "t", kind, ...one, ...RESULT, rung: one.step, how, what: "", failure } as unknown as Entry;
      }),
  ),
);

testProp(
  "an epoch has one owner and at most one ending, and no epoch comes back",
  [fc.array(entries, { maxLength: 60 })],
  (t, list) => {
    let state = UNTOUCHED;
    const endings = new Map<number, number>();
    const owners = new Map<number, string>();
    for (const entry of list) {
      const next = after(state, entry);
      t.true(next.epoch >= state.epoch);
      if (next === state) continue;
      if (entry.kind === "claim") {
        t.is(next.epoch, state.epoch + 1);
        owners.set(next.epoch, entry.owner);
      } else if (entry.kind !== "retry" && entry.kind !== "merged") {
        t.is(entry.epoch, state.epoch);
        t.is(owners.get(entry.epoch), entry.owner);
        endings.set(entry.epoch, (endings.get(entry.epoch) ?? 0) + 1);
      }
      state = next;
    }
    t.true([...endings.values()].every((count) => count === 1));
  },
  { numRuns: 500, seed: 1 },
);

testProp(
  "what a clock says decides nothing",
  [fc.array(fc.tuple(entries, fc.date({ noInvalidDate: true })), { maxLength: 40 })],
  (t, list) => {
    const dated = list.map(([entry, date]) => ({ ...entry, at: date.toISOString() }));
    t.deepEqual(fold(dated), fold(list.map(([entry]) => entry)));
  },
  { numRuns: 100, seed: 2 },
);

testProp(
  "an entry survives its line, and a line with any other byte is no entry",
  [entries, fc.nat(), fc.integer({ min: 1, max: 255 })],
  (t, entry, place, change) => {
    const line = lineOf(entry);
    t.deepEqual(entryOf(line), entry);
    const bytes = Buffer.from(line);
    bytes[place % bytes.length]! ^= change;
    t.is(entryOf(bytes.toString("latin1")), undefined);
  },
  { numRuns: 300, seed: 3 },
);

test("a ledger that is cut at any byte is the entries before the cut, and goes on", async (t) => {
  const dir = await folder();
  const written = [claim("x", 1, "a"), claim("y", 1, "a"), done("x", 1, "a"), claim("z", 1, "b"), done("z", 1, "b")];
  const ledger = await openLedger(dir, "writer");
  for (const entry of written) t.deepEqual(await ledger.commit(entry), [true]);
  await ledger.close();
  const bytes = await readFile(join(dir, "ledger.jsonl"));
  const lines = bytes.toString("utf8").split("\n");
  // The last two entries, at each of their bytes; the others at every seventh.
  const tail = bytes.length - lines.slice(-5).join("\n").length;
  for (let cut = 0; cut <= bytes.length; cut += cut < tail ? 7 : 1) {
    const at = join(dir, `cut-${cut}`);
    await mkdir(at);
    await writeFile(join(at, "ledger.jsonl"), bytes.subarray(0, cut));
    const whole = bytes.subarray(0, cut).toString("utf8").split("\n").slice(0, -1);
    const kept = written.slice(0, whole.filter((line) => line !== "" && lines.includes(line)).length);
    const reopened = await openLedger(at, "writer");
    for (const trial of ["x", "y", "z"])
      t.deepEqual(stateOf(reopened, trial), fold(kept.filter((one) => one.trial === trial)), `${cut}`);
    // The next entry is whole, whatever it was written behind.
    t.deepEqual(await reopened.commit(claim("new", 1, "c")), [true]);
    await reopened.close();
    const reader = await openLedger(at, "reader");
    t.is(stateOf(reader, "new").owner, "c");
    await reader.close();
  }
});

test("two coordinators that race for each trial: one of them has it", async (t) => {
  const dir = await folder();
  const [a, b] = [await openLedger(dir, "writer"), await openLedger(dir, "writer")];
  const trials = Array.from({ length: 100 }, (_, i) => `t${i}`);
  for (const trial of trials) {
    const won = await Promise.all([a.commit(claim(trial, 1, "a")), b.commit(claim(trial, 1, "b"))]);
    t.is(won.flat().filter(Boolean).length, 1);
  }
  await Promise.all([a.refresh(), b.refresh()]);
  t.deepEqual(a.states, b.states);
  await Promise.all([a.close(), b.close()]);
});

test("a late owner is fenced: what the one after it gave counts, in either order", async (t) => {
  const dir = await folder();
  const [late, next] = [await openLedger(dir, "writer"), await openLedger(dir, "writer")];
  t.deepEqual(await late.commit(claim("t", 1, "late")), [true]);
  t.deepEqual(await next.commit(claim("t", 2, "next")), [true]);
  t.deepEqual(await late.commit(done("t", 1, "late")), [false]);
  t.deepEqual(await next.commit(done("t", 2, "next")), [true]);
  t.deepEqual(
    await late.commit({
      kind: "failed",
      trial: "t",
      epoch: 1,
      owner: "late",
      failure: { code: "INTERNAL_PANIC", message: "" },
    }),
    [false],
  );
  t.is(stateOf(late, "t").state, "done");
  await Promise.all([late.close(), next.close()]);
});

test("a ledger that is put back from a copy is read from its beginning", async (t) => {
  const dir = await folder();
  const ledger = await openLedger(dir, "writer");
  await ledger.commit(claim("a", 1, "x"));
  const { length } = await readFile(join(dir, "ledger.jsonl"));
  await ledger.commit(done("a", 1, "x"), claim("b", 1, "x"));
  await truncate(join(dir, "ledger.jsonl"), length);
  await ledger.refresh();
  t.is(stateOf(ledger, "a").state, "running");
  t.is(stateOf(ledger, "b").state, "waiting");
  await appendFile(join(dir, "ledger.jsonl"), "no entry\n");
  await ledger.refresh();
  t.is(ledger.damaged, 1);
  await ledger.close();
});

test("a trial that crashes again and again is parked, and one that comes further is not", (t) => {
  const crash = (epoch: number, how: "fault" | "killed", step: number): Entry[] => [
    claim("t", epoch, "a"),
    { kind: "crashed", trial: "t", epoch, owner: "a", how, what: "SIGSEGV", step },
  ];
  const times = (count: number, how: "fault" | "killed", step: (epoch: number) => number): TrialState =>
    fold(Array.from({ length: count }, (_, i) => crash(i + 1, how, step(i + 1))).flat());
  t.is(times(PARK_AFTER.crashes - 1, "fault", () => 0).state, "waiting");
  const parked = times(PARK_AFTER.crashes, "fault", () => 0);
  t.like(parked, { state: "parked", crash: "SIGSEGV" });
  t.is(after(parked, claim("t", parked.epoch + 1, "b")), parked);
  t.is(times(50, "fault", (epoch) => epoch).state, "waiting");
  t.is(times(PARK_AFTER.kills - 1, "killed", () => 0).state, "waiting");
  t.is(times(PARK_AFTER.kills, "killed", () => 0).state, "parked");
  t.like(after(parked, { kind: "retry", trial: "t", epoch: parked.epoch }), {
    state: "waiting",
    crashes: 0,
    epoch: parked.epoch,
  });
});

test("numbers that are not finite survive the ledger", (t) => {
  const of = (validation: number) =>
    valuesOf({
      history: { stages: [{ validation: { steps: [1], values: [validation] } }] },
      summary: { errors: [] },
    } as never);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0.25]) {
    const entry = entryOf(lineOf({ ...done("t", 1, "a"), values: of(value) } as Entry)) as {
      values: Record<string, number>;
    };
    t.is(valueIn(entry.values, "loss"), value);
  }
});

test("an owner that counts is there, one that stands still for long or is gone is not", async (t) => {
  const dir = await folder();
  const owner = await newOwner(dir, { SLURM_RESTART_COUNT: "2" });
  let now = 0;
  const watch = watchOwners(dir, 60_000, () => now);
  t.false(await watch.isGone(owner.id));
  t.deepEqual((await signOf(dir, owner.id))?.job, { SLURM_RESTART_COUNT: "2" });
  const path = join(dir, ".owners", `${owner.id}.json`);
  const elsewhere = { ...JSON.parse(await readFile(path, "utf8")), machine: "another" };
  await owner.retire();
  t.true(await watch.isGone(owner.id));
  // Of another machine only the count is known.
  await writeFile(path, JSON.stringify({ ...elsewhere, count: 7 }));
  t.false(await watch.isGone(owner.id));
  now += 59_000;
  t.false(await watch.isGone(owner.id));
  await writeFile(path, JSON.stringify({ ...elsewhere, count: 8 }));
  now += 59_000;
  t.false(await watch.isGone(owner.id));
  now += 61_000;
  t.true(await watch.isGone(owner.id));
});

test("a process of this machine that has ended, or whose number another one has, is gone at once", async (t) => {
  const dir = await folder();
  const owner = await newOwner(dir);
  const path = join(dir, ".owners", `${owner.id}.json`);
  const sign = JSON.parse(await readFile(path, "utf8")) as object;
  await owner.retire();
  await writeFile(join(dir, ".owners", "reused.json"), JSON.stringify({ ...sign, began: "1" }));
  await writeFile(join(dir, ".owners", "ended.json"), JSON.stringify({ ...sign, pid: 2 ** 22 + 1 }));
  const watch = watchOwners(dir);
  if (process.platform === "linux") t.true(await watch.isGone("reused"));
  t.true(await watch.isGone("ended"));
  // Whoever comes next takes their signs away, and nobody else's.
  await writeFile(join(dir, ".owners", "elsewhere.json"), JSON.stringify({ ...sign, machine: "another", pid: 1 }));
  const next = await newOwner(dir);
  const left = process.platform === "linux" ? ["elsewhere.json"] : ["elsewhere.json", "reused.json"];
  t.deepEqual((await readdir(join(dir, ".owners"))).sort(), [...left, `${next.id}.json`].sort());
  await next.retire();
});

test("who writes down what a server knows may be killed and come back before its workers count as gone", async (t) => {
  const dir = await folder();
  let now = 0;
  const watch = watchOwners(dir, 60_000, () => now);
  t.true(await watch.isGone(SERVER));
  const first = await newServerSign(dir);
  t.false(await watch.isGone(SERVER));
  await first.rest();
  now += 59_000;
  t.false(await watch.isGone(SERVER));
  const second = await newServerSign(dir);
  t.false(await watch.isGone(SERVER));
  now += 59_000;
  t.false(await watch.isGone(SERVER));
  await second.rest();
  await watch.isGone(SERVER);
  now += 61_000;
  t.true(await watch.isGone(SERVER));
  await second.remove();
  t.deepEqual(await readdir(join(dir, ".owners")), []);
});

test("the name of an owner says where it is", (t) => {
  t.deepEqual(placeOf(newOwnerId())?.pid, process.pid);
  t.deepEqual(placeOf("node-7-12-0123abcd"), { host: "node-7", pid: 12 });
  t.is(placeOf("somebody"), undefined);
});
