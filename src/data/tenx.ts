// Matrix Market files, and the count matrices of 10x Genomics: as the folder of a Matrix Market file with names beside it, and
// as an HDF5 file. Both hold features x barcodes; here barcodes are the rows.
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../errors.js";
import { later, native } from "../native.js";
import { readMatrix } from "./anndata-matrix.js";
import { type ArrayStore, numbersOf, readTexts, type StoreNode, WRITE_AGAIN } from "./anndata-store.js";
import { matrixSource, numbered } from "./positional.js";
import type { Source, SourceColumn } from "./source.js";
import { renamed, unpacked } from "./unpacked.js";

/** Opens a Matrix Market file; its columns are called `prefix`0, `prefix`1, ... */
export function openMtx(file: string, prefix = "x"): Source {
  const { rows, columns } = JSON.parse(native().mtxAbout(file)) as { rows: number; columns: number };
  return matrixSource(file, {
    format: "mtx",
    rows,
    columns: numbered(file, prefix, columns),
    read: (places) => later().mtxRead(file, false, places),
    exact: (places) => later().mtxExact(file, false, places),
  });
}

const MATRIX = /^(.*)matrix\.mtx(\.gz)?$/;

/** Whether a folder holds the matrix of 10x Genomics. */
export function isTenxFolder(folder: string): boolean {
  return readdirSync(folder).some((name) => MATRIX.test(name));
}

