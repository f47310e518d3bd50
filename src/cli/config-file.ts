// Configuration files: YAML or JSON with the keys of the API, and the place of every value for error messages.
import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import {
  DisentangleError,
  type Failure,
  failAll,
  failure,
  failuresOf,
  isDisentangleError,
  messageOf,
} from "../errors.js";

/** Where the keys and values of a file stand: configuration path (`split.train`) to `file:line:column`. */
export type Places = ReadonlyMap<string, Place>;

/** Where a key and its value stand. */
export interface Place {
  readonly key: string;
  readonly value: string;
}

/** A configuration file. */
export interface ConfigFile {
  readonly config: Readonly<Record<string, unknown>>;
  readonly places: Places;
}

/** Reads a YAML or JSON file, or standard input for `-`. Throws `CONFIG_USAGE` when it is not there, `CONFIG_PARSE` with line and column. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    return parseConfig(path === "-" ? await textOf(process.stdin) : await readFile(path, "utf8"), path);
  } catch (cause) {
    if (isDisentangleError(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = { ENOENT: "no such file", EISDIR: "it is a folder", EACCES: "permission denied" }[code ?? ""];
    throw failure("CONFIG_USAGE", `--config ${path}: ${reason ?? message}`, {
      path,
      hint: "name a YAML or JSON file with the keys that `disentangle schema` lists",
      cause,
    });
  }
}

/**
 * Parses the text of a configuration file; `path` is only for messages. JSON is YAML.
 *
 * Merge keys (`<<`) are followed; keys at the top that begin with `x-` are a place for anchors, and read by nobody.
 */
export function parseConfig(text: string, path: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  failAll(
    document.errors.map((error) => ({
      code: "CONFIG_PARSE",
      message: lowerFirst(error.message),
      path: place(error.pos[0]),
      hint: HINTS[error.code] ?? "check brackets, quotes and indentation at this place and before it",
    })),
  );
  const root = document.contents;
  if (root !== null && !isMap(root)) {
    throw failure("CONFIG_PARSE", "expected keys and values at the top of the file", {
      path: place(root.range?.[0] ?? 0),
      hint: "for example `method: tbr`",
    });
  }
  const places = new Map<string, { key: string; value: string }>();
  const visit = (node: Node, prefix: string, above: readonly Node[] = []): void => {
    if (above.includes(node)) throw new Error(`the value of ${prefix} holds itself`);
    const within = [...above, node];
    const items: readonly unknown[] = isMap(node) || isSeq(node) ? node.items : [];
    items.forEach((item, index) => {
      const key = isPair(item) ? item.key : undefined;
      const value = isPair(item) ? item.value : item;
      const name = isScalar(key) ? (isMerge(key.value) ? "<<" : String(key.value)) : String(index);
      if (name === "<<") {
        const merged = isSeq(value) ? value.items : [value];
        // What stands at the place itself wins over what is merged, and the first of several over the others.
        for (const one of merged) visitMerged(one, prefix, within);
        return;
      }
      const at = prefix === "" ? name : `${prefix}.${name}`;
      const valueAt = isNode(value) ? value.range?.[0] : undefined;
      const keyAt = isNode(key) ? key.range?.[0] : valueAt;
      places.set(at, { key: place(keyAt ?? 0), value: place(valueAt ?? keyAt ?? 0) });
      const inner = isAlias(value) ? value.resolve(document) : value;
      if (isNode(inner)) visit(inner, at, within);
    });
  };
  const visitMerged = (value: unknown, prefix: string, above: readonly Node[]): void => {
    const map = isAlias(value) ? value.resolve(document) : value;
    if (!isMap(map)) return;
    const known = new Map(places);
    visit(map, prefix, above);
    for (const [at, place] of known) places.set(at, place);
  };
  let values: unknown;
  try {
    // First, as it refuses aliases that grow without bound.
    values = document.toJS();
    if (root !== null) visit(root, "");
  } catch (cause) {
    // Aliases of nothing, of themselves, or of more than fits into memory.
    throw failure("CONFIG_PARSE", lowerFirst(messageOf(cause)), {
      path,
      hint: "an alias (*name) needs its anchor (&name) before it, and cannot hold itself",
      cause,
    });
  }
  const config = Object.entries((values ?? {}) as Record<string, unknown>).filter(([name]) => !name.startsWith("x-"));
  return { config: Object.fromEntries(config), places };
}

/** The key of a merge is a symbol once merging is on. */
function isMerge(key: unknown): boolean {
  return key === "<<" || (typeof key === "symbol" && key.description === "<<");
}

/** The same error with the places of a file instead of configuration paths; anything else is returned as it is. */
export function located(error: unknown, places: Places): unknown {
  if (!isDisentangleError(error) || places.size === 0) return error;
  const failures = failuresOf(error).map((one) => locate(one, places));
  const [first] = failures;
  if (failures.length === 1 && first !== undefined) return new DisentangleError(first, error.cause);
  return new DisentangleError({ ...error.toJSON(), context: { ...error.context, failures } }, error.cause);
}

function locate(one: Failure, places: Places): Failure {
  // A path inside a value (`split.train`) belongs to the innermost part that the file spells out.
  for (let path = one.path ?? ""; path !== ""; path = path.slice(0, Math.max(0, path.lastIndexOf(".")))) {
    const place = places.get(path);
    if (place === undefined) continue;
    const at = one.code === "CONFIG_UNKNOWN_KEY" ? place.key : place.value;
    return { ...one, path: at, context: { ...one.context, configPath: one.path } };
  }
  return one;
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "indent with spaces",
  DUPLICATE_KEY: "keep one of the two",
};

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
