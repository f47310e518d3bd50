// AnnData and MuData in zarr, versions 2 and 3, as a folder or in a zip, through zarrita.
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import FileSystemStore from "@zarrita/storage/fs";
import ZipFileStore from "@zarrita/storage/zip";
import * as zarr from "zarrita";
import { failure, isDisentangleError } from "../errors.js";
import type { ArrayStore, StoreNode } from "./anndata-store.js";
import { type StoreOptions, storedSource } from "./mudata.js";
import { corrupt, guarded, type Source } from "./source.js";

/** A place that zarr's keys are looked up in. */
interface KeyStore {
  readonly store: zarr.AsyncReadable;
  children(path: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens a zarr folder. */
export async function openZarrFolder(folder: string, options?: StoreOptions): Promise<Source> {
  const keys: KeyStore = {
    store: new FileSystemStore(folder),
    children: async (path) => {
      const entries = await readdir(join(folder, path), { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },
    close: async () => {},
  };
  return zarrSource(folder, keys, options);
}

/** Opens a zarr in a zip file, at its root or in a folder of it. */
export async function openZarrZip(file: string, options?: StoreOptions): Promise<Source> {
  const handle = await open(file, "r");
  try {
    return await zarrSource(file, await zipKeys(handle, file), options);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function zipKeys(handle: FileHandle, file: string): Promise<KeyStore> {
  const { size } = await handle.stat();
  let names: readonly string[] = [];
  const reader = {
    getLength: async () => size,
    read: async (offset: number, length: number) => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      if (bytesRead < length) throw new Error(`it ends after ${offset + bytesRead} of ${offset + length} bytes`);
      return bytes;
    },
  };
  const store = new ZipFileStore(reader, {
    transformEntries: (entries) => {
      const prefix = rootOf(Object.keys(entries));
      const inside = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
      const renamed = Object.fromEntries(inside.map(([name, entry]) => [name.slice(prefix.length), entry]));
      names = Object.keys(renamed);
      return renamed;
    },
  });
  try {
    await store.has("/zarr.json");
  } catch (error) {
    throw corrupt(file, "zip", error);
  }
  return {
    store,
    children: async (path) => {
      const below = names.filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1));
      return [...new Set(below.filter((name) => name.includes("/")).map((name) => name.slice(0, name.indexOf("/"))))];
    },
    close: () => handle.close(),
  };
}

/** The folder of a zip that holds the root of the zarr, with its slash: "" where that is the root of the zip. */
function rootOf(names: readonly string[]): string {
  const roots = names
    .filter((name) => /(^|\/)(zarr\.json|\.zgroup)$/.test(name))
    .map((name) => name.replace(/[^/]*$/, ""));
  return roots.reduce((shortest, root) => (root.length < shortest.length ? root : shortest), roots[0] ?? "");
}

async function zarrSource(file: string, keys: KeyStore, options: StoreOptions | undefined): Promise<Source> {
  const translate = (error: unknown): Error => {
    if (!zarr.isZarritaError(error, "UnknownCodecError")) return corrupt(file, "zarr", error);
    return failure("DATA_UNSUPPORTED", `${file}: compressed with ${error.codec}, which is not supported`, {
      path: file,
      hint: "write it again with the default codecs of zarr",
      cause: error,
    });
  };
  try {
    return guarded(await storedSource(zarrStore(file, keys), options), translate);
  } catch (error) {
    throw isDisentangleError(error) ? error : translate(error);
  }
}

function zarrStore(file: string, keys: KeyStore): ArrayStore {
  const get = keys.store;
  // zarrita resolves paths as URLs, which cuts names at # and ?: they travel encoded twice and are decoded here.
  const store: zarr.AsyncReadable = {
    get: (key, options) => get.get(decodeURIComponent(key) as `/${string}`, options),
    getRange: (key, range, options) => get.getRange!(decodeURIComponent(key) as `/${string}`, range, options),
  };
  const at = (path: string) => {
    const encoded = path.split("/").map((part) => encodeURIComponent(encodeURIComponent(part)));
    return new zarr.Location(store, `/${encoded.join("/")}`);
  };
  const nodes = new Map<string, Promise<zarr.Array<zarr.DataType> | zarr.Group<zarr.Readable> | undefined>>();
  const opened = (path: string) => {
    const found = nodes.get(path) ?? zarr.open(at(path)).catch(absent);
    nodes.set(path, found);
    return found;
  };
  return {
    format: "zarr",
    file,
    node: async (path) => nodeOf(await opened(path)),
    children: (path) => keys.children(path),
    read: async (path, from, to) => {
      const array = (await opened(path)) as zarr.Array<zarr.DataType>;
      if (from === to) return [];
      const block = await zarr.get(array, [zarr.slice(from, to), ...array.shape.slice(1).map(() => null)]);
      return plainValues(block, path, file);
    },
    close: () => keys.close(),
  };
}

function absent(error: unknown): undefined {
  if (zarr.isZarritaError(error, "NotFoundError")) return undefined;
  throw error;
}

function nodeOf(node: zarr.Array<zarr.DataType> | zarr.Group<zarr.Readable> | undefined): StoreNode | undefined {
  if (node === undefined) return undefined;
  const attributes = node.attrs;
  if (node.kind === "group") return { kind: "group", attributes, shape: [], blockRows: 1, type: "other" };
  return {
    kind: "array",
    attributes,
    shape: node.shape,
    blockRows: Math.max(1, node.chunks[0] ?? 1),
    type: typeOf(node),
  };
}

function typeOf(array: zarr.Array<zarr.DataType>): StoreNode["type"] {
  if (array.is("boolean")) return "boolean";
  if (array.is("number") || array.is("bigint")) return "number";
  return array.is("string") || array.is("object") ? "text" : "other";
}

function plainValues(
  block: zarr.Chunk<zarr.DataType>,
  path: string,
  file: string,
): ArrayLike<number> | readonly string[] {
  const { data, shape, stride } = block;
  const isRowMajor = shape.length < 2 || stride[1] === 1;
  if (!isRowMajor) {
    throw failure("DATA_UNSUPPORTED", `${file}: ${path} is stored column by column`, {
      path: file,
      hint: "write the matrix in C order",
    });
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (ArrayBuffer.isView(data)) return data as unknown as ArrayLike<number>;
  // Booleans and text come in containers of zarrita's own.
  return Array.from(data as Iterable<unknown>, (value) =>
    typeof value === "boolean" ? Number(value) : value,
  ) as string[];
}
