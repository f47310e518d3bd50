import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { ELEMENTS } from "../../src/datasets/elements.js";
import { type Composition, fractionsOf, isFlaw, parseFormula } from "../../src/datasets/formula.js";

const read = (formula: string): Record<string, number> => {
  const parsed = parseFormula(formula);
  if (isFlaw(parsed)) throw new Error(`${formula}: ${parsed.message} at ${parsed.character}`);
  return Object.fromEntries(parsed);
};

test("elements, decimal amounts, and amounts of one that are not written", (t) => {
  t.deepEqual(read("MgB2"), { Mg: 1, B: 2 });
  t.deepEqual(read("YBa2Cu3O6.93"), { Y: 1, Ba: 2, Cu: 3, O: 6.93 });
  t.deepEqual(read("La1.85Sr.15CuO4."), { La: 1.85, Sr: 0.15, Cu: 1, O: 4 });
  t.deepEqual(read("Nb"), { Nb: 1 });
  t.deepEqual(read("CO"), { C: 1, O: 1 });
  t.deepEqual(read("Co"), { Co: 1 });
});

test("groups multiply what they hold, also inside each other and in all three brackets", (t) => {
  t.deepEqual(read("Ca(OH)2"), { Ca: 1, O: 2, H: 2 });
  t.deepEqual(read("[Ca(Fe0.5Co0.5)2As2]2"), { Ca: 2, Fe: 2, Co: 2, As: 4 });
  t.deepEqual(read("{Ba[Fe(As0.5P0.5)]2}3O"), { Ba: 3, Fe: 6, As: 3, P: 3, O: 1 });
  t.deepEqual(read("(Nb)"), { Nb: 1 });
});

test("an element that appears several times has the sum", (t) => {
  t.deepEqual(read("Cu2O3Cu0.5(CuO)0.5"), { Cu: 3, O: 3.5 });
});

const flaws: readonly (readonly [string, number, RegExp, RegExp])[] = [
  ["", 1, /no element/, /MgB2/],
  ["Xx2O", 1, /unknown element "Xx"/, /periodic table/],
  ["Hf1V2D0.5", 6, /unknown element "D"/, /hydrogen is H/],
  ["NbO2Abc", 5, /unknown element "Abc"/, /periodic table/],
  ["YBa2Cu3O7-x", 10, /unexpected "-"/, /not fixed/],
  ["YBa2Cu3Ox", 8, /unknown element "Ox"/, /periodic table/],
  ["O10=z", 4, /unexpected "="/, /decimal/],
  ["Y2C2Br0.5!1.5", 10, /unexpected "!"/, /decimal/],
  ["La2Sr0Cu1", 6, /amount of 0/, /leave the element out/],
  ["Cu0.0", 3, /amount of 0/, /leave the element out/],
  ["Cu1.2.3", 6, /unexpected "\."/, /decimal/],
  ["2MgB2", 1, /unexpected "2"/, /decimal/],
  ["Mg B2", 3, /unexpected " "/, /decimal/],
  ["Ca(OH2", 3, /"\(" is never closed/, /"\)"/],
  ["Ca(OH]2", 6, /unexpected "\]"/, /no bracket/],
  ["CaOH)2", 5, /unexpected "\)"/, /no bracket/],
  ["Ca()2", 4, /no element/, /MgB2/],
  ["mgB2", 1, /unexpected "m"/, /decimal/],
  ["Cu99999999999", 3, /amount of 99999999999/, /at most/],
];
for (const [formula, character, message, hint] of flaws) {
  test(`${JSON.stringify(formula)} is refused at character ${character}`, (t) => {
    const parsed = parseFormula(formula);
    if (!isFlaw(parsed)) return t.fail(JSON.stringify([...parsed]));
    t.is(parsed.character, character);
    t.regex(parsed.message, message);
    t.regex(parsed.hint, hint);
  });
}

const symbol = fc.constantFrom(...ELEMENTS.map(([name]) => name));
const amount = fc.integer({ min: 1, max: 9999 }).map((n) => n / 100);

testProp(
  "what is written is read, and shares sum to one",
  [fc.array(fc.tuple(symbol, amount), { minLength: 1 })],
  (t, terms) => {
    const expected = new Map<string, number>();
    for (const [name, many] of terms) expected.set(name, (expected.get(name) ?? 0) + many);
    const formula = terms.map(([name, many]) => `${name}${many}`).join("");
    const parsed = parseFormula(formula) as Composition;
    t.deepEqual(parsed, expected);
    const sum = [...fractionsOf(parsed).values()].reduce((all, share) => all + share, 0);
    t.true(Math.abs(sum - 1) < 1e-12);
  },
);

testProp(
  "no text makes the parser throw or go on for ever",
  [fc.string({ unit: fc.constantFrom(..."NbO2.(){}[]-x é") })],
  (t, text) => {
    const parsed = parseFormula(text);
    if (isFlaw(parsed)) t.true(parsed.character >= 1 && parsed.character <= text.length + 1);
    else t.true(parsed.size > 0);
  },
);
