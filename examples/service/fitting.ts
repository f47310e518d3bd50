// Fits: a queue, an end for those whose client has gone, and checkpoints for those that a shutdown stops.
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import type { FitHandle, FitQueue, Model, RunConfig } from "disentangle";
import type { Models } from "./models.js";
import { Refusal } from "./request.js";

/** What a client is told about its fit. */
export interface Fitted {
  readonly id: string;
  readonly outcome: Model["outcome"];
  readonly latents: readonly string[];
}

/** Runs fits for requests. */
export function fitter(
  queue: FitQueue,
  models: Models,
  { fitsWaiting, fitsAtOnce, checkpoints }: { fitsWaiting: number; fitsAtOnce: number; checkpoints?: string },
): { run(config: RunConfig, response: ServerResponse): Promise<Fitted>; cancel(): number } {
  const running = new Set<FitHandle>();
  return {
    async run(config, response) {
      models.needPlace();
      if (queue.running >= fitsAtOnce && queue.waiting >= fitsWaiting) {
        throw new Refusal(503, `${queue.waiting} fits wait already`, { "retry-after": "10" });
      }
      // The same request finds the checkpoint that it left.
      const name = createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 32);
      const dir = checkpoints && join(checkpoints, name);
      const fit = queue.fit(config, dir === undefined ? {} : { checkpoint: { dir }, resume: true });
      running.add(fit);
      const hangUp = (): void => fit.cancel();
      response.once("close", hangUp);
      try {
        const model = await fit.result;
        if (dir !== undefined) await rm(dir, { recursive: true, force: true });
        return { id: models.add(model), outcome: model.outcome, latents: model.info.latents };
      } finally {
        response.off("close", hangUp);
        running.delete(fit);
      }
    },
    cancel() {
      for (const fit of running) fit.cancel();
      return running.size;
    },
  };
}
