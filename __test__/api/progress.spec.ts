import test from "ava";
import { broadcast } from "../../src/progress.js";

async function collect<T>(reader: AsyncIterator<T, undefined>): Promise<T[]> {
  const all: T[] = [];
  for (let next = await reader.next(); next.done !== true; next = await reader.next()) all.push(next.value);
  return all;
}

test("a reader that keeps up sees every value in order", async (t) => {
  const events = broadcast<number>();
  const reading = collect(events.subscribe());
  for (const value of [1, 2, 3]) {
    events.push(value);
    await null;
  }
  events.end();
  t.deepEqual(await reading, [1, 2, 3]);
});

test("a reader that sleeps loses old values, never the last", async (t) => {
  const events = broadcast<number>(8);
  const reader = events.subscribe();
  for (let value = 1; value <= 100_000; value++) events.push(value);
  events.end();
  const seen = await collect(reader);
  t.is(seen.length, 8);
  t.is(seen.at(-1), 100_000);
});

test("a reader that comes late still gets the last value", async (t) => {
  const events = broadcast<number>();
  events.push(1);
  events.push(2);
  events.end();
  t.deepEqual(await collect(events.subscribe()), [2]);
});

test("an error is thrown after what was left to read", async (t) => {
  const events = broadcast<number>();
  const reader = events.subscribe();
  events.push(1);
  events.end(new Error("stopped"));
  t.deepEqual(await reader.next(), { done: false, value: 1 });
  await t.throwsAsync(async () => reader.next(), { message: "stopped" });
  t.true((await reader.next()).done);
});

test("leaving the loop early ends that reader and no other", async (t) => {
  const events = broadcast<number>();
  const [leaver, stayer] = [events.subscribe(), collect(events.subscribe())];
  events.push(1);
  await leaver.next();
  const waiting = leaver.next();
  await leaver.return?.();
  t.true((await waiting).done);
  events.push(2);
  events.end();
  t.deepEqual(await stayer, [1, 2]);
});
