// Labels as the core takes them. It stands apart from what reads data, which a model that is only asked about rows does not load.
import type { NativeLabels } from "../native.js";
import { inRanges, type Work } from "../turns.js";

/** Labels that are coded within a few milliseconds: a text that was just read is hashed for the first time. */
const LABELS_A_TURN = 1 << 15;

/** Codes labels; levels in order of first appearance. "" stays a level: the core's policy for missing values knows it. */
export function* encodeLabels(column: string, labels: readonly string[]): Work<NativeLabels> {
  const index = new Map<string, number>();
  const codes = new Uint32Array(labels.length);
  yield* inRanges(labels.length, LABELS_A_TURN, (from, to) => {
    // An iterator over pairs takes several times as long.
    for (let i = from; i < to; i++) {
      const label = labels[i]!;
      let code = index.get(label);
      if (code === undefined) {
        code = index.size;
        index.set(label, code);
      }
      codes[i] = code;
    }
  });
  return { column, levels: [...index.keys()], codes };
}
