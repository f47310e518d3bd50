// The safetensors format: the length of a header of JSON, the header, then all values, one tensor after another.
import type { Tensor } from "./plain-model.js";

/** Tensors and words about them. */
export function safetensorsOf(tensors: readonly Tensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  // The widest values first: all of them then begin at a multiple of their size.
  const ordered = tensors.toSorted((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  const entries = ordered.map(({ name, shape, data }) => {
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: `F${8 * data.BYTES_PER_ELEMENT}`, shape, data_offsets: [begin, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Math.ceil(header.length / 8) * 8;
  const file = Buffer.alloc(8 + length + end, " ");
  file.writeBigUInt64LE(BigInt(length));
  header.copy(file, 8);
  let at = 8 + length;
  for (const { data } of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}
