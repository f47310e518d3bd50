// A path, a pattern or several paths as one source, with what holds for every format: columns without names are called by their
// place, and words for "no value" are known.
import { fail } from "../errors.js";
import { withMissingValues, wordsOf } from "./missing-values.js";
import { formatOf, openFile } from "./open.js";
import type { FoundReading, ReadingOptions } from "./reading.js";
import type { ColumnChoice, Source } from "./source.js";
import { expandPaths, stackSources } from "./stack.js";

/** How to open paths. */
export interface SourceOptions extends ReadingOptions {
  /** What was found in data of the same origin. */
  readonly likely?: FoundReading | undefined;
  /** Columns of a `.npy` matrix are called `prefix`0, `prefix`1, ...; default "x". */
  readonly prefix?: string | undefined;
}

/** The dataset folder that a single path names, or nothing. */
export async function datasetFolder(data: string | readonly string[]): Promise<string | undefined> {
  const paths = expandPaths(data);
  return paths.length === 1 && (await formatOf(paths[0]!)) === "dataset-folder" ? paths[0] : undefined;
}

/** Opens tables; several are stacked. */
export async function openSource(data: string | readonly string[], options: SourceOptions): Promise<Source> {
  const paths = expandPaths(data);
  const sources: Source[] = [];
  try {
    for (const path of paths) sources.push(await openOne(path, options));
  } catch (error) {
    for (const source of sources) await source.close();
    throw error;
  }
  return sources.length === 1 ? sources[0]! : stackSources(paths, sources);
}

async function openOne(path: string, options: SourceOptions): Promise<Source> {
  const format = await formatOf(path);
  if (format === "dataset-folder") {
    fail("DATA_UNKNOWN_FORMAT", `${path} is a dataset folder`, { path, hint: "name a file" });
  }
  const missingValues = wordsOf(options.missingValues);
  const source = await openFile(path, format, { ...options, missingValues });
  return named(format === "csv" ? source : withMissingValues(source, missingValues));
}

/** The source with columns without a name called by their place, as pandas calls them. */
export function named(source: Source): Source {
  let own: ReadonlyMap<string, string> | undefined;
  const describe: Source["describe"] = async (detail) => {
    const description = await source.describe(detail);
    const columns = description.columns.map((column, j) =>
      column.name.trim() === "" ? { ...column, name: `Unnamed: ${j}`, unnamed: true } : column,
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
    read: async ({ numeric, text }: ColumnChoice) =>
      source.read({ numeric: await back(numeric), text: await back(text) }),
    ...(source.exact && { exact: async (names: readonly string[]) => source.exact!(await back(names)) }),
    close: () => source.close(),
  };
}
