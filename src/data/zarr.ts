// AnnData and MuData in zarr, versions 2 and 3, as a folder or in a zip, through zarrita.
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import FileSystemStore from "@zarrita/storage/fs";
import ZipFileStore from "@zarrita/storage/zip";
import * as zarr from "zarrita";
import { failure, isDisentangleError, messageOf } from "../errors.js";
import type { ArrayStore, StoreNode, StoreOptions, StoreValues } from "./anndata-store.js";
import { halves } from "./half.js";
import { corrupt, guarded, type Source } from "./source.js";
import { storeSource } from "./stores.js";

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
      const above = path === "" ? "" : `${path}/`;
      const below = names.filter((name) => name.startsWith(above)).map((name) => name.slice(above.length));
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
    if (isDisentangleError(error)) return error;
    if (zarr.isZarritaError(error, "UnknownCodecError")) {
      return failure("DATA_UNSUPPORTED", `${file}: compressed with ${error.codec}, which is not supported`, {
        path: file,
        hint: "write it again with the default codecs of zarr",
        cause: error,
      });
    }
    // zarrita has one error for a type it does not know and for metadata that are damaged.
    const type =
      /^(?:Unknown or unsupported dataType|Unsupported or unknown dtype|Unknown chunk key encoding): (.*)$/.exec(
        messageOf(error),
      );
    if (type === null) return corrupt(file, "zarr", error);
    return failure("DATA_UNSUPPORTED", `${file}: an array of type ${type[1]}, which is not supported`, {
      path: file,
      hint: "write it as 32-bit floats, integers or text",
      cause: error,
    });
  };
  try {
    return guarded(await storeSource(zarrStore(file, keys), options), translate);
  } catch (error) {
    throw translate(error);
  }
}

function zarrStore(file: string, keys: KeyStore): ArrayStore {
  const get = keys.store;
  // zarrita resolves paths as URLs, which cuts names at # and ?: they travel encoded twice and are decoded here.
  const half = new Set<string>();
  const store: zarr.AsyncReadable = {
    get: async (key, options) => {
      const name = decodeURIComponent(key) as `/${string}`;
      return withoutHalves(name, await get.get(name, options), half);
    },
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
      if (array.shape.length === 0) return [await zarr.get(array)] as unknown as StoreValues;
      const block = await zarr.get(array, [zarr.slice(from, to), ...array.shape.slice(1).map(() => null)]);
      const values = plainValues(block, path, file);
      return half.has(path) ? halves(values as unknown as Uint16Array) : values;
    },
    close: () => keys.close(),
  };
}

/** Metadata of half precision read as 16-bit words, which every version of Node has; `half` learns their paths. */
function withoutHalves(key: string, bytes: Uint8Array | undefined, half: Set<string>): Uint8Array | undefined {
  if (bytes === undefined || !/\/(zarr\.json|\.zarray)$/.test(key)) return bytes;
  const text = new TextDecoder().decode(bytes);
  if (!/"(float16|[<>]f2)"/.test(text)) return bytes;
  const metadata = JSON.parse(text) as Record<string, unknown>;
  if (metadata.data_type === "float16") Object.assign(metadata, { data_type: "uint16", fill_value: 0 });
  else if (/^[<>]f2$/.test(String(metadata.dtype))) {
    Object.assign(metadata, { dtype: String(metadata.dtype).replace("f", "u"), fill_value: 0 });
  } else return bytes;
  half.add(key.slice(1).replace(/\/[^/]*$/, ""));
  return new TextEncoder().encode(JSON.stringify(metadata));
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

function plainValues(block: zarr.Chunk<zarr.DataType>, path: string, file: string): StoreValues {
  const { data, shape, stride } = block;
  const isRowMajor = shape.length < 2 || stride[1] === 1;
  if (!isRowMajor) {
    throw failure("DATA_UNSUPPORTED", `${file}: ${path} is stored column by column`, {
      path: file,
      hint: "write the matrix in C order",
    });
  }
  if (ArrayBuffer.isView(data)) return data as unknown as StoreValues;
  // Booleans and text come in containers of zarrita's own.
  return Array.from(data as Iterable<unknown>, (value) =>
    typeof value === "boolean" ? Number(value) : value,
  ) as string[];
}
