// A service that fits, transforms and predicts. `PORT=8080 node --import=tsx examples/service.ts`, then
//   curl -d @config.json localhost:8080/fit              -> { id, outcome, latents }
//   curl -d '[[1, 2, 3]]' localhost:8080/transform/ID    -> [[...]]
//   curl -d '{ "rows": [[1, 2, 3]], "environments": ["a"] }' localhost:8080/predict/ID    -> [...]
//   curl -X DELETE localhost:8080/models/ID; curl localhost:8080/health; curl localhost:8080/metrics
// A client that hangs up stops its fit. SIGTERM lets fits go on for `GRACE_SECONDS`; what is then still under way is stopped,
// with a checkpoint where `CHECKPOINTS` names a folder: the same request goes on from there after a restart.
// For your own machine only: `data` may name any file on it.
import { createService } from "./service/server.js";
import { closeOnSignals } from "./service/shutdown.js";

/** A number from the environment. */
function setting(name: string, fallback: number): number {
  const value = Number(process.env[name] ?? fallback);
  if (!Number.isFinite(value) || value < 0)
    throw new RangeError(`${name}: ${process.env[name]} is not a number from 0`);
  return value;
}

const started = createService({
  fitsAtOnce: setting("FITS_AT_ONCE", 1),
  fitsWaiting: setting("FITS_WAITING", 16),
  maxModels: setting("MAX_MODELS", 100),
  maxBodyBytes: setting("MAX_BODY_MIB", 16) * 2 ** 20,
  ...(process.env.CHECKPOINTS !== undefined && { checkpoints: process.env.CHECKPOINTS }),
});

export const service = started.server;

if (process.env.PORT) {
  closeOnSignals(started, setting("GRACE_SECONDS", 10) * 1000);
  service.listen(setting("PORT", 0), process.env.HOST ?? "127.0.0.1", () => {
    console.log(`listening on ${JSON.stringify(service.address())}`);
  });
}
