// Tasks that are missing, cannot be learnt, or are not what they seem.
import { type Fault, faults } from "./fault.js";
import { cells, text, withCell, withColumn } from "./table.js";

const long = { method: "mtlcm", environment: undefined, tree: undefined, steps: undefined, task: "env" };
const wide = { ...long, task: undefined, target: ["y", "y2"] };
const bad = (content: string, config: object): Pick<Fault, "files" | "config"> => ({
  files: { "bad.csv": content },
  config: { ...config, data: "bad.csv" },
});
/** The good table with a second target. */
const twoTargets = (second: (row: number) => string, first = (y: string, _row: number): string => y): string =>
  text(cells().map((row, i) => (i === 0 ? [...row, "y2"] : [...row.slice(0, 5), first(row[5]!, i), second(i)])));

faults([
  {
    name: "neither task labels nor a second target",
    config: { ...long, task: undefined },
    code: "DATA_NEEDS_TASKS",
    path: "",
    says: ["mtlcm", "no task labels"],
    hint: /`task`.*`target`/,
  },
  {
    name: "task labels and two targets",
    ...bad(twoTargets(String), { ...long, target: ["y", "y2"] }),
    code: "DATA_NEEDS_TASKS",
    path: "",
    says: ['"env"', "2 targets"],
    hint: "one target",
  },
  {
    name: "one task",
    ...bad(
      withColumn(4, () => "a"),
      long,
    ),
    code: "DATA_NEEDS_TASKS",
    path: "",
    says: ["at least 2 tasks", "have 1"],
    hint: "`task`",
  },
  {
    name: "a task whose target never varies",
    ...bad(
      withColumn(5, (y, row) => (row % 3 === 1 ? "0.5" : y)),
      long,
    ),
    code: "DATA_CONSTANT_COLUMN",
    path: "",
    says: ["never varies", '"a"'],
    hint: "leave them out",
  },
  {
    name: "a target of several that never varies",
    ...bad(
      twoTargets(() => "7"),
      wide,
    ),
    code: "DATA_CONSTANT_COLUMN",
    path: "",
    says: ["never varies", '"y2"'],
    hint: "another target",
  },
  {
    name: "a task with fewer rows than needed",
    ...bad(
      withColumn(4, (_, row) => (row > 56 ? "rare" : ["a", "b"][row % 2]!)),
      long,
    ),
    code: "DATA_TOO_FEW_ROWS",
    path: "",
    says: ["at least 4 training rows", "1 of 3 tasks", "the smallest 2", '"rare"'],
    hint: "more rows",
  },
  {
    name: "a row with none of its targets",
    ...bad(
      twoTargets(
        (row) => (row === 8 ? "" : String(row % 7)),
        (y, row) => (row === 8 ? "NA" : y),
      ),
      wide,
    ),
    code: "DATA_NOT_FINITE",
    path: "bad.csv",
    says: ["row 8", "1 row has no target"],
    hint: "missingTarget",
  },
  {
    name: "text in the target of a task",
    ...bad(withCell(8, 5, "high"), long),
    code: "DATA_NOT_NUMERIC",
    path: "bad.csv",
    says: ['"y"', "row 8", '"high"'],
    hint: "missingValues",
  },
  {
    name: "labels where the target should be, some of them numbers",
    ...bad(
      withColumn(5, (_, row) => (row === 8 ? "assay 2" : "1")),
      long,
    ),
    code: "DATA_NOT_NUMERIC",
    path: "bad.csv",
    says: ['"y"', "row 8", '"assay 2"'],
    hint: "missingValues",
  },
  {
    name: "a row without a task",
    ...bad(withCell(8, 4, ""), long),
    code: "DATA_NOT_FINITE",
    path: "bad.csv",
    says: ['"env"', "row 8", "1 row has none"],
    hint: "`missing`",
  },
  {
    name: "whole tasks held out",
    config: { ...long, split: { holdout: ["a"] } },
    code: "DATA_NEEDS_ENVIRONMENTS",
    path: "split.holdout",
    says: ["holdout"],
    hint: "environments",
  },
]);
