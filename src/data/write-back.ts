// Latents written back: a copy of the AnnData file with them in obsm.
import { existsSync, readdirSync } from "node:fs";
import { copyFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import type { Dataset, File, Group } from "h5wasm/node";
import { fail, failure, messageOf } from "../errors.js";
import { replaceFile, replaceFolder } from "../files.js";
import { hdf5, translateHdf5 } from "./hdf5.js";
import { formatOf, locate } from "./open.js";
import type { Rows } from "./rows.js";
import { isStream } from "./unpacked.js";

/** What latents are called in obsm. */
export const KEY = "X_disentangle";

/**
 * Throws `CONFIG_CONFLICT` where no copy of `data` can be written as `out`: they must be of one format, and what lies at `out`
 * of the same kind.
 */
export async function checkCopy(out: string, data: string): Promise<void> {
  const wanted = extname(out) === ".h5ad" ? "h5ad" : "zarr";
  const found = isStream(data) ? "standard input or a pipe" : await contentsOf(data);
  if (found !== wanted) {
    fail("CONFIG_CONFLICT", `--out ${out}: a copy of the data is written, and ${data} is ${found}, not ${wanted}`, {
      path: out,
      hint: "name a file that ends in .npy, .csv, .parquet or .arrow",
    });
  }
  if (wanted === "zarr" && existsSync(out) && (await formatOf(out).catch(() => "other")) !== "zarr") {
    fail("CONFIG_CONFLICT", `--out ${out}: something else than a zarr lies there`, {
      path: out,
      hint: "name another folder",
    });
  }
}

/** "h5ad" or "zarr" for an AnnData that can be copied as it lies there; else what it is. */
async function contentsOf(data: string): Promise<string> {
  const { path, format, release } = await locate(data);
  await release();
  if (path !== data) return `a compressed file (${format})`;
  if (format !== "h5ad" && format !== "zarr") return format;
  const members = format === "h5ad" ? await membersOf(data) : readdirSync(data);
  const has = (...names: readonly string[]) => names.every((name) => members.includes(name));
  if (has("obs", "mod")) return `MuData (${format})`;
  return has("obs", "var") ? format : `${format === "h5ad" ? "HDF5" : format} without obs and var`;
}

async function membersOf(file: string): Promise<readonly string[]> {
  return withFile(resolve(file), "r", file, (opened) => opened.keys());
}

/** Lets `work` use an HDF5 file; failures of the library are about `named`. */
async function withFile<T>(path: string, mode: "r" | "a", named: string, work: (file: File) => T): Promise<T> {
  const library = await hdf5();
  try {
    const file = new library.File(path, mode);
    const done = work(file);
    file.close();
    return done;
  } catch (error) {
    // The library is not used any more after a failure of its own; what was opened by it is gone with it.
    const translated = translateHdf5(named, error);
    if (mode === "r") throw translated;
    throw failure("FILE_WRITE", `cannot write ${named}: ${messageOf(translated)}`, {
      path: named,
      hint: "check the free space of the disk, or name a file that ends in .npy",
      cause: error,
    });
  }
}

/** Writes a copy of an h5ad file or zarr folder with tables in obsm, by name; throws `FILE_WRITE`, `DATA_UNSUPPORTED`. */
export async function writeCopy(out: string, data: string, tables: Readonly<Record<string, Rows>>): Promise<void> {
  if (extname(out) === ".h5ad") {
    await refuseOccupied(data, tables);
    return replaceFile(out, async (partial) => {
      await copyFile(data, partial);
      await addToH5ad(partial, out, tables);
    });
  }
  return replaceFolder(out, async (partial) => {
    await cp(data, partial, { recursive: true });
    await addToZarr(partial, tables);
  });
}

// https://anndata.readthedocs.io/en/stable/fileformat-prose.html
const ARRAY = { "encoding-type": "array", "encoding-version": "0.2.0" };
const DICT = { "encoding-type": "dict", "encoding-version": "0.1.0" };

/** HDF5 gives no room back: what is there already is written over, and must have the shape and type of what is written. */
async function refuseOccupied(data: string, tables: Readonly<Record<string, Rows>>): Promise<void> {
  const other = await withFile(resolve(data), "r", data, (file) => {
    const obsm = file.get("obsm");
    if (obsm !== null && !("keys" in obsm)) return "obsm";
    return Object.entries(tables).find(([name, { shape, data: values }]) => {
      const there = file.get(`obsm/${name}`);
      return !(
        there === null ||
        ("shape" in there && String(there.shape) === String(shape) && there.dtype === dtypeOf(values))
      );
    });
  });
  if (other === undefined) return;
  if (other === "obsm") {
    fail("DATA_UNSUPPORTED", `${data}: obsm is written as anndata 0.6 did, and nothing can be added to it`, {
      path: data,
      hint: "read the file with a recent anndata and write it again",
    });
  }
  const [name, { shape }] = other;
  fail(
    "CONFIG_CONFLICT",
    `${data}: obsm holds another ${name} already, which cannot be replaced by ${shape.join(" x ")}`,
    {
      path: data,
      hint: `remove it first: del adata.obsm[${JSON.stringify(name)}]`,
    },
  );
}

function dtypeOf(values: Rows["data"]): string {
  return values instanceof Float32Array ? "<f" : "<B";
}

async function addToH5ad(partial: string, out: string, tables: Readonly<Record<string, Rows>>): Promise<void> {
  const describe = (at: Group | Dataset, attributes: Readonly<Record<string, string>>): void => {
    for (const [key, value] of Object.entries(attributes)) at.create_attribute(key, value, null, "S");
  };
  await withFile(partial, "a", out, (file) => {
    let obsm = file.get("obsm") as Group | null;
    if (obsm === null) {
      obsm = file.create_group("obsm");
      describe(obsm, DICT);
    }
    for (const [name, { data, shape }] of Object.entries(tables)) {
      const there = file.get(`obsm/${name}`) as Dataset | null;
      if (there !== null) there.write_slice([], data);
      else describe(obsm.create_dataset({ name, data, shape: [...shape], dtype: dtypeOf(data) }), ARRAY);
    }
  });
}

// Rows of a chunk of zarr.
const CHUNK = 1 << 16;

async function addToZarr(root: string, tables: Readonly<Record<string, Rows>>): Promise<void> {
  const written: Record<string, unknown> = {};
  const isThird = existsSync(join(root, "zarr.json"));
  const write = async (path: string, files: Readonly<Record<string, unknown>>): Promise<void> => {
    await mkdir(join(root, path), { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(root, path, name), JSON.stringify(content, null, 2));
      written[`${path}/${name}`] = content;
    }
  };
  const isGroup = ["zarr.json", ".zgroup"].some((name) => existsSync(join(root, "obsm", name)));
  if (!isGroup) {
    await write(
      "obsm",
      isThird
        ? { "zarr.json": { zarr_format: 3, node_type: "group", attributes: DICT } }
        : { ".zgroup": { zarr_format: 2 }, ".zattrs": DICT },
    );
  }
  for (const [name, { data, shape }] of Object.entries(tables)) {
    const path = `obsm/${name}`;
    await rm(join(root, path), { recursive: true, force: true });
    const [rows, cols] = shape;
    const step = Math.max(1, Math.min(rows, CHUNK));
    const isFloat = data instanceof Float32Array;
    await write(
      path,
      isThird
        ? {
            "zarr.json": {
              zarr_format: 3,
              node_type: "array",
              shape,
              data_type: isFloat ? "float32" : "uint8",
              chunk_grid: { name: "regular", configuration: { chunk_shape: [step, cols] } },
              chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
              codecs: [{ name: "bytes", ...(isFloat && { configuration: { endian: "little" } }) }],
              fill_value: 0,
              attributes: ARRAY,
            },
          }
        : {
            ".zarray": {
              zarr_format: 2,
              shape,
              chunks: [step, cols],
              dtype: isFloat ? "<f4" : "|u1",
              compressor: null,
              fill_value: 0,
              order: "C",
              filters: null,
            },
            ".zattrs": ARRAY,
          },
    );
    for (let chunk = 0; chunk * step < rows; chunk++) {
      const file = join(root, path, isThird ? join("c", String(chunk), "0") : `${chunk}.0`);
      await mkdir(dirname(file), { recursive: true });
      // The last chunk is as large as the others.
      const block = isFloat ? new Float32Array(step * cols) : new Uint8Array(step * cols);
      block.set(data.subarray(chunk * step * cols, (chunk + 1) * step * cols));
      await writeFile(file, new Uint8Array(block.buffer));
    }
  }
  await consolidate(root, written);
}

/** Tells what was written where readers look all metadata up in one file. */
async function consolidate(root: string, written: Readonly<Record<string, unknown>>): Promise<void> {
  const [second, third] = [join(root, ".zmetadata"), join(root, "zarr.json")];
  if (existsSync(second)) {
    const all = JSON.parse(await readFile(second, "utf8")) as { metadata: Record<string, unknown> };
    all.metadata = sorted({ ...all.metadata, ...written });
    await writeFile(second, JSON.stringify(all, null, 2));
  }
  if (!existsSync(third)) return;
  const all = JSON.parse(await readFile(third, "utf8")) as {
    consolidated_metadata?: { metadata: Record<string, unknown> } | null;
  };
  if (!all.consolidated_metadata) return;
  const added = Object.entries(written).map(([path, content]) => [path.replace(/\/zarr\.json$/, ""), content]);
  all.consolidated_metadata.metadata = sorted({ ...all.consolidated_metadata.metadata, ...Object.fromEntries(added) });
  await writeFile(third, JSON.stringify(all, null, 2));
}

/** Members of a group stand together: that is how zarr finds them. */
function sorted(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}
