import type { IndicatorTests, Tally } from "../../generated/types.js";
import { defined, table } from "../figure.js";
import { count, counted, percent, score } from "../format.js";
import { type Content, type Html, html } from "../markup.js";

/** Whether tests of independence, which ask no truth, see what the indicators predict. */
export function indicatorTests(tests: IndicatorTests): Html {
  return html`<h4>Indicators against tests of independence</h4><p>${lead(tests)}</p>${table(
    `Pairs of latents within tasks, tested with Fisher's z at level ${tests.decision.alpha}, ${CORRECTIONS[tests.decision.correction]} over the pairs of a task. ` +
      "No truth is used.",
    [
      { label: "Given" },
      { label: "Predicted" },
      { label: "Pairs", numeric: true },
      { label: "Found so", numeric: true },
      { label: "Share", numeric: true },
    ],
    [...rowsOf("the target", tests.givenTarget), ...rowsOf("nothing", tests.givenNothing)],
  )}`;
}

const CORRECTIONS: Readonly<Record<IndicatorTests["decision"]["correction"], string>> = {
  "benjamini-hochberg": "corrected by Benjamini-Hochberg",
  holm: "corrected by Holm",
};

function lead({ rows, tasks, skipped, least, comparable, sameSet }: IndicatorTests): string {
  const where =
    rows === "held-out"
      ? "validation and test rows"
      : "all rows, which flatters agreement: tasks have too few rows that the map was not fitted to";
  const left = skipped === 0 ? "" : `; ${counted(skipped, "task")} could not be tested`;
  const named =
    comparable === 0
      ? ""
      : ` The tests name the same causes as the indicators in ${percent(sameSet / comparable)} of ${counted(comparable, "task")} with another number of causes than one.`;
  return (
    `${counted(tasks, "task")} on ${where}${left}. A correlation below ${score(least)} is mostly not found, so read ` +
    `"independent" beside "dependent".${named}`
  );
}

function rowsOf(given: string, tally: Tally): readonly (readonly Content[])[] {
  return [
    [given, "dependent", ...agreed(tally.dependent, tally.dependentAgree)],
    [given, "independent", ...agreed(tally.independent, tally.independentAgree)],
  ];
}

function agreed(pairs: number, found: number): readonly Content[] {
  return [count(pairs), count(found), pairs === 0 ? defined(percent(null), "no pairs") : percent(found / pairs)];
}
