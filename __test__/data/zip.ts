/** A zip with stored files, as `zip -0` writes it. */
export function zip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    bodies.push(Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), data]));
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\0"), common, place, Buffer.from(name)]));
    offset += bodies.at(-1)!.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, ...directory, Buffer.from("PK\x05\x06"), end]);
}

function crc32(data: Buffer): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A `.npy` file of a vector: numbers with 64 bits, booleans or text. */
export function vector(values: readonly (number | bigint | string | boolean)[]): Buffer {
  const [first] = values;
  const most = Math.max(1, ...values.map((value) => String(value).length));
  const isWhole = values.every((value) => typeof value === "bigint" || Number.isInteger(value));
  const [descr, bytes] =
    typeof first === "boolean"
      ? ["|b1", Buffer.from(values.map(Number))]
      : typeof first === "string"
        ? [`<U${most}`, Buffer.concat(values.map((value) => utf32(String(value).padEnd(most, "\0"))))]
        : isWhole
          ? ["<i8", Buffer.from(BigInt64Array.from(values as readonly number[], (value) => BigInt(value)).buffer)]
          : ["<f8", Buffer.from(Float64Array.from(values as readonly number[]).buffer)];
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${values.length},), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`, "latin1");
  const magic = Buffer.from("\x93NUMPY\x01\x00", "latin1");
  return Buffer.concat([magic, Buffer.from([header.length, 0]), header, bytes]);
}

function utf32(text: string): Buffer {
  return Buffer.from(Uint32Array.from(text, (letter) => letter.codePointAt(0)!).buffer);
}
