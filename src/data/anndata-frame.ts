// Data frames of AnnData (obs, var): each column as numbers or as text, in all encodings since anndata 0.7.
import { fail } from "../errors.js";
import { type ArrayStore, lacks, readAll, type StoreNode } from "./anndata-store.js";
import { labelOf, numberOfLabel, overflow, overflows, type SourceColumn } from "./source.js";

/** A column that can be read either way. */
export interface FrameColumn {
  readonly name: string;
  readonly kind: SourceColumn["kind"];
  /** One number per row, NaN where missing. */
  numbers(): Promise<Float32Array>;
  /** One text per row, "" where missing. */
  texts(): Promise<string[]>;
}

/** A data frame. */
export interface Frame {
  readonly columns: readonly FrameColumn[];
  /** The names of the rows. */
  index(): Promise<string[]>;
}

type Values = readonly (string | number)[];

/** Opens the frame at `path`. */
export async function openFrame(store: ArrayStore, path: string): Promise<Frame> {
  const frame = await store.node(path);
  if (frame?.kind !== "group") {
    return fail("DATA_UNSUPPORTED", `${store.file}: ${path} is not a data frame that anndata 0.7 or later wrote`, {
      path: store.file,
      hint: "read the file with a recent anndata and write it again",
    });
  }
  const index = frame.attributes._index;
  const order = frame.attributes["column-order"];
  const indexName = typeof index === "string" ? index : "_index";
  // One column name comes back as a plain text from some writers.
  const names = (Array.isArray(order) ? order : typeof order === "string" ? [order] : []).map(String);
  const columns: FrameColumn[] = [];
  for (const name of names) columns.push(await openColumn(store, path, name));
  return { columns, index: async () => (await openColumn(store, path, indexName)).texts() };
}

async function openColumn(store: ArrayStore, frame: string, name: string): Promise<FrameColumn> {
  const path = `${frame}/${name}`;
  const node = await store.node(path);
  if (node === undefined) throw lacks(store, path);
  const values = await reader(store, frame, name, node);
  return {
    name,
    kind: await kindOf(store, path, node),
    numbers: async () => toNumbers(store.file, name, await values()),
    texts: async () => (await values()).map((value) => (typeof value === "number" ? labelOf(value) : value)),
  };
}

async function kindOf(store: ArrayStore, path: string, node: StoreNode): Promise<SourceColumn["kind"]> {
  const encoding = node.attributes["encoding-type"];
  if (node.kind === "group") {
    if (encoding === "nullable-integer") return "number";
    return encoding === "categorical" || String(encoding).startsWith("nullable-") ? "text" : "unknown";
  }
  const isLegacy = (await legacyCategories(store, path)) !== undefined;
  if (isLegacy || node.type === "boolean") return "text";
  return node.shape.length !== 1 || node.type === "other" ? "unknown" : node.type;
}

/** How the values of a column are had: numbers, or text; a missing value is NaN or "". */
async function reader(store: ArrayStore, frame: string, name: string, node: StoreNode): Promise<() => Promise<Values>> {
  const path = `${frame}/${name}`;
  const all = (at: string) => readAll(store, at);
  if (node.kind === "group") {
    if (node.attributes["encoding-type"] === "categorical") {
      return async () =>
        decode(await plain(store, `${path}/categories`), (await all(`${path}/codes`)) as ArrayLike<number>);
    }
    return async () => {
      const mask = (await all(`${path}/mask`)) as ArrayLike<number>;
      return (await plain(store, `${path}/values`)).map((value, i) => {
        if (!mask[i]) return value;
        return typeof value === "number" ? Number.NaN : "";
      });
    };
  }
  const categories = await legacyCategories(store, path);
  if (categories !== undefined) {
    return async () => decode(await plain(store, categories), (await all(path)) as ArrayLike<number>);
  }
  return () => plain(store, path);
}

// anndata before 0.8 keeps the categories of obs/x in obs/__categories/x.
async function legacyCategories(store: ArrayStore, path: string): Promise<string | undefined> {
  const slash = path.lastIndexOf("/");
  const categories = `${path.slice(0, slash)}/__categories/${path.slice(slash + 1)}`;
  return (await store.node(categories)) === undefined ? undefined : categories;
}

async function plain(store: ArrayStore, path: string): Promise<Values> {
  const node = await store.node(path);
  // Categories and values may themselves be nullable.
  if (node?.kind === "group") {
    const slash = path.lastIndexOf("/");
    return (await reader(store, path.slice(0, slash), path.slice(slash + 1), node))();
  }
  const values = Array.from<string | number>((await readAll(store, path)) as ArrayLike<string | number>);
  return node?.type === "boolean" ? values.map((value) => (value ? "true" : "false")) : values;
}

function decode(categories: Values, codes: ArrayLike<number>): Values {
  const missing = typeof categories[0] === "number" ? Number.NaN : "";
  return Array.from(codes, (code) => (code < 0 ? missing : categories[code]!));
}

function toNumbers(file: string, column: string, values: Values): Float32Array {
  const out = new Float32Array(values.length);
  values.forEach((value, i) => {
    const number = typeof value === "number" ? value : numberOfLabel(file, column, i + 1, value);
    if (overflows(number)) throw overflow(file, column, i + 1, number);
    out[i] = number;
  });
  return out;
}
