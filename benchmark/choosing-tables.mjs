// The tables of docs/choosing.md from the committed rows of `choosing`, and what both pages about choosing say in numbers.

import { presets } from "disentangle";
import { CRITERIA, SETTINGS, worldOf } from "./choosing.mjs";
import { mean } from "./statistics.mjs";
import { table } from "./tables.mjs";

/** Texts by name, as the pages name them between their markers. */
export function blocks({ rows }) {
  return {
    summary: summary(rows),
    criteria: criteria(),
    settings: settings(rows),
    latents: latents(rows),
    restarts: restarts(rows),
    agreement: agreement(rows),
    "agreement-summary": agreementSummary(rows),
    missing: missing(rows),
  };
}

/** Three digits as the pages write them: .990, -.033; no number is a dash. */
const short = (value) =>
  Number.isFinite(value) ? (Math.round(value * 1000) / 1000 || 0).toFixed(3).replace(/^(-?)0\./, "$1.") : "-";
const code = (text) => `\`${text}\``;
const of = (rows, study) => rows.filter((row) => row.study === study);
const regret = ({ regret: average, most }) => `${short(average)} (${short(most)})`;

/** `{"flow":{"use":"never"}}` as `flow.use: never`. */
function words(setting) {
  if (!setting.startsWith("{")) return setting;
  const flat = (value, path) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => flat(inner, [...path, key]))
      : [`${path.join(".")}: ${JSON.stringify(value).replaceAll('"', "")}`];
  return code(flat(JSON.parse(setting), []).join(", "));
}

/** One word for both worlds where they agree. */
const inEach = (each, say) => {
  const said = each.map(say);
  return new Set(said).size === 1 ? said[0] : said.join("; ");
};

/** What the criterion picked, with what it finds exactly as good. */
function picked({ picked: name, tried }) {
  const blind = tried.find(({ setting }) => setting === name)?.blind;
  const ties = tried.filter((one) => one.setting !== name && one.blind === blind).map(({ setting }) => words(setting));
  return ties.length === 0 ? words(name) : `${words(name)}, tied with ${ties.join(" and ")}`;
}

/** What has the highest score, with what differs from it by less than is printed. */
function best({ bestMcc, tried }) {
  const good = tried.filter(({ mcc }) => mcc > bestMcc - 5e-4).map(({ setting }) => words(setting));
  return good.join(" or ");
}

const scores = (each) => each.flatMap(({ tried }) => tried.map(({ mcc }) => mcc)).filter(Number.isFinite);
const average = ({ each }) => mean(each.map((one) => mean(scores([one]))));

function criteria() {
  return table(
    ["method", "chosen by the lowest", "settings compared"],
    Object.entries(SETTINGS).map(([method, all]) => [
      code(method),
      CRITERIA[method].name,
      all.map((one) => (Object.keys(one).length === 0 ? "default" : words(JSON.stringify(one)))).join("; "),
    ]),
  );
}

function settings(rows) {
  return table(
    ["preset", "picked blind", "MCC", "best by the truth", "MCC", "MCC of the default", "lowest MCC", "regret (most)"],
    of(rows, "settings").map((row) => [
      code(row.preset),
      inEach(row.each, picked),
      short(row.picked),
      inEach(row.each, best),
      short(row.best),
      short(row.first),
      short(Math.min(...scores(row.each))),
      regret(row),
    ]),
  );
}

function latents(rows) {
  const numbers = of(rows, "latents");
  const found = table(
    ["method", "chosen by", "true", "picked blind", "MCC", "best by the truth", "MCC", "regret (most)"],
    numbers.map((row) => [
      code(row.method),
      row.criterion,
      row.truth,
      inEach(row.each, ({ picked: number }) => number),
      short(row.picked),
      inEach(row.each, ({ best: number }) => number),
      short(row.best),
      regret(row),
    ]),
  );
  const worlds = numbers.map(
    ({ method, preset }) =>
      `- ${code(method)}: ${preset
        .slice(1, -1)
        .replace(/"(\w*)"/g, "$1")
        .replaceAll(":", " ")
        .replaceAll(",", ", ")}`,
  );
  return `${found}\n\nThe worlds:\n\n${worlds.join("\n")}`;
}

