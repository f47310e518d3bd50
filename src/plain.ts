// Results of the core as arrays of JavaScript's own memory, which can be handed to another thread.
import { inTurns } from "./turns.js";

/** Copied within a millisecond. */
const CHUNK = 1 << 18;

type Numbers = Float32Array | Uint32Array | Uint8Array;

/** The value with every typed array copied; of large ones in turns with whatever else the process does. */
export async function plain<T>(value: T): Promise<T> {
  return (await copy(value)) as T;
}

async function copy(value: unknown): Promise<unknown> {
  if (ArrayBuffer.isView(value)) return copyNumbers(value as Numbers);
  // Names and labels are the caller's own already.
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const copied: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) copied[key] = await copy(inner);
  return copied;
}

async function copyNumbers(from: Numbers): Promise<Numbers> {
  const to = new (from.constructor as new (length: number) => Numbers)(from.length);
  await inTurns(from.length, CHUNK, (at, end) => to.set(from.subarray(at, end), at));
  return to;
}
