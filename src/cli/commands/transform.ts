import { join, parse } from "node:path";
import { type Command, Option } from "commander";
import { configKeys, dataKeys } from "../../config.js";
import { pathsOfData } from "../../data/paths.js";
import { READING_KEYS, rememberedText } from "../../data/reading.js";
import type { Rows } from "../../data/rows.js";
import type { DataSource, ViewsData } from "../../dataset.js";
import { fail } from "../../errors.js";
import { load } from "../../model.js";
import { checkOutput, type Input } from "../../outputs.js";
import { rootOf } from "../../results.js";
import {
  checkTable,
  csvChunks,
  isCopy,
  jsonChunks,
  jsonList,
  jsonObject,
  outputOf,
  writeRows,
} from "../../rows-out.js";
import { type LatentSilence, latentSilence } from "../../silence.js";
import { addConfigOptions, type ConfigOptions, given, refuseUnknown } from "../flags.js";
import { addModalityFlags, type RowsFlags, rowsOf } from "../rows-flags.js";
import { inform, print, printChunks } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle transform runs/a --data new-cells.csv --out latents.npy
  $ disentangle transform runs/a --data new-cells.csv > latents.csv
  $ disentangle transform runs/a --data cells.h5ad --out cells-latents.h5ad
  $ zcat new-cells.csv.gz | disentangle transform runs/a --data - --out latents.parquet
  $ disentangle transform runs/c --data rows.csv --environment --out latents.csv
  $ disentangle transform runs/b --modality rna=new-rna.csv --modality protein=new-protein.csv --out latents.npy
  $ disentangle transform runs/b --modality rna=new-rna.csv --private --out private.csv

