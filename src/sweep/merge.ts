// Brings finished trials of other sweep folders, shards for example, into one.
import { cp } from "node:fs/promises";
import { fail } from "../errors.js";
import { newFolder } from "../files.js";
import { type FinishedTrial, readStudy } from "../reproduce/kept.js";
import { canonicalJson, readRunFolder } from "../results.js";
import { finishedIn, isWhole, knownSweep, type SweepFile, trialFolder, workRoot } from "./folder.js";
import { openLedger, stateOf } from "./ledger.js";
import { resultIn } from "./trial.js";

/** What a merge brought. */
export interface Merge {
  readonly from: string;
  readonly merged: number;
  /** Done in both, with the same latents and the same model. */
  readonly there: number;
  /** Done in both with other bytes: what lay here stays. */
  readonly different: readonly string[];
  /** Trials that this sweep does not ask for. */
  readonly foreign: number;
}

/** Copies what other folders finished, whole or not at all. Nothing in them is changed. */
export async function mergeInto(dir: string, file: SweepFile, others: readonly string[]): Promise<readonly Merge[]> {
  const ids = new Set(file.trials.map(({ id }) => id));
  const ledger = await openLedger(dir, "writer");
  const merges: Merge[] = [];
  try {
    for (const from of others) {
      const theirs = await knownSweep(from);
      const known = [...theirs.trials, ...theirs.earlier].map(({ id }) => id);
      const finished = await finishedIn(from, new Set(known));
      const merge = { from, merged: 0, there: 0, different: [] as string[], foreign: 0 };
      for (const id of finished) {
        if (!ids.has(id)) merge.foreign++;
        else if (stateOf(ledger, id).state === "done") {
          if (await isSame(trialFolder(dir, id), trialFolder(from, id))) merge.there++;
          else merge.different.push(id);
        } else {
          await bring(dir, trialFolder(from, id), id);
          const result = await resultIn(trialFolder(dir, id));
          await ledger.commit({ kind: "merged", trial: id, epoch: stateOf(ledger, id).epoch + 1, ...result });
          merge.merged++;
        }
      }
      merges.push(merge);
    }
  } finally {
    await ledger.close();
  }
  const different = merges.flatMap((merge) => merge.different);
  if (different.length > 0) {
    fail(
      "CONFIG_CONFLICT",
      `--merge: ${different.length} trials are done in both folders, with other results: ${different.slice(0, 5).join(", ")}`,
      {
        path: "--merge",
        hint: "the same code gave other bits: compare the machines (`disentangle doctor`); what lay in the sweep is kept",
        context: { different },
      },
    );
  }
  return merges;
}

async function bring(dir: string, from: string, id: string): Promise<void> {
  await newFolder(
    trialFolder(dir, id),
    async (partial) => {
      await cp(from, partial, { recursive: true });
      if (!(await isWhole(partial, id))) fail("RUN_NOT_FOUND", `${from}: holds no finished run`, { path: from });
    },
    workRoot(dir),
  );
}

async function isSame(a: string, b: string): Promise<boolean> {
  const [kept, theirs] = [await readStudy(a), await readStudy(b)];
  if (kept !== undefined && theirs !== undefined)
    return canonicalJson(numbersOf(kept)) === canonicalJson(numbersOf(theirs));
  const [one, other] = [await readRunFolder(a), await readRunFolder(b)];
  const same = (x: Uint8Array, y: Uint8Array): boolean => Buffer.compare(x, y) === 0;
  const bytes = ({ data }: { readonly data: Float32Array }): Uint8Array =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return same(one.model, other.model) && same(bytes(one.latents), bytes(other.latents));
}

/** What of a trial is a result: not when it was computed, and how long that took. */
function numbersOf({ createdAt: _, seconds: __, ...numbers }: FinishedTrial): object {
  return numbers;
}
