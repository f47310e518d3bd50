// Ctrl-C once: stop and write what is needed to go on. Ctrl-C twice, or what does not stop: end at once.
import { performance } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";
import { EXIT } from "./exit.js";

/** A signal that SIGINT, SIGTERM or SIGHUP aborts. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 130, 143, 129 or 138 once a signal came. */
  readonly exitCode: number | undefined;
  /** Gives the signals back to the process. */
  release(): void;
}

/** What else a command wants. */
export interface InterruptionOptions {
  readonly warned?: boolean;
  readonly patience?: () => number | undefined;
}

const LOOKS_MS = 50;

/** What is said at a signal. */
export interface InterruptionTexts {
  first(): void;
  second(): void;
  /** Before `second`, where nobody sent a second signal. */
  late?(): void;
}

/**
 * Takes SIGINT, SIGTERM and SIGHUP (a terminal that is closed): the first aborts, the second ends the process.
 *
 * @param patience for how many milliseconds what is under way may take to stop; then the process ends as at a second signal. Asked again
 * and again. Default: for as long as it takes
 * @param warned whether SIGUSR1 means the same, with which schedulers announce the end of a job's time
 */
export function interruption(
  texts: InterruptionTexts,
  { warned = false, patience }: InterruptionOptions = {},
): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let waiting: NodeJS.Timeout | undefined;
  const release = (): void => {
    clearInterval(waiting);
    process.off("SIGINT", interrupt).off("SIGTERM", terminate).off("SIGHUP", hangUp).off("SIGUSR1", warn);
  };
  const end = (name: NodeJS.Signals): void => {
    texts.second();
    release();
    // A progress bar hides the cursor, and is not asked to bring it back.
    if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
    // Not `process.exit`, which waits for the thread of the fit: the signal itself, which now nobody takes.
    process.kill(process.pid, name);
  };
  const take = (name: NodeJS.Signals, code: number) => (): void => {
    if (exitCode !== undefined) {
      end(name);
      return;
    }
    exitCode = code;
    texts.first();
    controller.abort();
    const since = performance.now();
    const look = (): void => {
      if (performance.now() - since < (patience?.() ?? Number.POSITIVE_INFINITY)) return;
      texts.late?.();
      end(name);
    };
    if (patience !== undefined) waiting = setInterval(look, LOOKS_MS);
  };
  const [interrupt, terminate] = [take("SIGINT", EXIT.interrupted), take("SIGTERM", EXIT.terminated)];
  const hangUp = take("SIGHUP", EXIT.hungUp);
  const warn = take("SIGUSR1", EXIT.warned);
  if (warned) process.on("SIGUSR1", warn);
  process.on("SIGINT", interrupt).on("SIGTERM", terminate).on("SIGHUP", hangUp);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release,
  };
}
