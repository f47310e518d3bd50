// Everything that a configuration names as one source: a file, tables joined by their ids, data with a table of labels.
import { fail } from "../errors.js";
import type { DataConfig, InMemoryData } from "./config.js";
import { withLabels } from "./labels.js";
import { type KnownColumns, openMemory } from "./memory.js";
import { withMissingValues, wordsOf } from "./missing-values.js";
import { cutSource, joinedSource, type Part } from "./modalities.js";
import type { Located } from "./open.js";
import { locateAll, named, openAll } from "./open-source.js";
import { isPaths } from "./paths.js";
import { placedAt } from "./place.js";
import { type FoundReading, readingOf } from "./reading.js";
import { closeAll, type Source } from "./source.js";

/** Sources in memory, copied. */
export interface Taken {
  readonly data?: Source;
  readonly labels?: Source;
  readonly modalities: ReadonlyMap<string, Source>;
}

/** What is known of data before they are opened. */
export interface Expected {
  /** How data of the same origin were written. */
  readonly likely?: FoundReading | undefined;
  /** The inputs of a model: what columns without names are called. */
  readonly called?: readonly string[] | undefined;
}

/** Copies what lies in memory, at once; `remembered` is what a model knows of its columns. */
export function takeSources(
  config: DataConfig,
  {
    model,
    offsets,
  }: { readonly model?: { readonly inputs: readonly string[] }; readonly offsets?: ReadonlyMap<string, number> } = {},
): Taken {
  const { data, labels, modalities = {}, environment, task, rowId, join } = config;
  const labeled = [environment, task, rowId, join].filter((name) => typeof name === "string");
  const exact = [...labeled, ...(offsets?.keys() ?? [])];
  const words = wordsOf(config.missingValues);
  // In modalities and tables of labels any column may be a label.
  const open = (table: InMemoryData, known?: KnownColumns) => named(withMissingValues(openMemory(table, known), words));
  const own = Object.entries(modalities).flatMap(([name, { data }]) =>
    isMemory(data) ? [[name, placedAt(`modalities.${name}.data`, () => open(data))] as const] : [],
  );
  return {
    ...(isMemory(data) && { data: open(data, { exact, called: model?.inputs }) }),
    ...(isMemory(labels) && { labels: placedAt("labels", () => open(labels)) }),
    modalities: new Map(own),
  };
}

function isMemory(data: unknown): data is InMemoryData {
  return typeof data === "object" && !isPaths(data);
}

/**
 * Opens all that a configuration names as one source; `located` is its `data`, where that is named by paths. Where it fails, what was
 * opened and unpacked for it is closed and removed.
 */
export async function openSource(
  config: DataConfig,
  taken: Taken,
  located: readonly Located[],
  expected: Expected = {},
): Promise<Source> {
  const opened: Pick<Source, "close">[] = located.map(({ release }) => ({ close: release }));
  const keep: Keep = async (opening) => {
    const source = await opening;
    opened.push(source);
    return source;
  };
  try {
    return await openNamed(config, taken, located, expected, keep);
  } catch (error) {
    // The first failure is the one to be told.
    await closeAll(opened).catch(() => {});
    throw error;
  }
}

/** Keeps a source that was opened, to be closed where something else fails. */
type Keep = (opening: Promise<Source>) => Promise<Source>;

async function openNamed(
  config: DataConfig,
  taken: Taken,
  located: readonly Located[],
  expected: Expected,
  keep: Keep,
): Promise<Source> {
  const { data, modalities, labels, join, unmatched } = config;
  if (labels !== undefined && modalities !== undefined) {
    fail("CONFIG_CONFLICT", "labels: several modalities bring their labels with them", {
      path: "labels",
      hint: "give the table of labels as one more modality: --modality labels=FILE",
    });
  }
  if (data === undefined) return openModalities(config, taken, expected, keep);
  const source = taken.data ?? (await keep(openPlaces(located, config, expected)));
  if (labels !== undefined) {
    const [table, place] =
      typeof labels === "string"
        ? [await keep(openPath(config, labels, { likely: expected.likely?.labels })), labels]
        : [taken.labels!, "labels"];
    return withLabels(source, table, place, join);
  }
  if (join !== undefined) {
    fail("CONFIG_CONFLICT", "join: there is one table, and nothing to join it with", {
      path: "join",
      hint: "leave join out, or give modalities or labels",
    });
  }
  if (unmatched !== undefined) {
    fail("CONFIG_CONFLICT", "unmatched: no tables of modalities are joined here", {
      path: "unmatched",
      hint: "leave unmatched out, or give each modality its own table: --modality NAME=FILE",
    });
  }
  if (modalities === undefined) return source;
  // A MuData file has chosen among its own modalities as it was opened.
  return (await source.describe("names")).joined === undefined ? cutSource(source, modalities) : source;
}

async function openModalities(config: DataConfig, taken: Taken, { likely }: Expected, keep: Keep): Promise<Source> {
  const { modalities = {}, join, unmatched } = config;
  const parts: Part[] = [];
  for (const [view, { data, inputs, matrix = config.matrix }] of Object.entries(modalities)) {
    const own = { likely: likely?.views?.[view] ?? likely };
    const source = taken.modalities.get(view) ?? (await keep(openPart(config, view, data as string, matrix, own)));
    parts.push({ view, source, inputs });
  }
  return joinedSource(parts, { join, unmatched });
}

async function openPart(
  config: DataConfig,
  view: string,
  path: string,
  matrix: string | undefined,
  expected: Expected,
): Promise<Source> {
  const { modalities: _, ...alone } = config;
  const source = await openPath({ ...alone, ...(matrix !== undefined && { matrix }) }, path, expected);
  try {
    if ((await source.describe("names")).joined === undefined) return source;
    return fail("CONFIG_CONFLICT", `${path} holds several modalities itself`, {
      path: `modalities.${view}.data`,
      hint: `name it as the data: --data ${path} --modality NAME`,
    });
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A dataset folder knows its views. */
export function refuseParts(config: DataConfig, folder: string): void {
  const key = (["modalities", "labels", "join", "unmatched"] as const).find((one) => config[one] !== undefined);
  if (key === undefined) return;
  fail("CONFIG_CONFLICT", `${key}: ${folder} is a dataset folder, which knows its views`, {
    path: key,
    hint: `leave ${key} out`,
  });
}

/** Opens a path with the options of its configuration. */
async function openPath(config: DataConfig, path: string, expected: Expected): Promise<Source> {
  return openPlaces(await locateAll(path), config, expected);
}

/** Opens what was located with the options of its configuration. */
function openPlaces(located: readonly Located[], config: DataConfig, expected: Expected): Promise<Source> {
  const { channels, modalities } = config;
  return openAll(located, { ...readingOf(config), channels, modalities, ...expected });
}

/** Where the data lie, for people. */
export function placeOf({ data, modalities = {} }: DataConfig): string {
  const place = (one: unknown) => (isPaths(one) ? [one].flat().join(", ") : "in memory");
  if (data !== undefined) return place(data);
  return Object.values(modalities)
    .map((one) => place(one.data))
    .join(", ");
}
