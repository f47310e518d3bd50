// TensorBoard event files: records of TensorFlow, each a protocol buffer between its length and masked CRC-32C checksums.
import type { Point } from "./curves.js";
import { encode, type Message, type Value } from "./protobuf.js";

const EVENT: Message = {
  wall_time: [1, "double"],
  step: [2, "int"],
  file_version: [3, "string"],
  summary: [5, { value: [1, { tag: [1, "string"], simple_value: [2, "float"] }] }],
};

/** An event file with the points as scalars. All events bear one time: when single steps were taken is not recorded. */
export function eventFile(points: readonly Point[], time: Date): Uint8Array {
  const wall_time = time.getTime() / 1000;
  const events: readonly Value[] = [
    { wall_time, file_version: "brain.Event:2" },
    ...points.map(({ tag, step, value }) => ({ wall_time, step, summary: { value: [{ tag, simple_value: value }] } })),
  ];
  return Buffer.concat(events.map((event) => record(encode(EVENT, event))));
}

/** The name by which TensorBoard knows an event file. */
export function eventFileName(time: Date): string {
  return `events.out.tfevents.${Math.floor(time.getTime() / 1000)}.disentangle`;
}

function record(data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, masked(length), data, masked(data)]);
}

/** A checksum of data that may hold checksums. */
function masked(data: Uint8Array): Uint8Array {
  const crc = crc32c(data);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return bytes;
}

/** Castagnoli's polynomial, reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C; that of `node:zlib` has another polynomial. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
