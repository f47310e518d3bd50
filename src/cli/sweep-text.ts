// What `disentangle sweep` says to people.
import type { SweepResult } from "../sweep/result.js";
import { metricText, ranked, settingText } from "../sweep/shown.js";
import type { SweepStatus, Why } from "../sweep/status.js";
import type { SweptTrial } from "../sweep/swept.js";
import type { SweepEvent } from "../sweep/work.js";
import { columns, duration, number, type Style } from "./terminal.js";

/** Settings that a terminal is shown: the best ones. */
const SHOWN = 20;
/** Without a terminal a line says this often where the sweep is. */
const EVERY_MS = 10_000;

/** Shows a sweep while it runs: one line that changes on a terminal, a line every few seconds elsewhere, failures at once. */
export interface SweepLine {
  event(event: SweepEvent): void;
  end(): void;
}

/** The line of a sweep. */
export function sweepLine(quiet: boolean, stream: NodeJS.WriteStream = process.stderr): SweepLine {
  const live = stream.isTTY === true && process.env.TERM !== "dumb";
  const counts = { done: 0, failed: 0, parked: 0, paused: 0 };
  const steps = new Map<string, string>();
  let [trials, jobs, fresh] = [0, 1, 0];
  let began = performance.now();
  let shown = performance.now();
  const clear = (): void => {
    if (live && !quiet) stream.write("\r\u001b[2K");
  };
  const show = (now: boolean): void => {
    if (quiet || (!now && performance.now() - shown < (live ? 100 : EVERY_MS))) return;
    shown = performance.now();
    const ended = counts.done + counts.failed + counts.parked;
    const perTrial = fresh === 0 ? undefined : (performance.now() - began) / fresh;
    const eta = perTrial === undefined ? "" : `, ${duration(perTrial * (trials - ended))} left`;
    const bad = counts.failed + counts.parked === 0 ? "" : `, ${counts.failed + counts.parked} failed`;
    const under = [...steps.values()].slice(0, 4).join("  ");
    const line = `${ended} of ${trials}${bad}${eta}${under === "" ? "" : `  ${under}`}`;
    if (live) stream.write(`\r\u001b[2K${line.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
    else stream.write(`${line}\n`);
  };
  return {
    event(event) {
      if (event.kind === "start") {
        ({ trials, jobs } = event);
        counts.done = event.done;
        began = performance.now();
        const per = `${event.threads} ${event.threads === 1 ? "thread" : "threads"} each`;
        const here = jobs === 0 ? "run by workers" : `${jobs} at once, ${per}`;
        if (!quiet) stream.write(`${trials} trials, ${event.done} done already; ${here}; ${event.dir}\n`);
        return;
      }
      if (event.kind === "notice") {
        clear();
        stream.write(`${event.text}\n`);
        return;
      }
      if (event.kind === "progress") {
        const { step, steps: of } = event.progress;
        steps.set(event.trial.id, `${event.trial.id} ${step}/${of}`);
        show(false);
        return;
      }
      const { trial, how, state } = event;
      steps.delete(trial.id);
      if (how === "done" || how === "failed" || how === "parked") {
        counts[how]++;
        fresh++;
      }
      const reason = state.failure?.message ?? state.crash;
      if (how === "failed" || how === "parked" || (how === "waiting" && reason !== undefined)) {
        clear();
        const code = how === "failed" && state.failure !== undefined ? ` [${state.failure.code}]` : "";
        const what = how === "waiting" ? "crashed, will be tried again" : how;
        stream.write(`${trial.id} (${settingText(trial)}, seed ${trial.seed}) ${what}: ${reason}${code}\n`);
      }
      if (how === "lost") {
        clear();
        stream.write(`${trial.id}: another process had taken it over; what was computed here is dropped\n`);
      }
      show(how === "done" && trials - counts.done - counts.failed - counts.parked === 0);
    },
    end: clear,
  };
}

/** What a sweep found. */
export function resultText(result: SweepResult, style: Style): string {
  const { settings, axes, chosen, regret, trials } = result;
  const failed = trials.filter(({ state }) => state === "failed" || state === "parked");
  const waiting = trials.filter(({ state }) => state === "waiting" || state === "running" || state === "paused").length;
  const best = settings.find(({ setting }) => setting === chosen);
  const rows = ranked(result).slice(0, SHOWN);
  return [
    `Compared by: ${metricText(result)}`,
    "",
    columns([
      [...axes, "seeds", "mean", "sd", "agreement"],
      ...rows.map(({ params, seeds, missing, mean, sd, agreement }) => [
        ...axes.map((path) => short(params[path])),
        missing.length === 0 ? seeds : `${seeds - missing.length} of ${seeds}`,
        number(mean),
        number(sd),
        number(agreement),
      ]),
    ]),
    ...(settings.length > rows.length ? [`and ${settings.length - rows.length} more settings`] : []),
    "",
    best === undefined ? "Chosen: none, no setting is complete" : `Chosen: ${style.strong(settingText(best))}`,
    ...(regret === undefined ? [] : [`Regret: ${number(regret.regret)} MCC (the truth took no part in the choice)`]),
    ...(failed.length > 0
      ? [`Failed: ${failed.length} of ${trials.length} trials; --retry failed tries them again`]
      : []),
    ...(waiting > 0 ? [`Left: ${waiting} of ${trials.length} trials`] : []),
    `Report: ${result.dir}/report.html`,
  ].join("\n");
}

function short(value: unknown): string | number {
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Where a sweep stands. */
export function statusText(
  { dir, counts, total, earlier, leftMs, owners, trials, code, damaged }: SweepStatus,
  style: Style,
): string {
  const states = Object.entries(counts).filter(([, count]) => count > 0);
  const failed = trials.filter(({ state }) => state === "failed" || state === "parked");
  return [
    `${style.strong(dir)}: ${total} trials, ${states.map(([state, count]) => `${count} ${state}`).join(", ")}`,
    `code ${code}`,
    ...(leftMs === null || leftMs === 0 ? [] : [`left: about ${duration(leftMs)} of fitting`]),
    ...(earlier > 0 ? [`${earlier} more trials lie there from earlier versions of the sweep`] : []),
    ...owners.map(({ id, host, pid, trials: held }) => `${held} running by ${id} (${host}, process ${pid})`),
    ...(damaged > 0 ? [`${damaged} lines of the ledger were cut off and are left out`] : []),
    ...failed.slice(0, SHOWN).map((trial) => `  ${failureText(trial)}`),
    ...(failed.length > SHOWN ? [`  and ${failed.length - SHOWN} more`] : []),
  ].join("\n");
}

function failureText(trial: SweptTrial): string {
  return `${trial.id} (${settingText(trial)}, seed ${trial.seed}) ${trial.state}: ${trial.reason ?? "no reason was kept"}`;
}

/** Why a trial is computed, or is not. */
export function whyText({ trial, state, reason, nearest }: Why): string {
  return [
    `${trial}: ${state}; ${reason}`,
    ...(nearest === undefined
      ? []
      : [
          `nearest that is done: ${nearest.trial}`,
          ...nearest.differences.map(
            ({ path, there, here }) =>
              `  ${path}: ${JSON.stringify(there) ?? "absent"} there, ${JSON.stringify(here) ?? "absent"} here`,
          ),
        ]),
  ].join("\n");
}
