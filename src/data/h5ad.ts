// AnnData and MuData in HDF5, through h5wasm (the HDF5 library as WebAssembly).
import { resolve } from "node:path";
import type { Dataset, File, Group, Metadata } from "h5wasm/node";
import { fail, failure } from "../errors.js";
import type { ArrayStore, CellType, StoreNode, StoreOptions, StoreValues } from "./anndata-store.js";
import { halves } from "./half.js";
import { type Hdf5, hdf5, translateHdf5 } from "./hdf5.js";
import { guarded, type Source } from "./source.js";
import { storeSource } from "./stores.js";

type H5Module = Hdf5["module"];

/** Opens an HDF5 file: AnnData (`.h5ad`), MuData (`.h5mu`), or counts of 10x Genomics. */
export async function openH5ad(file: string, options: StoreOptions = {}): Promise<Source> {
  const store = await h5Store(file);
  try {
    return guarded(await storeSource(store, options), (error) => translateHdf5(file, error));
  } catch (error) {
    await store.close();
    throw translateHdf5(file, error);
  }
}

// What is read in one go: a header can claim any size.
const MOST_BYTES = 2 ** 30;

async function h5Store(file: string): Promise<ArrayStore> {
  const path = resolve(file);
  let opened: { readonly file: File; readonly library: Hdf5 } | undefined;
  /** Lets `work` use the file, which a fresh instance of the library opens again. */
  const using = async <T>(work: (file: File, module: Hdf5["module"]) => T): Promise<T> => {
    const library = await hdf5();
    try {
      if (opened?.library.generation !== library.generation) {
        opened = { file: new library.File(path, "r"), library };
      }
      return work(opened.file, library.module);
    } catch (error) {
      throw translateHdf5(file, error);
    }
  };
  const nodes = new Map<string, StoreNode | undefined>();
  const array = (opened: File, at: string): Dataset => {
    const dataset = entityAt(file, opened, at);
    if (dataset === undefined || "keys" in dataset) throw new Error(`${at} is no array`);
    refuseFilters(file, at, dataset);
    return dataset;
  };
  return {
    format: "h5ad",
    file,
    node: async (at) => {
      if (!nodes.has(at)) {
        nodes.set(at, await using((opened, module) => nodeOf(entityAt(file, opened, at), module)));
      }
      return nodes.get(at);
    },
    children: (at) =>
      using((opened) => {
        const entity = entityAt(file, opened, at);
        return entity !== undefined && "keys" in entity ? entity.keys() : [];
      }),
    read: (at, from, to) =>
      using((opened, module) => {
        if (from === to) return [];
        const dataset = array(opened, at);
        const shape = dataset.shape ?? [];
        const { type, size } = dataset.metadata;
        refuseSize(
          file,
          at,
          shape.slice(1).reduce((product, length) => product * length, (to - from) * size),
        );
        const isHalf = type === module.H5T_class_t.H5T_FLOAT.value && size === 2;
        if (isHalf) return halves(readRaw(module, dataset, from, to));
        if (shape.length === 0) return [dataset.value] as unknown as StoreValues;
        return dataset.slice([[from, to], ...shape.slice(1).map(() => [] as [])]) as StoreValues;
      }),
    records: (at) =>
      using((opened) => {
        const dataset = array(opened, at);
        refuseSize(
          file,
          at,
          (dataset.shape ?? []).reduce((product, length) => product * length, dataset.metadata.size),
        );
        return dataset.value as unknown as readonly (readonly unknown[])[];
      }),
    close: async () => {
      if (opened === undefined) return;
      const { file: handle, library } = opened;
      opened = undefined;
      // What another instance opened is gone with it.
      if ((await hdf5()).generation === library.generation) handle.close();
    },
  };
}

function entityAt(file: string, opened: File, path: string): Dataset | Group | undefined {
  const entity = opened.get(path === "" ? "/" : path);
  if (entity !== null && "obj_path" in entity) {
    fail("DATA_UNSUPPORTED", `${file}: ${path} is a link to another file, ${entity.filename}`, {
      path: file,
      hint: "copy it into the file: read the file and write it again with anndata",
    });
  }
  return entity !== null && "attrs" in entity && ("keys" in entity || "slice" in entity)
    ? (entity as Dataset | Group)
    : undefined;
}

function refuseSize(file: string, path: string, bytes: number): void {
  if (bytes <= MOST_BYTES) return;
  fail("DATA_CORRUPT", `${file}: ${path} claims ${bytes} bytes in one piece, at most ${MOST_BYTES} are read`, {
    path: file,
    hint: "the file is damaged, or its matrix is stored in one piece: write it again with anndata",
  });
}

