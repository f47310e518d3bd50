// Small files of images and arrays, made where a test needs them.
import { Buffer } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** A PNG of 8 bits: one channel, or three. */
export function png(width: number, height: number, values: readonly number[], channels: 1 | 3 | 4 = 1): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, { 1: 0, 3: 2, 4: 6 }[channels]], 8);
  const line = width * channels;
  const lines = Array.from({ length: height }, (_, y) => [0, ...values.slice(y * line, (y + 1) * line)]);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.from(lines.flat()))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** An IDX file of bytes. */
export function idx(shape: readonly number[], values: readonly number[]): Buffer {
  const lengths = Buffer.alloc(4 * shape.length);
  shape.forEach((length, axis) => {
    lengths.writeUInt32BE(length, 4 * axis);
  });
  return Buffer.concat([Buffer.from([0, 0, 8, shape.length]), lengths, Buffer.from(values)]);
}

/** A `.npy` file of bytes. */
export function npy(shape: readonly number[], values: readonly number[]): Buffer {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`, "latin1");
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Buffer.from([header.length, 0]),
    header,
    Buffer.from(values),
  ]);
}

/** Writes a file and the folders that it lies in. */
export function write(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Numbers from 0 to 255 that look like chance. */
export function noise(count: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 256;
  });
}
