// What the cells must show. Bounds were fixed before the fresh seeds were looked at; every seed must hold, not the mean.

import { deviation, mean } from "../statistics.mjs";

const atLeast = (bound) => ({ text: `>= ${bound}`, holds: (value) => value >= bound });
const atMost = (bound) => ({ text: `<= ${bound}`, holds: (value) => value <= bound });
const equal = (bound) => ({ text: `= ${bound}`, holds: (value) => value === bound });
const below = (other) => ({ text: `< ${other}`, holds: (value) => value < 1 });

const mcc = (cell) => cell.mcc;
const seconds = (cell) => cell.seconds.simulate + cell.seconds.fit;
const averageUnseen = (cell) => mean(cell.unseenMse);

/** Each row: cells, a number of each, the bound (where one was set) and what the paper reports (where it does). */
const QUESTIONS = [
  { work: "changes-1", what: "MCC", of: mcc, band: atLeast(0.985), published: ".98 ± .03" },
  { work: "changes-2", what: "MCC", of: mcc, band: atLeast(0.985), published: "below S = 1" },
  { work: "changes-0", what: "MCC (negative control)", of: mcc, band: atMost(0.65), published: ".52 ± .05" },
  { work: "changes-1", what: "support F1", of: (cell) => cell.supportF1, band: atLeast(0.9) },
  { work: "changes-2", what: "support F1", of: (cell) => cell.supportF1, band: atLeast(0.9) },
  { work: "changes-1", what: "MCC before the rotation", of: (cell) => cell.jointMcc },
  { work: "changes-2", what: "MCC before the rotation", of: (cell) => cell.jointMcc },
  { work: "changes-1", what: "MCC of E[z|x], the ceiling", of: (cell) => cell.oracleMcc },
  { work: "changes-1", what: "seconds, simulation and fit", of: seconds, published: "43 ± 13 (M3 Pro)" },
  { work: "changes-1", what: "processor seconds of the fit", of: (cell) => cell.seconds.fitCpu },
  { work: "changes-1", what: "ATE error", of: (cell) => cell.ate, band: atMost(0.05), published: ".05 ± .07" },
  {
    work: "changes-0",
    what: "fits that say, without the truth, that the axes are not identified",
    of: (cell) => Number(cell.assumptions["sparse-changes"] === "violated"),
    band: equal(1),
  },
  { work: "changes-1", method: "shared-head", what: "ATE error", of: (cell) => cell.ate, published: "1.51 ± 1.8" },
  { work: "changes-0", method: "shared-head", what: "MCC", of: mcc, published: ".44 ± .05" },
  { work: "changes-1", method: "shared-head", what: "MCC", of: mcc },
  { work: "changes-2", method: "shared-head", what: "MCC", of: mcc },
  { work: "unseen", what: "MSE in 4 unseen leaves", of: averageUnseen },
  { work: "unseen", method: "shared-head", what: "MSE in 4 unseen leaves", of: averageUnseen },
  {
    work: "unseen",
    what: "MSE in unseen leaves over that of the shared head",
    of: (cell, cells) => averageUnseen(cell) / averageUnseen(partner(cell, cells)),
    band: below("1"),
  },
  { work: "dimension", what: "chosen latentDim (truth 5)", of: (cell) => cell.choices[0].chosen, band: equal(5) },
  { work: "dimension", what: "MSE at 4 over MSE at 5", of: (cell) => validation(cell, 4) / validation(cell, 5) },
  { work: "dimension", what: "MSE at 8 over MSE at 5", of: (cell) => validation(cell, 8) / validation(cell, 5) },
  { work: "leaves-only", what: "MCC", of: mcc, band: atLeast(0.985), published: "approaching 1.0" },
  { work: "linear-map", what: "MCC", of: mcc, band: atLeast(0.985), published: "minimal change" },
  { work: "paper", what: "MCC of the published procedure", of: mcc, band: atLeast(0.95), published: ".98 ± .03" },
  {
    work: "paper-40000-steps",
    what: "MCC of the published procedure",
    of: mcc,
    band: atLeast(0.95),
    published: ".98 ± .03",
  },
  { work: "paper", what: "processor seconds of the fit", of: (cell) => cell.seconds.fitCpu },
  { work: "paper", what: "seconds, simulation and fit", of: seconds, published: "43 ± 13 (M3 Pro)" },
  { work: "changes-3", what: "MCC", of: mcc, published: "gradual decline" },
  { work: "changes-4", what: "MCC", of: mcc, published: "gradual decline" },
  { work: "changes-5", what: "MCC", of: mcc, published: "gradual decline" },
];

/** The rows of the table: a value per seed, mean, deviation, bound, what was published, and whether every seed holds. */
export function judge(cells) {
  return QUESTIONS.flatMap(({ work, method = "tbr", what, of, band, published }) => {
    const own = cells.filter((cell) => cell.work === work && cell.method === method);
    if (own.length === 0) return [];
    const values = own.map((cell) => of(cell, cells));
    const row = {
      work,
      method,
      what,
      seeds: own.map(({ seed }) => seed),
      values,
      mean: mean(values),
      sd: deviation(values),
      ...(published && { published }),
    };
    return band ? [{ ...row, band: band.text, verdict: values.every(band.holds) ? "met" : "missed" }] : [row];
  });
}

function partner({ work, seed }, cells) {
  return cells.find((cell) => cell.work === work && cell.seed === seed && cell.method === "shared-head");
}

function validation({ choices }, dimension) {
  return choices[0].curve.find(({ value }) => value === dimension).validation;
}