function nodeOf(entity: Dataset | Group | undefined, module: H5Module): StoreNode | undefined {
  if (entity === undefined) return undefined;
  const attributes = Object.fromEntries(Object.keys(entity.attrs).map((key) => [key, attribute(entity, key)]));
  if ("keys" in entity) return { kind: "group", attributes, shape: [], blockRows: 1, type: "other" };
  const { metadata } = entity;
  const shape = metadata.shape ?? [];
  const node = { kind: "array", attributes, shape, blockRows: metadata.chunks?.[0] ?? 1 } as const;
  const type = typeOf(metadata, module);
  if (type !== "other") return { ...node, type };
  const members = metadata.compound_type?.members ?? [];
  const isComplex = members.length === 2 && members[0]!.name === "r" && members[1]!.name === "i";
  if (members.length === 0 || isComplex) return { ...node, type, what: wordsOf(metadata, isComplex, module) };
  const fields = members.map((member) => {
    return { name: member.name, type: typeOf(member, module), isSingle: member.size === 4 };
  });
  return { ...node, type, fields, what: "records" };
}

// References to other objects have no JSON form, and none is needed here.
function attribute(entity: Dataset | Group, key: string): unknown {
  try {
    return entity.get_attribute(key, true);
  } catch (error) {
    // What the library itself throws is no matter of form.
    if (!(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function typeOf({ type, size, enum_type: words }: Metadata, { H5T_class_t: of }: H5Module): CellType {
  if (words !== undefined) return isBoolean(words) ? "boolean" : "other";
  if (type === of.H5T_STRING.value) return "text";
  if (type === of.H5T_INTEGER.value) return [1, 2, 4, 8].includes(size) ? "number" : "other";
  return type === of.H5T_FLOAT.value && [2, 4, 8].includes(size) ? "number" : "other";
}

function isBoolean(type: { readonly members: Readonly<Record<string, number>> }): boolean {
  return Object.keys(type.members).sort().join() === "FALSE,TRUE";
}

/** What cannot be read, in words. */
function wordsOf({ type, size }: Metadata, isComplex: boolean, { H5T_class_t: of }: H5Module): string {
  if (isComplex) return "complex numbers";
  if (type === of.H5T_FLOAT.value || type === of.H5T_INTEGER.value) return `numbers of ${8 * size} bits`;
  const words: readonly (readonly [number, string])[] = [
    [of.H5T_VLEN.value, "lists"],
    [of.H5T_ARRAY.value, "arrays"],
    [of.H5T_REFERENCE.value, "references"],
    [of.H5T_OPAQUE.value, "raw bytes"],
    [of.H5T_BITFIELD.value, "bit fields"],
    [of.H5T_ENUM.value, "an enumeration"],
  ];
  return words.find(([known]) => known === type)?.[1] ?? "a type that is not known";
}

/** Rows as the 16-bit words they are stored as: the library has no half precision. */
function readRaw(module: H5Module, dataset: Dataset, from: number, to: number): Uint16Array {
  const shape = dataset.shape ?? [];
  const count = shape.map((length, axis) => BigInt(axis === 0 ? to - from : length));
  const offset = shape.map((_, axis) => BigInt(axis === 0 ? from : 0));
  const bytes = 2 * Number(count.reduce((product, length) => product * length, 1n));
  const at = module._malloc(bytes);
  try {
    module.get_dataset_data(
      dataset.file_id,
      dataset.path,
      count,
      offset,
      count.map(() => 1n),
      BigInt(at),
    );
    return new Uint16Array(module.HEAPU8.slice(at, at + bytes).buffer);
  } finally {
    module._free(at);
  }
}

// gzip and shuffle are built in; others come as plug-ins that WebAssembly cannot load.
const FILTERS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);

// https://github.com/HDFGroup/hdf5_plugins/blob/master/docs/RegisteredFilterPlugins.md
const FILTER_NAMES: Readonly<Record<number, string>> = {
  307: "bzip2",
  32000: "LZF",
  32001: "Blosc",
  32004: "LZ4",
  32008: "bitshuffle",
  32013: "ZFP",
  32015: "Zstandard",
  32017: "SZ",
  32026: "Blosc2",
};

function refuseFilters(file: string, path: string, dataset: Dataset): void {
  const filter = dataset.filters.find(({ id }) => !FILTERS.has(id));
  if (filter === undefined) return;
  throw failure(
    "DATA_UNSUPPORTED",
    `${file}: ${path} is compressed with ${FILTER_NAMES[filter.id] ?? (filter.name || `filter ${filter.id}`)}, expected gzip`,
    {
      path: file,
      hint: `write the file again: adata.write_h5ad(path, compression="gzip"), or h5repack -f GZIP=4 ${file} new.h5`,
      context: { filter: filter.id },
    },
  );
}
