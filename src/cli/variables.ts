// Flags that a variable `DISENTANGLE_*` or a file may give as well, and how their values are read.
import { type Command, InvalidArgumentError, type Option } from "commander";
import { fail } from "../errors.js";

/** Gives the flags of a command that knows no `--config` what variables `DISENTANGLE_*` say. */
export function addVariables(command: Command, env: NodeJS.ProcessEnv = process.env): void {
  if (command.options.some(({ long }) => long === "--config")) return;
  for (const option of command.options) if (option.mandatory) option.env(variableOf(option.attributeName()));
  command.hook("preAction", () => {
    for (const option of command.options) {
      const name = option.attributeName();
      const text = env[variableOf(name)];
      if (text === undefined || text === "" || command.getOptionValueSource(name) === "cli") continue;
      command.setOptionValueWithSource(name, flagValue(option, text, variableOf(name)), "env");
    }
  });
}

/** Adds `--max-memory`. */
export function addMemoryOption(command: Command): void {
  command.option(
    "--max-memory <size>",
    "the most memory that the process may hold, for example 4GiB (default: what the system leaves)",
  );
}

/** The variable of a key or a flag: `DISENTANGLE_LATENT_DIM` of `latentDim`. */
export function variableOf(name: string): string {
  return `DISENTANGLE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The value of a flag that a file or a variable gives. */
export function flagValue(option: Option, value: unknown, path: string): unknown {
  const wrong = (expected: string): never =>
    fail("CONFIG_WRONG_TYPE", `${option.attributeName()}: got ${JSON.stringify(value)}, expected ${expected}`, {
      path,
    });
  if (option.isBoolean() || option.negate) {
    if (typeof value === "boolean") return value;
    if (typeof value === "object") return wrong("true or false");
    const word = String(value).toLowerCase();
    if (["true", "1", "yes"].includes(word)) return true;
    return ["false", "0", "no"].includes(word) ? false : wrong("true or false");
  }
  if (Array.isArray(value) ? !option.variadic : typeof value === "object") return wrong("one value");
  const words = Array.isArray(value) ? value.map(String) : String(value).split(/[\s,]+/);
  const parse = option.parseArg as ((text: string, before: unknown) => unknown) | undefined;
  try {
    if (option.variadic)
      return parse === undefined ? words : words.reduce<unknown>((all, one) => parse(one, all), undefined);
    return parse === undefined ? String(value) : parse(String(value), undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    return wrong(error.message.replace(/^expected |\.$/g, ""));
  }
}

/** A flag that has no default, and that neither the command line nor a file nor a variable has given. */
export function needed<T>(value: T | undefined, flag: string): T {
  if (value !== undefined) return value;
  return fail("CONFIG_USAGE", `required option '${flag}' not specified`, {
    path: flag,
    hint: `give ${flag}, or ${flag.replace(/^--/, "")} in --config, or ${variableOf(flag.replace(/^--/, ""))}`,
  });
}

/** Reads the number of a flag. */
export function numberFlag(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("expected a number.");
  return value;
}

/** Reads a flag that takes several values, each as `parse` does. */
export function listOf<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** Reads the whole number of a flag, from `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least}.`);
  };
}
