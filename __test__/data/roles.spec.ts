import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { indexColumns, listOf, matchColumns } from "../../src/data/patterns.js";
import { guessRoles, needsKinds, type RoleKeys, resolveRoles } from "../../src/data/roles.js";
import type { SourceColumn, SourceDescription } from "../../src/data/source.js";
import { DisentangleError, failuresOf } from "../../src/errors.js";

const number = (name: string, group?: string): SourceColumn => ({
  name,
  kind: "number",
  ...(group !== undefined && { group }),
});
const text = (name: string): SourceColumn => ({ name, kind: "text" });
const description: SourceDescription = {
  format: "csv",
  columns: [text("id"), number("gene1"), number("gene2"), number("gene10"), number("y"), text("env"), number("z0")],
};
const resolve = (keys: RoleKeys) => resolveRoles(keys, description);

test("without named inputs all numeric columns without another role are the inputs", (t) => {
  const roles = resolve({ environment: "env", target: "y", truth: "z*" });
  t.deepEqual(roles.inputs, ["gene1", "gene2", "gene10"]);
  t.deepEqual(roles.ignored, ["id"]);
  t.is(roles.chosenBy, "default");
  t.deepEqual(roles.labels, { environment: "env" });
});

test("a group of the source bounds the default inputs", (t) => {
  const columns = [number("IL1B", "var"), number("n_genes", "obs")];
  t.deepEqual(resolveRoles({}, { format: "h5ad", columns, inputGroup: "var" }).inputs, ["IL1B"]);
});

test("patterns choose in their own order and in file order within one", (t) => {
  t.deepEqual(resolve({ inputs: "y,gene1?,gene*" }).inputs, ["y", "gene10", "gene1", "gene2"]);
});

test("! takes away from what came before, and from the default when it stands alone", (t) => {
  t.deepEqual(resolve({ inputs: ["gene*", "!gene2"] }).inputs, ["gene1", "gene10"]);
  t.deepEqual(resolve({ inputs: "!gene2,!z0", target: "y" }).inputs, ["gene1", "gene10"]);
  t.true(needsKinds({ inputs: "!gene2" }));
  t.false(needsKinds({ inputs: "gene*" }));
});

test("an exclusion that leaves nothing out is told as it was given", (t) => {
  const wrong = (inputs: string) => t.throws(() => resolve({ inputs }), { instanceOf: DisentangleError })!;
  t.is(wrong("!CDC*").message, 'inputs: "!CDC*" leaves nothing out, no column matches "CDC*"');
  t.is(wrong("!gene3").message, 'inputs: "!gene3" leaves nothing out, no column is called "gene3"');
  t.is(wrong("gene*,!gene3").hint, 'did you mean "!gene1"?');
  t.is(wrong("CDC*").message, 'inputs: no column matches "CDC*"');
});

test("a pattern leaves columns with another role alone", (t) => {
  t.deepEqual(resolve({ inputs: "*", rowId: "id", environment: "env", target: "y", truth: "z0" }).inputs, [
    "gene1",
    "gene2",
    "gene10",
  ]);
});

test("a column named as input and as target is a conflict", (t) => {
  const error = t.throws(() => resolve({ inputs: "gene1,y", target: "y" }), { instanceOf: DisentangleError });
  t.is(error?.code, "CONFIG_CONFLICT");
  t.is(error?.context.column, "y");
});

test("all missing columns are reported at once, each with the nearest name", (t) => {
  const error = t.throws(() => resolve({ inputs: "gen1,foo*", environment: "envv", target: "Y2" }), {
    instanceOf: DisentangleError,
  });
  const failures = failuresOf(error!);
  t.deepEqual(
    failures.map(({ code, path }) => [code, path]),
    [
      ["DATA_MISSING_COLUMN", "environment"],
      ["DATA_MISSING_COLUMN", "target"],
      ["DATA_MISSING_COLUMN", "inputs"],
      ["DATA_MISSING_COLUMN", "inputs"],
    ],
  );
  t.is(failures[0]?.hint, 'did you mean "env"?');
  t.is(failures[2]?.hint, 'did you mean "gene1"?');
});

test("no input left is empty data, not an empty matrix", (t) => {
  t.is(t.throws(() => resolve({ inputs: "gene*,!gene*" }), { instanceOf: DisentangleError })?.code, "DATA_EMPTY");
});

test("the name of a group stands for its columns", (t) => {
  const columns = [number("x0", "x"), number("x1", "x"), number("s", "s")];
  t.deepEqual(matchColumns(["x"], indexColumns(columns)).names, ["x0", "x1"]);
});

test("a comma belongs to a name where a column has it", (t) => {
  t.deepEqual(listOf("a, b", indexColumns([number("a, b")])), ["a, b"]);
  t.deepEqual(listOf("a, b", indexColumns([number("a"), number("b")])), ["a", "b"]);
});

testProp(
  "every name chooses exactly its own column, whatever characters it has",
  [fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 })],
  (t, names) => {
    const index = indexColumns(names.map((name) => number(name)));
    for (const name of names) t.deepEqual(matchColumns([name], index), { names: [name], unmatched: [] });
  },
);

test("few labels make an environment, telling names come first, and unique text is an id", (t) => {
  const columns = [
    text("colour"),
    text("cell_type"),
    text("id"),
    text("same"),
    number("pheno"),
    number("z_1"),
    number("gene"),
  ];
  const levels = new Map([
    ["colour", 3],
    ["cell_type", 5],
    ["id", 40],
    ["same", 1],
  ]);
  t.deepEqual(guessRoles(columns, levels, 40), {
    environment: ["cell_type", "colour"],
    task: [],
    target: ["pheno"],
    truth: ["z_1"],
    rowId: ["id"],
  });
});

test("a column that is called task holds tasks, also where they are numbered", (t) => {
  const columns = [number("task_id"), text("assay"), text("Task"), text("masks"), number("y"), number("y12")];
  const levels = new Map([
    ["assay", 7],
    ["Task", 1],
    ["masks", 3],
  ]);
  const { task, target } = guessRoles(columns, levels, 40);
  t.deepEqual(task, ["task_id", "assay"]);
  t.deepEqual(target, ["y", "y12"]);
});
