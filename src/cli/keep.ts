// What a command has printed, kept in the run folder where that can be written.
import { isDisentangleError } from "../errors.js";
import { addToRun, type RunManifest } from "../results.js";
import { note } from "./terminal.js";

/** Adds files to a run folder. Where that cannot be, it is a note: the result has been printed. */
export async function keep(
  run: { readonly dir: string; readonly manifest: RunManifest },
  files: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    await addToRun(run, files);
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    note(`note: ${Object.keys(files).join(", ")} was not kept in ${run.dir}: ${error.message}`);
  }
}
