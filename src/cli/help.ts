// How help is laid out: at most 80 columns, a long term on a line of its own; of many keys those that are asked for.
import type { Command, Help } from "commander";
import { type ConfigKey, flagOf, type KeyVariant } from "../config-keys.js";

const WIDTH = 80;
const INDENT = 2;
const TERM = 27;

/** The layout that all commands share. */
export const LAYOUT: Partial<Help> = {
  showGlobalOptions: false,
  helpWidth: Math.max(40, Math.min(WIDTH, process.stdout.columns || WIDTH)),
  padWidth(command, helper) {
    const longest = Math.max(
      helper.longestOptionTermLength(command, helper),
      helper.longestSubcommandTermLength(command, helper),
      helper.longestArgumentTermLength(command, helper),
    );
    return Math.min(TERM, longest);
  },
  formatItem(term, width, description, helper) {
    const margin = " ".repeat(INDENT);
    const lines =
      description === "" ? [] : helper.boxWrap(description, (helper.helpWidth ?? WIDTH) - INDENT - width - 2);
    const text = typeof lines === "string" ? lines.split("\n") : [];
    const gap = `\n${" ".repeat(INDENT + width + 2)}`;
    if (text.length === 0) return margin + term;
    return term.length <= width
      ? `${margin}${term.padEnd(width)}  ${text.join(gap)}`
      : `${margin}${term}${gap}${text.join(gap)}`;
  },
};

/** Help as it is printed: lines that are too long go on below, commands after a backslash. */
export function folded(text: string): string {
  const waiting = text.split("\n").reverse();
  const lines: string[] = [];
  for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
    const isCommand = line.startsWith("  $ ");
    const at = line.length <= WIDTH ? -1 : breakOf(line, isCommand);
    if (at < 0) {
      lines.push(line);
      continue;
    }
    // The last column of a table goes on below itself.
    const margin = isCommand ? "      " : (/^ +.* {2,}(?=\S)|^ */.exec(line)?.[0].replace(/\S/g, " ") ?? "");
    lines.push(line.slice(0, at) + (isCommand ? " \\" : ""));
    const rest = margin + line.slice(at + 1);
    // The next line goes on with the same sentence.
    const next = waiting.at(-1);
    const goesOn = !isCommand && next !== undefined && new RegExp(`^${margin}[a-z]`).test(next);
    waiting.push(goesOn ? `${rest} ${waiting.pop()!.trimStart()}` : rest);
  }
  return lines.join("\n");
}

/** The blank at which a line is cut, or -1: no flag is parted from its value. */
function breakOf(line: string, isCommand: boolean): number {
  const at = line.lastIndexOf(" ", WIDTH - (isCommand ? 2 : 0));
  const word = line.lastIndexOf(" ", at - 1);
  const cut = isCommand && line.startsWith("--", word + 1) ? word : at;
  return line.slice(0, cut).trim() === "" ? -1 : cut;
}

/** Names in lines of the layout's width, under a heading. */
export function namesBelow(heading: string, names: readonly string[]): string {
  const lines: string[] = [];
  for (const [i, name] of names.entries()) {
    const word = i < names.length - 1 ? `${name},` : name;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines.push(`${lines.pop()} ${word}`);
    else lines.push(`  ${word}`);
  }
  return ["", heading, ...lines].join("\n");
}

/** Which of many keys a command's help shows. */
export interface Shown {
  /** The method or simulator that the command line names, if there is one of that name. */
  chosen(command: Command): string | undefined;
  /** The keys that it has. */
  keysOf(chosen: string): readonly ConfigKey[];
  /** What is shown where it names none: keys and flags by their names, each in a few words. */
  readonly common: readonly string[];
}

/** Shows of the keys those that the chosen method has, as it has them, or else the common ones. */
export function showKeys(command: Command, keys: readonly ConfigKey[], shown: Shown): void {
  const ofSome = new Set(keys.map(attributeOf));
  // Without a method a flag says what all methods have in common.
  const known = new Map<string, ReadonlyMap<string, ConfigKey>>();
  const own = (): ReadonlyMap<string, ConfigKey> | undefined => {
    const name = shown.chosen(command);
    if (name === undefined) return undefined;
    const own = known.get(name) ?? new Map(shown.keysOf(name).map((key) => [attributeOf(key), key]));
    known.set(name, own);
    return own;
  };
  command.configureHelp({
    ...LAYOUT,
    visibleOptions: ({ options }) => {
      const chosen = own();
      return options.filter((option) => {
        const name = option.attributeName();
        if (option.hidden || chosen === undefined) return !option.hidden && shown.common.includes(name);
        return chosen.has(name) || !ofSome.has(name);
      });
    },
    optionTerm: (option) => {
      const key = own()?.get(option.attributeName());
      return key === undefined ? option.flags : `${flagOf(key.name, key.part)} ${argumentOf(key)}`;
    },
    optionDescription: (option) => {
      const name = option.attributeName();
      const chosen = own();
      if (chosen !== undefined) return chosen.has(name) ? inTurn(chosen.get(name)!) : option.description;
      const key = keys.find((one) => attributeOf(one) === name);
      return key === undefined ? option.description : briefly(key);
    },
  });
}

/** The name under which commander keeps the flag of a key. */
export function attributeOf({ name, part }: ConfigKey): string {
  const words = flagOf(name, part).slice(2);
  return words.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The words that stand for the value of a key. */
export function argumentOf(key: ConfigKey): string {
  const { name, part, types, itemTypes, values } = key;
  if (name === "modalities" && part === "data") return "<name=file...>";
  if (types.size === 1 && types.has("boolean")) return "[boolean]";
  const isList = types.has("array");
  // Where the words are known they say more than "string".
  const words = [...new Set([...types, ...itemTypes])].filter(
    (type) => type !== "array" && !(type === "string" && values.length > 0),
  );
  const shown = isLong(key) ? "name" : [...words, ...values].join("|") || "value";
  return isList ? `<${shown}...>` : `<${shown}>`;
}

/** The help of a key for whoever has chosen no method: what all say, else each in turn. */
export function inTurn(key: ConfigKey): string {
  const { description, range, branches, variants } = key;
  const text = description === "" && variants.length > 1 ? eachInTurn(variants) : description;
  return withFacts(text, [
    ...(isLong(key) ? [`one of ${key.values.join(", ")}`] : []),
    ...defaultsOf(key),
    ...(range === "" ? [] : [range]),
    ...(branches.length > 0 ? [`only ${branches.join(", ")}`] : []),
  ]);
}

/** Whether the words that a key accepts are too many to stand beside its flag. */
function isLong({ values }: ConfigKey): boolean {
  return values.join("|").length > 40;
}

/** The first words of a description, up to where it goes into detail. */
function briefly({ description, variants, default: fallback }: ConfigKey): string {
  const text = description === "" ? (variants[0]?.description ?? "") : description;
  const [opening = text] = /^.*?(?=[.:;](?:\s|$))/.exec(text) ?? [];
  return withFacts(opening, fallback === undefined || fallback === null ? [] : [`default: ${show(fallback)}`]);
}

function withFacts(text: string, facts: readonly string[]): string {
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
function eachInTurn(variants: readonly KeyVariant[]): string {
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
  // With blanks, so that it can be folded.
  return typeof value === "string" ? value : JSON.stringify(value, null, 1).replace(/\s*\n\s*/g, " ");
}
