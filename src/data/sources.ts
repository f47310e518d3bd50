// Everything that a configuration names as one source: a file, tables joined by their ids, data with a table of labels.
import { fail } from "../errors.js";
import type { DataConfig, InMemoryData } from "./config.js";
import { withLabels } from "./labels.js";
import { openMemory } from "./memory.js";
import { cutSource, joinedSource, type Part } from "./modalities.js";
import { type Located, locate, openLocated } from "./open.js";
import { placedAt } from "./place.js";
import type { Source } from "./source.js";

/** Sources in memory, copied. */
export interface Taken {
  readonly data?: Source;
  readonly labels?: Source;
  readonly modalities: ReadonlyMap<string, Source>;
}

/** Copies what lies in memory, at once. */
export function takeSources({ data, labels, modalities = {} }: DataConfig): Taken {
  const own = Object.entries(modalities).flatMap(([name, { data }]) =>
    isMemory(data) ? [[name, placedAt(`modalities.${name}.data`, () => openMemory(data))] as const] : [],
  );
  return {
    ...(isMemory(data) && { data: openMemory(data) }),
    ...(isMemory(labels) && { labels: placedAt("labels", () => openMemory(labels)) }),
    modalities: new Map(own),
  };
}

function isMemory(data: unknown): data is InMemoryData {
  return typeof data === "object";
}

/** Opens all that a configuration names as one source; `located` is its `data`, where that is a path. */
export async function openSource(config: DataConfig, taken: Taken, located?: Located): Promise<Source> {
  const { data, modalities, labels, join } = config;
  if (data === undefined) return openModalities(config, taken);
  if (labels !== undefined && modalities !== undefined) {
    fail("CONFIG_CONFLICT", "labels: several modalities bring their labels with them", {
      path: "labels",
      hint: "give the table of labels as one more modality: --modality labels=FILE",
    });
  }
  const source = taken.data ?? (await openPlace(located ?? (await locate(data as string)), config));
  if (labels !== undefined) {
    const [table, place] =
      typeof labels === "string" ? [await openPath(config, labels), labels] : [taken.labels!, "labels"];
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

async function openModalities(config: DataConfig, taken: Taken): Promise<Source> {
  const { modalities = {}, join, labels } = config;
  if (labels !== undefined) {
    fail("CONFIG_CONFLICT", "labels: several modalities bring their labels with them", {
      path: "labels",
      hint: "give the table of labels as one more modality: --modality labels=FILE",
    });
  }
  const parts: Part[] = [];
  for (const [view, { data, inputs, matrix = config.matrix }] of Object.entries(modalities)) {
    const source = taken.modalities.get(view) ?? (await openPart(config, view, data as string, matrix));
    parts.push({ view, source, inputs });
  }
  return joinedSource(parts, join);
}

async function openPart(config: DataConfig, view: string, path: string, matrix: string | undefined): Promise<Source> {
  const { modalities: _, ...alone } = config;
  const source = await openPath({ ...alone, ...(matrix !== undefined && { matrix }) }, path);
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
async function openPath(config: DataConfig, path: string): Promise<Source> {
  return openPlace(await locate(path), config);
}

/** Opens what was located with the options of its configuration. */
function openPlace(located: Located, config: DataConfig): Promise<Source> {
  const { matrix, delimiter, missingValues, channels, modalities } = config;
  const words =
    missingValues === undefined
      ? undefined
      : typeof missingValues === "string"
        ? missingValues.split(",")
        : missingValues;
  return openLocated(located, { matrix, delimiter, missingValues: words, channels, modalities });
}

/** Where the data lie, for people. */
export function placeOf({ data, modalities = {} }: DataConfig): string {
  const place = (one: unknown) => (typeof one === "string" ? one : "in memory");
  if (data !== undefined) return place(data);
  return Object.values(modalities)
    .map((one) => place(one.data))
    .join(", ");
}
