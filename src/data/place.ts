// Where data came from, for failures of a core that has only seen their numbers.
import { DisentangleError, type Failure, isDisentangleError } from "../errors.js";
import type { NativeDataset } from "../native.js";

interface Provenance {
  readonly source?: unknown;
  /** Of columns of labels a word that was read as missing. */
  readonly missingWords?: Readonly<Record<string, string>>;
}

/** The failure with the file of the data set as its place, unless it knows a better one. */
export function placedIn({ provenance }: Pick<NativeDataset, "provenance">, failure: Failure): Failure {
  if (!failure.code.startsWith("DATA_")) return failure;
  const { source, missingWords = {} } = JSON.parse(provenance) as Provenance;
  const placed = failure.path === undefined && typeof source === "string" ? { ...failure, path: source } : failure;
  const column = /^column "(.*?)", .*: no label/.exec(failure.message)?.[1];
  const word = column === undefined ? undefined : missingWords[column];
  if (word === undefined) return placed;
  const hint = `${JSON.stringify(word)} is read as missing; to keep it as a label: --missing-values ''`;
  return { ...placed, hint: placed.hint === undefined ? hint : `${hint}; otherwise ${placed.hint}` };
}

/** What `work` gives; its failures get a place of their own. */
export function placedAt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isDisentangleError(error) ? new DisentangleError({ ...error.toJSON(), path }, error.cause) : error;
  }
}

/** What `ask` answers about a data set; its failures get the place of the data set. */
export async function askLater<T>(dataset: NativeDataset, ask: (dataset: NativeDataset) => Promise<T>): Promise<T> {
  try {
    return await ask(dataset);
  } catch (error) {
    throw isDisentangleError(error) ? new DisentangleError(placedIn(dataset, error.toJSON()), error.cause) : error;
  }
}
