// Which reader a path needs: by what the file begins with, then by its extension.
import { existsSync, readdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { nearest } from "../config-keys.js";
import { fail, failure } from "../errors.js";
import { openCsv } from "./csv.js";
import { openH5ad } from "./h5ad.js";
import { openJson } from "./jsonl.js";
import { openNpy, openNpz } from "./numpy.js";
import { openParquet } from "./parquet.js";
import type { FoundReading } from "./reading.js";
import type { Source } from "./source.js";

/** The formats of files and folders. */
export type FileFormat = "csv" | "json" | "parquet" | "npy" | "npz" | "h5ad" | "zarr" | "zarr-zip" | "dataset-folder";

const SUPPORTED =
  "CSV and TSV (.csv .tsv .tab .txt), Parquet, JSON lines (.jsonl .ndjson .json), NumPy (.npy .npz), AnnData (.h5ad, .zarr folder, .zarr.zip), dataset folders";

const BY_EXTENSION: Readonly<Record<string, FileFormat>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".tab": "csv",
  ".txt": "csv",
  ".json": "json",
  ".jsonl": "json",
  ".ndjson": "json",
  ".parquet": "parquet",
  ".pq": "parquet",
  ".npy": "npy",
  ".npz": "npz",
  ".h5ad": "h5ad",
  ".zip": "zarr-zip",
};

// What binary formats begin with; a zip is an .npz or a zarr.
const MAGIC: readonly { readonly format: FileFormat; readonly bytes: string; readonly name: string }[] = [
  { format: "h5ad", bytes: "\x89HDF\r\n\x1a\n", name: "HDF5" },
  { format: "parquet", bytes: "PAR1", name: "Parquet" },
  { format: "npy", bytes: "\x93NUMPY", name: "NPY" },
  { format: "npz", bytes: "PK\x03\x04", name: "zip" },
  { format: "zarr-zip", bytes: "PK\x03\x04", name: "zip" },
];

/**
 * The format of a file or folder.
 *
 * @throws `DATA_NOT_FOUND`, `DATA_EMPTY`, `DATA_UNKNOWN_FORMAT`, `DATA_CORRUPT` (the extension promises another content),
 * `DATA_UNSUPPORTED` (compressed)
 */
export async function formatOf(path: string): Promise<FileFormat> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw notFound(path);
  if (stat.isDirectory()) return folderFormat(path);
  if (stat.size === 0) {
    fail("DATA_EMPTY", `${path} is empty`, { path, hint: "expected a header with the names of the columns, and rows" });
  }
  const lower = basename(path).toLowerCase();
  if (/\.(xlsx?|xlsm|ods|numbers)$/.test(lower)) {
    fail("DATA_UNKNOWN_FORMAT", `${path} is a workbook of Excel or the like`, {
      path,
      hint: 'save the sheet as CSV (in Excel: "CSV UTF-8")',
    });
  }
  const head = await firstBytes(path);
  const extension = Object.keys(BY_EXTENSION).find((end) => lower.endsWith(end));
  const promised = extension === undefined ? undefined : BY_EXTENSION[extension];
  const found = MAGIC.filter(({ bytes }) => head.startsWith(bytes)).map(({ format }) => format);
  if (found.length > 0) return promised !== undefined && found.includes(promised) ? promised : found.at(-1)!;
  if (head.startsWith("\x1f\x8b")) {
    fail("DATA_UNSUPPORTED", `${path} is compressed with gzip`, { path, hint: `gunzip ${path}` });
  }
  const expected = MAGIC.find(({ format }) => format === promised);
  if (expected !== undefined) {
    fail("DATA_CORRUPT", `${path}: not a ${expected.name} file: it does not begin as one`, {
      path,
      hint: "the file is damaged, or has the wrong extension",
    });
  }
  if (promised === undefined) {
    fail("DATA_UNKNOWN_FORMAT", `${path}: unknown format; supported are ${SUPPORTED}`, {
      path,
      hint: "give the file the extension of its format; for a text table that is .csv or .tsv",
    });
  }
  return promised;
}

/** `DATA_NOT_FOUND` for a path at which nothing is; offers the nearest file of the same folder, or of `words`. */
export function notFound(path: string, words: readonly string[] = []): Error {
  const near = nearest(path, words) ?? neighbour(path);
  return failure("DATA_NOT_FOUND", `cannot read ${path}: no such file or folder`, {
    path,
    hint: near === undefined ? "check the path; relative paths start at the current folder" : `did you mean ${near}?`,
  });
}

/** What a reader may be told. */
export interface OpenOptions {
  readonly matrix?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly likely?: FoundReading | undefined;
  readonly missingValues?: readonly string[] | undefined;
  /** Columns of a `.npy` matrix are called `prefix`0, `prefix`1, ...; default "x". */
  readonly prefix?: string | undefined;
}

/** Opens a file, or a zarr folder, of a known format. */
export async function openFile(
  path: string,
  format: Exclude<FileFormat, "dataset-folder">,
  options: OpenOptions = {},
): Promise<Source> {
  switch (format) {
    case "csv":
      return openCsv(path, options);
    case "json":
      return openJson(path);
    case "parquet":
      return openParquet(path);
    case "npy":
      return openNpy(path, options.prefix);
    case "npz":
      return openNpz(path);
    case "h5ad":
      return openH5ad(path, options.matrix);
    case "zarr":
      return (await import("./zarr.js")).openZarrFolder(path, options.matrix);
    case "zarr-zip":
      return (await import("./zarr.js")).openZarrZip(path, options.matrix);
  }
}

/** The file of the same folder whose name is nearest. */
function neighbour(path: string): string | undefined {
  const folder = dirname(path);
  const near = existsSync(folder) ? nearest(basename(path), readdirSync(folder)) : undefined;
  return near === undefined ? undefined : join(folder, near);
}

function folderFormat(path: string): FileFormat {
  if (existsSync(join(path, "dataset.json"))) return "dataset-folder";
  if (["zarr.json", ".zgroup"].some((name) => existsSync(join(path, name)))) return "zarr";
  return fail(
    "DATA_UNKNOWN_FORMAT",
    `${path}: a folder with neither dataset.json (dataset folder) nor zarr.json or .zgroup (zarr)`,
    {
      path,
      hint: `supported are ${SUPPORTED}`,
    },
  );
}

async function firstBytes(path: string): Promise<string> {
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
