// What the keys of several data sets have in common: names, whole numbers, and the folder of their source.
import { readdir } from "node:fs/promises";
import { z } from "zod";
import { fail } from "../errors.js";
import { reasonOf } from "../files.js";

/** A text that is not empty; `meaning` says what was expected. */
export const name = (meaning: string) =>
  z.string({ error: `expected ${meaning}` }).min(1, { error: `expected ${meaning}` });

/** A whole number. */
export const whole = (least: number) => {
  const error = `expected a whole number of at least ${least}`;
  return z.int({ error }).min(least, { error });
};

/**
 * The names of what is in a folder.
 *
 * @throws `DATA_NOT_FOUND`
 */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) =>
    fail("DATA_NOT_FOUND", `cannot read the folder ${folder}: ${reasonOf(error).what}`, { path: folder }),
  );
}
