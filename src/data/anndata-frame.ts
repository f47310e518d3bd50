// Data frames of AnnData (obs, var): each column as numbers or as text, in all encodings since anndata 0.6.
import { fail, failure, isDisentangleError } from "../errors.js";
import {
  type ArrayStore,
  lacks,
  numbersOf,
  readAll,
  readTexts,
  type StoreNode,
  type StoreValues,
  WRITE_AGAIN,
} from "./anndata-store.js";
import { labelTexts, numberOfLabel, overflow, overflows, type Source, type SourceColumn } from "./source.js";

/** A column that can be read either way. */
export interface FrameColumn {
  readonly name: string;
  readonly kind: SourceColumn["kind"];
  /** One number per row with 64 bits, each of a size that 32 can hold; NaN where missing. */
  numbers(): Promise<Float64Array>;
  /** One text per row, exactly as it is stored; "" where missing. */
  texts(): Promise<string[]>;
}

/** A data frame. */
export interface Frame {
  readonly columns: readonly FrameColumn[];
  /** The names of the rows. */
  index(): Promise<string[]>;
}

/** The columns of a frame as a source has them. */
export function frameSource({ columns }: Frame): Pick<Source, "read" | "exact"> {
  const exact = async (names: readonly string[]): Promise<Float64Array> => {
    const found: Float64Array[] = [];
    for (const name of names) found.push(await column(name).numbers());
    const rows = found[0]?.length ?? 0;
    return Float64Array.from(
      { length: rows * names.length },
      (_, i) => found[i % names.length]![Math.floor(i / names.length)]!,
    );
  };
  const column = (name: string) => columns.find((one) => one.name === name)!;
  return {
    read: async ({ numeric, text }) => {
      const texts: string[][] = [];
      for (const name of text) texts.push(await column(name).texts());
      const numbers = await exact(numeric);
      const rows = texts[0]?.length ?? numbers.length / Math.max(1, numeric.length);
      return { rows, numeric: Float32Array.from(numbers), text: texts };
    },
    exact,
  };
}

/** Opens the frame at `path`. */
export async function openFrame(store: ArrayStore, path: string): Promise<Frame> {
  const frame = await store.node(path);
  if (frame?.fields !== undefined) return openRecords(store, path, frame.fields);
  if (frame?.kind !== "group") {
    return fail("DATA_UNSUPPORTED", `${store.file}: ${path} is not a data frame of AnnData`, {
      path: store.file,
      hint: "read the file with a recent anndata and write it again",
    });
  }
  const index = frame.attributes._index;
  const order = frame.attributes["column-order"];
  const indexName = typeof index === "string" ? index : "_index";
  // One column name comes back as a plain text from some writers.
  const names = (Array.isArray(order) ? order : typeof order === "string" ? [order] : []).map(String);
  const columns = await Promise.all(names.map((name) => openColumn(store, path, name)));
  return { columns, index: async () => (await openColumn(store, path, indexName)).texts() };
}

/** A column of a frame. One that cannot be read says so when it is asked for: it must not block the others. */
async function openColumn(store: ArrayStore, frame: string, name: string): Promise<FrameColumn> {
  const path = `${frame}/${name}`;
  try {
    const node = await store.node(path);
    if (node === undefined) throw lacks(store, path);
    // anndata before 0.8 keeps the categories of obs/x in obs/__categories/x.
    const legacy = `${frame}/__categories/${name}`;
    const categories = node.kind === "array" && (await store.node(legacy)) !== undefined ? legacy : undefined;
    const cells = cellsOf(store, name, path, node, categories);
    return { name, kind: categories === undefined ? kindOf(node) : "text", ...cells };
  } catch (error) {
    const later = () => Promise.reject(error);
    return { name, kind: "unknown", numbers: later, texts: later };
  }
}

function kindOf(node: StoreNode): SourceColumn["kind"] {
  const encoding = node.attributes["encoding-type"];
  if (node.kind === "group") {
    if (encoding === "nullable-integer") return "number";
    return encoding === "categorical" || String(encoding).startsWith("nullable-") ? "text" : "unknown";
  }
  if (node.type === "boolean") return "text";
  return node.shape.length !== 1 || node.type === "other" ? "unknown" : node.type;
}

type Cells = Pick<FrameColumn, "numbers" | "texts">;

/** How the cells of a column are had. Categories and values may themselves be nullable. */
function cellsOf(store: ArrayStore, name: string, path: string, node: StoreNode, legacy?: string): Cells {
  if (legacy !== undefined) return categorical(store, name, legacy, path);
  const encoding = node.attributes["encoding-type"];
  if (node.kind === "array") {
    if (node.type === "other" || node.shape.length > 1) throw unsupportedColumn(store, path, node);
    const all = () => readAll(store, path);
    return {
      texts: async () => labelTexts(await all(), node.type === "boolean"),
      numbers: async () => toNumbers(store.file, name, await all()),
    };
  }
  if (encoding === "categorical") return categorical(store, name, `${path}/categories`, `${path}/codes`);
  if (!String(encoding).startsWith("nullable-")) throw unsupportedColumn(store, path, node);
  const parts = async (): Promise<readonly [Cells, ArrayLike<number>]> => [
    await cellsAt(store, name, `${path}/values`),
    numbersOf(await readAll(store, `${path}/mask`)),
  ];
  return {
    texts: async () => {
      const [values, mask] = await parts();
      return (await values.texts()).map((text, i) => (mask[i] ? "" : text));
    },
    numbers: async () => {
      const [values, mask] = await parts();
      return (await values.numbers()).map((value, i) => (mask[i] ? Number.NaN : value));
    },
  };
}

