// Chemical formulas: YBa2Cu3O6.93, Ba0.6K0.4Fe2As2, [Ca(Fe0.9Co0.1)2As2]2.
import { ELEMENTS } from "./elements.js";

/** Amount of each element, in order of first appearance. */
export type Composition = ReadonlyMap<string, number>;

/** Why a formula cannot be read. */
export interface Flaw {
  /** Where, counted from 1. */
  readonly character: number;
  /** What stands there. */
  readonly message: string;
  readonly hint: string;
}

const SYMBOLS = new Set(ELEMENTS.map(([symbol]) => symbol));
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const NOT_FIXED = "amounts are decimal numbers; where one is not fixed, as in O7-x, write the one that is meant";

/**
 * Reads a formula: elements and groups in brackets, each with a decimal amount after it or 1. An element that appears
 * several times has the sum.
 */
export function parseFormula(formula: string): Composition | Flaw {
  const amounts = new Map<string, number>();
  let at = 0;
  const flaw = (message: string, hint: string): Flaw => ({ character: at + 1, message, hint });

  const amount = (): number | Flaw => {
    const [digits = ""] = /^(\d+\.?\d*|\.\d+)?/.exec(formula.slice(at))!;
    if (digits === "") return 1;
    const value = Number(digits);
    if (value === 0) return flaw("an amount of 0", "leave the element out, or correct its amount");
    if (value > 1e6) return flaw(`an amount of ${digits.slice(0, 12)}`, "amounts are at most a million");
    at += digits.length;
    return value;
  };
  const element = (): readonly [string, number][] | Flaw => {
    const [symbol = ""] = /^[A-Z][a-z]*/.exec(formula.slice(at))!;
    if (!SYMBOLS.has(symbol)) {
      return flaw(
        `unknown element ${JSON.stringify(symbol)}`,
        "symbols are written as in the periodic table: Co is cobalt, CO carbon and oxygen; hydrogen is H, whatever its isotope",
      );
    }
    at += symbol.length;
    const many = amount();
    return typeof many === "number" ? [[symbol, many]] : many;
  };
  const group = (open: string): readonly [string, number][] | Flaw => {
    const start = at++;
    const inner = terms(CLOSING[open]);
    if ("message" in inner) return inner;
    if (at >= formula.length) {
      at = start;
      return flaw(
        `${JSON.stringify(open)} is never closed`,
        `add the ${JSON.stringify(CLOSING[open])} that is missing`,
      );
    }
    at++;
    const many = amount();
    return typeof many === "number" ? inner.map(([symbol, one]) => [symbol, one * many]) : many;
  };
  const terms = (end?: string): readonly [string, number][] | Flaw => {
    const found: [string, number][] = [];
    while (at < formula.length && formula[at] !== end) {
      const next = formula[at]!;
      const term = /[A-Z]/.test(next) ? element() : next in CLOSING ? group(next) : unexpected(next);
      if ("message" in term) return term;
      found.push(...term);
    }
    return found.length > 0 ? found : flaw("no element", "a formula has at least one element, such as MgB2");
  };
  const unexpected = (character: string): Flaw => {
    const message = `unexpected ${JSON.stringify(character)}`;
    return flaw(message, /[)\]}]/.test(character) ? "it closes no bracket that is open here" : NOT_FIXED);
  };

  const all = terms();
  if ("message" in all) return all;
  for (const [symbol, many] of all) amounts.set(symbol, (amounts.get(symbol) ?? 0) + many);
  return amounts;
}

/** Whether a formula could not be read. */
export function isFlaw(parsed: Composition | Flaw): parsed is Flaw {
  return "message" in parsed;
}

/** The share of each element in all atoms; the shares sum to 1. */
export function fractionsOf(composition: Composition): Composition {
  const all = [...composition.values()].reduce((sum, many) => sum + many, 0);
  return new Map([...composition].map(([symbol, many]) => [symbol, many / all]));
}
