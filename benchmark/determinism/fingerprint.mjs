// One fit, as two hashes.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fit, simulate } from "disentangle";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Magic, format version and the header's length, before the header of a model; its digest, at the end. */
const [PREFIX, DIGEST] = [20, 32];

/** Hashes of the latents and of the saved model: a world of 62 environments x 400 rows, 300 steps. */
export async function fingerprint({ seed, threads, every }) {
  const data = await simulate({ simulator: "tree-world", depth: 5, pointsPerEnvironment: 400, seed });
  const folder = mkdtempSync(join(tmpdir(), "disentangle-benchmark-"));
  const checkpoint = every && { checkpoint: { dir: join(folder, "checkpoints"), every } };
  try {
    const model = await fit({ method: "tbr", data, latentDim: 5, steps: 300, seed, threads }, checkpoint).result;
    await model.save(join(folder, "run"));
    const { buffer, byteOffset, byteLength } = model.latents.data;
    return {
      latents: sha256(new Uint8Array(buffer, byteOffset, byteLength)),
      model: sha256(withoutThreads(readFileSync(join(folder, "run/model/model.bin")))),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A model keeps the configuration it was fitted with: the number of threads is the one thing that may differ. */
function withoutThreads(model) {
  const end = PREFIX + Number(model.readBigUInt64LE(12));
  const header = JSON.parse(model.toString("utf8", PREFIX, end));
  delete header.config.threads;
  return Buffer.concat([Buffer.from(JSON.stringify(header)), model.subarray(end, model.length - DIGEST)]);
}
