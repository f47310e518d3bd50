// IEEE 754 half precision: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. Node reads it from version 24 on.

/** 16-bit words as the numbers they stand for, exactly. */
export function halves(words: Uint16Array): Float32Array {
  return Float32Array.from(words, half);
}

function half(word: number): number {
  const sign = word >> 15 === 1 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = (word & 0x3ff) / 1024;
  if (exponent === 0) return sign * fraction * 2 ** -14;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction) * 2 ** (exponent - 15);
}
