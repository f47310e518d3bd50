// Where data came from, for failures of a core that has only seen their numbers.
import { DisentangleError, type Failure, isDisentangleError } from "../errors.js";
import type { NativeDataset } from "../native.js";

/** The failure with the file of the data set as its place, unless it knows a better one. */
export function placedIn({ provenance }: Pick<NativeDataset, "provenance">, failure: Failure): Failure {
  if (failure.path !== undefined || !failure.code.startsWith("DATA_")) return failure;
  const { source } = JSON.parse(provenance) as { source?: unknown };
  return typeof source === "string" ? { ...failure, path: source } : failure;
}

/** What `ask` answers about a data set; its failures get the place of the data set. */
export function askAbout<T>(dataset: NativeDataset, ask: (dataset: NativeDataset) => T): T {
  try {
    return ask(dataset);
  } catch (error) {
    throw isDisentangleError(error) ? new DisentangleError(placedIn(dataset, error.toJSON()), error.cause) : error;
  }
}

/** What `work` gives; its failures get a place of their own. */
export function placedAt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isDisentangleError(error) ? new DisentangleError({ ...error.toJSON(), path }, error.cause) : error;
  }
}

/** As `askAbout`, of an answer that comes later. */
export async function askLater<T>(dataset: NativeDataset, ask: (dataset: NativeDataset) => Promise<T>): Promise<T> {
  try {
    return await ask(dataset);
  } catch (error) {
    throw isDisentangleError(error) ? new DisentangleError(placedIn(dataset, error.toJSON()), error.cause) : error;
  }
}
