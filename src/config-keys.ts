// Configuration keys, read from JSON Schema: the one source of flags, help texts and "did you mean".
import type { Failure } from "./errors.js";

/** The part of JSON Schema that serde, schemars and zod produce here. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema | boolean;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** One configuration key, the same in the API, in files and, in kebab-case, as a flag. */
export interface ConfigKey {
  /** In camelCase. */
  readonly name: string;
  /** Who reads it: the ingestion or the Rust core. */
  readonly part: "data" | "core";
  /** The methods (or simulators) that have it; empty where all do. */
  readonly branches: readonly string[];
  /** JSON types it accepts. */
  readonly types: ReadonlySet<string>;
  /** JSON types of the entries, where it accepts a list. */
  readonly itemTypes: ReadonlySet<string>;
  /** The words it accepts, where they are a fixed list. */
  readonly values: readonly string[];
  /** Its bounds in words (`>= 1, <= 64`), or "" where there are none or methods differ in them. */
  readonly range: string;
  /** Absent where methods differ in it. */
  readonly default: unknown;
  /** One line that is true for all methods that have it, or "" where they have nothing in common. */
  readonly description: string;
  /** What methods say that differ in it; empty where they agree. */
  readonly variants: readonly KeyVariant[];
}

/** What one or more methods say of a key. */
export interface KeyVariant {
  readonly branches: readonly string[];
  readonly description: string;
  readonly default: unknown;
  readonly range: string;
}

/** The keys of a configuration schema; `tag` names the key that chooses a branch (`method`, `simulator`). */
export function keysOf(schema: JsonSchema, part: ConfigKey["part"], tag = "method"): readonly ConfigKey[] {
  const found = new Map<string, ConfigKey[]>();
  const all = new Set<string>();
  const visit = (node: JsonSchema, branch: string | undefined): void => {
    const resolved = resolve(node, schema);
    const own = branch ?? branchName(resolved, tag);
    if (own !== undefined) all.add(own);
    for (const [name, property] of Object.entries(resolved.properties ?? {})) {
      const key = describe(name, property, schema, part, own === undefined ? [] : [own]);
      found.set(name, [...(found.get(name) ?? []), key]);
    }
    for (const child of [...(resolved.allOf ?? []), ...(resolved.oneOf ?? []), ...(resolved.anyOf ?? [])])
      visit(child, own);
  };
  visit(schema, undefined);
  return [...found.values()].map(merged).map((key) => ({
    ...key,
    branches: key.branches.length === all.size ? [] : key.branches,
    // Each branch describes itself at the tag, and none of them describes the tag.
    ...(key.name === tag && { description: `Name of the ${tag}.`, variants: [] }),
  }));
}

// Keys that are given one entry at a time.
const ONE_BY_ONE: Readonly<Record<string, string>> = { modalities: "--modality" };

