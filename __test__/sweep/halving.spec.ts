// Successive halving is a function of the plan and the ledger alone.
import test from "ava";
import { stageOf } from "../../src/sweep/halving.js";
import { after, type Entry, type TrialState, UNTOUCHED } from "../../src/sweep/ledger.js";
import type { SweepTrial } from "../../src/sweep/planned.js";

const RULE = { halving: { first: 10, eta: 3 }, metric: { name: "held-out", goal: "minimize" } } as const;

/** Nine settings with two seeds each. */
const TRIALS = Array.from({ length: 18 }, (_, i): SweepTrial => {
  const setting = Math.floor(i / 2);
  return {
    id: `t${setting}-${i % 2}`,
    key: "",
    setting,
    seed: i % 2,
    params: { x: setting },
    method: "tbr",
    config: {},
    data: "",
    steps: 100,
  };
});

class Book {
  readonly states = new Map<string, TrialState>();
  add(entry: { readonly trial: string; readonly [key: string]: unknown }): void {
    const before = this.states.get(entry.trial) ?? UNTOUCHED;
    this.states.set(entry.trial, after(before, { ...entry, owner: "a" } as unknown as Entry));
  }
  attempt(trial: string, ending: object): void {
    const epoch = (this.states.get(trial)?.epoch ?? 0) + 1;
    this.add({ kind: "claim", trial, epoch });
    this.add({ trial, epoch, outcome: "", steps: 0, elapsedMs: 0, ...ending });
  }
}

const settingsIn = (ids: Iterable<string>): number[] =>
  [...new Set([...ids].map((id) => Number(id.slice(1, -2))))].sort((a, b) => a - b);

test("one setting in three goes on at each step, by the mean over its seeds", (t) => {
  const book = new Book();
  t.deepEqual(new Set([...stageOf(TRIALS, RULE, book).ready.values()].map(({ steps }) => steps)), new Set([10]));
  // The mean of a setting is its number, though seed 1 alone would order them the other way round.
  for (const { id, setting, seed } of TRIALS)
    book.attempt(id, {
      kind: "paused",
      rung: 0,
      values: { error: seed === 0 ? setting + 20 - setting * 3 : setting + setting * 3 - 20 },
    });
  const second = stageOf(TRIALS, RULE, book);
  t.deepEqual(settingsIn(second.ready.keys()), [0, 1, 2]);
  t.deepEqual(settingsIn(second.stopped.keys()), [3, 4, 5, 6, 7, 8]);
  t.deepEqual(new Set([...second.ready.values()].map(({ steps }) => steps)), new Set([30]));
  for (const id of second.ready.keys())
    book.attempt(id, { kind: "paused", rung: 1, values: { error: id.startsWith("t2") ? 0 : 1 } });
  const third = stageOf(TRIALS, RULE, book);
  t.deepEqual(settingsIn(third.ready.keys()), [2]);
  t.deepEqual(new Set([...third.ready.values()].map(({ steps }) => steps)), new Set([90]));
  for (const id of third.ready.keys()) book.attempt(id, { kind: "paused", rung: 2, values: { error: 0 } });
  t.deepEqual(new Set([...stageOf(TRIALS, RULE, book).ready.values()].map(({ steps }) => steps)), new Set([undefined]));
});

test("nothing is stopped while a fit is on its way to the step", (t) => {
  const book = new Book();
  for (const { id } of TRIALS.slice(1)) book.attempt(id, { kind: "paused", rung: 0, values: { error: 1 } });
  const { ready, stopped } = stageOf(TRIALS, RULE, book);
  t.deepEqual([...ready.keys()], ["t0-0"]);
  t.is(stopped.size, 0);
});

test("a setting that failed, or has no finite number, stands behind all others; a fit that has ended counts with its end", (t) => {
  const book = new Book();
  for (const { id, setting } of TRIALS) {
    if (setting === 0) book.attempt(id, { kind: "failed", failure: { code: "INTERNAL_PANIC", message: "" } });
    else if (setting === 1) book.attempt(id, { kind: "paused", rung: 0, values: { error: "NaN" } });
    else if (setting === 8) book.attempt(id, { kind: "done", values: { error: 0 } });
    else book.attempt(id, { kind: "paused", rung: 0, values: { error: setting } });
  }
  const { ready, stopped } = stageOf(TRIALS, RULE, book);
  t.deepEqual(settingsIn(ready.keys()), [2, 3]);
  t.true(settingsIn(stopped.keys()).includes(1));
  t.false(settingsIn(stopped.keys()).includes(8));
});

test("without the rule everything may run to its end", (t) => {
  const { ready } = stageOf(TRIALS, { ...RULE, halving: undefined }, new Book());
  t.is(ready.size, 18);
  t.deepEqual(new Set([...ready.values()].map(({ steps }) => steps)), new Set([undefined]));
});
