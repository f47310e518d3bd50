// Data in memory whose parts do not fit together.
import { type Fault, faults } from "./fault.js";

const columns = (change: Record<string, unknown>): Record<string, unknown> => ({
  x0: [1, 2, 3, 5, 4, 6],
  x1: [2, 1, 4, 3, 6, 5],
  env: ["a", "a", "b", "b", "c", "c"],
  y: [1, 2, 1, 2, 1, 3],
  ...change,
});
const data = (value: unknown, rest: Record<string, unknown> = {}): Pick<Fault, "config" | "only"> => ({
  config: { data: value, tree: "tree.nwk", ...rest },
  only: "api",
});
/** Matrices have no column for the environment and the target. */
const bare = { environment: undefined, target: undefined, tree: undefined };

faults([
  {
    name: "values that do not fill the shape",
    ...data({ data: new Float32Array(5), shape: [2, 3] }, bare),
    code: "DATA_SHAPE",
    path: "data",
    says: ["5 values", "2, 3"],
    hint: "[rows, columns]",
  },
  {
    name: "a shape of one number",
    ...data({ data: new Float32Array(6), shape: [6] }, bare),
    code: "DATA_SHAPE",
    path: "data",
    says: ["6"],
    hint: "[rows, columns]",
  },
  {
    name: "a negative shape",
    ...data({ data: new Float32Array(6), shape: [-2, -3] }, bare),
    code: "DATA_SHAPE",
    path: "data",
    says: ["-2, -3"],
    hint: "[rows, columns]",
  },
  {
    name: "rows of different lengths",
    ...data([[1, 2], [3]], bare),
    code: "DATA_RAGGED_ROW",
    path: "data",
    says: ["row 2 has 1 value", "row 1 has 2"],
    hint: "one value per column",
  },
  {
    name: "a row that is a number",
    ...data([1, 2, 3], bare),
    code: "DATA_SHAPE",
    path: "data",
    says: ["row 1 is not an array"],
    hint: "number[][]",
  },
  { name: "no rows", ...data([], bare), code: "DATA_EMPTY", path: "", says: ["no "], hint: "" },
  {
    name: "text among numbers",
    ...data(
      [
        [1, 2],
        [3, "high"],
      ],
      bare,
    ),
    code: "DATA_NOT_NUMERIC",
    path: "data",
    says: ['"x1"', "row 2", '"high"'],
    hint: "!x1",
  },
  {
    name: "a number beyond 32 bits",
    ...data(columns({ x1: [2, 1, 1e39, 3, 6, 5] })),
    code: "DATA_OVERFLOW",
    path: "data",
    says: ['"x1"', "row 3", "1e+39"],
    hint: "rescale",
  },
  {
    name: "an infinity",
    ...data(columns({ x1: [2, 1, Number.POSITIVE_INFINITY, 3, 6, 5] })),
    code: "DATA_NOT_FINITE",
    path: "in memory",
    says: ['"x1"', "row 3", "infinit"],
    hint: "correct the value",
  },
  {
    name: "a missing number",
    ...data(columns({ x1: [2, 1, null, 3, 6, 5] })),
    code: "DATA_NOT_FINITE",
    path: "in memory",
    says: ['"x1"', "row 3", "missing"],
    hint: "`missing`",
  },
  {
    name: "columns of different lengths",
    ...data(columns({ x1: [2, 1] })),
    code: "DATA_SHAPE",
    path: "data",
    says: ['"x1" has 2 rows', '"x0" has 6'],
    hint: "one value per row",
  },
  {
    name: "a column that is a number",
    ...data(columns({ x1: 7 })),
    code: "DATA_SHAPE",
    path: "data",
    says: ['"x1" is not an array'],
    hint: "object of columns",
  },
  {
    name: "labels per row, too few of them",
    ...data(
      [
        [1, 2],
        [2, 1],
        [3, 5],
      ],
      { ...bare, environment: ["a", "b"], target: [1, 2, 3] },
    ),
    code: "DATA_SHAPE",
    path: "environment",
    says: ["2 values for 3 rows"],
    hint: "one value per row",
  },
  {
    name: "a target per row, too long",
    ...data(
      [
        [1, 2],
        [2, 1],
      ],
      { ...bare, environment: ["a", "b"], target: [1, 2, 3] },
    ),
    code: "DATA_SHAPE",
    path: "target",
    says: ["3 values for 2 rows"],
    hint: "one value per row",
  },
  {
    name: "an array whose buffer went to another thread",
    ...data({ data: detached(), shape: [2, 2] }, bare),
    code: "DATA_DETACHED",
    path: "",
    says: ["detached"],
    hint: /copy|transfer/,
  },
  {
    name: "labels whose buffer went to another thread",
    ...data(columns({}), { target: detached() }),
    code: "DATA_DETACHED",
    path: "",
    says: ["detached"],
    hint: /copy|transfer/,
  },
  { name: "data that are a number", ...data(7), code: "CONFIG_WRONG_TYPE", path: "data", says: ["7"], hint: "CSV" },
  { name: "data that are null", ...data(null), code: "CONFIG_WRONG_TYPE", path: "data", says: ["null"], hint: "CSV" },
  {
    name: "data that are a date",
    ...data(new Date(0), bare),
    code: "DATA_EMPTY",
    path: "",
    says: ["no "],
    hint: "",
  },
]);

function detached(): Float32Array {
  const values = new Float32Array(4);
  structuredClone(values, { transfer: [values.buffer] });
  return values;
}
