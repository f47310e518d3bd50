// Events of a fit on their way to whoever listens: bounded, coalesced, the last one always delivered.

/** Where a fit is. About ten a second; the last one is always delivered. */
export interface Progress {
  /** For example `joint`. */
  readonly stage: string;
  /** Step of this stage, from 1. */
  readonly step: number;
  /** Steps this stage will take at most. */
  readonly steps: number;
  /** Weighted sum of the terms. */
  readonly loss: number;
  /** Weighted loss terms by name. */
  readonly terms: Readonly<Record<string, number>>;
  /** Loss on the validation rows, where it was computed at this step. */
  readonly validation?: number;
}

/** A checkpoint is on disk, whole. */
export interface CheckpointEvent {
  /** Gradient steps it holds, over all stages. */
  readonly step: number;
  /** Its name in the folder of checkpoints. */
  readonly file: string;
}

/** A fit was asked to resume. */
export interface ResumedEvent {
  /** Gradient steps it need not repeat; 0 where there was no checkpoint yet. */
  readonly step: number;
  /** The checkpoint it goes on from; absent where it begins again. */
  readonly file?: string;
  /** Newer checkpoints that are damaged and were passed over. */
  readonly damaged?: readonly string[];
}

/** A value in, any number of readers out; a slow reader loses old values, never the newest. */
export interface Broadcast<T> {
  push(value: T): void;
  /** Ends all readers; with an error they throw it once they have read what is left. */
  end(error?: unknown): void;
  subscribe(): AsyncIterator<T, undefined>;
}

/** A broadcast whose readers each hold back at most `limit` values. */
export function broadcast<T>(limit = 64): Broadcast<T> {
  const readers = new Set<Reader<T>>();
  let last: { value: T } | undefined;
  let ending: { error?: unknown } | undefined;
  return {
    push(value) {
      last = { value };
      for (const reader of readers) {
        reader.queue.push(value);
        if (reader.queue.length > limit) reader.queue.shift();
        reader.wake();
      }
    },
    end(error) {
      ending = error === undefined ? {} : { error };
      for (const reader of readers) reader.wake();
    },
    subscribe() {
      // Who comes late still learns where the fit is.
      const reader: Reader<T> = { queue: last === undefined ? [] : [last.value], wake: () => {}, done: false };
      readers.add(reader);
      const leave = (): IteratorReturnResult<undefined> => {
        reader.done = true;
        readers.delete(reader);
        reader.wake();
        return { done: true, value: undefined };
      };
      return {
        async next() {
          while (!reader.done) {
            if (reader.queue.length > 0) return { done: false, value: reader.queue.shift() as T };
            if (ending !== undefined) {
              leave();
              if ("error" in ending) throw ending.error;
              break;
            }
            await new Promise<void>((resolve) => {
              reader.wake = resolve;
            });
          }
          return { done: true, value: undefined };
        },
        // Leaving the loop early stops the listening, not the fit.
        return: async () => leave(),
      };
    },
  };
}

interface Reader<T> {
  queue: T[];
  wake: () => void;
  done: boolean;
}
