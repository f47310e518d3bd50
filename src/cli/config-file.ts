// Configuration files: YAML or JSON with the keys of the API, and the place of every value for error messages.
import { readFileSync } from "node:fs";
import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { DisentangleError, type Failure, failAll, failure, failuresOf, isDisentangleError } from "../errors.js";

/** Where the keys and values of a file stand: configuration path (`split.train`) to `file:line:column`. */
export type Places = ReadonlyMap<string, { readonly key: string; readonly value: string }>;

/** A configuration file. */
export interface ConfigFile {
  readonly config: Readonly<Record<string, unknown>>;
  readonly places: Places;
}

/** Reads a YAML or JSON file. Throws `CONFIG_USAGE` when it is not there, `CONFIG_PARSE` with line and column. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = { ENOENT: "no such file", EISDIR: "it is a folder", EACCES: "permission denied" }[code ?? ""];
    throw failure("CONFIG_USAGE", `--config ${path}: ${reason ?? message}`, {
      path,
      hint: "name a YAML or JSON file with the keys that `disentangle schema` lists",
      cause,
    });
  }
  return parseConfig(text, path);
}

/** Parses the text of a configuration file; `path` is only for messages. JSON is YAML. */
export function parseConfig(text: string, path: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
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
  const visit = (node: Node, prefix: string): void => {
    const items: readonly unknown[] = isMap(node) || isSeq(node) ? node.items : [];
    items.forEach((item, index) => {
      const key = isPair(item) ? item.key : undefined;
      const value = isPair(item) ? item.value : item;
      const name = isScalar(key) ? String(key.value) : String(index);
      const at = prefix === "" ? name : `${prefix}.${name}`;
      const valueAt = isNode(value) ? value.range?.[0] : undefined;
      const keyAt = isNode(key) ? key.range?.[0] : valueAt;
      places.set(at, { key: place(keyAt ?? 0), value: place(valueAt ?? keyAt ?? 0) });
      if (isNode(value)) visit(value, at);
    });
  };
  if (root !== null) visit(root, "");
  return { config: (document.toJS() ?? {}) as Record<string, unknown>, places };
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
