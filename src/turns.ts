// Long work of JavaScript's own in pieces, between which the process answers others.
import { setImmediate } from "node:timers/promises";
import { currentSignal } from "./signal.js";

/** Lets others have their turn. */
export function nextTurn(): Promise<void> {
  return setImmediate();
}

/** Work that stops now and then, where others may have their turn. */
export type Work<T> = Generator<void, T>;

/** Does all of it at once: for results that a caller cannot wait for. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Does it in turns with whatever else the process does, until the signal of `withSignal` aborts. */
export async function byTurns<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await nextTurn();
    currentSignal()?.throwIfAborted();
  }
}

/** Numbers that are copied or counted within a few milliseconds. */
export const NUMBERS_A_TURN = 1 << 18;

/** Rows of so many numbers that are. */
export function rowsATurn(width: number): number {
  return Math.ceil(NUMBERS_A_TURN / Math.max(1, width));
}

/** Calls `work` for one range after the other, each of `step`, and stops between them. What is short is done in one. */
export function* inRanges(length: number, step: number, work: (from: number, to: number) => void): Work<void> {
  for (let from = 0; from < length; from += step) {
    work(from, Math.min(length, from + step));
    if (length > step) yield;
  }
}

/** Calls `work` for one range after the other, each of `step`, in turns with whatever else the process does. */
export function inTurns(length: number, step: number, work: (from: number, to: number) => void): Promise<void> {
  return byTurns(inRanges(length, step, work));
}
