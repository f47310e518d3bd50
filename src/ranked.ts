// Values by their rank, without sorting all of them: a sort is one piece of work, however long it takes.
import { inRanges, NUMBERS_A_TURN, type Work } from "./turns.js";

const HALF = 1 << 16;

/** The values that a sort would put at these places; none where there are no values. */
export function* ranked(values: Float32Array, ranks: readonly number[]): Work<readonly number[]> {
  if (values.length === 0) return [];
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const upper = new Uint32Array(HALF);
  yield* inRanges(bits.length, NUMBERS_A_TURN, (from, to) => {
    for (let i = from; i < to; i++) upper[ordered(bits[i]!) >>> 16]!++;
  });
  const found: number[] = [];
  for (const rank of ranks) {
    const [high, within] = placeOf(upper, rank);
    const lower = new Uint32Array(HALF);
    yield* inRanges(bits.length, NUMBERS_A_TURN, (from, to) => {
      for (let i = from; i < to; i++) {
        const key = ordered(bits[i]!);
        if (key >>> 16 === high) lower[key & 0xffff]!++;
      }
    });
    const [low] = placeOf(lower, within);
    found.push(numberOf(((high << 16) | low) >>> 0));
  }
  return found;
}

/** The bin that the value of a rank lies in, and its rank there. */
function placeOf(counts: Uint32Array, rank: number): readonly [bin: number, within: number] {
  let before = 0;
  for (let bin = 0; ; bin++) {
    const count = counts[bin]!;
    if (rank < before + count) return [bin, rank - before];
    before += count;
  }
}

/** Bits of a number as an integer that is larger where the number is. */
function ordered(bits: number): number {
  return (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}

function numberOf(key: number): number {
  const bits = key & 0x80000000 ? key & 0x7fffffff : ~key;
  return new Float32Array(Uint32Array.of(bits).buffer)[0]!;
}
