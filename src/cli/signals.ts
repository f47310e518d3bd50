// Ctrl-C once: stop and write what is needed to go on. Ctrl-C twice: end at once.
import { EXIT } from "./exit.js";

/** A signal that SIGINT, SIGTERM or SIGHUP aborts. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 130, 143, 129 or 138 once a signal came. */
  readonly exitCode: number | undefined;
  /** Gives the signals back to the process. */
  release(): void;
}

/** What is said at a signal. */
export interface InterruptionTexts {
  first(): void;
  second(): void;
}

/**
 * Takes SIGINT, SIGTERM and SIGHUP (a terminal that is closed): the first aborts, the second ends the process.
 *
 * @param warned whether SIGUSR1 means the same, with which schedulers announce the end of a job's time
 */
export function interruption(texts: InterruptionTexts, { warned = false } = {}): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const release = (): void => {
    process.off("SIGINT", interrupt).off("SIGTERM", terminate).off("SIGHUP", hangUp).off("SIGUSR1", warn);
  };
  const take = (name: NodeJS.Signals, code: number) => (): void => {
    if (exitCode === undefined) {
      exitCode = code;
      texts.first();
      controller.abort();
      return;
    }
    texts.second();
    release();
    // A progress bar hides the cursor, and is not asked to bring it back.
    if (process.stderr.isTTY) process.stderr.write("\u001b[?25h");
    // Not `process.exit`, which waits for the thread of the fit: the signal itself, which now nobody takes.
    process.kill(process.pid, name);
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
