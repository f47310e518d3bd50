// The weights of a model: its bytes, until the first call that needs them opens it in the core, which then holds them alone.
import { fail } from "./errors.js";
import { later, native } from "./native.js";
import { withSignal } from "./signal.js";

/** Multiplications that take less time than to begin a thread, about a quarter of a millisecond; a slow processor takes ten times as long. */
export const AT_ONCE = 1 << 22;

/** A model whose weights the core holds. */
export interface OpenModel {
  readonly id: number;
  /** Numbers in it: about as many multiplications as a row costs. */
  readonly weights: number;
}

const forgotten = new FinalizationRegistry((id: number) => native().closeModel(id));

/** Throws `MODEL_CLOSED`. */
export function closed(): never {
  return fail("MODEL_CLOSED", "the model is closed", { hint: "load it again, or close it later" });
}

/** The weights of one model, held once. */
export class Weights {
  #bytes: Uint8Array | undefined;
  /** Who reads the bytes: then they stay. */
  #readers = 0;
  #opened: Promise<OpenModel> | undefined;
  /** The number in the core, once it is opened. */
  #id: number | undefined;
  #isClosed = false;
  readonly #calls = new Set<Promise<unknown>>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A call of the model that is opened by the first of them, and closed after the last. */
  call<T>(work: (model: OpenModel) => Promise<T>): Promise<T> {
    this.#opened ??= this.#open();
    const call = this.#opened.then(work);
    this.#calls.add(call);
    return call.finally(() => this.#calls.delete(call));
  }

  /** The bytes, at once. */
  bytes(): Uint8Array {
    return this.#bytes ?? native().modelBytes(this.#id ?? closed());
  }

  /** What is done with the bytes, from whoever has them. */
  async withBytes<T>(work: (model: Uint8Array) => Promise<T>): Promise<T> {
    this.#readers += 1;
    try {
      return await work(this.#bytes ?? (await this.call(({ id }) => later().modelBytes(id))));
    } finally {
      this.#readers -= 1;
    }
  }

  /** Frees them when all calls that are under way have their answer. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#isClosed = true;
    this.#bytes = undefined;
    this.#id = undefined;
    await Promise.allSettled(this.#calls);
    const { id } = (await opened?.catch(() => undefined)) ?? {};
    if (id === undefined) return;
    forgotten.unregister(this);
    native().closeModel(id);
  }

  async #open(): Promise<OpenModel> {
    const bytes = this.#bytes ?? closed();
    try {
      // Other calls wait for it, too: the signal of one does not stop it.
      const opened = await withSignal(undefined, () => later().openModel(bytes));
      forgotten.register(this, opened.id, this);
      if (!this.#isClosed) this.#id = opened.id;
      this.#letGo(bytes);
      return opened;
    } catch (error) {
      // Where memory was short, the next call may find more.
      this.#opened = undefined;
      throw error;
    }
  }

  /** The collector would come later: the bytes of many models that are opened one after the other would lie there until then. */
  #letGo(bytes: Uint8Array): void {
    this.#bytes = undefined;
    const isWhole = bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength;
    if (isWhole && this.#readers === 0) native().free(bytes.buffer);
  }
}
