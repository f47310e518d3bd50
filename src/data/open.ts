// Which reader a path needs: by what the file begins with, then by its extension.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nearest } from "../config-keys.js";
import { fail, failure } from "../errors.js";
import type { StoreOptions } from "./anndata-store.js";
import { openCsv } from "./csv.js";
import { openH5ad } from "./h5ad.js";
import { openIdx, openImageFolder } from "./images.js";
import { openJson } from "./jsonl.js";
import { type ArrayOptions, openNpy, openNpz } from "./numpy.js";
import { openParquet } from "./parquet.js";
import type { FoundReading } from "./reading.js";
import type { Source } from "./source.js";
import { openOnThread, type StorePlace } from "./store-thread.js";
import { isTenxFolder, openMtx, openTenxFolder } from "./tenx.js";
import { isStdin, namedAs, renamed, type Unpacked, unpacked } from "./unpacked.js";
import { unreadable } from "./unreadable.js";

/** The formats of files and folders. */
export type FileFormat =
  | "csv"
  | "json"
  | "parquet"
  | "npy"
  | "npz"
  | "mtx"
  | "h5ad"
  | "zarr"
  | "zarr-zip"
  | "10x-folder"
  | "idx"
  | "images"
  | "dataset-folder";

const SUPPORTED =
  "CSV and TSV (.csv .tsv .tab .txt), Parquet, JSON lines (.jsonl .ndjson .json), NumPy and SciPy (.npy .npz), Matrix Market (.mtx), AnnData and MuData (.h5ad .h5mu, .zarr folder, .zarr.zip), 10x Genomics (.h5, folder), IDX (.idx3-ubyte), folders of PNG or JPEG images, dataset folders; each file also in .gz, .zst or .zip";

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
  ".mtx": "mtx",
  ".h5ad": "h5ad",
  ".h5mu": "h5ad",
  ".h5": "h5ad",
  ".hdf5": "h5ad",
  ".loom": "h5ad",
  ".zip": "zarr-zip",
};

// What binary formats begin with; a zip is an .npz or a zarr.
const MAGIC: readonly { readonly format: FileFormat; readonly bytes: string; readonly name: string }[] = [
  { format: "h5ad", bytes: "\x89HDF\r\n\x1a\n", name: "HDF5" },
  { format: "parquet", bytes: "PAR1", name: "Parquet" },
  { format: "npy", bytes: "\x93NUMPY", name: "NPY" },
  { format: "mtx", bytes: "%%MatrixMarket", name: "Matrix Market" },
  { format: "npz", bytes: "PK\x03\x04", name: "zip" },
  { format: "zarr-zip", bytes: "PK\x03\x04", name: "zip" },
];

/** A file or folder that a reader can open. */
export interface Located {
  /** The path as it was given. */
  readonly given: string;
  /** Where it can be read: what was unpacked or came through a pipe lies elsewhere. */
  readonly path: string;
  readonly format: FileFormat;
  /** Removes what was written to read it; a source that was opened does it when it is closed. */
  release(): Promise<void>;
}

/**
 * Finds what a path holds. Standard input (`-`), pipes and compressed files are unpacked first.
 *
 * @throws `DATA_NOT_FOUND`, `DATA_EMPTY`, `DATA_UNKNOWN_FORMAT`, `DATA_CORRUPT` (the extension promises another content),
 * `DATA_UNSUPPORTED` (a format that is known and not read)
 */
export async function locate(given: string): Promise<Located> {
  const stat = statSync(given, { throwIfNoEntry: false });
  if (stat === undefined && !isStdin(given)) throw notFound(given);
  if (stat?.isDirectory()) return { given, path: given, format: folderFormat(given), release: async () => {} };
  if (/\.(xlsx?|xlsm|ods|numbers)$/i.test(given)) {
    fail("DATA_UNKNOWN_FORMAT", `${given} is a workbook of Excel or the like`, {
      path: given,
      hint: 'save the sheet as CSV (in Excel: "CSV UTF-8")',
    });
  }
  const file = await unpacked(given);
  try {
    return { given, path: file.path, format: fileFormat(given, file), release: file.release };
  } catch (error) {
    await file.release();
    throw error;
  }
}

/** The format of a file or folder; throws as `locate` does. */
export async function formatOf(path: string): Promise<FileFormat> {
  const { format, release } = await locate(path);
  await release();
  return format;
}

