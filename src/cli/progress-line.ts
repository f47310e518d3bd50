// How a fit shows where it is: a bar on a terminal, a line every few seconds elsewhere. Always stderr.
import type { Progress } from "../progress.js";
import { note, number } from "./terminal.js";

/** Shows events of a fit. */
export interface ProgressLine {
  stage(name: string): void;
  progress(event: Progress): void;
  /** Removes the bar, or prints the last line. */
  end(): void;
}

/** A bar where stderr is a terminal that knows escapes, otherwise one line every `everyMs`. */
export async function progressLine(everyMs = 3000): Promise<ProgressLine> {
  return process.stderr.isTTY && process.env.TERM !== "dumb" ? bar() : lines(everyMs, note);
}

/** Lines of text, at most one every `everyMs`, always the last. */
export function lines(
  everyMs: number,
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): ProgressLine {
  let written = now();
  let waiting: Progress | undefined;
  const flush = (): void => {
    if (waiting === undefined) return;
    const { stage, step, steps, loss, validation } = waiting;
    const also = validation === undefined ? "" : `, validation ${number(validation)}`;
    write(`${stage}: step ${step} of ${steps}, loss ${number(loss)}${also}`);
    waiting = undefined;
    written = now();
  };
  return {
    stage(name) {
      flush();
      write(`${name}: begins`);
    },
    progress(event) {
      waiting = event;
      if (now() - written >= everyMs) flush();
    },
    end: flush,
  };
}

async function bar(): Promise<ProgressLine> {
  const { default: progress } = await import("cli-progress");
  const color = !process.env.NO_COLOR;
  const shown = new progress.SingleBar({
    format: color
      ? "\u001b[2m{stage}\u001b[0m {bar} {value}/{total}  loss {loss}  {eta_formatted}"
      : "{stage} {bar} {value}/{total}  loss {loss}  {eta_formatted}",
    barCompleteChar: "━",
    barIncompleteChar: " ",
    barsize: 30,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    gracefulExit: false,
  });
  let current: string | undefined;
  const begin = (stage: string, steps: number): void => {
    if (current !== undefined) shown.stop();
    current = stage;
    shown.start(Math.max(1, steps), 0, { stage, loss: "-" });
  };
  return {
    stage: (name) => begin(name, 1),
    progress({ stage, step, steps, loss }) {
      if (stage !== current) begin(stage, steps);
      shown.setTotal(Math.max(1, steps));
      shown.update(step, { stage, loss: number(loss) });
    },
    end: () => shown.stop(),
  };
}
