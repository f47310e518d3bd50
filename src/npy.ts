// Arrays of a run folder as `.npy` files: what numpy opens, in memory on both sides, so that it can be compared with its digest.

/** Numbers of an array, row-major. */
export type NpyValues = Float32Array | Uint32Array | Uint8Array;

const TYPES = { "<f4": Float32Array, "<u4": Uint32Array, "|u1": Uint8Array } as const;

/** The parts of a file that holds an array: a header, and the values as they lie in memory. */
export function npyParts(shape: readonly number[], values: NpyValues): readonly Uint8Array[] {
  const type = Object.entries(TYPES).find(([, array]) => values instanceof array)?.[0];
  const lengths = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  let header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${lengths}, }`;
  // NumPy leaves room for the first length to grow to 21 digits.
  header += " ".repeat(Math.max(0, 21 - String(shape[0] ?? "").length));
  // Magic, version and length take 10 bytes; a line break ends the header, and the values begin at a multiple of 64.
  header += `${" ".repeat((64 - ((10 + header.length + 1) % 64)) % 64)}\n`;
  const start = Buffer.from(`\u0093NUMPY\u0001\u0000\u0000\u0000${header}`, "latin1");
  start.writeUInt16LE(header.length, 8);
  return [start, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}

/** Reads what `npyParts` made; `undefined` where the bytes are not that. */
export function parseNpy(bytes: Buffer): { readonly shape: readonly number[]; readonly values: NpyValues } | undefined {
  if (bytes.toString("latin1", 0, 8) !== "\u0093NUMPY\u0001\u0000" || bytes.length < 10) return undefined;
  const from = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, from);
  const [, type = "", lengths = ""] =
    /^\{'descr': '([^']+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \}\s*$/.exec(header) ?? [];
  const array = (TYPES as Readonly<Record<string, (typeof TYPES)[keyof typeof TYPES]>>)[type];
  const shape = lengths.split(",").flatMap((text) => (text.trim() === "" ? [] : [Number(text)]));
  const count = shape.reduce((product, length) => product * length, 1);
  if (array === undefined || bytes.length - from !== count * array.BYTES_PER_ELEMENT) return undefined;
  // A buffer of its own, which can be handed to another thread.
  const own = bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return { shape, values: new array(own) };
}