function restarts(rows) {
  const seed = (setting) => JSON.parse(setting).seed;
  return table(
    ["preset", "picked blind", "MCC", "best by the truth", "MCC", "mean MCC of five", "lowest MCC", "regret (most)"],
    of(rows, "restarts").map((row) => [
      code(row.preset),
      row.each.map((one) => seed(one.picked)).join("; "),
      short(row.picked),
      row.each.map((one) => seed(one.best)).join("; "),
      short(row.best),
      short(average(row)),
      short(Math.min(...scores(row.each))),
      regret(row),
    ]),
  );
}

const beyond = ({ agreements: { method, random, pca } }) => method - Math.max(random, pca);

function agreement(rows) {
  return table(
    [
      "preset",
      "agreement of five seeds",
      "random encoders",
      "`pca`",
      "`fast-ica`",
      "above both nulls by",
      "mean MCC of five",
    ],
    of(rows, "restarts").map((row) => {
      const { method, random, pca, ica } = row.agreements;
      return [code(row.preset), ...[method, random, pca, ica].map(short), short(beyond(row)), short(average(row))];
    }),
  );
}

function agreementSummary(rows) {
  const worlds = of(rows, "restarts");
  const high = worlds.filter(({ agreements }) => agreements.pca >= 0.9).length;
  const above = worlds.filter((row) => beyond(row) >= 0.1).map(({ preset }) => code(preset));
  const sure = worlds.filter(({ agreements }) => agreements.method >= 0.95);
  const wrong = sure.reduce((a, b) => (average(b) < average(a) ? b : a));
  const random = worlds.map(({ agreements }) => agreements.random);
  return (
    `\`pca\` agrees with itself at .9 or more on ${high} of ${worlds.length} presets, random encoders at ${short(Math.min(...random))} to ` +
    `${short(Math.max(...random))}. The agreement of a method exceeds both by .1 or more on ${above.length}: ${above.join(", ")}. ` +
    `On ${sure.length} presets seeds agree at .95 or more; the lowest mean MCC among these is ${short(average(wrong))} (${code(wrong.preset)}).`
  );
}

/** Where the best of what was tried finds the latents, and where nothing does. */
const FOUND = 0.95;

function summary(rows) {
  const largest = (some) => some.reduce((a, b) => (b.most > a.most ? b : a));
  const choices = [...of(rows, "settings"), ...of(rows, "restarts")];
  const found = largest(choices.filter(({ best }) => best >= FOUND));
  const lost = largest(choices.filter(({ best }) => best < FOUND));
  const numbers = of(rows, "latents");
  return (
    `Where the best choice has an MCC of ${short(FOUND)} or more, settings and restarts chosen without the truth cost at most ` +
    `${short(found.most)} (${code(found.preset)}). Elsewhere they cost up to ${short(lost.most)} (${code(lost.preset)}). Numbers of latents cost at most ` +
    `${short(largest(numbers).most)}; ${numbers.every((row) => row.each.every((one) => Number(one.picked) === row.truth)) ? "each time the true number was picked" : "the true number was not always picked"}.`
  );
}

/** Every preset that has no row, with the reason. */
function missing(rows) {
  const measured = new Set(rows.map(({ preset }) => preset));
  const seen = new Map();
  const left = [];
  for (const preset of presets) {
    const world = worldOf(preset);
    const key = world.reason === undefined && JSON.stringify([world.method, world.data, world.config]);
    if (!measured.has(preset.name)) left.push([code(preset.name), reason(world, seen.get(key), rows, preset.name)]);
    if (key && !seen.has(key)) seen.set(key, preset.name);
  }
  const count = `${presets.length - left.length} of ${presets.length} presets have rows.`;
  return `${count}\n\n${table(["preset", "why it has no row"], left)}`;
}

function reason(world, same, rows, name) {
  const failed = rows.find((row) => row.study === "failed" && row.preset.endsWith(name));
  if (failed !== undefined) return `it failed: ${failed.reason}`;
  if (world.reason !== undefined) return world.reason;
  return same === undefined ? "not measured yet" : `the same world and fit as ${code(same)}`;
}
