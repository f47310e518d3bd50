// A path, a pattern or several paths as one source, with what holds for every format: columns without names are called by their
// place, and words for "no value" are known.
import { withMissingValues, wordsOf } from "./missing-values.js";
import { type Located, locate, type OpenOptions, openLocated } from "./open.js";
import { calledFor } from "./positional.js";
import type { FoundReading, ReadingOptions } from "./reading.js";
import { type ColumnChoice, closeAll, type Source } from "./source.js";
import { expandPaths, stackSources } from "./stack.js";

/** How to open paths. */
export interface SourceOptions extends ReadingOptions, Pick<OpenOptions, "channels" | "modalities"> {
  /** What was found in data of the same origin. */
  readonly likely?: FoundReading | undefined;
  /** The inputs of a model: what columns without names are called. */
  readonly called?: readonly string[] | undefined;
  /** Columns of a `.npy` matrix are called `prefix`0, `prefix`1, ...; default "x". */
  readonly prefix?: string | undefined;
}

/** Finds what a path, a pattern or several paths hold; throws as `locate` does. */
export async function locateAll(data: string | readonly string[]): Promise<readonly Located[]> {
  const found: Located[] = [];
  try {
    for (const path of expandPaths(data)) found.push(await locate(path));
  } catch (error) {
    for (const { release } of found) await release();
    throw error;
  }
  return found;
}

/** The dataset folder that was located alone, or nothing. */
export function datasetFolder(located: readonly Located[]): string | undefined {
  const [first] = located;
  return located.length === 1 && first?.format === "dataset-folder" ? first.path : undefined;
}

/** Opens what was located; several are stacked. */
export async function openAll(located: readonly Located[], options: SourceOptions): Promise<Source> {
  const sources: Source[] = [];
  try {
    for (const one of located) sources.push(await openOne(one, options));
  } catch (error) {
    await closeAll([...sources, ...located.map(({ release }) => ({ close: release }))]).catch(() => {});
    throw error;
  }
  const paths = located.map(({ given }) => given);
  return sources.length === 1 ? sources[0]! : stackSources(paths, sources);
}

async function openOne(located: Located, options: SourceOptions): Promise<Source> {
  const missingValues = wordsOf(options.missingValues);
  const source = await openLocated(located, { ...options, missingValues });
  return named(located.format === "csv" ? source : withMissingValues(source, missingValues), options.called);
}

/**
 * The source with columns without a name called by their place, as pandas calls them.
 *
 * @param called the inputs of a model, which a matrix without names may be given for
 */
export function named(source: Source, called: readonly string[] = []): Source {
  let own: ReadonlyMap<string, string> | undefined;
  const describe: Source["describe"] = async (detail) => {
    const description = await source.describe(detail);
    const isBare = description.columns.every(({ positional }) => positional === true);
    const given = description.columns.map(({ name }) => name);
    const names = isBare ? calledFor(called, given) : given;
    const columns = description.columns.map((column, j) =>
      names[j]!.trim() === "" ? { ...column, name: `Unnamed: ${j}`, unnamed: true } : { ...column, name: names[j]! },
    );
    own = new Map(columns.map(({ name }, j) => [name, description.columns[j]!.name]));
    return { ...description, columns };
  };
  const back = async (names: readonly string[]): Promise<readonly string[]> => {
    if (own === undefined) await describe("names");
    return names.map((name) => own!.get(name) ?? name);
  };
  return {
    ...source,
    describe,
    read: async (choice: ColumnChoice) =>
      source.read({ ...choice, numeric: await back(choice.numeric), text: await back(choice.text) }),
    exact: async (names) => source.exact(await back(names)),
    close: () => source.close(),
  };
}
