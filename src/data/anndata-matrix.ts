// The matrix of an AnnData store, dense or sparse: only the chosen columns are ever held in memory.
import { fail } from "../errors.js";
import { nextTurn } from "../turns.js";
import {
  type ArrayStore,
  blockLength,
  lacks,
  numbersOf,
  readAll,
  type StoreNode,
  WRITE_AGAIN,
} from "./anndata-store.js";
import { overflow, overflows } from "./source.js";

// Values read in one go: large enough to spread the cost of a call, small enough to stay in cache, and not to hold the event loop: the
// library that reads them works on it.
const BLOCK = 1 << 18;

/** Where the chosen columns go. */
export interface MatrixTarget {
  /** Row-major, `rows` x `width`; zeros to begin with. */
  readonly values: Float32Array | Float64Array;
  readonly rows: number;
  readonly width: number;
  /** Names of all columns of the matrix. */
  readonly names: readonly string[];
}

/** Copies columns of the matrix at `path`: column j goes to column `slots[j]` of the target, nowhere where that is -1. */
export async function readMatrix(
  store: ArrayStore,
  path: string,
  slots: Int32Array,
  target: MatrixTarget,
): Promise<void> {
  const node = await store.node(path);
  if (node === undefined) throw lacks(store, path);
  const shape = node.kind === "array" ? node.shape : sparseShape(node);
  if (shape.length !== 2 || shape[0] !== target.rows || shape[1] !== target.names.length) {
    const got = `${path} is ${shape.join(" x ")}`;
    fail("DATA_SHAPE", `${store.file}: ${got}, expected ${target.rows} x ${target.names.length} (obs x var)`, {
      path: store.file,
      hint: WRITE_AGAIN,
    });
  }
  const put: Put = (row, column, value) => {
    const slot = slots[column]!;
    if (slot < 0) return;
    if (overflows(value)) throw overflow(store.file, target.names[column]!, row + 1, value);
    // Sparse matrices may hold an entry in several parts.
    target.values[row * target.width + slot]! += value;
  };
  if (node.kind === "array" && node.type === "other") {
    fail("DATA_UNSUPPORTED", `${store.file}: ${path} holds ${node.what}, expected numbers`, {
      path: store.file,
      hint: "convert the matrix before writing: adata.X = adata.X.astype('float32')",
    });
  }
  if (node.kind === "array") return readDense(store, path, node, slots, target);
  const format = String(node.attributes["encoding-type"] ?? node.attributes.h5sparse_format);
  if (format.startsWith("csr")) return readSparse(store, path, () => true, put);
  if (format.startsWith("csc")) {
    return readSparse(
      store,
      path,
      (column) => slots[column]! >= 0,
      (column, row, value) => put(row, column, value),
    );
  }
  fail("DATA_UNSUPPORTED", `${store.file}: ${path} is encoded as ${format}, expected a dense, CSR or CSC matrix`, {
    path: store.file,
    hint: "write the matrix dense, or as a scipy.sparse csr_matrix or csc_matrix",
  });
}

type Put = (major: number, minor: number, value: number) => void;

async function readDense(
  store: ArrayStore,
  path: string,
  node: StoreNode,
  slots: Int32Array,
  { values, width, names }: MatrixTarget,
): Promise<void> {
  const [rows = 0, columns = 0] = node.shape;
  const step = blockLength(Math.max(1, Math.floor(BLOCK / Math.max(1, columns))), node.blockRows);
  const runs = runsOf(slots);
  for (let top = 0; top < rows; top += step) {
    const bottom = Math.min(rows, top + step);
    const block = numbersOf(await store.read(path, top, bottom));
    for (let row = top; row < bottom; row++) {
      for (const { from, to, length } of runs) {
        const bad = copy(block, (row - top) * columns + from, values, row * width + to, length);
        if (bad >= 0)
          throw overflow(store.file, names[from + bad]!, row + 1, block[(row - top) * columns + from + bad]!);
      }
    }
    if (bottom < rows) await nextTurn();
  }
}

/** Columns side by side that go to columns side by side. */
interface Run {
  readonly from: number;
  readonly to: number;
  length: number;
}

function runsOf(slots: Int32Array): readonly Run[] {
  const runs: Run[] = [];
  for (const [column, slot] of slots.entries()) {
    if (slot < 0) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.length === column && last.to + last.length === slot) last.length++;
    else runs.push({ from: column, to: slot, length: 1 });
  }
  return runs;
}

/** Copies numbers; says which is too large for 32 bits, or -1. A negative zero becomes a zero, as in a sparse matrix. */
function copy(
  block: ArrayLike<number>,
  start: number,
  values: Float32Array | Float64Array,
  end: number,
  length: number,
): number {
  if (block instanceof Float32Array) {
    for (let k = 0; k < length; k++) values[end + k] = block[start + k]! + 0;
    return -1;
  }
  for (let k = 0; k < length; k++) {
    const value = block[start + k]!;
    if (overflows(value)) return k;
    values[end + k] = value + 0;
  }
  return -1;
}

/** Walks the entries of a compressed matrix in blocks; blocks without a wanted row (CSC: column) are skipped. */
async function readSparse(
  store: ArrayStore,
  path: string,
  isWanted: (major: number) => boolean,
  put: Put,
): Promise<void> {
  const pointers = numbersOf(await readAll(store, `${path}/indptr`));
  const indices = await store.node(`${path}/indices`);
  const entries = pointers[pointers.length - 1] ?? 0;
  if ((indices?.shape[0] ?? -1) < entries) {
    fail("DATA_CORRUPT", `${store.file}: ${path} holds fewer entries than its index says`, {
      path: store.file,
      hint: WRITE_AGAIN,
    });
  }
  const step = blockLength(BLOCK, indices!.blockRows);
  let major = 0;
  for (let from = 0; from < entries; from += step) {
    const to = Math.min(entries, from + step);
    while (pointers[major + 1]! <= from) major++;
    const last = lastBefore(pointers, major, to);
    if (!someWanted(isWanted, major, last)) continue;
    const minors = numbersOf(await store.read(`${path}/indices`, from, to));
    const values = numbersOf(await store.read(`${path}/data`, from, to));
    for (let at = major; at <= last; at++) {
      if (!isWanted(at)) continue;
      const end = Math.min(to, pointers[at + 1]!);
      for (let entry = Math.max(from, pointers[at]!); entry < end; entry++) {
        put(at, minors[entry - from]!, values[entry - from]!);
      }
    }
    if (to < entries) await nextTurn();
  }
}

/** The last major index with an entry before `to`. */
function lastBefore(pointers: ArrayLike<number>, first: number, to: number): number {
  let last = first;
  while (last + 2 < pointers.length && pointers[last + 1]! < to) last++;
  return last;
}

function someWanted(isWanted: (major: number) => boolean, first: number, last: number): boolean {
  for (let at = first; at <= last; at++) if (isWanted(at)) return true;
  return false;
}

/** The shape of a sparse matrix, [] where it does not say. */
export function sparseShape(node: StoreNode): readonly number[] {
  const shape = node.attributes.shape ?? node.attributes.h5sparse_shape;
  return shape === undefined ? [] : Array.from(shape as ArrayLike<number | bigint>, Number);
}
