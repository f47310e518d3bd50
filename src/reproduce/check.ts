// What the types of a preset cannot say: names that must agree. Checked before anything is simulated.
import { nearest } from "../config-keys.js";
import { type Failure, fail, failAll } from "../errors.js";
import { MEASURES, measureOf } from "./measures.js";
import type { Band, Experiment, Preset, Row, Scale, Study } from "./preset.js";

/** What of a study is run. */
export interface StudyPart {
  readonly seeds?: readonly number[];
  readonly only?: string;
}

/** The study of a preset at a scale: with other seeds, or fewer experiments, where asked for. Throws every mistake at once. */
export function studyOf(preset: Preset, scale: Scale, { seeds, only = "" }: StudyPart): Study {
  const study = preset.scales[scale];
  if (study === undefined) {
    fail("CONFIG_OUT_OF_RANGE", `scale: ${scale} is none of ${Object.keys(preset.scales).join(", ")}`, {
      path: "scale",
    });
  }
  const experiments = study.experiments.map((experiment) =>
    seeds === undefined ? experiment : { ...experiment, seeds },
  );
  const names = experiments.map(({ name }) => name);
  failAll([
    ...names.filter((name, i) => names.indexOf(name) !== i).map((name) => conflict("name", `two are called ${name}`)),
    ...experiments.flatMap(mistakes),
  ]);
  const chosen = experiments.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) {
    fail("CONFIG_OUT_OF_RANGE", `only: no experiment of ${preset.name} has "${only}" in its name`, {
      path: "only",
      hint: `there are: ${names.join("; ")}`,
    });
  }
  return { ...study, experiments: chosen };
}

function mistakes({ name, fits, seeds, rows, elsewhere, within }: Experiment): readonly Failure[] {
  const at = (what: string): string => `${name}.${what}`;
  const parts = rows.flatMap(({ measure }) => /^(?:within|known):([^.]+)/.exec(measure)?.[1] ?? []);
  const unknown = [...new Set(parts)].filter((part) => within === undefined || !Object.hasOwn(within, part));
  return [
    ...seedMistakes(seeds, at("seeds")),
    ...(elsewhere === undefined && rows.some(({ measure }) => measure.startsWith("elsewhere:"))
      ? [conflict(at("elsewhere"), "a row asks for another world, and none is described")]
      : []),
    ...unknown.map((part) => conflict(at("within"), `a row asks for the part "${part}", which is not described`)),
    ...rows.flatMap((row, i) => rowMistakes(row, Object.keys(fits), at(`rows[${i}]`))),
  ];
}

function seedMistakes(seeds: readonly number[], path: string): readonly Failure[] {
  if (seeds.length === 0) return [{ code: "CONFIG_MISSING", message: `${path}: no seed`, path }];
  const bad = seeds.find((seed) => !Number.isSafeInteger(seed) || seed < 0);
  if (bad !== undefined) {
    return [{ code: "CONFIG_WRONG_TYPE", message: `${path}: ${bad} is not an integer >= 0`, path }];
  }
  return new Set(seeds).size < seeds.length ? [conflict(path, "a seed stands there twice")] : [];
}

function rowMistakes(row: Row, fits: readonly string[], path: string): readonly Failure[] {
  const { fit, over, measure, overMeasure, band, before } = row;
  const unknown = [fit, ...(over === undefined ? [] : [over])].filter((one) => !fits.includes(one));
  const divided = over !== undefined || overMeasure !== undefined;
  const named = [measure, ...(overMeasure === undefined ? [] : [overMeasure])];
  const several = named.some((name) => !("read" in (measureOf(name)?.measure ?? { read: undefined })));
  return [
    ...unknown.map((one) => conflict(`${path}.fit`, `no fit is called "${one}", only ${fits.join(", ")}`)),
    ...named
      .filter((name) => measureOf(name) === undefined)
      .map((name) => unknownMeasure(name, `${path}.${name === measure ? "measure" : "overMeasure"}`)),
    ...(several && divided
      ? [conflict(`${path}.over`, "a number of several seeds cannot be divided by another, nor divide one")]
      : []),
    ...boundless(band, `${path}.band`),
    ...boundless(before?.band, `${path}.before.band`),
  ];
}

function boundless(band: Band | undefined, path: string): readonly Failure[] {
  if (band === undefined || band.atLeast !== undefined || band.atMost !== undefined) return [];
  return [conflict(path, "a band needs atLeast or atMost")];
}

function unknownMeasure(measure: string, path: string): Failure {
  const [word = "", argument] = measure.split(/:(.*)/s);
  const known = Object.hasOwn(MEASURES, word) ? MEASURES[word] : undefined;
  if (known === undefined) {
    const near = nearest(word, Object.keys(MEASURES));
    const hint = near === undefined ? `there are: ${Object.keys(MEASURES).join(", ")}` : `did you mean "${near}"?`;
    return { code: "CONFIG_UNKNOWN_METHOD", message: `${path}: no measure is called "${measure}"`, path, hint };
  }
  const takes =
    "arguments" in known
      ? `takes one of ${known.arguments.join(", ")} after a colon`
      : "argument" in known
        ? "needs an argument after a colon"
        : "takes no argument";
  const code = argument ? "CONFIG_OUT_OF_RANGE" : "CONFIG_MISSING";
  return { code, message: `${path}: "${measure}" ${takes}`, path };
}

function conflict(path: string, message: string): Failure {
  return { code: "CONFIG_CONFLICT", message: `${path}: ${message}`, path };
}
