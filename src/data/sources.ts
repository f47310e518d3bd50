// Everything that a configuration names as one source: a file, tables joined by their ids, data with a table of labels.
import { fail } from "../errors.js";
import type { DataConfig, InMemoryData } from "./config.js";
import { withLabels } from "./labels.js";
import { openMemory } from "./memory.js";
import { withMissingValues, wordsOf } from "./missing-values.js";
import { cutSource, joinedSource, type Part } from "./modalities.js";
import type { Located } from "./open.js";
import { locateAll, named, openAll } from "./open-source.js";
import { isPaths } from "./paths.js";
import { placedAt } from "./place.js";
import { type FoundReading, readingOf } from "./reading.js";
import type { Source } from "./source.js";

/** Sources in memory, copied. */
export interface Taken {
  readonly data?: Source;
  readonly labels?: Source;
  readonly modalities: ReadonlyMap<string, Source>;
}

/** Copies what lies in memory, at once. */
export function takeSources(config: DataConfig): Taken {
  const { data, labels, modalities = {} } = config;
  const words = wordsOf(config.missingValues);
  const open = (table: InMemoryData) => named(withMissingValues(openMemory(table), words));
  const own = Object.entries(modalities).flatMap(([name, { data }]) =>
    isMemory(data) ? [[name, placedAt(`modalities.${name}.data`, () => open(data))] as const] : [],
  );
  return {
    ...(isMemory(data) && { data: open(data) }),
    ...(isMemory(labels) && { labels: placedAt("labels", () => open(labels)) }),
    modalities: new Map(own),
  };
}

function isMemory(data: unknown): data is InMemoryData {
  return typeof data === "object" && !isPaths(data);
}

/**
 * Opens all that a configuration names as one source; `located` is its `data`, where that is named by paths.
 *
 * @param likely what was found in data of the same origin
 */
export async function openSource(
  config: DataConfig,
  taken: Taken,
  located: readonly Located[],
  likely?: FoundReading,
): Promise<Source> {
  const { data, modalities, labels, join } = config;
  if (data === undefined) return openModalities(config, taken, likely);
  if (labels !== undefined && modalities !== undefined) {
    fail("CONFIG_CONFLICT", "labels: several modalities bring their labels with them", {
      path: "labels",
      hint: "give the table of labels as one more modality: --modality labels=FILE",
    });
  }
  const source = taken.data ?? (await openPlaces(located, config, likely));
  if (labels !== undefined) {
    const [table, place] =
      typeof labels === "string" ? [await openPath(config, labels, likely), labels] : [taken.labels!, "labels"];
    return withLabels(source, table, place, join);
  }
  if (join !== undefined) {
    fail("CONFIG_CONFLICT", "join: there is one table, and nothing to join it with", {
      path: "join",
      hint: "leave join out, or give modalities or labels",
    });
  }
  if (modalities === undefined) return source;
  // A MuData file has chosen among its own modalities as it was opened.
  return (await source.describe("names")).joined === undefined ? cutSource(source, modalities) : source;
}

async function openModalities(config: DataConfig, taken: Taken, likely?: FoundReading): Promise<Source> {
  const { modalities = {}, join, labels } = config;
  if (labels !== undefined) {
    fail("CONFIG_CONFLICT", "labels: several modalities bring their labels with them", {
      path: "labels",
      hint: "give the table of labels as one more modality: --modality labels=FILE",
    });
  }
  const parts: Part[] = [];
  for (const [view, { data, inputs, matrix = config.matrix }] of Object.entries(modalities)) {
    const source = taken.modalities.get(view) ?? (await openPart(config, view, data as string, matrix, likely));
    parts.push({ view, source, inputs });
  }
  return joinedSource(parts, join);
}

async function openPart(
  config: DataConfig,
  view: string,
  path: string,
  matrix: string | undefined,
  likely: FoundReading | undefined,
): Promise<Source> {
  const { modalities: _, ...alone } = config;
  const source = await openPath({ ...alone, ...(matrix !== undefined && { matrix }) }, path, likely);
  if ((await source.describe("names")).joined === undefined) return source;
  await source.close();
  return fail("CONFIG_CONFLICT", `${path} holds several modalities itself`, {
    path: `modalities.${view}.data`,
    hint: `name it as the data: --data ${path} --modality NAME`,
  });
}

/** A dataset folder knows its views. */
export function refuseParts(config: DataConfig, folder: string): void {
  const key = (["modalities", "labels", "join"] as const).find((one) => config[one] !== undefined);
  if (key === undefined) return;
  fail("CONFIG_CONFLICT", `${key}: ${folder} is a dataset folder, which knows its views`, {
    path: key,
    hint: `leave ${key} out`,
  });
}

/** Opens a path with the options of its configuration. */
async function openPath(config: DataConfig, path: string, likely?: FoundReading): Promise<Source> {
  return openPlaces(await locateAll(path), config, likely);
}

/** Opens what was located with the options of its configuration. */
function openPlaces(located: readonly Located[], config: DataConfig, likely?: FoundReading): Promise<Source> {
  const { channels, modalities } = config;
  return openAll(located, { ...readingOf(config), channels, modalities, likely });
}

/** Where the data lie, for people. */
export function placeOf({ data, modalities = {} }: DataConfig): string {
  const place = (one: unknown) => (isPaths(one) ? [one].flat().join(", ") : "in memory");
  if (data !== undefined) return place(data);
  return Object.values(modalities)
    .map((one) => place(one.data))
    .join(", ");
}
