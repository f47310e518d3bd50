// Flags are configuration keys in kebab-case: generated from the schema, never listed by hand.
import { type Command, Option } from "commander";
import { parse } from "yaml";
import { type ConfigKey, flagOf } from "../config-keys.js";
import { fail } from "../errors.js";
import { type Places, readConfigFile } from "./config-file.js";

/** The parsed options that make up a configuration. */
export interface ConfigOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly [key: string]: unknown;
}

const SET = { path: "--set", hint: "for example --set latentDim=5" } as const;

/** Adds one option per key, and `--config` and `--set`. */
export function addConfigOptions(
  command: Command,
  keys: readonly ConfigKey[],
  groups: Readonly<Record<string, string>>,
): void {
  for (const key of keys) command.addOption(optionOf(key).helpGroup(groups[key.part] ?? "Options:"));
  command
    .addOption(new Option("--config <file>", "YAML or JSON file with the same keys").helpGroup("Configuration:"))
    .addOption(
      new Option("--set <key=value>", "override one key, also inside another: --set a.b=c")
        .argParser((value: string, previous: readonly string[] = []) => [...previous, value])
        .helpGroup("Configuration:"),
    );
}

/** The configuration that a command line means, flags over `--set` over `--config`; and the places of what a file says. */
export function configOf(
  options: ConfigOptions,
  keys: readonly ConfigKey[],
): { readonly config: Record<string, unknown>; readonly places: Places } {
  const file = options.config === undefined ? undefined : readConfigFile(options.config);
  const config = structuredClone({ ...file?.config }) as Record<string, unknown>;
  const places = new Map(file?.places);
  const put = (path: string, value: unknown): void => {
    setPath(config, path.split("."), value);
    for (const known of [...places.keys()]) if (known === path || known.startsWith(`${path}.`)) places.delete(known);
  };
  for (const assignment of options.set ?? []) {
    const at = assignment.indexOf("=");
    if (at < 1) fail("CONFIG_USAGE", `--set ${assignment}: expected key=value`, SET);
    const [path, text] = [assignment.slice(0, at), assignment.slice(at + 1)];
    put(
      path,
      parseFlag(
        text,
        keys.find((key) => key.name === path),
      ),
    );
  }
  for (const key of keys) {
    const given = options[key.name];
    if (given !== undefined) put(key.name, fromFlag(given, key));
  }
  return { config, places };
}

/** What the text of a flag means for its key: columns called `1` stay text, numbers become numbers. */
export function parseFlag(text: string, key: ConfigKey | undefined): unknown {
  if (key !== undefined && (key.types.size === 0 || (key.types.has("string") && !isStructured(text, key)))) {
    const numeric = key.types.has("number") || key.types.has("integer");
    if (numeric && !key.values.includes(text) && text.trim() !== "" && Number.isFinite(Number(text)))
      return Number(text);
    if (key.types.has("boolean") && (text === "true" || text === "false")) return text === "true";
    return text;
  }
  try {
    return parse(text);
  } catch {
    return text;
  }
}

function isStructured(text: string, key: ConfigKey): boolean {
  return (key.types.has("array") || key.types.has("object")) && /^\s*[[{]/.test(text);
}

function fromFlag(given: unknown, key: ConfigKey): unknown {
  if (!Array.isArray(given)) return typeof given === "string" ? parseFlag(given, key) : given;
  const values = (given as string[]).map((text) => parseFlag(text, key));
  const onlyArray = key.types.has("array") && key.types.size === 1;
  return values.length === 1 && (!onlyArray || Array.isArray(values[0])) ? values[0] : values;
}

function optionOf(key: ConfigKey): Option {
  return new Option(`${flagOf(key.name)} ${argumentOf(key)}`, helpOf(key));
}

function argumentOf({ types, itemTypes, values }: ConfigKey): string {
  if (types.size === 1 && types.has("boolean")) return "[boolean]";
  const isList = types.has("array");
  // Where the words are known they say more than "string".
  const words = [...new Set([...types, ...itemTypes])].filter(
    (type) => type !== "array" && !(type === "string" && values.length > 0),
  );
  const shown = [...words, ...values].join("|") || "value";
  return isList ? `<${shown}...>` : `<${shown}>`;
}

function helpOf({ description, default: fallback, range, branches }: ConfigKey): string {
  const facts = [
    ...(fallback === undefined || fallback === null ? [] : [`default: ${show(fallback)}`]),
    ...(range === "" ? [] : [range]),
    ...(branches.length > 0 ? [`only ${branches.join(", ")}`] : []),
  ];
  return facts.length === 0 ? description : `${description} (${facts.join("; ")})`;
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = "", ...rest] = path;
  // Object.prototype would be reached and changed for the whole process.
  if (head === "" || head === "__proto__") fail("CONFIG_USAGE", `--set ${path.join(".")}: not a key`, SET);
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = Object.hasOwn(target, head) ? target[head] : undefined;
  const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
  target[head] = next;
  setPath(next, rest, value);
}