function fileFormat(path: string, { name, head, isTemporary, archive }: Unpacked): FileFormat {
  if (head === "") {
    fail("DATA_EMPTY", `${path} is empty`, { path, hint: "expected a header with the names of the columns, and rows" });
  }
  const lower = name.toLowerCase();
  const extension = Object.keys(BY_EXTENSION).find((end) => lower.endsWith(end));
  const promised = extension === undefined ? undefined : BY_EXTENSION[extension];
  const found = MAGIC.filter(
    ({ bytes, format }) => head.startsWith(bytes) || (format === "h5ad" && hasUserBlock(head, bytes)),
  ).map(({ format }) => format);
  if (archive !== undefined) return archive;
  if (found.length > 0) return promised !== undefined && found.includes(promised) ? promised : found.at(-1)!;
  if (isIdx(head)) return "idx";
  if (/^(\x89PNG|\xff\xd8\xff)/.test(head)) {
    fail("DATA_UNKNOWN_FORMAT", `${path} is an image`, { path, hint: "name the folder that the images lie in" });
  }
  const foreign = unreadable(path, head);
  if (foreign !== undefined) throw foreign;
  const expected = MAGIC.find(({ format }) => format === promised);
  if (expected !== undefined) {
    fail("DATA_CORRUPT", `${path}: not a ${expected.name} file: it does not begin as one`, {
      path,
      hint: "the file is damaged, or has the wrong extension",
    });
  }
  if (promised !== undefined) return promised;
  // What came through a pipe has no name: it is a table of text unless it begins as something else.
  if (isTemporary && !head.includes("\0")) return /^(\xef\xbb\xbf)?\s*[[{]/.test(head) ? "json" : "csv";
  return fail("DATA_UNKNOWN_FORMAT", `${path}: unknown format; supported are ${SUPPORTED}`, {
    path,
    hint: "give the file the extension of its format; for a text table that is .csv or .tsv",
  });
}

/** `DATA_NOT_FOUND` for a path at which nothing is; offers the nearest file of the same folder, or of `words`. */
export function notFound(path: string, words: readonly string[] = []): Error {
  const near = nearest(path, words) ?? neighbor(path);
  return failure("DATA_NOT_FOUND", `cannot read ${path}: no such file or folder`, {
    path,
    hint: near === undefined ? "check the path; relative paths start at the current folder" : `did you mean ${near}?`,
  });
}

/** What a reader may be told. */
export interface OpenOptions extends StoreOptions, ArrayOptions {
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly likely?: FoundReading | undefined;
  readonly missingValues?: readonly string[] | undefined;
}

/** Opens what was located; its failures name the path that was given, and closing the source releases it. */
export async function openLocated(
  { given, path, format, release }: Located,
  options: OpenOptions = {},
): Promise<Source> {
  try {
    if (format === "dataset-folder") {
      return fail("DATA_UNKNOWN_FORMAT", `${given} is a dataset folder`, { path: given, hint: "name a file" });
    }
    const source = await openFormat(path, format, options);
    const naming = (error: unknown): never => {
      throw renamed(error, path, given);
    };
    return {
      describe: (detail) => source.describe(detail).catch(naming),
      read: (choice) => source.read(choice).catch(naming),
      exact: (names) => source.exact(names).catch(naming),
      ...(source.survey && {
        survey: async () => {
          const survey = await source.survey!().catch(naming);
          const problems = survey.problems.map((problem) => namedAs(problem, path, given));
          return { ...survey, problems };
        },
      }),
      close: async () => {
        await source.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw renamed(error, path, given);
  }
}

/** Opens a path; throws as `locate` does, and as the reader of its format. */
export async function openFile(path: string, options: OpenOptions = {}): Promise<Source> {
  return openLocated(await locate(path), options);
}

async function openFormat(
  path: string,
  format: Exclude<FileFormat, "dataset-folder">,
  options: OpenOptions,
): Promise<Source> {
  switch (format) {
    case "csv":
      return openCsv(path, options);
    case "json":
      return openJson(path);
    case "parquet":
      return openParquet(path);
    case "npy":
      return openNpy(path, options);
    case "npz":
      return openNpz(path, options);
    case "mtx":
      return openMtx(path, options.prefix);
    case "10x-folder":
      return openTenxFolder(path);
    case "h5ad":
    case "zarr":
    case "zarr-zip":
      return openStore(path, format, options);
    case "idx":
      return openIdx(path, options.channels);
    case "images":
      return openImageFolder(path);
  }
}

/** On a thread where there can be one, otherwise in turns with the event loop. */
async function openStore(
  path: string,
  format: StorePlace["format"],
  { matrix, modalities }: StoreOptions,
): Promise<Source> {
  const options = { matrix, modalities };
  const onThread = await openOnThread({ path, format, options });
  if (onThread !== undefined) return onThread;
  if (format === "h5ad") return openH5ad(path, options);
  const { openZarrFolder, openZarrZip } = await import("./zarr.js");
  return format === "zarr" ? openZarrFolder(path, options) : openZarrZip(path, options);
}

/** HDF5 may begin after a block of the writer's own, whose length is a power of two: MuData writes its name there. */
function hasUserBlock(head: string, magic: string): boolean {
  return [512, 1024, 2048].some((offset) => head.startsWith(magic, offset));
}

/** Two zeros, a type, and the number of dimensions. */
function isIdx(head: string): boolean {
  return /^\0\0[\x08\x09\x0b-\x0e][\x01-\x08]/.test(head);
}

/** Whether a folder or one of its folders holds an image. */
function holdsImages(path: string): boolean {
  return readdirSync(path, { withFileTypes: true }).some(
    (entry) =>
      !entry.name.startsWith(".") &&
      (entry.isDirectory() ? holdsImages(join(path, entry.name)) : /\.(png|jpe?g)$/i.test(entry.name)),
  );
}

/** The file of the same folder whose name is nearest. */
function neighbor(path: string): string | undefined {
  const folder = dirname(path);
  const near = existsSync(folder) ? nearest(basename(path), readdirSync(folder)) : undefined;
  return near === undefined ? undefined : join(folder, near);
}

function folderFormat(path: string): FileFormat {
  if (existsSync(join(path, "dataset.json"))) return "dataset-folder";
  if (["zarr.json", ".zgroup"].some((name) => existsSync(join(path, name)))) return "zarr";
  if (isTenxFolder(path)) return "10x-folder";
  if (holdsImages(path)) return "images";
  return fail(
    "DATA_UNKNOWN_FORMAT",
    `${path}: a folder with neither dataset.json (dataset folder) nor zarr.json or .zgroup (zarr) nor matrix.mtx (10x) nor PNG or JPEG images`,
    {
      path,
      hint: `supported are ${SUPPORTED}`,
    },
  );
}
