// One flat configuration: the ingestion reads some keys, the core the others; nobody's key is unknown to its neighbor.
import { type ConfigKey, flagOf, type JsonSchema, keysOf, nearest, retiredKey } from "./config-keys.js";
import type { ArrowLike } from "./data/config.js";
import { own } from "./data/owned.js";
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
import { nextTurn } from "./turns.js";

/** What `fit` takes: keys of the data and of one method, side by side. `disentangle fit --help` lists them all. */
export type RunConfig = DataPart & MethodOptions[keyof MethodOptions];

/** A configuration taken apart. */
export interface CheckedConfig {
  /** What the ingestion reads. */
  readonly data: DataPart;
  /** What the core reads, every default written out. */
  readonly core: Readonly<Record<string, unknown>>;
}

let known: readonly ConfigKey[] | undefined;

/** All keys that a configuration of `fit` may have. */
export async function configKeys(): Promise<readonly ConfigKey[]> {
  if (known !== undefined) return known;
  const data = await dataKeys();
  await nextTurn();
  const schema = JSON.parse(native().schema()) as JsonSchema;
  await nextTurn();
  known = [...data, ...keysOf(schema, "core")];
  return known;
}

/** The keys that the ingestion reads. */
export async function dataKeys(): Promise<readonly ConfigKey[]> {
  const { dataJsonSchema } = await import("./data/config.js");
  return keysOf(dataJsonSchema(), "data");
}

/** The keys that the core reads; of one method only, where it is named. */
export function coreKeys(method?: string): readonly ConfigKey[] {
  const schema = JSON.parse(native().schema()) as JsonSchema;
  return keysOf(method === undefined ? schema : ofMethod(schema, method), "core");
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
  return method === undefined ? all : ofMethod(all, method);
}

/** The schema with the branch of this method alone. */
function ofMethod(schema: JsonSchema, method: string): JsonSchema {
  return { ...schema, oneOf: (schema.oneOf ?? []).filter(({ properties }) => properties?.method?.const === method) };
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
  // At first use each of these takes a good part of what an event loop may be held for.
  await nextTurn();
  gather(failures, () => parseDataConfig(data));
  await nextTurn();
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

/**
 * A copy of all that the caller may still change: objects, arrays, typed arrays and views, of this realm or another; of an Arrow
 * table its columns; of an instance of a class its fields and what its getters give now. A function, and an instance that has neither
 * (a `Date`, a `Map`), is kept as it is.
 *
 * @param transfer takes typed arrays over instead of copying them, where each is all of its buffer: the caller's are detached
 */
export function snapshot<T>(value: T, transfer = false): T {
  return copyOf(value, transfer ? taking() : copied) as T;
}

type Take = (view: ArrayBufferView) => ArrayBufferView;

function copyOf(value: unknown, take: Take): unknown {
  // JSON has no 64-bit integers; what a number does not hold exactly is out of every range.
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? value : take(value);
  if (Array.isArray(value)) return Array.from(value, (inner) => copyOf(inner, take));
  if (isArrow(value)) return arrowCopy(value);
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) define(copy, key, copyOf(inner, take));
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object, also of another realm.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return copy;
  // A class that computes its columns: what they are now.
  const getters = Object.entries(Object.getOwnPropertyDescriptors(prototype as object)).filter(([, { get }]) => get);
  for (const [key] of getters) define(copy, key, copyOf((value as Record<string, unknown>)[key], take));
  // Nothing to copy: a date, a map, or what keeps all it has to itself.
  return Object.keys(copy).length === 0 ? value : copy;
}

/** Also where the key is `__proto__`. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function isArrow(value: object): value is ArrowLike {
  const { getChild, schema } = value as Partial<ArrowLike>;
  return typeof getChild === "function" && Array.isArray(schema?.fields);
}

function arrowCopy(table: ArrowLike): ArrowLike {
  const { numRows } = table;
  const fields = table.schema.fields.map(({ name }) => ({ name }));
  const columns = new Map(
    fields.map(({ name }) => {
      const vector = table.getChild(name);
      const values = vector && Array.from({ length: numRows }, (_, row) => copyOf(vector.get(row), copied));
      return [name, values] as const;
    }),
  );
  const getChild = (name: string): ReturnType<ArrowLike["getChild"]> => {
    const values = columns.get(name);
    return values ? { get: (row) => values[row] } : null;
  };
  return { schema: { fields }, numRows, getChild };
}

/** A plain array of the same type, also of a `Buffer`, whose own `slice` is a view. */
function copied(view: ArrayBufferView): ArrayBufferView {
  const type = Object.prototype.toString.call(view).slice("[object ".length, -1);
  const plain = (globalThis as unknown as Record<string, new (values: unknown) => ArrayBufferView>)[type];
  try {
    // Throws where the array was detached.
    Reflect.apply(Uint8Array.prototype.slice, view, [0, 0]);
    return plain === undefined ? view : own(new plain(view));
  } catch (cause) {
    return fail("DATA_DETACHED", "a typed array was detached before it could be copied", {
      hint: "pass the array before its buffer is transferred to another thread",
      cause,
    });
  }
}

/**
 * Takes arrays over, as a thread does that they are sent to: no number is copied, and whoever had them sees that they are gone. A part of
 * a buffer, and memory that the system does not let go (shared, of WebAssembly), is copied.
 */
function taking(): Take {
  const taken = new Map<ArrayBufferView, ArrayBufferView>();
  return (view) => {
    const array = taken.get(view) ?? moved(view) ?? copied(view);
    taken.set(view, array);
    return array;
  };
}

function moved(view: ArrayBufferView): ArrayBufferView | undefined {
  const { buffer, byteLength } = view;
  if (byteLength === 0 || byteLength < buffer.byteLength) return undefined;
  try {
    return own(structuredClone(view, { transfer: [buffer as ArrayBuffer] }));
  } catch {
    return undefined;
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