/** `latentDim` as `--latent-dim`; `modalities` of the data as `--modality`, one for each (a simulator has a number of them). */
export function flagOf(name: string, part: ConfigKey["part"] = "data"): string {
  const one = part === "data" ? ONE_BY_ONE[name] : undefined;
  if (one !== undefined) return one;
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const RETIRED: Readonly<Record<string, string>> = {
  segment: "environment",
};

/** The failure for a key that earlier versions had, which names what took its place; nothing for other words. */
export function retiredKey(name: string): Failure | undefined {
  const replacement = Object.hasOwn(RETIRED, name) ? RETIRED[name] : undefined;
  if (replacement === undefined) return undefined;
  return {
    code: "CONFIG_UNKNOWN_KEY",
    message: `${name}: the key is retired`,
    path: name,
    hint: `use ${JSON.stringify(replacement)} (${flagOf(replacement)}) in its place`,
    context: { key: name, replacement },
  };
}

/** The nearest of `words` in a misspelt word, or nothing when none is near. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A third of the letters may be wrong; a longer distance offers nonsense.
  let bound = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bound) [best, bound] = [candidate, distance];
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbors. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const [above, twoAbove] = [rows[i - 1]!, rows[i - 2]];
    for (let j = 1; j <= b.length; j++) {
      const swapped = twoAbove !== undefined && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          above[j]! + 1,
          row[j - 1]! + 1,
          above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
          swapped ? twoAbove[j - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

function resolve(node: JsonSchema, root: JsonSchema): JsonSchema {
  if (node.$ref === undefined) return node;
  const target = root.$defs?.[node.$ref.replace(/^#\/\$defs\//, "")] ?? {};
  const { $ref, ...beside } = node;
  return { ...resolve(target, root), ...beside };
}

function branchName(node: JsonSchema, tag: string): string | undefined {
  const property = node.properties?.[tag];
  const value = property?.const ?? (property?.enum?.length === 1 ? property.enum[0] : undefined);
  return typeof value === "string" ? value : undefined;
}

function describe(
  name: string,
  property: JsonSchema,
  root: JsonSchema,
  part: ConfigKey["part"],
  branches: readonly string[],
): ConfigKey {
  const forms = alternatives(resolve(property, root), root);
  const own = resolve(property, root);
  const bounds = forms.flatMap((form) => [
    ...(form.minimum === undefined ? [] : [`>= ${form.minimum}`]),
    ...(form.exclusiveMinimum === undefined ? [] : [`> ${form.exclusiveMinimum}`]),
    // Bounds of the integer types themselves (2^53 - 1, 2^32 - 1) tell a reader nothing.
    ...(form.maximum === undefined || form.maximum > 1e7 ? [] : [`<= ${form.maximum}`]),
    ...(form.exclusiveMaximum === undefined ? [] : [`< ${form.exclusiveMaximum}`]),
  ]);
  return {
    name,
    part,
    branches,
    // A key that may be absent is left out, never given as null.
    types: new Set(forms.flatMap(typesOf).filter((type) => type !== "null")),
    itemTypes: new Set(forms.flatMap(({ items }) => (typeof items === "object" ? typesOf(resolve(items, root)) : []))),
    values: forms.flatMap((form) => (form.const === undefined ? (form.enum ?? []) : [form.const])).filter(isString),
    range: [...new Set(bounds)].join(", "),
    default: own.default,
    description: (own.description ?? "").replace(/\s+/g, " ").trim(),
    variants: [],
  };
}

function alternatives(node: JsonSchema, root: JsonSchema): readonly JsonSchema[] {
  const inner = [...(node.oneOf ?? []), ...(node.anyOf ?? [])];
  return inner.length === 0 ? [node] : inner.flatMap((child) => alternatives(resolve(child, root), root));
}

function typesOf(form: JsonSchema): readonly string[] {
  if (form.type !== undefined) return typeof form.type === "string" ? [form.type] : form.type;
  const values = form.const === undefined ? (form.enum ?? []) : [form.const];
  if (values.length > 0) return values.map((value) => typeof value);
  return form.properties === undefined ? [] : ["object"];
}

/** One key of what each branch says of it. */
function merged(all: readonly ConfigKey[]): ConfigKey {
  const [first] = all as [ConfigKey];
  const variants = variantsOf(all);
  const same = <T>(read: (variant: KeyVariant) => T): T | undefined => {
    const [one] = variants as [KeyVariant];
    return variants.every((variant) => JSON.stringify(read(variant)) === JSON.stringify(read(one)))
      ? read(one)
      : undefined;
  };
  return {
    ...first,
    branches: all.some(({ branches }) => branches.length === 0) ? [] : [...new Set(all.flatMap((key) => key.branches))],
    types: new Set(all.flatMap((key) => [...key.types])),
    itemTypes: new Set(all.flatMap((key) => [...key.itemTypes])),
    values: [...new Set(all.flatMap((key) => key.values))],
    range: same((variant) => variant.range) ?? "",
    default: same((variant) => variant.default),
    description: sharedOpening(variants.map((variant) => variant.description)),
    variants: variants.length > 1 ? variants : [],
  };
}

/** Branches that say the same together; one that says nothing says nothing else. */
function variantsOf(all: readonly ConfigKey[]): KeyVariant[] {
  const telling = all.filter(
    ({ description, range, default: fallback }) => description !== "" || range !== "" || fallback != null,
  );
  const groups = new Map<string, KeyVariant>();
  for (const { branches, description, default: fallback, range } of telling.length > 0 ? telling : all) {
    const key = JSON.stringify([description, fallback ?? null, range]);
    const known = groups.get(key)?.branches ?? [];
    groups.set(key, { branches: [...known, ...branches], description, default: fallback, range });
  }
  return [...groups.values()];
}

/** The words with which all sentences begin, where a clause ends after them in one of them at least; "" where none does. */
function sharedOpening(sentences: readonly string[]): string {
  const [first = "", ...others] = sentences;
  if (others.every((sentence) => sentence === first)) return first;
  let length = 0;
  while (length < first.length && others.every((sentence) => sentence[length] === first[length])) length++;
  for (let end = length; end > 0; end--) {
    const after = sentences.map((sentence) => sentence.slice(end, end + 2));
    const whole = after.every((rest) => /^$|^[.,;:](\s|$)|^\s/.test(rest));
    if (whole && after.some((rest) => /^$|^[.,;:]/.test(rest)))
      return `${first.slice(0, end).replace(/[.,;:]+$/, "")}.`;
  }
  return "";
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
