// The flags that name new rows of a fitted model: one table, or one for each modality.
import type { Command } from "commander";
import type { ViewsData } from "../dataset.js";
import { fail } from "../errors.js";
import { modalitiesOf } from "./flags.js";

/** What the user gave. */
export interface RowsFlags {
  readonly data?: string | readonly string[] | undefined;
  readonly modality?: readonly string[] | undefined;
  readonly join?: string | undefined;
  readonly unmatched?: string | undefined;
}

/** Adds the flags of modalities. */
export function addModalityFlags(command: Command): Command {
  return command
    .option("--modality <name=file...>", "a table for each modality of the model, as for `fit`")
    .option("--join <column>", "column with the ids of the rows of the modalities (default: that of the fit)");
}

/** The rows that the flags name; nothing where they name none. Throws `CONFIG_CONFLICT` for a column to join by and one table. */
export function rowsOf({ data, modality, join: by, unmatched }: RowsFlags): ViewsData | undefined {
  if (by !== undefined && modality === undefined) {
    fail("CONFIG_CONFLICT", "join: no modalities are named whose rows could be joined", {
      path: "join",
      hint: "leave --join out, or name a table for each modality with --modality",
    });
  }
  if (data === undefined && modality === undefined) return undefined;
  return {
    ...(data !== undefined && { data: data as NonNullable<ViewsData["data"]> }),
    ...(modality !== undefined && { modalities: modalitiesOf(modality) }),
    ...(by !== undefined && { join: by }),
    ...(unmatched !== undefined && { unmatched: unmatched as "drop" | "keep" }),
  };
}
