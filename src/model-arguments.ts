// What the verbs of a model are called with.
import {
  ANY,
  BOOLEAN,
  checkArgument,
  checkKinds,
  checkOptions,
  FOLDER,
  type Kind,
  OBJECT,
  orNull,
} from "./arguments.js";
import type { Dataset } from "./dataset.js";
import { fail } from "./errors.js";
import type { ScoreOptions } from "./score.js";

const PER_ROW: Kind = {
  expected: "an array with one label per row",
  is: (value) => Array.isArray(value) || ArrayBuffer.isView(value),
};
const TRANSFORM: Readonly<Record<string, Kind>> = {
  transfer: BOOLEAN,
  private: BOOLEAN,
  environments: {
    expected: `${PER_ROW.expected}, or true`,
    is: (value) => value === null || value === true || PER_ROW.is(value),
  },
};
const PREDICT: Readonly<Record<string, Kind>> = { transfer: BOOLEAN, environments: PER_ROW, attach: OBJECT };
const RUN: Kind = {
  expected: "the path of a run folder, or the bytes of a model",
  is: (value) => typeof value === "string" || ArrayBuffer.isView(value),
};

/** Refuses options of `transform`; how rows are read is judged where they are. */
export function checkTransform(options: object): void {
  checkKinds(options, TRANSFORM);
}

/** The same of `predict`. */
export function checkPredict(options: object): void {
  checkKinds(options, PREDICT);
}

/** Refuses what is no description of an intervention; what is set in it is the core's to judge. */
export function checkIntervene(options: object): void {
  checkKinds(options, { environments: orNull(PER_ROW) }, "for example { do: { z1: 1.5 } }");
}

/** Refuses options of `score` that do not exist; their values are judged where they are used. */
export function checkScore(options: object): void {
  checkOptions<ScoreOptions>(options, { rows: ANY, environments: ANY, seed: ANY, missingValues: ANY, decimal: ANY });
}

/** Refuses what is no place for a run folder. */
export function checkSave(dir: string): void {
  checkArgument("dir", dir, FOLDER, 'for example model.save("run")');
}

/** Refuses what no model can be loaded from. */
export function checkLoad(from: unknown, options: object): void {
  checkArgument("from", from, RUN, 'for example load("run"), or load(bytes) with what `model.toBytes()` gave');
  checkOptions<{ only?: "model" }>(options, { only: { expected: '"model"', is: (value) => value === "model" } });
}

/** Refuses rows without environments: numbers without names have no column for them. */
export function refuseUnlabeled({ labels }: Dataset): void {
  if (labels.environment !== undefined) return;
  fail("DATA_NEEDS_ENVIRONMENTS", "the rows have no environments", {
    path: "environments",
    hint: "give `environments`, one label per row, or rows with the environment column of the fit",
  });
}
