// Every trial of a sweep with what became of it: from its plan and its ledger alone.
import { type SweepFile, trialFolder } from "./folder.js";
import { stageOf } from "./halving.js";
import { type Ledger, stateOf, type TrialState } from "./ledger.js";
import type { Setting } from "./space.js";

/** A trial and what became of it. */
export interface SweptTrial {
  readonly id: string;
  /** Run folder of a finished trial. */
  readonly dir?: string;
  readonly setting: number;
  readonly seed: number;
  readonly params: Setting;
  /** `stopped`: successive halving let it go no further. */
  readonly state: TrialState["state"] | "stopped";
  /** Numbers by metric; absent before the first. Not finite: as text. */
  readonly values?: Readonly<Record<string, number | "NaN" | "Infinity" | "-Infinity">>;
  readonly steps?: number;
  readonly elapsedMs?: number;
  /** Why it failed, or how it crashed. */
  readonly reason?: string;
}

/** Every trial with its state. */
export function sweptTrials(dir: string, file: SweepFile, ledger: Pick<Ledger, "states">): readonly SweptTrial[] {
  const stopped = file.halving === undefined ? undefined : stageOf(file.trials, file as never, ledger).stopped;
  return file.trials.map(({ id, setting, seed, params }) => {
    const { state, result, rungs, failure, crash } = stateOf(ledger, id);
    const at = result ?? rungs.at(-1);
    const reason = failure === undefined ? crash : `${failure.message} [${failure.code}]`;
    return {
      id,
      ...(state === "done" && { dir: trialFolder(dir, id) }),
      setting,
      seed,
      params,
      state: stopped?.has(id) === true && state !== "done" ? "stopped" : state,
      ...(at && { values: at.values, steps: at.steps, elapsedMs: at.elapsedMs }),
      ...((state === "failed" || state === "parked") && reason !== undefined && { reason }),
    };
  });
}
