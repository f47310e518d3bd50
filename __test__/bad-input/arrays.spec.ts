// Binary files that are damaged, that lie, or that hold what cannot be read.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Fault, faults } from "./fault.js";

const fixture = (name: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url)));
const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, Math.floor(bytes.length / 2));

/** Labels and target come from nowhere in these files: what is wrong must be told before that. */
const file = (name: string, bytes: string | Uint8Array): Pick<Fault, "files" | "config"> => ({
  files: { [name]: bytes },
  config: { data: name, environment: undefined, target: undefined, tree: undefined },
});

/** A `.npy` file whose header says what it likes. */
function npy({ descr = "<f4", shape = "(60, 4)", bytes = 960 }: { descr?: string; shape?: string; bytes?: number }) {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const padded = `${header.padEnd(117)}\n`;
  const length = Buffer.from([padded.length & 255, padded.length >> 8]);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(padded), Buffer.alloc(bytes)]);
}

faults([
  {
    name: "an .npy of pickled objects",
    ...file("bad.npy", fixture("pickled.npy")),
    code: "DATA_UNSUPPORTED",
    path: "bad.npy",
    says: [/pickle|object/],
    hint: /astype|save/,
  },
  {
    name: "an .npy that promises more than it holds",
    ...file("bad.npy", npy({ shape: "(6000, 4)" })),
    code: "DATA_CORRUPT",
    path: "bad.npy",
    says: ["truncated", "96000", "960"],
    hint: "save the array again",
  },
  {
    name: "an .npy that promises more than any memory",
    ...file("bad.npy", npy({ shape: "(99999999999, 99999999999)" })),
    code: "DATA_CORRUPT",
    path: "bad.npy",
    says: ["99999999999"],
    hint: "save the array again",
  },
  {
    name: "an .npy that holds more than it promises",
    ...file("bad.npy", npy({ shape: "(6, 4)" })),
    code: "DATA_CORRUPT",
    path: "bad.npy",
    says: ["too long"],
    hint: "save the array again",
  },
  {
    name: "an .npy cut in its header",
    ...file("bad.npy", npy({}).subarray(0, 40)),
    code: "DATA_CORRUPT",
    path: "bad.npy",
    says: ["header"],
    hint: "save the array again",
  },
  {
    name: "an .npy of a negative shape",
    ...file("bad.npy", npy({ shape: "(-60, 4)" })),
    code: "DATA_CORRUPT",
    path: "bad.npy",
    says: ["shape"],
    hint: "save the array again",
  },
  {
    name: "an .npy of complex numbers",
    ...file("bad.npy", npy({ descr: "<c8", bytes: 1920 })),
    code: "DATA_UNSUPPORTED",
    path: "bad.npy",
    says: [/complex|c8/],
    hint: /real|abs|save/,
  },
  {
    name: "an .npy of text",
    ...file("bad.npy", npy({ descr: "<U8", bytes: 7680 })),
    code: "DATA_UNSUPPORTED",
    path: "bad.npy",
    says: ["U8"],
    hint: /number|save|astype/,
  },
  {
    name: "an .npy of five dimensions",
    ...file("bad.npy", npy({ shape: "(10, 3, 2, 2, 2)" })),
    code: "DATA_SHAPE",
    path: "bad.npy",
    says: ["10 x 3 x 2 x 2 x 2"],
    hint: "reshape",
  },
  {
    name: "an .npy without rows",
    ...file("bad.npy", npy({ shape: "(0, 4)", bytes: 0 })),
    code: "DATA_EMPTY",
    path: "bad.npy",
    says: ["no rows"],
    hint: "row",
  },
  {
    name: "text called .npy",
    ...file("bad.npy", "1 2 3\n"),
    code: "DATA_CORRUPT",
    path: "bad.npy",
    says: ["NPY"],
    hint: "extension",
  },
  {
    name: "text called .npz",
    ...file("bad.npz", "1 2 3\n"),
    code: "DATA_CORRUPT",
    path: "bad.npz",
    says: ["zip"],
    hint: "extension",
  },
  {
    name: "a truncated .npz",
    ...file("bad.npz", fixture("truncated.npz")),
    code: "DATA_CORRUPT",
    path: "bad.npz",
    says: [/damaged|truncated/],
    hint: "again",
  },
  {
    name: "an .npz with a flipped bit",
    ...file("bad.npz", flipped(fixture("arrays.npz"))),
    code: "DATA_CORRUPT",
    path: "bad.npz",
    says: [/damaged|cannot be read|header/],
    hint: "again",
  },
  {
    name: "a truncated zarr in a zip",
    ...file("bad.zarr.zip", fixture("truncated.zarr.zip")),
    code: "DATA_CORRUPT",
    path: "bad.zarr.zip",
    says: ["zip"],
    hint: "damaged or incomplete",
  },
  {
    name: "a zip of something else",
    // The archive cut after its first entry.
    ...file("bad.zip", fixture("truncated.npz")),
    code: "DATA_CORRUPT",
    path: "bad.zip",
    says: ["zip"],
    hint: "damaged or incomplete",
  },
  {
    name: "a truncated .h5ad",
    ...file("bad.h5ad", fixture("truncated.h5ad")),
    code: "DATA_CORRUPT",
    path: "bad.h5ad",
    says: ["h5ad"],
    hint: "damaged or incomplete",
  },
  {
    name: "half an .h5ad",
    ...file("bad.h5ad", half(fixture("cells.h5ad"))),
    code: "DATA_CORRUPT",
    path: "bad.h5ad",
    says: ["h5ad"],
    hint: "damaged or incomplete",
  },
  {
    name: "an .h5ad with a number beyond 32 bits",
    ...file("bad.h5ad", fixture("overflow.h5ad")),
    code: "DATA_OVERFLOW",
    path: "bad.h5ad",
    says: ["row", "3.4e38"],
    hint: "rescale",
  },
  {
    name: "a layer that an .h5ad does not have",
    files: { "cells.h5ad": fixture("cells.h5ad") },
    config: { data: "cells.h5ad", matrix: "counted", environment: undefined, target: undefined, tree: undefined },
    code: "DATA_MISSING_COLUMN",
    path: "matrix",
    says: ['"counted"'],
    hint: "X",
  },
  {
    name: "a truncated Parquet file",
    ...file("bad.parquet", fixture("truncated.parquet")),
    code: "DATA_CORRUPT",
    path: "bad.parquet",
    says: ["Parquet"],
    hint: "damaged or incomplete",
  },
  {
    name: "a folder of a data set without its description",
    files: { "world/dataset.json": "{}" },
    config: { data: "world", environment: undefined, target: undefined, tree: undefined },
    code: "DATA_CORRUPT",
    path: "world/dataset.json",
    says: ["format"],
    hint: /again|simulate/,
  },
  {
    name: "a folder of a data set of a newer version",
    files: { "world/dataset.json": '{"format": 99}' },
    config: { data: "world", environment: undefined, target: undefined, tree: undefined },
    code: "ARTIFACT_VERSION",
    path: "world",
    says: ["99"],
    hint: "newer",
  },
]);

/** The same file with one bit of its middle turned. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const middle = Math.floor(copy.length / 3);
  copy[middle] = copy[middle]! ^ 1;
  return copy;
}
