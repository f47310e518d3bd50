import { extname } from "node:path";
import type { Command } from "commander";
import { shortest } from "../../data/source.js";
import { fail } from "../../errors.js";
import { replaceFile } from "../../files.js";
import { limitProcess } from "../../memory-limit.js";
import { load } from "../../model.js";
import { native } from "../../native.js";
import { checkOutput } from "../../outputs.js";
import { rootOf } from "../../results.js";
import { chain, jsonList, jsonObject, lineChunks, quoted, writeText } from "../../rows-out.js";
import { print, printChunks } from "../terminal.js";
import { addMemoryOption } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle predict runs/a --data new-cells.csv --out predictions.csv
  $ disentangle predict runs/a --data new-cells.csv --environment site --attach oslo=nordic

Columns are matched by name, in any order; a .npy matrix has no names and is matched by position. The first column of a CSV has the
row ids of the data, or row numbers from 0 if the data have none.`;

interface Flags {
  readonly data: string;
  readonly out?: string;
  readonly environment?: string;
  readonly attach?: readonly string[];
  readonly json?: boolean;
  readonly maxMemory?: string;
}

/** `disentangle predict` */
export function define(command: Command): void {
  addMemoryOption(command);
  command
    .argument("<run>", "run folder or saved model")
    .requiredOption("--data <path>", "rows to predict the target of: any format that `fit --data` reads")
    .option("--environment <column>", "column of environments (default: that of the fit)")
    .option("--attach <new=node...>", "environments that are not in the tree, each with the node whose head it uses")
    .option("--out <file>", "file to write, .csv or .npy (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, { data, out, environment, attach = [], json, maxMemory }: Flags) => {
      limitProcess(maxMemory);
      if (out !== undefined) {
        checkFormat(out);
        await checkOutput(out, [{ path: data }, { path: rootOf(run), kind: "run" }]);
      }
      await using model = await load(run, { only: "model" });
      const rows = await model.readRows(data, { withEnvironment: true, column: environment });
      const values = await model.predict(rows, { attach: Object.fromEntries(attach.map(attached)) });
      const target = model.info.target ?? "prediction";
      const idOf = (row: number): string => rows.rowIds[row] ?? String(row);
      if (out !== undefined && extname(out) === ".npy") {
        if (values instanceof Float64Array) {
          fail("CONFIG_USAGE", `--out ${out}: a target so far from zero loses its digits in the 32 bits of .npy`, {
            path: "--out",
            hint: "write .csv",
          });
        }
        await replaceFile(out, (partial) => native().npyWrite(partial, { shape: [values.length], data: values }));
      } else if (out !== undefined) await writeText(out, csv(target, idOf, values));
      const told = { target, rows: values.length };
      if (out !== undefined) print(json, { out, ...told }, () => `${out}: ${values.length} predictions of ${target}`);
      else if (!json) await printChunks(csv(target, idOf, values));
      else {
        const ids = rows.rowIds.length > 0 ? rows.rowIds : Array.from(values.keys(), String);
        await printChunks(jsonObject({ ids: jsonList(ids), values: jsonList(values), ...told }));
      }
    });
}

function attached(text: string): readonly [name: string, node: string] {
  const at = text.indexOf("=");
  if (at < 1) {
    fail("CONFIG_USAGE", `--attach ${text}: expected new=node`, {
      path: "--attach",
      hint: "for example --attach oslo=nordic",
    });
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Before anything is computed: another format than its name says would be a riddle to whoever opens it. */
function checkFormat(out: string): void {
  if ([".npy", ".csv"].includes(extname(out))) return;
  fail("CONFIG_USAGE", `--out ${out}: expected a file that ends in .csv or .npy`, {
    path: "--out",
    hint: "for example --out predictions.csv",
  });
}

function csv(
  target: string,
  idOf: (row: number) => string,
  values: Float32Array | Float64Array,
): Generator<string, void> {
  const text = values instanceof Float64Array ? String : shortest;
  const lines = lineChunks(values.length, (row) => `${quoted(idOf(row))},${text(values[row]!)}\n`);
  return chain([`id,${quoted(target)}\n`], lines);
}
