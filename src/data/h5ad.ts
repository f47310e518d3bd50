// AnnData and MuData in HDF5, through h5wasm (the HDF5 library as WebAssembly).
import { resolve } from "node:path";
import type { Dataset, File, Group } from "h5wasm/node";
import { failure, isDisentangleError } from "../errors.js";
import type { ArrayStore, StoreNode } from "./anndata-store.js";
import { type StoreOptions, storedSource } from "./mudata.js";
import { corrupt, guarded, type Source } from "./source.js";

/** Opens an `.h5ad` or `.h5mu` file. */
export async function openH5ad(file: string, options: StoreOptions = {}): Promise<Source> {
  const { default: h5wasm } = await import("h5wasm/node");
  // Without it the library prints its errors on stderr and goes on.
  (await h5wasm.ready).activate_throwing_error_handler();
  const translate = (error: unknown): Error => corrupt(file, "HDF5", innermost(error));
  let opened: File;
  try {
    opened = new h5wasm.File(resolve(file), "r");
    opened.keys();
  } catch (error) {
    throw translate(error);
  }
  try {
    return guarded(await storedSource(h5Store(file, opened), options), translate);
  } catch (error) {
    opened.close();
    throw isDisentangleError(error) ? error : translate(error);
  }
}

/** HDF5 reports a stack of errors, the first cause last: `#006: ... line 577 in H5F__super_read(): truncated file`. */
function innermost(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const causes = [...error.message.matchAll(/^\s*#\d+: .*?\(\): (.*)$/gm)];
  return causes.length === 0 ? error : new Error(causes.at(-1)![1], { cause: error });
}

function h5Store(file: string, opened: File): ArrayStore {
  const nodes = new Map<string, StoreNode | undefined>();
  const get = (path: string): Dataset | Group | undefined => {
    const entity = opened.get(path === "" ? "/" : path);
    return entity !== null && "attrs" in entity && ("keys" in entity || "slice" in entity)
      ? (entity as Dataset | Group)
      : undefined;
  };
  return {
    format: "h5ad",
    file,
    node: async (path) => {
      if (!nodes.has(path)) nodes.set(path, nodeOf(get(path)));
      return nodes.get(path);
    },
    children: async (path) => {
      const entity = get(path);
      return entity !== undefined && "keys" in entity ? entity.keys() : [];
    },
    read: async (path, from, to) => {
      const dataset = get(path) as Dataset;
      refuseFilters(file, path, dataset);
      const shape = dataset.shape ?? [];
      if (from === to) return [];
      return numbers(dataset.slice([[from, to], ...shape.slice(1).map(() => [] as [])]));
    },
    close: async () => {
      opened.close();
    },
  };
}

function nodeOf(entity: Dataset | Group | undefined): StoreNode | undefined {
  if (entity === undefined) return undefined;
  const attributes = Object.fromEntries(Object.keys(entity.attrs).map((key) => [key, attribute(entity, key)]));
  if ("keys" in entity) return { kind: "group", attributes, shape: [], blockRows: 1, type: "other" };
  const { metadata } = entity;
  const shape = metadata.shape ?? [];
  return { kind: "array", attributes, shape, blockRows: metadata.chunks?.[0] ?? 1, type: typeOf(entity) };
}

// References to other objects have no JSON form, and none is needed here.
function attribute(entity: Dataset | Group, key: string): unknown {
  try {
    return entity.get_attribute(key, true);
  } catch {
    return undefined;
  }
}

function typeOf(dataset: Dataset): StoreNode["type"] {
  const { dtype, metadata } = dataset;
  if (metadata.enum_type !== undefined) return isBoolean(metadata.enum_type) ? "boolean" : "other";
  if (typeof dtype !== "string") return "other";
  return dtype.startsWith("S") ? "text" : "number";
}

function isBoolean(type: { readonly members: Readonly<Record<string, number>> }): boolean {
  return Object.keys(type.members).sort().join() === "FALSE,TRUE";
}

function numbers(values: unknown): ArrayLike<number> | readonly string[] {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return Float64Array.from(values, Number);
  return values as ArrayLike<number>;
}

// gzip and shuffle are built in; others come as plug-ins that WebAssembly cannot load.
const FILTERS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);

function refuseFilters(file: string, path: string, dataset: Dataset): void {
  const filter = dataset.filters.find(({ id }) => !FILTERS.has(id));
  if (filter === undefined) return;
  throw failure(
    "DATA_UNSUPPORTED",
    `${file}: ${path} is compressed with ${filter.name || `filter ${filter.id}`}, expected gzip`,
    {
      path: file,
      hint: 'write the file again: adata.write_h5ad(path, compression="gzip")',
      context: { filter: filter.id },
    },
  );
}