async function cellsAt(store: ArrayStore, name: string, path: string): Promise<Cells> {
  const node = await store.node(path);
  if (node === undefined) throw lacks(store, path);
  return cellsOf(store, name, path, node);
}

function categorical(store: ArrayStore, name: string, categoriesAt: string, codesAt: string): Cells {
  const parts = async (): Promise<readonly [readonly string[], ArrayLike<number>]> => {
    const categories = await (await cellsAt(store, name, categoriesAt)).texts();
    return [categories, numbersOf(await readAll(store, codesAt))];
  };
  return {
    texts: async () => {
      const [categories, codes] = await parts();
      return Array.from(codes, (code) => categoryOf(store, codesAt, categories, code));
    },
    numbers: async () => {
      const [categories, codes] = await parts();
      const numbers = await (await cellsAt(store, name, categoriesAt)).numbers().catch((error: unknown) => {
        if (isDisentangleError(error) && error.code === "DATA_NOT_NUMERIC") return undefined;
        throw error;
      });
      return Float64Array.from(codes, (code, i) => {
        if (code < 0) return Number.NaN;
        const category = categoryOf(store, codesAt, categories, code);
        return numbers === undefined ? numberOfLabel(store.file, name, i + 1, category) : numbers[code]!;
      });
    },
  };
}

function categoryOf(store: ArrayStore, path: string, categories: readonly string[], code: number): string {
  if (code < 0) return "";
  return (
    categories[code] ??
    fail("DATA_CORRUPT", `${store.file}: ${path} has the code ${code}, but there are ${categories.length} categories`, {
      path: store.file,
      hint: WRITE_AGAIN,
    })
  );
}

/** Frames of anndata 0.6: one array of records, the index its first field, categories in uns. */
function openRecords(store: ArrayStore, path: string, fields: NonNullable<StoreNode["fields"]>): Frame {
  let read: Promise<readonly (readonly unknown[])[]> | undefined;
  const field = async (j: number): Promise<StoreValues> => {
    read ??= store.records!(path);
    return (await read).map((row) => row[j]) as readonly string[];
  };
  const cells = (name: string, j: number): Cells => ({
    texts: async () => labelTexts(await field(j), fields[j]!.type === "boolean", fields[j]!.isSingle),
    numbers: async () => toNumbers(store.file, name, await field(j)),
  });
  const columns = fields.slice(1).map(({ name, type }, j): FrameColumn => {
    const plain = cells(name, j + 1);
    const categoriesAt = `uns/${name}_categories`;
    const isCategorical = async (): Promise<boolean> => (await store.node(categoriesAt)) !== undefined;
    const coded = (): Cells => {
      const fetch = async (): Promise<readonly [readonly string[], ArrayLike<number>]> => [
        await readTexts(store, categoriesAt),
        numbersOf(await field(j + 1)),
      ];
      const texts = async () => {
        const [categories, codes] = await fetch();
        return Array.from(codes, (code) => categoryOf(store, `${path}/${name}`, categories, code));
      };
      return { texts, numbers: async () => toNumbers(store.file, name, await texts()) };
    };
    return {
      name,
      kind: type === "boolean" ? "text" : type === "other" ? "unknown" : type,
      texts: async () => ((await isCategorical()) ? coded() : plain).texts(),
      numbers: async () => ((await isCategorical()) ? coded() : plain).numbers(),
    };
  });
  return { columns, index: () => cells("index", 0).texts() };
}

function toNumbers(file: string, column: string, values: StoreValues): Float64Array {
  return Float64Array.from(values as ArrayLike<number | bigint | string>, (value, i) => {
    const number = typeof value === "string" ? numberOfLabel(file, column, i + 1, value) : Number(value);
    if (overflows(number)) throw overflow(file, column, i + 1, number);
    return number;
  });
}

function unsupportedColumn(store: ArrayStore, path: string, node: StoreNode): Error {
  const dimensions = node.shape.length > 1 ? `an array of ${node.shape.join(" x ")}` : undefined;
  const encoding = node.attributes["encoding-type"];
  const what =
    node.what ?? dimensions ?? (encoding === undefined ? "a group" : `values encoded as ${String(encoding)}`);
  const column = path.slice(path.indexOf("/") + 1);
  return failure("DATA_UNSUPPORTED", `${store.file}: ${path} holds ${what}, expected numbers, text or categories`, {
    path: store.file,
    hint: `convert the column before writing: adata.obs[${JSON.stringify(column)}] = adata.obs[${JSON.stringify(column)}].astype(str)`,
    context: { column },
  });
}
