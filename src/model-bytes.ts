// A model in one piece: what is said of it as JSON, then the bytes of the core.
import { failure } from "./errors.js";
import type { ModelFiles } from "./results.js";

const MAGIC = Buffer.from("disentangle model 1\n", "latin1");

/** Packs what `load` needs. */
export function packModel({ config, manifest, history, summary, model }: ModelFiles): Uint8Array {
  const text = Buffer.from(JSON.stringify({ config, manifest, history, summary }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const packed = new Uint8Array(MAGIC.length + length.length + text.length + model.length);
  let at = 0;
  for (const part of [MAGIC, length, text, model]) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

/** The inverse of `packModel`. Throws `ARTIFACT_CORRUPT`. */
export function unpackModel(bytes: Uint8Array): ModelFiles {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = MAGIC.length + 4;
  if (from.length < start || !from.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw failure("ARTIFACT_CORRUPT", "these are not the bytes of a model", {
      hint: "give what `model.toBytes()` gave; a run folder is loaded by its path",
    });
  }
  const end = start + from.readUInt32LE(MAGIC.length);
  try {
    const said = JSON.parse(from.toString("utf8", start, end)) as Omit<ModelFiles, "model">;
    // A copy: the caller may use his buffer again.
    return { ...said, model: Uint8Array.from(from.subarray(end)) };
  } catch (cause) {
    throw failure("ARTIFACT_CORRUPT", "the bytes of the model are truncated or damaged", {
      hint: "give all the bytes that `model.toBytes()` gave",
      cause,
    });
  }
}
