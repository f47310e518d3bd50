// The folder of a sweep, opened: it says what the sweep is, and its ledger and its folders agree.
import { readdir } from "node:fs/promises";
import { fail } from "../errors.js";
import { checkWritable } from "../files.js";
import {
  checkSweepTarget,
  finishedIn,
  knownIn,
  makeSweepFolder,
  readSweepFile,
  type SweepFile,
  settleDone,
  trialFolder,
  writeSweepFile,
} from "./folder.js";
import { type Entry, type Ledger, openLedger, stateOf } from "./ledger.js";
import { codeText, type SweepPlan, type SweepTrial } from "./planned.js";
import type { Shard } from "./shard.js";
import { resultIn } from "./trial.js";

/** What a sweep says of itself beside its trials. */
export type About = Pick<SweepFile, "name" | "metric" | "halving" | "seeds" | "axes">;

/** A sweep whose folder says what it is. The ledger is the caller's to close. */
export interface OpenSweep {
  readonly dir: string;
  readonly file: SweepFile;
  /** Those that are to be worked on here. */
  readonly mine: readonly SweepTrial[];
  readonly ledger: Ledger;
  /** Data set folders of trials, by their id, where data travel to other machines. */
  readonly folders: ReadonlyMap<string, string>;
}

/** How a sweep is opened. */
export interface OpenOptions {
  readonly shard?: Shard | undefined;
  /** Whether trials that other code has computed are computed again, beside the old ones. */
  readonly rerun?: boolean | undefined;
}

/** Throws `FILE_WRITE` where a folder cannot be that of a sweep. */
export async function checkSweepFolder(dir: string): Promise<void> {
  await checkSweepTarget(dir);
  await checkWritable(dir);
}

/** Writes what the sweep is, and brings ledger and folders together. */
export async function openSweep(
  dir: string,
  about: About,
  plan: SweepPlan,
  { shard, rerun = false }: OpenOptions,
): Promise<OpenSweep> {
  const previous = await readSweepFile(dir);
  await makeSweepFolder(dir);
  const ledger = await openLedger(dir, "writer");
  try {
    if (!rerun) refuseOtherCode(dir, plan, previous, ledger);
    const file = fileOf(about, plan, previous);
    if (JSON.stringify(file) !== JSON.stringify(previous)) await writeSweepFile(dir, file);
    const mine = plan.trials.filter((_, place) => shard === undefined || place % shard.of === shard.index);
    await recover(dir, mine, ledger);
    return { dir, file, mine, ledger, folders: plan.folders ?? new Map() };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

/** The entry that gives a trial another chance. */
export function retryOf(trial: string, ledger: Ledger): Entry {
  return { kind: "retry", trial, epoch: stateOf(ledger, trial).epoch };
}

/** Other code may give other numbers: that is told, and neither mixed nor computed again unasked. */
function refuseOtherCode(
  dir: string,
  { trials, code }: SweepPlan,
  previous: SweepFile | undefined,
  ledger: Ledger,
): void {
  if (previous === undefined) return;
  const ids = new Set(trials.map(({ id }) => id));
  const fresh = new Set(trials.filter(({ id }) => stateOf(ledger, id).state !== "done").map(({ key }) => key));
  const others = knownIn(previous).filter(
    ({ id, key }) => !ids.has(id) && fresh.has(key) && stateOf(ledger, id).state === "done",
  );
  const [first] = others;
  if (first === undefined) return;
  const then = codeText(first.code);
  fail(
    "CONFIG_CONFLICT",
    `${dir}: ${others.length} trials were computed by other code, ${then}; this is ${codeText(code)}`,
    {
      path: dir,
      hint: "--rerun computes them again and keeps the old ones beside them; --out names another folder",
      context: { trials: others.length, there: first.code, here: code },
    },
  );
}

function fileOf(about: About, { trials, code }: SweepPlan, previous: SweepFile | undefined): SweepFile {
  const ids = new Set(trials.map(({ id }) => id));
  const earlier = previous === undefined ? [] : knownIn(previous).filter(({ id }) => !ids.has(id));
  return {
    format: 1,
    ...about,
    code,
    startedIn: process.cwd(),
    trials,
    earlier,
  };
}

/** Brings ledger and folders together, whatever was cut off or lost: finished runs count, and nothing else does. */
async function recover(dir: string, mine: readonly SweepTrial[], ledger: Ledger): Promise<void> {
  await settleDone(dir, mine, ledger);
  const names = new Set(await readdir(dir));
  const states = mine.map(({ id }) => ({ id, ...stateOf(ledger, id) }));
  const gone = states.filter(({ id, state }) => state === "done" && !names.has(id));
  await ledger.commit(...gone.map(({ id }) => retryOf(id, ledger)));
  const open = new Set(states.filter(({ state, id }) => state !== "done" && names.has(id)).map(({ id }) => id));
  for (const id of await finishedIn(dir, open)) {
    const result = await resultIn(trialFolder(dir, id));
    await ledger.commit({ kind: "merged", trial: id, epoch: stateOf(ledger, id).epoch + 1, ...result });
  }
}
