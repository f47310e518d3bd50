// Values of Arrow columns exactly: whole numbers of 64 bits, decimals with their scale, dates and times to the nanosecond. What the
// libraries' own `get` gives for these has passed through 64-bit floating point, so the buffers are read.
import type { ArrowLike } from "./config.js";

/** What is read of a type of Arrow; numbers of kinds and units as in its format. */
interface ArrowType {
  readonly typeId?: number;
  /** Of times: 0 seconds, 1 milliseconds, 2 microseconds, 3 nanoseconds; of dates 0 days, 1 milliseconds. */
  readonly unit?: number;
  readonly bitWidth?: number;
  readonly scale?: number;
  readonly timezone?: string | null;
}

/** A run of values of a column: `Data` in apache-arrow, `Batch` in flechette. */
interface Chunk {
  readonly length: number;
  readonly values?: unknown;
  getValid?(index: number): boolean;
  at?(index: number): unknown;
  readonly nullCount?: number;
  readonly validity?: Uint8Array;
}

// https://github.com/apache/arrow/blob/main/format/Schema.fbs
const [INT, DECIMAL, DATE, TIME, TIMESTAMP] = [2, 7, 8, 9, 10];

/** A column of Arrow: `isNumber` where texts are those of numbers. */
export interface ArrowValues {
  readonly values: readonly unknown[];
  readonly isNumber: boolean;
}

/** The values of a column: numbers, bigints, texts, and whatever else `get` gives. */
export function arrowValues(
  vector: NonNullable<ReturnType<ArrowLike["getChild"]>>,
  type: unknown,
  rows: number,
): ArrowValues {
  const { typeId, bitWidth, unit = 0, scale = 0, timezone } = (type ?? {}) as ArrowType;
  const exactly = (of: (value: bigint) => unknown, isNumber = false): ArrowValues | undefined => {
    const words = wordsOf(vector, rows);
    return words && { values: words.map((value) => (value === null ? null : of(value))), isNumber };
  };
  const asTime = (of: (nanoseconds: bigint) => string) => exactly((value) => of(value * PER_UNIT[unit]!));
  const zone = timezone === undefined || timezone === null || timezone === "" ? "" : "+00";
  const found =
    typeId === INT && bitWidth === 64
      ? exactly((value) => value, true)
      : typeId === DECIMAL
        ? exactly((value) => decimalText(value, scale), true)
        : typeId === DATE
          ? exactly((value) => dateText(unit === 0 ? value : floored(value, 86_400_000n)))
          : typeId === TIME
            ? asTime(timeText)
            : typeId === TIMESTAMP
              ? asTime((value) => `${dateText(floored(value, DAY))} ${timeText(modulo(value, DAY))}${zone}`)
              : undefined;
  return found ?? { values: Array.from({ length: rows }, (_, i) => vector.get(i)), isNumber: false };
}

/** Whole numbers as they lie in the buffers, `null` where there is none; nothing where the buffers are not as expected. */
function wordsOf(vector: object, rows: number): (bigint | null)[] | undefined {
  const { data } = vector as { readonly data?: unknown };
  if (!Array.isArray(data)) return undefined;
  const words: (bigint | null)[] = [];
  for (const chunk of data as readonly Chunk[]) {
    const { values, length } = chunk;
    if (!ArrayBuffer.isView(values) || !("length" in values)) return undefined;
    const cells = values as unknown as ArrayLike<number | bigint> & { readonly BYTES_PER_ELEMENT: number };
    // Whole numbers of more than 64 bits lie in several words, the lowest first.
    const stride = length === 0 ? 1 : Math.floor(cells.length / length);
    if (length > 0 && stride < 1) return undefined;
    const wide = [1, 2, 4, 8].includes(stride) ? stride : 1;
    for (let i = 0; i < length; i++) words.push(isValid(chunk, i) ? wordAt(cells, i, wide) : null);
  }
  return words.length === rows ? words : undefined;
}

function isValid(chunk: Chunk, index: number): boolean {
  if (chunk.getValid !== undefined) return chunk.getValid(index);
  if (chunk.validity === undefined || chunk.nullCount === 0) return true;
  return ((chunk.validity[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

function wordAt(
  cells: ArrayLike<number | bigint> & { readonly BYTES_PER_ELEMENT: number },
  index: number,
  stride: number,
): bigint {
  if (stride === 1) return BigInt(cells[index]!);
  const bits = 8 * cells.BYTES_PER_ELEMENT;
  let all = 0n;
  for (let k = stride - 1; k >= 0; k--)
    all = (all << BigInt(bits)) | BigInt.asUintN(bits, BigInt(cells[index * stride + k]!));
  return BigInt.asIntN(bits * stride, all);
}

function decimalText(value: bigint, scale: number): string {
  if (scale <= 0) return String(value * 10n ** BigInt(-scale));
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const PER_UNIT: readonly bigint[] = [1_000_000_000n, 1_000_000n, 1_000n, 1n];
const DAY = 86_400_000_000_000n;

const floored = (value: bigint, by: bigint): bigint => (value - modulo(value, by)) / by;
const modulo = (value: bigint, by: bigint): bigint => ((value % by) + by) % by;

/** Days since 1970 as people write dates; beyond what a calendar here knows the number itself. */
function dateText(days: bigint): string {
  const date = new Date(Number(days) * 86_400_000);
  return Number.isNaN(date.getTime()) ? `${days} days` : date.toISOString().replace(/T.*/, "");
}

/** Nanoseconds of a day as a time, with as many digits as it needs: what Parquet's readers here write. */
function timeText(nanoseconds: bigint): string {
  const two = (value: bigint) => String(value).padStart(2, "0");
  const seconds = nanoseconds / 1_000_000_000n;
  const rest = String(nanoseconds % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map(two).join(":");
  return rest === "" ? clock : `${clock}.${rest}`;
}
