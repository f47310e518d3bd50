// Flags are configuration keys in kebab-case: generated from the schema, never listed by hand.
import { type Command, Option } from "commander";
import { parse } from "yaml";
import { splitConfig, unknownKey } from "../config.js";
import { type ConfigKey, flagOf, type KeyVariant } from "../config-keys.js";
import { fail, failAll } from "../errors.js";
import { limitProcess } from "../memory-limit.js";
import { located, type Place, type Places, readConfigFile } from "./config-file.js";
import { addMemoryOption, flagValue, variableOf } from "./variables.js";

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
    .addOption(
      new Option("--config <file>", "YAML or JSON file with the same keys; - reads standard input").helpGroup(
        "Configuration:",
      ),
    )
    .addOption(
      new Option("--set <key=value>", "override one key, also inside another: --set a.b=c")
        .argParser((value: string, previous: readonly string[] = []) => [...previous, value])
        .helpGroup("Configuration:"),
    );
  addMemoryOption(command);
}

/** What a command was given. */
export interface Given<T> {
  readonly config: Record<string, unknown>;
  /** The places of what a file says. */
  readonly places: Places;
  /** The flags that are no keys of the configuration. */
  readonly options: T;
}

/** What a command line means: flags over `--set` over variables `DISENTANGLE_*` over `--config`. */
export async function given<T extends ConfigOptions>(
  command: Command,
  flags: T,
  keys: readonly ConfigKey[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Given<T>> {
  const file = flags.config === undefined ? undefined : await readConfigFile(flags.config);
  const config = structuredClone({ ...file?.config }) as Record<string, unknown>;
  const places = new Map(file?.places);
  const put = (path: string, value: unknown): void => {
    setPath(config, path.split("."), value);
    for (const known of [...places.keys()]) if (known === path || known.startsWith(`${path}.`)) places.delete(known);
  };
  for (const key of keys) {
    const flag = attributeOf(key);
    if (flag !== key.name) takeWords(config, places, flag, key.name);
    for (const name of new Set([key.name, flag])) {
      const text = env[variableOf(name)];
      if (text === undefined || text === "") continue;
      put(key.name, name === key.name ? parseFlag(text, key) : modalitiesOf(text.trim().split(/\s+/)));
    }
  }
  for (const assignment of flags.set ?? []) {
    const at = assignment.indexOf("=");
    if (at < 1) fail("CONFIG_USAGE", `--set ${assignment}: expected key=value`, SET);
    const [path, text] = [assignment.slice(0, at), assignment.slice(at + 1)];
    const key = keys.find((one) => one.name === path);
    put(path, parseFlag(text, key));
  }
  for (const key of keys) {
    const value = flags[attributeOf(key)];
    if (value === undefined) continue;
    put(key.name, key.name === MODALITIES ? modalitiesOf(value as readonly string[]) : fromFlag(value, key));
  }
  const names = new Set(keys.map(attributeOf));
  const options: Record<string, unknown> = { ...flags };
  for (const option of command.options) {
    const name = option.attributeName();
    if (names.has(name) || name === "config" || name === "set") continue;
    const said = Object.hasOwn(config, name);
    const value = config[name];
    delete config[name];
    if (command.getOptionValueSource(name) === "cli") continue;
    const text = env[variableOf(name)];
    if (text !== undefined && text !== "") options[name] = flagValue(option, text, variableOf(name));
    else if (said) options[name] = flagValue(option, value, places.get(name)?.value ?? name);
  }
  limitProcess(options.maxMemory === undefined ? undefined : String(options.maxMemory));
  return { config, places, options: options as T };
}

/** What a file says under the name of a flag goes to the key of the flag. */
function takeWords(config: Record<string, unknown>, places: Map<string, Place>, flag: string, key: string): void {
  if (!Object.hasOwn(config, flag)) return;
  const words = [config[flag]].flat();
  if (Object.hasOwn(config, key)) {
    fail("CONFIG_CONFLICT", `${flag} beside ${key}: both name the modalities`, {
      path: key,
      hint: "keep one of the two",
    });
  }
  if (!words.every((word) => typeof word === "string")) {
    fail("CONFIG_WRONG_TYPE", `${flag}: got ${JSON.stringify(config[flag])}, expected words such as rna=rna.csv`, {
      path: places.get(flag)?.value ?? flag,
      hint: `give a list of NAME=FILE, or ${key} with an object for each name`,
    });
  }
  delete config[flag];
  config[key] = modalitiesOf(words);
  const place = places.get(flag);
  if (place !== undefined) places.set(key, place);
}

/** Throws `CONFIG_UNKNOWN_KEY` for what is no key of any configuration; a file may say more than a command reads. */
export function refuseUnknown(
  config: Readonly<Record<string, unknown>>,
  places: Places,
  keys: readonly ConfigKey[],
): void {
  try {
    failAll(splitConfig(config, keys).unknown.map((name) => unknownKey(name, keys)));
  } catch (error) {
    throw located(error, places);
  }
}

const MODALITIES = "modalities";

/** The name under which commander keeps a flag. */
function attributeOf(key: ConfigKey): string {
  return key.name === MODALITIES ? "modality" : key.name;
}

/**
 * Modalities from `NAME=FILE`, `NAME.inputs=COLUMNS`, `NAME.matrix=MATRIX` and `NAME`.
 *
 * @throws `CONFIG_USAGE`
 */
export function modalitiesOf(words: readonly string[]): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const modalities = new Map<string, Record<string, string>>();
  for (const word of words) {
    const at = word.indexOf("=");
    const [key, value] = at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
    const [name = "", setting = "data", ...rest] = key!.split(".");
    const isKnown = ["data", "inputs", "matrix"].includes(setting) && rest.length === 0;
    if (name === "" || name === "__proto__" || !isKnown || value === "" || (value === undefined && key !== name)) {
      fail("CONFIG_USAGE", `--modality ${word}: expected NAME=FILE, NAME.inputs=COLUMNS, NAME.matrix=MATRIX or NAME`, {
        path: "--modality",
        hint: "for example --modality rna=rna.csv --modality rna.inputs='gene*' --join subject",
      });
    }
    const modality = modalities.get(name) ?? {};
    if (value !== undefined) modality[setting] = value;
    modalities.set(name, modality);
  }
  return Object.fromEntries(modalities);
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

function argumentOf({ name, types, itemTypes, values }: ConfigKey): string {
  if (name === MODALITIES) return "<name=file...>";
  if (types.size === 1 && types.has("boolean")) return "[boolean]";
  const isList = types.has("array");
  // Where the words are known they say more than "string".
  const words = [...new Set([...types, ...itemTypes])].filter(
    (type) => type !== "array" && !(type === "string" && values.length > 0),
  );
  const shown = [...words, ...values].join("|") || "value";
  return isList ? `<${shown}...>` : `<${shown}>`;
}

function helpOf(key: ConfigKey): string {
  const { description, range, branches, variants } = key;
  const facts = [
    ...defaultsOf(key),
    ...(range === "" ? [] : [range]),
    ...(branches.length > 0 ? [`only ${branches.join(", ")}`] : []),
  ];
  // Where methods have no words in common, each says its own.
  const text = description === "" && variants.length > 1 ? inTurn(variants) : description;
  return facts.length === 0 ? text : `${text} (${facts.join("; ")})`;
}

/** The default, or whose is which, the most common one last: "default: 5 for pca; else auto". */
function defaultsOf({ default: fallback, variants }: ConfigKey): string[] {
  if (fallback !== undefined && fallback !== null) return [`default: ${show(fallback)}`];
  const methods = new Map<string, string[]>();
  for (const { branches, default: value } of variants) {
    const text = value === undefined || value === null ? "derived" : show(value);
    methods.set(text, [...(methods.get(text) ?? []), ...branches]);
  }
  if ([...methods.keys()].every((text) => text === "derived")) return [];
  const sorted = [...methods].sort(([, a], [, b]) => a.length - b.length);
  const [common] = sorted.at(-1)!;
  return [
    `default: ${[...sorted.slice(0, -1).map(([text, names]) => `${text} for ${names.join(", ")}`), `else ${common}`].join("; ")}`,
  ];
}

/** First sentences, each after the methods that say it; the schema of a method has the rest. */
function inTurn(variants: readonly KeyVariant[]): string {
  const sentence = ({ description }: KeyVariant): string => description.replace(/\. [A-Z`].*$/, ".");
  const sentences = [...new Set(variants.map(sentence))];
  return sentences
    .map(
      (text) =>
        `${variants
          .filter((one) => sentence(one) === text)
          .flatMap(({ branches }) => branches)
          .join(", ")}: ${text}`,
    )
    .join(" ");
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
