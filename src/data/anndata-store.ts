// What h5ad and zarr have in common: groups and arrays under paths, with attributes.
import { failure } from "../errors.js";

/** A group or an array of a store. */
export interface StoreNode {
  readonly kind: "group" | "array";
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of an array; [] for a group. */
  readonly shape: readonly number[];
  /** Rows that are stored, and so best read, together. */
  readonly blockRows: number;
  readonly type: "number" | "boolean" | "text" | "other";
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
  /** Rows `from` to `to` of an array, row-major: text, or numbers with booleans as 0 and 1. */
  read(path: string, from: number, to: number): Promise<ArrayLike<number> | readonly string[]>;
  close(): Promise<void>;
}

/** `DATA_CORRUPT` for a store without a part that every AnnData has. */
export function lacks(store: ArrayStore, path: string): Error {
  return failure("DATA_CORRUPT", `${store.file}: ${path} is missing`, { path: store.file, hint: WRITE_AGAIN });
}

/** The fix for stores that do not hold together. */
export const WRITE_AGAIN =
  "the file is incomplete, or was not written by anndata; write it again with a recent anndata";

/** All of a vector. */
export async function readAll(store: ArrayStore, path: string): Promise<ArrayLike<number> | readonly string[]> {
  const node = await store.node(path);
  if (node === undefined) throw lacks(store, path);
  return store.read(path, 0, node.shape[0] ?? 0);
}
