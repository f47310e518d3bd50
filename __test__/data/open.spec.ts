import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type FileFormat, formatOf } from "../../src/data/open.js";
import type { ErrorCode } from "../../src/errors.js";
import { fixture, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-open-"));
test.after.always(() => rmSync(folder, { recursive: true }));

const formats: Readonly<Record<string, FileFormat>> = {
  "matrix.npy": "npy",
  "arrays.npz": "npz",
  "table.parquet": "parquet",
  "table.jsonl": "json",
  "cells.h5ad": "h5ad",
  "cells.zarr": "zarr",
  "cells-v3.zarr.zip": "zarr-zip",
};
for (const [file, format] of Object.entries(formats)) {
  test(`${file} is ${format}`, async (t) => t.is(await formatOf(fixture(file)), format));
}

test("what a file begins with wins over its extension", async (t) => {
  const path = join(folder, "really-hdf5.csv");
  writeFileSync(path, "\x89HDF\r\n\x1a\n rest", "latin1");
  t.is(await formatOf(path), "h5ad");
});

const bad: readonly (readonly [string, string | undefined, ErrorCode])[] = [
  ["missing.csv", undefined, "DATA_NOT_FOUND"],
  ["empty.csv", "", "DATA_EMPTY"],
  ["picture.png", "\x89PNG\r\n", "DATA_UNKNOWN_FORMAT"],
  ["table.txt.gz", "\x1f\x8b\x08", "DATA_CORRUPT"],
  ["broken.npy", "not numpy", "DATA_CORRUPT"],
  ["broken.npz", "not a zip", "DATA_CORRUPT"],
  ["broken.zarr.zip", "not a zip", "DATA_CORRUPT"],
  ["broken.parquet", "not parquet", "DATA_CORRUPT"],
  ["broken.h5ad", "not hdf5", "DATA_CORRUPT"],
];
for (const [file, content, code] of bad) {
  test(`${file}: ${code}`, async (t) => {
    const path = join(folder, file);
    if (content !== undefined) writeFileSync(path, content, "latin1");
    const error = await thrown(t, formatOf(path));
    t.is(error.code, code);
    t.is(error.path, path);
  });
}

test("a folder that is no data set says what would make it one", async (t) => {
  const path = join(folder, "plain");
  mkdirSync(path);
  const error = await thrown(t, formatOf(path));
  t.is(error.code, "DATA_UNKNOWN_FORMAT");
  t.regex(error.message, /dataset\.json.*zarr\.json/);
});
