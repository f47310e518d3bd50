// A dataset folder knows its own roles; a configuration can only choose among them.
import { resolve } from "node:path";
import { fail, failAll, failure } from "../errors.js";
import { later, type NativeDataset, type NativeTable } from "../native.js";
import { byTurns } from "../turns.js";
import { picked } from "./columns.js";
import { isNames, LABEL_ROLES, type RoleKeys, resolveRoles } from "./roles.js";
import type { SourceColumn } from "./source.js";
import { inputColumns, selectInputColumns } from "./views.js";

/** Reads a dataset folder; `keys` may leave out inputs and targets, and must otherwise agree with its roles. */
export async function readFolder(folder: string, keys: RoleKeys, leavesInputs = false): Promise<NativeDataset> {
  const from = resolve(folder);
  const dataset = await later().readDatasetFolder(folder, leavesInputs && keys.inputs === undefined);
  failAll(
    [...LABEL_ROLES, "rowId" as const].flatMap((role) => {
      const wanted = keys[role];
      const own = role === "rowId" ? undefined : dataset.labels[role]?.column;
      if (wanted === undefined || wanted === own) return [];
      const has = own === undefined ? "none" : JSON.stringify(own);
      return [
        {
          code: "CONFIG_CONFLICT",
          path: role,
          message: `${role}: the dataset folder ${folder} has ${has}, the configuration says otherwise`,
          hint: `leave ${role} out: a dataset folder knows its roles`,
        },
      ];
    }),
  );
  const targets = dataset.targets?.columns ?? [];
  const truth = dataset.truth.latents?.columns ?? [];
  const group = (names: readonly string[], name: string) =>
    names.map((column): SourceColumn => ({ name: column, kind: "number", group: name }));
  if (keys.target !== undefined && !isNames(keys.target)) {
    fail("CONFIG_CONFLICT", `target: the dataset folder ${folder} has its own targets`, {
      path: "target",
      hint: "leave target out, or name some of its columns",
    });
  }
  const { inputs: inputKey, target, truth: truthKey } = keys;
  const roles = resolveRoles(
    {
      // The roles are settled: no input is an index of the rows.
      rowId: false,
      ...(inputKey !== undefined && { inputs: inputKey }),
      ...(target !== undefined && { target }),
      ...(truthKey !== undefined && { truth: truthKey }),
    },
    {
      format: "dataset-folder",
      columns: [
        ...inputColumns(dataset),
        ...[...group(targets, "targets"), ...group(truth, "truth")].map((column) => ({ ...column, byNameOnly: true })),
      ],
    },
  );
  const own = new Set(inputColumns(dataset).map(({ name }) => name));
  const foreign = roles.inputs.find((name) => !own.has(name));
  if (foreign !== undefined) throw otherRole(foreign);
  const chosen = keys.target === undefined ? targets : roles.targets;
  const { targets: all, truth: tables, ...others } = dataset;
  const { views: _, ...rest } = others;
  const chosenInputs =
    inputKey === undefined ? others : { ...rest, ...(await byTurns(selectInputColumns(dataset, roles.inputs))) };
  const { offsets } = chosenInputs;
  const shifts = offsets?.targets && chosen.map((name) => offsets.targets![targets.indexOf(name)]!);
  return {
    ...chosenInputs,
    ...(dataset.folder !== undefined && { folder: from }),
    ...(all !== undefined && { targets: await columnsOf(all, chosen) }),
    ...(shifts && { offsets: { ...offsets, targets: shifts } }),
    truth: roles.truth.length === 0 ? tables : { ...tables, latents: await columnsOf(tables.latents!, roles.truth) },
  };
}

async function columnsOf(table: NativeTable, names: readonly string[]): Promise<NativeTable> {
  const { columns, values } = table;
  if (columns.length === names.length && columns.every((name, j) => name === names[j])) return table;
  const known = new Set(columns);
  const foreign = names.find((name) => !known.has(name));
  if (foreign !== undefined) throw otherRole(foreign);
  const data = await byTurns(picked(values.data, columns, names));
  return { ...table, columns: [...names], values: { data, rows: values.rows, cols: names.length } };
}

function otherRole(name: string): Error {
  return failure("DATA_MISSING_COLUMN", `${name} has another role in the dataset folder`, {
    hint: "a dataset folder knows its roles: leave this one out, or read the table that it was made from and name the roles there",
  });
}
