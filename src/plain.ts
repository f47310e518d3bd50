// Results of the core as arrays of JavaScript's own memory, which can be handed to another thread.
import { failure } from "./errors.js";
import { inTurns, NUMBERS_A_TURN } from "./turns.js";

type Numbers = Float32Array | Uint32Array | Uint8Array;

/** Gives the core's memory back. */
type Free = (numbers: ArrayBufferLike) => void;

/** The value with every typed array copied; of large ones in turns with whatever else the process does, and the core's copy is freed. */
export async function copied<T>(value: T, free: Free): Promise<T> {
  return (await copy(value, free)) as T;
}

async function copy(value: unknown, free: Free): Promise<unknown> {
  if (ArrayBuffer.isView(value)) return copyNumbers(value as Numbers, free);
  // Names and labels are the caller's own already.
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) result[key] = await copy(inner, free);
  return result;
}

/** As many zeros of the same type. What JavaScript says of memory that is not there has no code, and names nothing. */
function allocated(like: Numbers): Numbers {
  try {
    return new (like.constructor as new (length: number) => Numbers)(like.length);
  } catch (cause) {
    throw failure(
      "MEMORY_LIMIT",
      `copying a result needs ${like.byteLength} bytes of memory; the system gives no more`,
      {
        hint: "use fewer input columns or rows at once",
        context: { neededBytes: like.byteLength, what: "copying a result" },
        cause,
      },
    );
  }
}

async function copyNumbers(from: Numbers, free: Free): Promise<Numbers> {
  const to = allocated(from);
  await inTurns(from.length, NUMBERS_A_TURN, (at, end) => to.set(from.subarray(at, end), at));
  // What is short the collector may keep.
  if (from.length > NUMBERS_A_TURN) free(from.buffer);
  return to;
}
