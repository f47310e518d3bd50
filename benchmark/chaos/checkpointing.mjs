// A fit with checkpoints that goes on where one stopped: node checkpointing.mjs DATA OUT. Its hash goes to OUT/result.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fit } from "disentangle";

const [data, out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
try {
  const config = { method: "tbr", data, latentDim: 4, steps: 60, hidden: [48], batchSize: 256, seed: 3 };
  const model = await fit(config, { checkpoint: { dir: join(out, "checkpoint"), every: 12 }, resume: true }).result;
  const { buffer, byteOffset, byteLength } = model.latents.data;
  const hash = createHash("sha256").update(new Uint8Array(buffer, byteOffset, byteLength));
  writeFileSync(join(out, "result"), hash.update(JSON.stringify([model.outcome, model.history])).digest("hex"));
} catch (error) {
  process.stderr.write(`${error.code} ${error.message}\n`);
  process.exitCode = 1;
}
