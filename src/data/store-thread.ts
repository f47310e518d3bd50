// AnnData, MuData and 10x files on a thread of their own: what reads them is WebAssembly and JavaScript, which hold their thread.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { DisentangleError, type Failure } from "../errors.js";
import { currentSignal } from "../signal.js";
import { startThread } from "../thread.js";
import type { StoreOptions } from "./anndata-store.js";
import type { ColumnChoice, Selection, Source, SourceColumn, SourceDescription } from "./source.js";

/** What the thread opens. */
export interface StorePlace {
  readonly path: string;
  readonly format: "h5ad" | "zarr" | "zarr-zip";
  readonly options: StoreOptions;
}

/** What the thread is asked. */
export type Question =
  | { readonly ask: "open" }
  | { readonly ask: "describe"; readonly detail: "names" | "kinds" }
  | { readonly ask: "read"; readonly choice: ColumnChoice }
  | { readonly ask: "exact"; readonly names: readonly string[] }
  /** Items of a list of an earlier answer. */
  | { readonly ask: "part"; readonly of: number; readonly list: number; readonly from: number; readonly to: number };

/** A question with its number. */
export interface Asked {
  readonly id: number;
  readonly question: Question;
}

/** What the thread answers. Lists of many items are asked for afterwards, part by part: to unpack one holds the thread that gets it. */
export type Answer = { readonly id: number } & (
  | { readonly value: unknown; readonly lengths: readonly number[] }
  | { readonly failure: Failure }
);

/** Items that are unpacked within a few milliseconds. */
const ITEMS_A_PART = 1 << 12;

/** The thread's module as it is built. */
const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), "store-worker.js");

/** Opens a store on a thread, which ends when the source is closed. Nothing where there can be no thread: then it is read in turns with the event loop. */
export async function openOnThread(place: StorePlace): Promise<Source | undefined> {
  const worker = startThread(SCRIPT, place);
  if (worker === undefined) return undefined;
  const thread = new StoreThread(worker);
  try {
    await thread.ask({ ask: "open" });
  } catch (error) {
    await thread.close();
    throw error;
  }
  return {
    describe: async (detail) => {
      const { value, lists } = await thread.askLists({ ask: "describe", detail });
      return { ...(value as Omit<SourceDescription, "columns">), columns: lists[0] as SourceColumn[] };
    },
    read: async (choice) => {
      const { value, lists } = await thread.askLists({ ask: "read", choice });
      const { hasRowIds, ...selection } = value as Omit<Selection, "text" | "rowIds"> & { readonly hasRowIds: boolean };
      const [text, [rowIds]] = hasRowIds ? [lists.slice(0, -1), lists.slice(-1)] : [lists, []];
      return { ...selection, text: text as string[][], ...(rowIds !== undefined && { rowIds: rowIds as string[] }) };
    },
    exact: async (names) => (await thread.ask({ ask: "exact", names })).value as Float64Array,
    close: () => thread.close(),
  };
}

interface Pending {
  resolve(answer: { readonly value: unknown; readonly lengths: readonly number[] }): void;
  reject(error: unknown): void;
}

class StoreThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  #ended: unknown;

  constructor(worker: Worker) {
    this.#worker = worker;
    // It holds the process only while it is asked something.
    worker.unref();
    worker.on("message", (answer: Answer) => {
      const pending = this.#pending.get(answer.id);
      if ("failure" in answer) pending?.reject(new DisentangleError(answer.failure));
      else pending?.resolve(answer);
    });
    worker.once("error", (error) => this.#end(outOfMemory(error)));
    worker.once("exit", (code) => this.#end(new Error(`the thread that reads the file ended with ${code}`)));
  }

  /** The answer; rejects with the reason of the signal that aborts meanwhile. */
  async ask(
    question: Question,
  ): Promise<{ readonly value: unknown; readonly lengths: readonly number[]; readonly id: number }> {
    const signal = currentSignal();
    signal?.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
    const id = this.#asked++;
    let stop = (): void => {};
    try {
      const answer = await new Promise<Parameters<Pending["resolve"]>[0]>((resolve, reject) => {
        stop = () => reject(signal?.reason);
        signal?.addEventListener("abort", stop, { once: true });
        this.#pending.set(id, { resolve, reject });
        this.#worker.ref();
        this.#worker.postMessage({ id, question } satisfies Asked);
      });
      return { ...answer, id };
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#worker.unref();
    }
  }

  /** The same with its lists. */
  async askLists(question: Question): Promise<{ readonly value: unknown; readonly lists: unknown[][] }> {
    const { id, value, lengths } = await this.ask(question);
    const lists: unknown[][] = [];
    for (const [list, length] of lengths.entries()) {
      const items = new Array<unknown>(length);
      for (let from = 0; from < length; from += ITEMS_A_PART) {
        const part = await this.ask({ ask: "part", of: id, list, from, to: Math.min(length, from + ITEMS_A_PART) });
        const some = part.value as readonly unknown[];
        for (let i = 0; i < some.length; i++) items[from + i] = some[i];
      }
      lists.push(items);
    }
    return { value, lists };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(error: unknown): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
  }
}

function outOfMemory(error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== "ERR_WORKER_OUT_OF_MEMORY") return error;
  return new DisentangleError(
    {
      code: "MEMORY_LIMIT",
      message: "the thread that reads the file needs more memory than JavaScript may take",
      hint: "read fewer columns of labels, or raise the limit: node --max-old-space-size=MEGABYTES",
    },
    error,
  );
}
