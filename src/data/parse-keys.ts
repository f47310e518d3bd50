// Configurations that zod describes, checked with all mistakes at once and in the words of the product.
import { z } from "zod";
import { type JsonSchema, nearest, retiredKey } from "../config-keys.js";
import { type Failure, failAll } from "../errors.js";

/** What the words about a configuration need beyond its schema. */
export interface KeyWords {
  /** What the keys are about, in "keys about ...". */
  readonly about: string;
  /** Further keys that exist but belong elsewhere, offered when a key is misspelt. */
  readonly known?: readonly string[];
  /** What to do about keys that are missing, by key. */
  readonly hints?: Readonly<Record<string, string>>;
}

/**
 * Checks a configuration.
 *
 * @throws `CONFIG_UNKNOWN_KEY`, `CONFIG_WRONG_TYPE`, `CONFIG_MISSING`, or `CONFIG_INVALID` with several of them
 */
export function parseKeys<S extends z.ZodObject>(schema: S, value: unknown, words: KeyWords): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  failAll(parsed.error.issues.flatMap((issue) => failuresOfIssue(issue, value, schema, words)));
  throw parsed.error;
}

/** The JSON Schema of what a file or a flag can say: forms that only memory holds are left out. */
export function jsonSchemaOf(schema: z.ZodObject): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      const forms = jsonSchema.anyOf?.filter((form) => Object.keys(form).length > 0);
      if (forms !== undefined) jsonSchema.anyOf = forms;
    },
  }) as JsonSchema;
}

function failuresOfIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  schema: z.ZodObject,
  words: KeyWords,
): readonly Failure[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(key, schema, words));
  const path = issue.path.join(".");
  const got = issue.path.reduce<unknown>((at, key) => (isObject(at) ? Reflect.get(at, key) : undefined), value);
  const described = (schema.shape[String(issue.path[0])] as z.ZodType | undefined)?.description;
  if (issue.path.length === 1 && got === undefined) {
    const hint = words.hints?.[path] ?? described;
    return [{ code: "CONFIG_MISSING", path, message: `${path} is missing: ${issue.message}`, ...(hint && { hint }) }];
  }
  const where = path === "" ? "" : `${path}: `;
  const message = `${where}got ${brief(got)}, ${issue.message}`;
  return [{ code: "CONFIG_WRONG_TYPE", path, message, ...(described !== undefined && { hint: described }) }];
}

function unknownKey(key: string, schema: z.ZodObject, { about, known = [] }: KeyWords): Failure {
  const retired = retiredKey(key);
  if (retired !== undefined) return retired;
  const keys = Object.keys(schema.shape);
  const near = nearest(key, [...keys, ...known]);
  return {
    code: "CONFIG_UNKNOWN_KEY",
    path: key,
    message: `unknown key ${JSON.stringify(key)}`,
    hint: near === undefined ? `keys about ${about}: ${keys.join(", ")}` : `did you mean ${JSON.stringify(near)}?`,
    context: { key, ...(near !== undefined && { nearest: near }) },
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function brief(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return JSON.stringify(value);
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : `a value of type ${typeof value}`;
}
