// Ctrl-C once: stop and write what is needed to go on. Ctrl-C twice: end at once.
import { EXIT } from "./exit.js";

/** A signal that SIGINT or SIGTERM aborts. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 130 or 143 once a signal came. */
  readonly exitCode: number | undefined;
  /** Gives the signals back to the process. */
  release(): void;
}

/** Takes SIGINT and SIGTERM: the first calls `onFirst` and aborts, the second ends the process. */
export function interruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const take = (code: number) => (): void => {
    if (exitCode !== undefined) process.exit(code);
    exitCode = code;
    onFirst();
    controller.abort();
  };
  const [interrupt, terminate] = [take(EXIT.interrupted), take(EXIT.terminated)];
  process.on("SIGINT", interrupt).on("SIGTERM", terminate);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      process.off("SIGINT", interrupt).off("SIGTERM", terminate);
    },
  };
}