/** Opens a folder with `matrix.mtx`, `barcodes.tsv` and `features.tsv` (or `genes.tsv`), each perhaps in `.gz` and all with one prefix. */
export async function openTenxFolder(folder: string): Promise<Source> {
  const names = readdirSync(folder);
  const matrices = names.filter((name) => MATRIX.test(name));
  if (matrices.length > 1) {
    fail("DATA_UNSUPPORTED", `${folder} holds ${matrices.length} matrices: ${matrices.slice(0, 5).join(", ")}`, {
      path: folder,
      hint: "put the matrix, barcodes and features of one sample into a folder of its own",
      context: { matrices },
    });
  }
  const prefix = MATRIX.exec(matrices[0]!)![1]!;
  const lines = async (...kinds: readonly string[]): Promise<readonly string[]> => {
    const name = names.find((one) =>
      kinds.some((kind) => [`${prefix}${kind}.tsv`, `${prefix}${kind}.tsv.gz`].includes(one)),
    );
    if (name === undefined) {
      const expected = kinds.map((kind) => `${prefix}${kind}.tsv`).join(" or ");
      return fail("DATA_NOT_FOUND", `${folder} has no ${expected} beside ${matrices[0]}`, {
        path: folder,
        hint: "copy all three files of the matrix into the folder",
      });
    }
    const file = await unpacked(join(folder, name));
    try {
      return (await readFile(file.path, "utf8")).replace(/\r?\n$/, "").split(/\r?\n/);
    } finally {
      await file.release();
    }
  };
  const barcodes = await lines("barcodes");
  const features = (await lines("features", "genes")).map((line) => line.split("\t"));
  const given = join(folder, matrices[0]!);
  const { path: file, release } = await unpacked(given);
  const naming = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw renamed(error, file, given);
    }
  };
  try {
    const { rows, columns } = await naming(
      () => JSON.parse(native().mtxAbout(file)) as { rows: number; columns: number },
    );
    checkSize(given, [rows, columns], [features.length, barcodes.length]);
    const source = matrixSource(folder, {
      format: "10x-folder",
      rows: columns,
      rowIds: barcodes,
      ...featureColumns(
        features.map(([id = "", name]) => ({ id, name: name ?? id })),
        features.map((fields) => fields[2] ?? ""),
      ),
      read: (places) => naming(() => later().mtxRead(file, true, places)),
      exact: (places) => naming(() => later().mtxExact(file, true, places)),
    });
    return { ...source, close: release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Whether a group of an HDF5 file is a matrix of 10x Genomics. */
export async function isTenxGroup(store: ArrayStore, group: string): Promise<boolean> {
  if ((await store.node(group))?.kind !== "group") return false;
  const parts = await store.children(group);
  return ["barcodes", "data", "indices", "indptr", "shape"].every((part) => parts.includes(part));
}

/** Opens the matrix of an HDF5 file of 10x Genomics: `matrix`, or in files of Cell Ranger 2 a group named like its genome. */
export async function openTenxGroup(store: ArrayStore, group: string): Promise<Source> {
  const parts = await store.children(group);
  const isRecent = parts.includes("features");
  const [ids, names, types, barcodes] = await Promise.all([
    readTexts(store, isRecent ? `${group}/features/id` : `${group}/genes`),
    readTexts(store, isRecent ? `${group}/features/name` : `${group}/gene_names`),
    isRecent ? readTexts(store, `${group}/features/feature_type`) : [],
    readTexts(store, `${group}/barcodes`),
  ]);
  const shape = Array.from(numbersOf(await store.read(`${group}/shape`, 0, 2)));
  checkSize(`${store.file}: ${group}`, shape, [names.length, barcodes.length]);
  const { columns, inputGroup } = featureColumns(
    ids.map((id, i) => ({ id, name: names[i] ?? id })),
    types,
  );
  // Columns of features x barcodes are rows of barcodes x features.
  const described: ArrayStore = {
    ...store,
    node: async (path): Promise<StoreNode | undefined> => {
      const node = await store.node(path);
      if (node === undefined || path !== group) return node;
      return { ...node, attributes: { "encoding-type": "csr_matrix", shape: [barcodes.length, names.length] } };
    },
  };
  const place = new Map(columns.map(({ name }, j) => [name, j]));
  const rows = barcodes.length;
  const fill = async (values: Float32Array | Float64Array, chosen: readonly string[]): Promise<void> => {
    if (chosen.length === 0) return;
    const slots = new Int32Array(columns.length).fill(-1);
    for (const [slot, name] of chosen.entries()) slots[place.get(name)!] = slot;
    const target = { values, rows, width: chosen.length, names: columns.map(({ name }) => name) };
    await readMatrix(described, group, slots, target);
  };
  return {
    describe: async () => ({ format: "10x-h5", rows, columns, ...(inputGroup !== undefined && { inputGroup }) }),
    read: async ({ numeric, text }) => {
      const values = new Float32Array(rows * numeric.length);
      await fill(values, numeric);
      for (const name of text) {
        fail("DATA_MISSING_COLUMN", `${store.file} holds counts only: ${JSON.stringify(name)} is no column of labels`, {
          path: store.file,
          hint: "give labels per row in code, or add them to obs with scanpy: read_10x_h5(path), then write_h5ad",
        });
      }
      return { rows, numeric: values, text: [], rowIds: [...barcodes] };
    },
    exact: async (names) => {
      const values = new Float64Array(rows * names.length);
      await fill(values, names);
      return values;
    },
    close: () => store.close(),
  };
}

/** Columns called by their symbol, or by their id where several features share a symbol; kinds of features are groups. */
function featureColumns(
  features: readonly { readonly id: string; readonly name: string }[],
  types: readonly string[],
): { readonly columns: readonly SourceColumn[]; readonly inputGroup?: string } {
  const counts = new Map<string, number>();
  for (const { name } of features) counts.set(name, (counts.get(name) ?? 0) + 1);
  const kinds = new Set(types.filter((type) => type !== ""));
  const columns = features.map(({ id, name }, i): SourceColumn => {
    const group = kinds.size > 1 ? types[i] : undefined;
    return { name: counts.get(name) === 1 ? name : id, kind: "number", ...(group !== undefined && { group }) };
  });
  return kinds.size > 1 && kinds.has(EXPRESSION) ? { columns, inputGroup: EXPRESSION } : { columns };
}

const EXPRESSION = "Gene Expression";

function checkSize(place: string, got: readonly number[], expected: readonly [number, number]): void {
  if (got[0] === expected[0] && got[1] === expected[1]) return;
  fail(
    "DATA_SHAPE",
    `${place} is ${got.join(" x ")}, but there are ${expected[0]} features and ${expected[1]} barcodes`,
    {
      path: place,
      hint: WRITE_AGAIN,
      context: { got, expected },
    },
  );
}
