import { visible } from "./markup.js";

/** What stands where a number is not defined. */
export const NOT_DEFINED = "not defined";

/** The number, or null where it is missing, NaN or infinite. */
export function finite(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A number with `digits` significant digits and a true minus sign. */
export function significant(value: number | null | undefined, digits = 3): string {
  const number = finite(value);
  if (number === null) return NOT_DEFINED;
  if (number === 0) return "0";
  if (Number.isInteger(number) && Math.abs(number) < 1e7) return count(number);
  const magnitude = Math.abs(number);
  const text =
    magnitude >= 1e6 || magnitude < 1e-4
      ? number.toExponential(digits - 1).replace("e+", "e")
      : magnitude >= 10 ** digits
        ? count(Math.round(number))
        : number.toPrecision(digits);
  return text.replaceAll("-", "\u2212");
}

/** A score between 0 and 1, always with three decimals so that columns line up. */
export function score(value: number | null | undefined): string {
  const number = finite(value);
  return number === null ? NOT_DEFINED : number.toFixed(3).replace("-", "\u2212");
}

/** A standard deviation of scores: two digits that mean something, however small. */
export function deviation(value: number | null | undefined): string {
  const number = finite(value);
  if (number === null) return NOT_DEFINED;
  return number > 0 && number < 5e-5 ? "< 0.0001" : number === 0 ? "0" : significant(number, number < 0.1 ? 1 : 2);
}

/** A signed change. */
export function signed(value: number): string {
  const text = significant(value, 2);
  return value > 0 ? `+${text}` : text;
}

/** A whole number with thousands separated. */
export function count(value: number): string {
  return String(value)
    .replace("-", "\u2212")
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A share as a percentage. */
export function percent(share: number | null | undefined): string {
  const number = finite(share);
  if (number === null) return NOT_DEFINED;
  return `${significant(number * 100, Math.abs(number) < 0.1 ? 2 : 3)}\u00a0%`;
}

/** A count with its noun, in the plural where it should be. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${count(number)} ${number === 1 ? noun : plural}`;
}

/** Words joined as in a sentence: "a, b and c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** A number rounded for data that are kept (JSON, charts), so that the last bits of a platform do not show. */
export function rounded(value: number | null | undefined, digits = 4): number | null {
  const number = finite(value);
  return number === null ? null : Number(number.toPrecision(digits));
}

/** Names cut in the middle to at most `length` characters, still different from each other. */
export function shortened(names: readonly string[], length: number): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const characters = Array.from(visible(name).replace(/\s+/g, " ").trim());
    const whole = characters.length === 0 ? "(empty)" : characters.join("");
    let label = characters.length <= length ? whole : cut(characters, length);
    for (let copy = 2; taken.has(label); copy++) label = `${cut(characters, length - 3)}\u00b7${copy}`;
    taken.add(label);
    return label;
  });
}

function cut(characters: readonly string[], length: number): string {
  if (characters.length <= length) return characters.join("");
  const head = Math.ceil((length - 1) * 0.6);
  const tail = length - 1 - head;
  return `${characters.slice(0, head).join("")}\u2026${tail > 0 ? characters.slice(-tail).join("") : ""}`;
}
