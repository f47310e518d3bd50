// A command to begin with: what the user named, and guesses for what he did not.
import { catalogue } from "../catalogue.js";
import { quoted } from "../command-line.js";
import { flagOf } from "../config-keys.js";
import type { DataConfig } from "./config.js";
import { isPaths } from "./paths.js";
import { READING_KEYS } from "./reading.js";
import { type Guesses, isNames, type RoleKeys } from "./roles.js";

/** The roles of the suggested command; values given per row name nothing. */
export function rolesToShow(config: DataConfig, guesses: Guesses): RoleKeys {
  const { inputs, segment, rowId } = config;
  const task = config.task ?? guesses.task[0];
  const environment = config.environment ?? guesses.environment.find((name) => name !== task);
  const used = new Set([environment, task, segment, rowId].filter((name) => typeof name === "string"));
  const free = (names: readonly string[]) => names.filter((name) => !used.has(name));
  const target = config.target ?? free(guesses.target);
  const truth = config.truth ?? free(guesses.truth);
  return {
    ...(inputs !== undefined && { inputs }),
    ...(environment !== undefined && { environment }),
    ...(task !== undefined && { task }),
    ...(segment !== undefined && { segment }),
    ...(rowId !== undefined && { rowId }),
    ...(!(Array.isArray(target) && target.length === 0) && { target: target as NonNullable<DataConfig["target"]> }),
    ...(truth.length > 0 && { truth }),
  };
}

/** The method for data with or without tasks: the first of the catalogue that needs just that. */
export function methodFor(hasTasks: boolean): string {
  const { methods } = catalogue();
  return (methods.find(({ needs }) => needs.includes("task") === hasTasks) ?? methods[0]!).name;
}

/** `disentangle fit` with these roles; NAME and NAMES stand where the method needs what nothing names. */
export function commandFor(config: DataConfig, named: RoleKeys, method: string): string {
  const needs = catalogue().methods.find(({ name }) => name === method)?.needs ?? [];
  const flag = (name: string, value: unknown): readonly string[] =>
    isNames(value) ? [`--${name} ${quoted(value)}`] : [];
  // An array of texts is a label per row, not names.
  const label = (name: string, value: unknown): readonly string[] =>
    typeof value === "string" ? flag(name, value) : [];
  const needed = (role: string, word: string): string | undefined => (needs.includes(role) ? word : undefined);
  const targetWord = needs.includes("task") && named.task === undefined ? "NAMES" : needed("target", "NAME");
  const environment = config.environment ?? (needs.includes("environment") ? (named.environment ?? "NAME") : undefined);
  return [
    "disentangle fit",
    `--method ${method}`,
    `--data ${isPaths(config.data) ? [config.data].flat().map(quoted).join(" ") : "FILE"}`,
    ...READING_KEYS.flatMap((key) => {
      if (config[key] === undefined) return [];
      const value = [config[key]].flat().join(",");
      // A value such as -999 would be taken for a flag.
      return [`${flagOf(key)}${value.startsWith("-") ? "=" : " "}${quoted(value)}`];
    }),
    ...flag("inputs", named.inputs),
    ...label("environment", environment),
    ...label("task", named.task),
    ...flag("target", named.target ?? targetWord),
    ...flag("truth", named.truth),
    ...flag("tree", config.tree ?? needed("tree", "dendrogram")),
  ].join(" ");
}
