// A model whose weights the core holds, from the first call that needs it until it is closed or forgotten.
import { later, native } from "./native.js";
import { withSignal } from "./signal.js";

/** Multiplications that take less time than to begin a thread, about a quarter of a millisecond; a slow processor takes ten times as long. */
export const AT_ONCE = 1 << 22;

/** A model whose weights the core holds. */
export interface OpenModel {
  readonly id: number;
  /** Numbers in it: about as many multiplications as a row costs. */
  readonly weights: number;
  close(): void;
}

const forgotten = new FinalizationRegistry((id: number) => native().closeModel(id));

/** Opens a model; it is closed at the latest when `of`, whose calls it answers, is forgotten. */
export async function openModel(model: Uint8Array, of: object): Promise<OpenModel> {
  // Other calls wait for it, too: the signal of one does not stop it.
  const { id, weights } = await withSignal(undefined, () => later().openModel(model));
  return held(id, weights, of);
}

// Apart from `openModel`: a function that was made there would keep the bytes of the model, and they are held twice then.
function held(id: number, weights: number, of: object): OpenModel {
  const token = {};
  forgotten.register(of, id, token);
  return {
    id,
    weights,
    close() {
      forgotten.unregister(token);
      native().closeModel(id);
    },
  };
}
