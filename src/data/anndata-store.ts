// What h5ad and zarr have in common: groups and arrays under paths, with attributes.
import { failure } from "../errors.js";
import { nextTurn } from "../turns.js";
import type { ModalityConfig } from "./config.js";
import { labelTexts } from "./source.js";

/** A group or an array of a store. */
export interface StoreNode {
  readonly kind: "group" | "array";
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of an array; [] for a group. */
  readonly shape: readonly number[];
  /** Rows that are stored, and so best read, together. */
  readonly blockRows: number;
  readonly type: CellType;
  /** Of an array of records: their fields. */
  readonly fields?: readonly { readonly name: string; readonly type: CellType; readonly isSingle: boolean }[];
  /** What `other` is, in words. */
  readonly what?: string;
}

/** What the cells of an array are. */
export type CellType = "number" | "boolean" | "text" | "other";

/** Cells as they are stored, 64-bit whole numbers among them; booleans are 0 and 1. */
export type StoreValues = ArrayLike<number> | BigInt64Array | BigUint64Array | readonly string[];

/** What is wanted of a store. */
export interface StoreOptions {
  /** "X", "raw" or the name of a layer; of MuData, of every modality that names no other. */
  readonly matrix?: string | undefined;
  /** The modalities of MuData to take, in this order; all where absent. */
  readonly modalities?: Readonly<Record<string, ModalityConfig>> | undefined;
}

/** What h5ad and zarr have in common. Paths are like "obs/cell_type". */
export interface ArrayStore {
  /** For example "h5ad". */
  readonly format: string;
  /** The path as the user gave it. */
  readonly file: string;
  node(path: string): Promise<StoreNode | undefined>;
  /** Names of the members of a group. */
  children(path: string): Promise<readonly string[]>;
  /** Rows `from` to `to` of an array, row-major; a single value is one row. */
  read(path: string, from: number, to: number): Promise<StoreValues>;
  /** All of an array of records, where the format has such. */
  records?(path: string): Promise<readonly (readonly unknown[])[]>;
  close(): Promise<void>;
}

/** `DATA_CORRUPT` for a store without a part that every AnnData has. */
export function lacks(store: ArrayStore, path: string): Error {
  return failure("DATA_CORRUPT", `${store.file}: ${path} is missing`, { path: store.file, hint: WRITE_AGAIN });
}

/** The fix for stores that do not hold together. */
export const WRITE_AGAIN =
  "the file is incomplete, or was not written by anndata; write it again with a recent anndata";

// Cells that are read within a few milliseconds.
const NUMBERS = 1 << 18;
const TEXTS = 1 << 14;

/** All of a vector, or a single value; of a long one in turns with the event loop. */
export async function readAll(store: ArrayStore, path: string): Promise<StoreValues> {
  const node = await store.node(path);
  if (node === undefined) throw lacks(store, path);
  const { shape, type, blockRows } = node;
  const [length = 1] = shape;
  const step = blockLength(type === "text" ? TEXTS : NUMBERS, blockRows);
  if (shape.length !== 1 || length <= step) return store.read(path, 0, length);
  const parts: StoreValues[] = [];
  for (let from = 0; from < length; from += step) {
    parts.push(await store.read(path, from, Math.min(length, from + step)));
    await nextTurn();
  }
  return joined(parts, length);
}

/** A multiple of the stored block near `wanted`, so that no block is decoded twice. */
export function blockLength(wanted: number, stored: number): number {
  return Math.max(1, Math.round(wanted / stored)) * stored;
}

function joined(parts: readonly StoreValues[], length: number): StoreValues {
  const [first] = parts;
  if (!ArrayBuffer.isView(first)) return (parts as readonly (readonly string[])[]).flat();
  const all = new (first.constructor as new (length: number) => Float64Array)(length);
  let at = 0;
  for (const part of parts as readonly Float64Array[]) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** All of a vector as text, exactly. */
export async function readTexts(store: ArrayStore, path: string): Promise<string[]> {
  return labelTexts(await readAll(store, path));
}

/** Values as numbers: 64-bit whole numbers rounded to doubles. */
export function numbersOf(values: StoreValues): ArrayLike<number> {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return Float64Array.from(values, Number);
  return values as ArrayLike<number>;
}
