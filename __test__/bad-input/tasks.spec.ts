// Tasks that are damaged, in both forms: one target per task, or labels of tasks with one target.
import { type Fault, faults } from "./fault.js";
import { type Cells, cells, text } from "./table.js";

// Inputs x0 to x3, then the columns given for each row.
function table(columns: Readonly<Record<string, (row: number) => string>>): Cells {
  const names = Object.keys(columns);
  return cells().map((row, i) => [...row.slice(0, 4), ...names.map((name) => (i === 0 ? name : columns[name]!(i)))]);
}

const number = (row: number): string => String((row * row) % 17);
const odd = (row: number): string => (row % 2 === 1 ? number(row) : "");
const bad = (columns: Parameters<typeof table>[0], config: object): Pick<Fault, "files" | "config"> => ({
  files: { "bad.csv": text(table(columns)) },
  config: { method: "shared-head", data: "bad.csv", environment: undefined, tree: undefined, ...config },
});

faults([
  {
    name: "text in one target of many",
    ...bad({ y1: number, y2: (row) => (row === 8 ? "high" : number(row)) }, { target: "y*" }),
    code: "DATA_NOT_NUMERIC",
    path: "bad.csv:9:",
    says: ['"y2"', "row 8", '"high"'],
    hint: "missingValues",
  },
  {
    name: "a target of labels mixed with numbers",
    ...bad({ y1: number, y2: (row) => (row % 3 === 0 ? number(row) : "none") }, { target: "y1,y2" }),
    code: "DATA_NOT_NUMERIC",
    path: "bad.csv:2:",
    says: ['"y2"', "row 1", '"none"'],
    hint: "missingValues",
  },
  {
    name: "a row without any target",
    ...bad({ y1: odd, y2: (row) => (row === 8 ? "" : number(row)) }, { target: "y*" }),
    code: "DATA_NOT_FINITE",
    path: "bad.csv",
    says: ['"y1, y2"', "row 8", "1 row has no target"],
    hint: "missingTarget",
  },
  {
    name: "a target without any value",
    ...bad({ y1: number, y2: () => "NA" }, { target: "y*" }),
    code: "DATA_NOT_FINITE",
    path: "bad.csv",
    says: ['"y2"', "no value"],
    hint: "another target",
  },
  {
    name: "an infinity in one target of many",
    ...bad({ y1: number, y2: (row) => (row === 8 ? "inf" : number(row)) }, { target: "y*" }),
    code: "DATA_NOT_FINITE",
    path: "bad.csv:9:",
    says: ['"y2"', "row 8", "inf"],
    hint: "missingValues",
  },
  {
    name: "a pattern of targets that no column matches",
    ...bad({ y1: number }, { target: "t*" }),
    code: "DATA_MISSING_COLUMN",
    path: "target",
    says: ["t*"],
    hint: '"y1"',
  },
  {
    name: "a column of tasks that is not there",
    ...bad({ assay: number, y: number }, { task: "asay", target: "y" }),
    code: "DATA_MISSING_COLUMN",
    path: "task",
    says: ['"asay"'],
    hint: '"assay"',
  },
  {
    name: "a row without a task",
    ...bad({ task: (row) => (row === 8 ? "" : number(row)), y: number }, { task: "task", target: "y" }),
    code: "DATA_NOT_FINITE",
    path: "bad.csv",
    says: ['"task"', "row 8", "no label"],
    hint: "`missing`",
  },
  {
    name: "a target that also labels the tasks",
    ...bad({ task: number, y: number }, { task: "task", target: "y,task" }),
    code: "CONFIG_CONFLICT",
    path: "target",
    says: ['"task"', "role"],
    hint: "another target",
  },
  {
    name: "an input that also labels the tasks",
    ...bad({ task: number, y: number }, { task: "task", target: "y", inputs: ["x0", "task"] }),
    code: "CONFIG_CONFLICT",
    path: "inputs",
    says: ['"task"', "role task"],
    hint: "leave it out",
  },
  {
    name: "a target in an object of columns that is text",
    config: {
      method: "shared-head",
      data: { x0: [1, 2, 4], x1: [3, 1, 2] },
      target: { y1: [1, 2, 3], y2: [1, "two", 3] },
      environment: undefined,
      tree: undefined,
    },
    only: "api",
    code: "DATA_NOT_NUMERIC",
    path: "target",
    says: ['"y2"', "row 2", '"two"'],
    hint: "correct the cell",
  },
]);
