// Flags are configuration keys in kebab-case: generated from the schema, never listed by hand.
import { type Command, Option } from "commander";
import { parse } from "yaml";
import { splitConfig, unknownKey } from "../config.js";
import { type ConfigKey, flagOf } from "../config-keys.js";
import { fail, failAll } from "../errors.js";
import { limitProcess } from "../memory-limit.js";
import { located, type Place, type Places, readConfigFile } from "./config-file.js";
import { argumentOf, attributeOf, inTurn } from "./help.js";
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
    put(
      key.name,
      key.name === MODALITIES && key.part === "data" ? modalitiesOf(value as readonly string[]) : fromFlag(value, key),
    );
  }
  if (flags.config === "-" && Object.values(config).flat().includes("-")) {
    fail("CONFIG_CONFLICT", "--config -: standard input is the configuration, and cannot be the data as well", {
      path: "--config",
      hint: "name a file for one of the two",
    });
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
  const option = new Option(`${flagOf(key.name, key.part)} ${argumentOf(key)}`, inTurn(key));
  // Offered by the shell's completion. Whether a word is allowed is for the configuration to judge.
  if (key.values.length > 0) option.argChoices = [...key.values];
  return option;
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
