// How the service ends: nothing new is taken, what is under way has its time, and the exit code tells whether something was lost.
import type { Service } from "./server.js";

/**
 * Ends the service, and the process by itself, at SIGTERM or SIGINT; a second signal ends it at once.
 *
 * Exit code: 0 where every request was answered or its fit has a checkpoint, 1 where a fit was stopped without one.
 */
export function closeOnSignals(service: Service, graceMs: number): void {
  const { server } = service;
  const close = (signal: NodeJS.Signals): void => {
    // From now on the signals do what they do by default.
    process.off("SIGTERM", close).off("SIGINT", close);
    console.log(`${signal}: no new requests; fits have ${graceMs / 1000} s`);
    service.drain();
    const stop = setTimeout(() => {
      const { fits, saved } = service.cancelFits();
      if (fits > 0) console.log(`${fits} fits stopped, ${saved ? "checkpoints are kept" : "nothing is kept"}`);
      if (fits > 0 && !saved) process.exitCode = 1;
    }, graceMs);
    // Connections that are kept alive would hold the process; one that is busy is closed after its answer.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(stop);
      clearInterval(idle);
      console.log("closed");
    });
  };
  process.on("SIGTERM", close).on("SIGINT", close);
}
