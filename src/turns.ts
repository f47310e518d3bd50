// Long work of JavaScript's own in pieces, between which the process answers others.
import { setImmediate as nextTurn } from "node:timers/promises";

/** Calls `work` for one range after the other, each of `step`, in turns with whatever else the process does. */
export async function inTurns(length: number, step: number, work: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < length; from += step) {
    work(from, Math.min(length, from + step));
    // What is short is done at once.
    if (length > step) await nextTurn();
  }
}
