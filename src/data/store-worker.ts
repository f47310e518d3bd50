// The thread that reads one AnnData, MuData or 10x file.
import { parentPort, workerData } from "node:worker_threads";
import { errorJson } from "../errors.js";
import { openH5ad } from "./h5ad.js";
import type { Source } from "./source.js";
import type { Answer, Asked, Question, StorePlace } from "./store-thread.js";
import { openZarrFolder, openZarrZip } from "./zarr.js";

const { path, format, options } = workerData as StorePlace;
const OPEN = { h5ad: openH5ad, zarr: openZarrFolder, "zarr-zip": openZarrZip } as const;

let source: Source | undefined;
/** Lists of answers that are asked for part by part. */
const kept = new Map<number, (readonly unknown[])[]>();

interface Told {
  readonly value: unknown;
  readonly lists?: (readonly unknown[])[];
  /** Arrays that are handed over without a copy. */
  readonly moved?: readonly ArrayBufferView[];
}

async function answer(question: Question): Promise<Told> {
  if (question.ask === "open") {
    source = await OPEN[format](path, options);
    return { value: undefined };
  }
  if (question.ask === "part") {
    const { of, list, from, to } = question;
    const lists = kept.get(of)!;
    const value = lists[list]!.slice(from, to);
    // The last part of it.
    if (to >= lists[list]!.length) lists[list] = [];
    return { value };
  }
  const opened = source!;
  if (question.ask === "describe") {
    const { columns, ...value } = await opened.describe(question.detail);
    return { value, lists: [columns] };
  }
  if (question.ask === "read") {
    const { text, rowIds, ...selection } = await opened.read(question.choice);
    const value = { ...selection, hasRowIds: rowIds !== undefined };
    const lists = rowIds === undefined ? [...text] : [...text, rowIds];
    return { value, lists, moved: [selection.numeric, ...(selection.images ?? [])] };
  }
  const exact = await opened.exact(question.names);
  return { value: exact, moved: [exact] };
}

parentPort?.on("message", async ({ id, question }: Asked) => {
  try {
    const { value, lists = [], moved = [] } = await answer(question);
    if (lists.length > 0) kept.set(id, lists);
    const told: Answer = { id, value, lengths: lists.map(({ length }) => length) };
    parentPort?.postMessage(told, [...new Set(moved.map(({ buffer }) => buffer as ArrayBuffer))]);
  } catch (error) {
    parentPort?.postMessage({ id, failure: errorJson(error).error } satisfies Answer);
  }
});
