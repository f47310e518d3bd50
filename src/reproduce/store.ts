// Trials on disk: one JSON file each, named by its identity, so that presets and scales share what they have in common.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile, writeFileAtomic } from "../files.js";
import { native } from "../native.js";
import type { NamedArray } from "../record.js";
import type { Trial } from "./trial.js";

/** Where trials are kept. */
export interface TrialStore {
  /** A trial that was kept; nothing when there is none, or none that can be read. */
  read(id: string): Promise<Trial | undefined>;
  /** Writes the trial whole or not at all; throws `FILE_WRITE`. */
  write(trial: Trial, latents?: NamedArray): Promise<void>;
  /** Latents of a trial that came with some. */
  latents(id: string): Pick<NamedArray, "data" | "shape">;
}

/** The store in `dir/trials`. */
export function trialStore(dir: string): TrialStore {
  const file = (id: string, extension: string): string => join(dir, "trials", `${id}.${extension}`);
  return {
    async read(id) {
      const path = file(id, "json");
      const trial = existsSync(path) ? parsed(await readFile(path, "utf8")) : undefined;
      return trial?.format === 1 && trial.id === id ? trial : undefined;
    },
    async write(trial, latents) {
      // The JSON file comes last: where it is, all of the trial is.
      if (latents !== undefined) {
        await replaceFile(file(trial.id, "npy"), (partial) =>
          native().npyWrite(partial, { shape: [...latents.shape], data: latents.data }),
        );
      }
      await writeFileAtomic(file(trial.id, "json"), `${JSON.stringify(trial)}\n`);
    },
    latents(id) {
      const { data, shape } = native().npyRead(file(id, "npy"));
      const [rows = 0, columns = 0] = shape;
      return { data, shape: [rows, columns] };
    },
  };
}

/** A damaged file is a trial that has to be run again. */
function parsed(text: string): Trial | undefined {
  try {
    return JSON.parse(text) as Trial;
  } catch {
    return undefined;
  }
}