Columns are matched by name, in any order; a .npy matrix has no names and is matched by position.
A model of multimodal also takes only some of its modalities: name those that you have with --modality. With --unmatched keep, rows that lack
a modality are kept, and their latents of it are missing (NaN, or an empty field of a CSV).
In the nonlinear model of interventional the latents depend on the environment of a row. Give --environment if the environments are known;
otherwise every row is treated as one of an unknown environment.
.csv, .parquet and .arrow files also contain the row ids. A .h5ad file or .zarr folder is a copy of the data, which must have the same
format, with the latents in obsm["X_disentangle"].
For methods that detect silent latents, such as pdgmm, --out new.npy writes two more files: new-silent.npy (1 where a latent is silent)
and new-silence-probability.npy. If the name is latents.npy they are silent.npy and silence-probability.npy. In a copy of the data they
are obsm["X_disentangle_silent"] and obsm["X_disentangle_silence_probability"].`;

interface TransformOptions extends ConfigOptions, RowsFlags {
  readonly data?: readonly string[];
  readonly private?: boolean;
  readonly environment?: string | true;
  readonly out?: string;
  readonly json?: boolean;
}

/** `disentangle transform` */
export async function define(command: Command): Promise<void> {
  const keys = (await dataKeys()).filter(({ name }) => (READING_KEYS as readonly string[]).includes(name));
  addConfigOptions(command, keys, { data: "Reading (default: as in the fit):" });
  command
    .argument("<run>", "run folder or saved model")
    .option("--data <path...>", "rows to transform: any format that `fit --data` reads; - is standard input");
  addModalityFlags(command)
    .addOption(
      new Option("--unmatched <rows>", "rows that lack a modality: left out or kept (default: as in the fit)").choices([
        "drop",
        "keep",
      ]),
    )
    .option("--private", "private variables instead of latents, for methods that have them (multimodal)")
    .option(
      "--environment [column]",
      "column with the environments of the rows, if they are known (without a name: that of the fit)",
    )
    .option("--out <file>", "file to write: .npy, .csv, .parquet, .arrow, .h5ad or .zarr (default: CSV on stdout)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (run: string, flags: TransformOptions) => {
      const { config, places, options } = await given(command, flags, keys);
      refuseUnknown(config, places, await configKeys());
      const { data: paths = [], modality, environment, out, json } = options;
      const data = paths.length > 1 ? paths : paths[0];
      const rows = rowsOf({ ...options, data });
      if (rows === undefined) {
        fail("CONFIG_USAGE", "--data is missing: the rows to transform", {
          path: "--data",
          hint: "for example --data new-cells.csv, or --modality NAME=FILE for each modality of the model",
        });
      }
      const own = options.private === true && { private: true };
      await using model = await load(run);
      const hasSilence = model.summary.silence !== undefined && own === false;
      if (own !== false && out !== undefined) checkTable(out, "private variables");
      if (out !== undefined) await checkOut(out, run, rows, hasSilence);
      const { said, found } = model.reading;
      const kept = Object.fromEntries(Object.entries(said).filter(([key]) => config[key] === undefined));
      const remembered = rememberedText({ said: kept, found: config.decimal === undefined ? found : {} });
      if (remembered !== undefined) inform(remembered);
      const source = modality === undefined ? (data as DataSource) : rows;
      const latents =
        environment === undefined
          ? await model.transform(source, { ...config, ...own })
          : await model.transform(await model.readRows(source, labeled(config, environment)), {
              environments: true,
              ...own,
            });
      const silence = hasSilence ? await latentSilence(latents, model.summary) : undefined;
      if (out === undefined) return json ? printJson(latents, silence) : printChunks(csvChunks(latents));
      const known = await write(out, paths[0] ?? "", latents, silence);
      const { shape, columns } = latents;
      print(json, { out, shape, columns, ...(known && { silence: known }) }, () =>
        [out, ...Object.values(known ?? {})].map((file) => `${file}: ${shape[0]} x ${shape[1]}`).join("\n"),
      );
    });
}

/** How rows are read whose environments are known. */
function labeled(reading: Readonly<Record<string, unknown>>, environment: string | true) {
  return { reading, withEnvironment: true, column: environment === true ? undefined : environment };
}

/** Before anything is read: what is written must be of a known format, and no part of what is read. */
async function checkOut(out: string, run: string, rows: ViewsData, hasSilence: boolean): Promise<void> {
  outputOf(out);
  const { data } = rows;
  const files = hasSilence && !isCopy(out) ? [out, ...Object.values(silenceFiles(out))] : [out];
  const given: readonly Input[] = [...pathsOfData(rows).map((path) => ({ path })), { path: rootOf(run), kind: "run" }];
  for (const file of files) await checkOutput(file, given);
  if (!isCopy(out)) return;
  if (typeof data === "string") return (await import("../../data/write-back.js")).checkCopy(out, data);
  fail("CONFIG_CONFLICT", `--out ${out}: a copy of the data is made of one file, and these lie in several`, {
    path: "--out",
    hint: "write a file of its own, for example --out latents.csv",
  });
}

/** Writes latents, and where a method looks for silence which of them are silent; tells where that is. */
async function write(
  out: string,
  data: string,
  latents: Rows,
  silence: LatentSilence | undefined,
): Promise<SilenceFiles | undefined> {
  const tables = silence && silenceTables(silence, latents.rowIds);
  if (isCopy(out)) {
    const { KEY, writeCopy } = await import("../../data/write-back.js");
    const keys = { silent: `${KEY}_silent`, probability: `${KEY}_silence_probability` };
    await writeCopy(out, data, {
      [KEY]: latents,
      ...(tables && { [keys.silent]: tables.silent, [keys.probability]: tables.probability }),
    });
    return tables && { silent: `${out}: obsm/${keys.silent}`, probability: `${out}: obsm/${keys.probability}` };
  }
  const files = silenceFiles(out);
  if (tables) {
    await writeRows(files.silent, tables.silent);
    await writeRows(files.probability, tables.probability);
  }
  await writeRows(out, latents);
  return tables && files;
}

interface SilenceFiles {
  readonly silent: string;
  readonly probability: string;
}

/** Where silence is written that belongs to the latents of the same rows. */
function silenceFiles(out: string): SilenceFiles {
  const { dir, name, ext } = parse(out);
  // Rows of other data keep their masks apart, and those of the run when they are written into its folder.
  const before = name.replace(/[-_.]?latents$/, "");
  const named = (what: string): string => join(dir, `${before === "" ? what : `${before}-${what}`}${ext}`);
  return { silent: named("silent"), probability: named("silence-probability") };
}

function silenceTables(
  { silent, probability, shape, columns }: LatentSilence,
  rowIds: readonly string[] | undefined,
): { readonly silent: Rows; readonly probability: Rows } {
  const common = { shape, columns, ...(rowIds !== undefined && { rowIds }) };
  return { silent: { data: silent, ...common }, probability: { data: probability, ...common } };
}

function printJson(latents: Rows, silence: LatentSilence | undefined): Promise<void> {
  const { shape, columns, rowIds } = latents;
  const tables = silence && silenceTables(silence, undefined);
  const of = tables && { silent: jsonChunks(tables.silent), probability: jsonChunks(tables.probability) };
  return printChunks(
    jsonObject({
      values: jsonChunks(latents),
      shape,
      columns,
      ...(rowIds !== undefined && { rowIds: jsonList(rowIds) }),
      ...(of && { silence: jsonObject(of) }),
    }),
  );
}
