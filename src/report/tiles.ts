import { deviation, finite, percent, score, significant } from "./format.js";
import { MEASURES, type Spread, spread } from "./measures.js";
import type { Agreement } from "./options.js";
import type { Study } from "./studies.js";
import { chance } from "./verdict.js";

/** A number worth a second look, in large type. */
export interface Tile {
  readonly id: "mcc" | "chance" | "agreement" | "baseline" | "f1" | "causes" | "error" | "steps";
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

/** The few numbers of a study that carry its verdict. */
export function tilesOf(study: Study, agreement: Agreement | undefined): Tile[] {
  const main = study.methods[0]!;
  const other = study.methods[1];
  const of = (id: string) => {
    const measure = MEASURES.find((candidate) => candidate.id === id)!;
    return { found: spread(measure, main.runs), baseline: other && spread(measure, other.runs) };
  };
  const tiles: Tile[] = [];
  const mcc = of("mcc");
  if (mcc.found !== undefined) {
    const first = main.runs.find((run) => run.scores !== undefined)!.scores!.mcc;
    const limit = chance(first);
    const interval =
      mcc.found.sd === null && first.interval ? `${score(first.interval[0])} to ${score(first.interval[1])}` : "";
    tiles.push({ id: "mcc", label: "MCC", value: score(mcc.found.mean), note: spreadNote(mcc.found) || interval });
    if (limit !== null) tiles.push(chanceTile(limit));
  } else if (finite(agreement?.mean) !== null) {
    const limit = finite(agreement!.null?.q95);
    const pairs = agreement!.sd === null ? "" : `\u00b1 ${deviation(agreement!.sd)}, ${agreement!.pairs.length} pairs`;
    tiles.push({ id: "agreement", label: "Agreement of seeds", value: score(agreement!.mean), note: pairs });
    if (limit !== null) tiles.push(chanceTile(limit));
  }
  if (mcc.baseline?.mean !== undefined && mcc.baseline.mean !== null)
    tiles.push({
      id: "baseline",
      label: `MCC of ${other!.label}`,
      value: score(mcc.baseline.mean),
      note: spreadNote(mcc.baseline),
    });
  const f1 = of("f1").found;
  if (f1 !== undefined && f1.mean !== null)
    tiles.push({ id: "f1", label: "Changes found, F1", value: score(f1.mean), note: spreadNote(f1) });
  const causes = of("causes").found;
  if (causes !== undefined && causes.mean !== null)
    tiles.push({
      id: "causes",
      label: "Tasks with exact causes",
      value: percent(causes.mean),
      note: causes.sd === null ? "" : `over ${causes.values.length} seeds`,
    });
  const error = of("error");
  if (error.found?.mean !== undefined && error.found.mean !== null) {
    const against = error.baseline?.mean ?? null;
    tiles.push({
      id: "error",
      label: "Error, mean = 100\u00a0%",
      value: percent(error.found.mean),
      note: against === null ? "on rows kept out" : `${other!.label} ${percent(against)}`,
    });
  }
  if (tiles.length === 0 && study.focus.manifest.steps > 0)
    tiles.push({ id: "steps", label: "Steps", value: significant(study.focus.manifest.steps), note: "" });
  return tiles.slice(0, 5);
}

function chanceTile(limit: number): Tile {
  return { id: "chance", label: "Chance stays below", value: score(limit), note: "95\u00a0% of draws" };
}

function spreadNote({ sd, values }: Spread): string {
  return sd === null ? "" : `\u00b1 ${deviation(sd)}, ${values.length} seeds`;
}
