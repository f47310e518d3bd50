// What functions of the API are called with, where types were not checked: each mistake says which argument, what it is and what is
// expected there. Keys of configurations are checked where they are declared.
import { nearest } from "./config-keys.js";
import { type Failure, fail, failAll } from "./errors.js";

/** What a value must be. */
export interface Kind {
  /** In words, after "expected". */
  readonly expected: string;
  is(value: unknown): boolean;
}

/** Any value: another place checks it. */
export const ANY: Kind = { expected: "a value", is: () => true };
export const TEXT: Kind = { expected: "a text", is: (value) => typeof value === "string" };
export const NUMBER: Kind = { expected: "a number", is: (value) => typeof value === "number" };
export const BOOLEAN: Kind = { expected: "true or false", is: (value) => typeof value === "boolean" };
export const FUNCTION: Kind = { expected: "a function", is: (value) => typeof value === "function" };
export const LIST: Kind = { expected: "an array", is: Array.isArray };
export const OBJECT: Kind = { expected: "an object", is: isObject };
export const TEXTS = listOf(TEXT, "an array of texts");
export const FLOATS: Kind = { expected: "a Float32Array", is: (value) => typeOf(value) === "Float32Array" };
export const BYTES: Kind = { expected: "a Uint8Array", is: (value) => typeOf(value) === "Uint8Array" };
export const FOLDER: Kind = { ...TEXT, expected: "the path of a folder" };

/** The same, or null. */
export function orNull({ expected, is }: Kind): Kind {
  return { expected, is: (value) => value === null || is(value) };
}

/** An array of these. */
export function listOf(one: Kind, expected: string): Kind {
  return { expected, is: (value) => Array.isArray(value) && value.every((inner) => one.is(inner)) };
}

/** The kinds of all parts of something. */
export type Kinds<T> = { readonly [Key in keyof T]-?: Kind };

/**
 * Refuses an argument that is missing or of another kind.
 *
 * @throws `CONFIG_MISSING`, `CONFIG_WRONG_TYPE`
 */
export function checkArgument(path: string, value: unknown, kind: Kind, hint: string): void {
  failAll(mistakesIn(path, value, kind, hint));
}

/**
 * Refuses an object whose parts are missing or of other kinds; all of them at once.
 *
 * @param required its parts; each has to be there
 * @throws `CONFIG_MISSING`, `CONFIG_WRONG_TYPE`, or `CONFIG_INVALID` with several of them
 */
export function checkParts(
  path: string,
  value: unknown,
  required: Readonly<Record<string, Kind>>,
  hint: string,
  optional: Readonly<Record<string, Kind>> = {},
): void {
  checkArgument(path, value, OBJECT, hint);
  const given = value as Readonly<Record<string, unknown>>;
  failAll([
    ...Object.entries(required).flatMap(([key, kind]) => mistakesIn(`${path}.${key}`, given[key], kind, hint)),
    ...wrongParts(given, optional, (key) => `${path}.${key}`, hint),
  ]);
}

/**
 * Refuses options that are no object, have keys that do not exist, or values of other kinds; all of them at once. A key that is
 * `undefined` counts as absent.
 *
 * @throws `CONFIG_UNKNOWN_KEY`, `CONFIG_WRONG_TYPE`, or `CONFIG_INVALID` with several of them
 */
export function checkOptions<T extends object>(options: unknown, kinds: Kinds<T>): void {
  const known = Object.keys(kinds);
  const hint = `options: ${known.join(", ")}`;
  checkArgument("options", options, OBJECT, hint);
  const given = options as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).filter((key) => given[key] !== undefined && !Object.hasOwn(kinds, key));
  failAll([
    ...unknown.map((key): Failure => {
      const near = nearest(key, known);
      return {
        code: "CONFIG_UNKNOWN_KEY",
        message: `${key}: there is no such option`,
        path: key,
        hint: near === undefined ? hint : `did you mean ${JSON.stringify(near)}?`,
        context: { key, ...(near !== undefined && { nearest: near }) },
      };
    }),
    ...wrongParts(given, kinds as Readonly<Record<string, Kind>>, (key) => key, hint),
  ]);
}

/** Refuses parts of options that are of other kinds, and leaves all others to whoever reads them. */
export function checkKinds(
  options: unknown,
  kinds: Readonly<Record<string, Kind>>,
  hint = `leave them out for the defaults, or give an object with ${Object.keys(kinds).join(", ")}`,
): void {
  checkArgument("options", options, OBJECT, hint);
  failAll(wrongParts(options as Readonly<Record<string, unknown>>, kinds, (key) => key, hint));
}

/** What crosses to the core as text. A `bigint` is the number that it is; what refers to itself is refused. */
export function jsonOf(path: string, value: unknown): string {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner));
  } catch (cause) {
    return fail("CONFIG_WRONG_TYPE", `${path}: an object that refers to itself, or cannot be read`, {
      path,
      hint: "give plain data: numbers, texts, arrays and objects of these",
      cause,
    });
  }
}

/** A value in a few words. */
export function brief(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a typed array (${typeOf(value)})`;
  const type = typeOf(value);
  if (type !== "Object") return `an object of type ${type}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty object";
  return `an object with ${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ", ..." : ""}`;
}

function mistakesIn(path: string, value: unknown, { expected, is }: Kind, hint: string): readonly Failure[] {
  if (value === undefined)
    return [{ code: "CONFIG_MISSING", message: `${path} is missing: expected ${expected}`, path, hint }];
  if (is(value)) return [];
  return [{ code: "CONFIG_WRONG_TYPE", message: `${path}: got ${brief(value)}, expected ${expected}`, path, hint }];
}

function wrongParts(
  given: Readonly<Record<string, unknown>>,
  kinds: Readonly<Record<string, Kind>>,
  pathOf: (key: string) => string,
  hint: string,
): readonly Failure[] {
  const keys = Object.keys(kinds).filter((key) => given[key] !== undefined);
  return keys.flatMap((key) => mistakesIn(pathOf(key), given[key], kinds[key]!, hint));
}

/** By what it is, not by its class: test environments and other realms have classes of their own. */
function typeOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
