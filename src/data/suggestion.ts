// A command to begin with: what the user named, and guesses for what he did not.
import { catalogue } from "../catalogue.js";
import { modalityWords, quoted } from "../command-line.js";
import { flagOf } from "../config-keys.js";
import type { DataConfig } from "./config.js";
import { isPaths } from "./paths.js";
import { READING_KEYS } from "./reading.js";
import { type Guesses, isNames, type RoleKeys } from "./roles.js";

/** The roles of the suggested command; values given per row name nothing. */
export function rolesToShow(config: DataConfig, guesses: Guesses): RoleKeys {
  const { inputs, rowId } = config;
  const task = config.task ?? guesses.task[0];
  const environment = config.environment ?? guesses.environment.find((name) => name !== task);
  const used = new Set([environment, task, rowId].filter((name) => typeof name === "string"));
  const free = (names: readonly string[]) => names.filter((name) => !used.has(name));
  const target = config.target ?? free(guesses.target);
  const truth = config.truth ?? free(guesses.truth);
  return {
    ...(inputs !== undefined && { inputs }),
    ...(environment !== undefined && { environment }),
    ...(task !== undefined && { task }),
    ...(rowId !== undefined && { rowId }),
    ...(!(Array.isArray(target) && target.length === 0) && { target: target as NonNullable<DataConfig["target"]> }),
    ...(truth.length > 0 && { truth }),
  };
}

/** What data have that decides which method suits them. */
export interface Holdings {
  readonly tasks: boolean;
  readonly target: boolean;
  readonly environment: boolean;
  readonly tree: boolean;
  /** How many; 1 where the inputs are one table. */
  readonly modalities: number;
}

/**
 * The first method of the catalogue that suits the data: one for tasks where there are any, one that needs no target where there are
 * environments alone, one that needs nothing but inputs (or several tables of them) where there is nothing else, so that the command
 * runs as it stands; else one with a target.
 */
export function methodFor({ tasks, target, environment, tree, modalities }: Holdings): string {
  const { methods } = catalogue();
  const suits = (needs: readonly string[]): boolean => {
    if (tasks) return needs.includes("task");
    if (target || tree) return !needs.includes("task");
    if (environment) return needs.includes("target or environment");
    return modalities > 1 ? needs.includes("modalities") : needs.length === 0;
  };
  return (methods.find(({ needs }) => suits(needs)) ?? methods[0]!).name;
}

/** The methods of the catalogue that have all they need in such data. */
export function methodsFor({ tasks, target, environment, modalities }: Holdings): readonly string[] {
  const has: Readonly<Record<string, boolean>> = {
    environment,
    target: target || tasks,
    task: tasks,
    "target or environment": target || environment,
    // It can be made of the data, where there are environments.
    tree: environment,
    modalities: modalities > 1,
    "two modalities": modalities === 2,
  };
  return catalogue()
    .methods.filter(({ needs }) => needs.every((role) => has[role] === true))
    .map(({ name }) => name);
}

/** The flags of modalities, labels and what joins them. */
function partsOf({ modalities = {}, join, unmatched, labels, channels }: DataConfig): readonly string[] {
  const parts = Object.entries(modalities).map(([name, { data, ...rest }]) => {
    return [name, { ...rest, ...(data !== undefined && { data: typeof data === "string" ? data : "FILE" }) }] as const;
  });
  const flag = (name: string, value: unknown): readonly string[] =>
    value === undefined ? [] : [`--${name} ${typeof value === "string" ? quoted(value) : "FILE"}`];
  const words = modalityWords(parts);
  return [
    ...(words.length === 0 ? [] : [words.join(" ")]),
    ...flag("join", join),
    ...flag("unmatched", unmatched),
    ...flag("labels", labels),
    ...flag("channels", channels),
  ];
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
  const either = needs.includes("target or environment");
  const environment =
    config.environment ??
    (needs.includes("environment") || (either && named.target === undefined)
      ? (named.environment ?? "NAME")
      : undefined);
  return [
    "disentangle fit",
    `--method ${method}`,
    ...(config.data === undefined
      ? []
      : [`--data ${isPaths(config.data) ? [config.data].flat().map(quoted).join(" ") : "FILE"}`]),
    ...partsOf(config),
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
