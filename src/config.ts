// One flat configuration: the ingestion reads some keys, the core the others; nobody's key is unknown to its neighbour.
import { type ConfigKey, flagOf, type JsonSchema, keysOf, nearest, retiredKey } from "./config-keys.js";
import type { DataPart } from "./dataset.js";
import {
  type DisentangleError,
  type Failure,
  fail,
  failAll,
  failuresOf,
  isDisentangleError,
  messageOf,
} from "./errors.js";
import type { MethodOptions } from "./generated/methods.js";
import { native } from "./native.js";

/** What `fit` takes: keys of the data and of one method, side by side. `disentangle fit --help` lists them all. */
export type RunConfig = DataPart & MethodOptions[keyof MethodOptions];

/** A configuration taken apart. */
export interface CheckedConfig {
  /** What the ingestion reads. */
  readonly data: DataPart;
  /** What the core reads, every default written out. */
  readonly core: Readonly<Record<string, unknown>>;
}

/** All keys that a configuration of `fit` may have. */
export async function configKeys(): Promise<readonly ConfigKey[]> {
  return [...(await dataKeys()), ...coreKeys()];
}

/** The keys that the ingestion reads. */
export async function dataKeys(): Promise<readonly ConfigKey[]> {
  const { dataJsonSchema } = await import("./data/config.js");
  return keysOf(dataJsonSchema(), "data");
}

/** The keys that the core reads. */
export function coreKeys(): readonly ConfigKey[] {
  return keysOf(JSON.parse(native().schema()) as JsonSchema, "core");
}

/**
 * JSON Schema of the whole flat configuration: for editors, and for what generates configurations.
 *
 * @param method only the configuration of this method. Default: of all, one branch each
 */
export async function configSchema(method?: string): Promise<JsonSchema> {
  const { dataJsonSchema } = await import("./data/config.js");
  const { properties = {} } = dataJsonSchema();
  const all = withProperties(JSON.parse(native().schema()) as JsonSchema, properties);
  if (method === undefined) return all;
  return { ...all, oneOf: (all.oneOf ?? []).filter((branch) => branch.properties?.method?.const === method) };
}

/** The schema with further properties wherever it describes a whole configuration: one that may name a method. */
function withProperties(schema: JsonSchema, properties: NonNullable<JsonSchema["properties"]>): JsonSchema {
  const add = (node: JsonSchema): JsonSchema => ({
    ...node,
    ...(node.properties?.method !== undefined && { properties: { ...properties, ...node.properties } }),
    ...(node.oneOf && { oneOf: node.oneOf.map(add) }),
    ...(node.anyOf && { anyOf: node.anyOf.map(add) }),
    ...(node.$defs && { $defs: Object.fromEntries(Object.entries(node.$defs).map(([name, one]) => [name, add(one)])) }),
  });
  return add(schema);
}

/** Checks a whole configuration. Throws every mistake at once, each with its path. */
export async function checkConfig(config: object): Promise<CheckedConfig> {
  if (typeof config !== "object" || config === null) {
    fail(
      "CONFIG_WRONG_TYPE",
      `the configuration: got ${config === undefined ? "nothing" : messageOf(config)}, expected an object`,
      {
        hint: 'for example { method: "tbr", data: "cells.csv" }',
      },
    );
  }
  const keys = await configKeys();
  const { data, core, unknown } = splitConfig(config, keys);
  const failures: Failure[] = unknown.map((name) => unknownKey(name, keys));
  const { parseDataConfig } = await import("./data/config.js");
  gather(failures, () => parseDataConfig(data));
  const checked = gather(
    failures,
    () => JSON.parse(native().checkConfig(JSON.stringify(core))) as CheckedConfig["core"],
  );
  failAll(failures);
  return { data: data as DataPart, core: checked ?? core };
}

/** Sorts the keys of a configuration by who reads them. A key left `undefined` counts as absent. */
export function splitConfig(
  config: object,
  keys: readonly ConfigKey[],
): { data: Record<string, unknown>; core: Record<string, unknown>; unknown: string[] } {
  const parts = new Map(keys.map((key) => [key.name, key.part]));
  const split = { data: {} as Record<string, unknown>, core: {} as Record<string, unknown>, unknown: [] as string[] };
  for (const [name, value] of Object.entries(config)) {
    const part = parts.get(name);
    if (part === undefined) split.unknown.push(name);
    else if (value !== undefined) split[part][name] = value;
  }
  return split;
}

/** The failure for a key that does not exist, with the nearest of all that do. */
export function unknownKey(name: string, keys: readonly ConfigKey[]): Failure {
  const retired = retiredKey(name);
  if (retired !== undefined) return retired;
  const near = nearest(
    name,
    keys.map((key) => key.name),
  );
  return {
    code: "CONFIG_UNKNOWN_KEY",
    message: `${name}: there is no such key`,
    path: name,
    hint: near === undefined ? "`disentangle schema` lists all keys" : `did you mean "${near}" (${flagOf(near)})?`,
    context: { key: name, ...(near !== undefined && { nearest: near }) },
  };
}

/** A copy of what the caller may still change: plain objects, arrays and typed arrays; anything else is kept as it is. */
export function snapshot<T>(value: T): T {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return copied(value as unknown as Float32Array) as T;
  if (Array.isArray(value)) return value.map(snapshot) as T;
  // JSON has no 64-bit integers; what a number does not hold exactly is out of every range.
  if (typeof value === "bigint") return Number(value) as T;
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, snapshot(inner)])) as T;
}

function copied(array: Float32Array): Float32Array {
  try {
    return array.slice();
  } catch (cause) {
    return fail("DATA_DETACHED", "a typed array was detached before it could be copied", {
      hint: "pass the array before its buffer is transferred to another thread",
      cause,
    });
  }
}

function gather<T>(failures: Failure[], check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    failures.push(...failuresOf(error as DisentangleError));
    return undefined;
  }
}
