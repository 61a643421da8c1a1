/**
 * One column of a block: integers (see scale.ts), as differences of order 0 to 2, bit-packed in groups. This file has
 * the layout and reads it; column-writer.ts writes it.
 */
import { type ByteReader, DamagedBlockError, getBits, MAX_BLOCK_BYTES, pairToNumber } from "./bits";
import { type Kind, PATTERN, RATIO, restore } from "./scale";

/** Most points a column holds. */
export const MAX_POINTS = 512;
/** Points that share a bit width. */
export const GROUP = 32;

/** Bits of a column's first byte, above the order of its differences. */
export const KIND_SHIFT = 2;
export const HAS_SHIFT = 16;
export const PACKED = 32;
export const HAS_EXCEPTIONS = 64;
export const HAS_Q = 128;
const ORDER_MASK = 3;

// Scratch space, used by one synchronous call at a time.
const words = new Int32Array(MAX_BLOCK_BYTES / 4);
const wordBytes = new Uint8Array(words.buffer);
const lo = new Int32Array(MAX_POINTS);
const hi = new Int32Array(MAX_POINTS);
const exception = new Float64Array(1);
const exceptionBytes = new Uint8Array(exception.buffer);

/** Reads a column of n points into out from index `at`. */
export function readColumn(reader: ByteReader, n: number, out: Float64Array, at: number): void {
  const head = reader.byte();
  const order = head & ORDER_MASK;
  const kind = ((head >> KIND_SHIFT) & 3) as Kind;
  if (order > 2 || (order > 0 && order >= n)) throw new DamagedBlockError("The block has a column of unknown order.");
  const q = head & HAS_Q ? reader.varint() : 1;
  const shift = head & HAS_SHIFT ? reader.byte() : 0;
  if (shift > 63 || q === 0) throw new DamagedBlockError("The block has a column of unknown scale.");
  let narrow = kind !== PATTERN;
  for (let i = 0; i < order; i++) {
    narrow = Math.abs(reader.signed()) < (i === 0 ? 2 ** 52 : 2 ** 40) && narrow;
    lo[i] = reader.lo;
    hi[i] = reader.hi;
  }
  narrow = Math.abs(reader.signed()) < (order === 0 ? 2 ** 52 : 2 ** 32) && narrow;
  const baseLo = reader.lo;
  const baseHi = reader.hi;
  const widest = head & PACKED ? unpack(reader, order, n) : clear(order, n);
  if (narrow && widest <= 32) integrateNumbers(pairToNumber(baseLo, baseHi), order, n, out, at);
  else {
    integratePairs(baseLo, baseHi, order, n);
    if (kind === PATTERN) joinPatterns(shift, n, out, at);
    else for (let i = 0; i < n; i++) out[at + i] = pairToNumber(lo[i] as number, hi[i] as number);
  }
  if (kind !== PATTERN) rescale(kind, q, 2 ** shift, n, out, at);
  if (head & HAS_EXCEPTIONS) readExceptions(reader, n, out, at);
}

/** Reads widths and packed bits into lo and hi from index `order` on; returns the largest width. */
function unpack(reader: ByteReader, order: number, n: number): number {
  const widths = reader.view(Math.ceil((n - order) / GROUP));
  let bits = 0;
  let widest = 0;
  for (let group = 0; group < widths.length; group++) {
    const width = widths[group] as number;
    bits += width * Math.min(GROUP, n - order - group * GROUP);
    widest = Math.max(widest, width);
  }
  if (widest > 64) throw new DamagedBlockError("The block has integers of more than 64 bits.");
  wordBytes.set(reader.view(Math.ceil(bits / 8)));
  for (let group = 0, bit = 0; group < widths.length; group++) {
    const start = order + group * GROUP;
    const end = Math.min(start + GROUP, n);
    const width = widths[group] as number;
    getBits(words, bit, width, lo, hi, start, end);
    bit += width * (end - start);
  }
  return widest;
}

/** What `unpack` leaves where all differences are the base. */
function clear(order: number, n: number): number {
  lo.fill(0, order, n);
  hi.fill(0, order, n);
  return 0;
}

/**
 * Undoes zigzag, base and differences in doubles, straight into `out`. Right only where nothing on the way passes 2^53:
 * widths up to 32, and seeds and base within the bounds that `readColumn` checks.
 */
function integrateNumbers(base: number, order: number, n: number, out: Float64Array, at: number): void {
  for (let i = 0; i < order; i++) out[at + i] = pairToNumber(lo[i] as number, hi[i] as number);
  if (order === 0) {
    for (let i = 0; i < n; i++) out[at + i] = base + unzigzag(lo[i] as number);
    return;
  }
  let value = out[at] as number;
  if (order === 1) {
    for (let i = 1; i < n; i++) out[at + i] = value += base + unzigzag(lo[i] as number);
    return;
  }
  let slope = out[at + 1] as number;
  out[at + 1] = value += slope;
  for (let i = 2; i < n; i++) {
    slope += base + unzigzag(lo[i] as number);
    out[at + i] = value += slope;
  }
}

function unzigzag(x: number): number {
  return (x >>> 1) ^ -(x & 1);
}

/** Undoes zigzag, base and differences in lo and hi, for integers of any size. */
function integratePairs(baseLo: number, baseHi: number, order: number, n: number): void {
  for (let i = order; i < n; i++) {
    const low = lo[i] as number;
    const high = hi[i] as number;
    const sign = -(low & 1);
    const sum = ((((low >>> 1) | (high << 31)) ^ sign) + baseLo) | 0;
    lo[i] = sum;
    hi[i] = ((high >>> 1) ^ sign) + baseHi + (sum >>> 0 < baseLo >>> 0 ? 1 : 0);
  }
  for (let from = order - 1; from >= 0; from--) {
    let sumLo = lo[from] as number;
    let sumHi = hi[from] as number;
    for (let i = from + 1; i < n; i++) {
      const low = lo[i] as number;
      sumLo = (sumLo + low) | 0;
      sumHi = (sumHi + (hi[i] as number) + (sumLo >>> 0 < low >>> 0 ? 1 : 0)) | 0;
      lo[i] = sumLo;
      hi[i] = sumHi;
    }
  }
}

/** Shifts the integers of lo and hi back to the bit patterns of doubles, and puts those into `out`. */
function joinPatterns(shift: number, n: number, out: Float64Array, at: number): void {
  const halves = new Int32Array(out.buffer, out.byteOffset + 8 * at, 2 * n);
  for (let i = 0; i < n; i++) {
    const low = lo[i] as number;
    halves[2 * i] = shift < 32 ? low << shift : 0;
    halves[2 * i + 1] =
      shift < 32 ? ((hi[i] as number) << shift) | ((low >>> 1) >>> (31 - shift)) : low << (shift - 32);
  }
}

/** Turns the shifted integers in `out` into values. */
function rescale(kind: Kind, q: number, unit: number, n: number, out: Float64Array, at: number): void {
  const end = at + n;
  if (unit !== 1) for (let i = at; i < end; i++) out[i] = (out[i] as number) * unit;
  if (kind !== RATIO) for (let i = at; i < end; i++) out[i] = restore(kind, q, out[i] as number);
  else if (q !== 1) for (let i = at; i < end; i++) out[i] = (out[i] as number) / q;
}

function readExceptions(reader: ByteReader, n: number, out: Float64Array, at: number): void {
  const count = reader.varint();
  for (let done = 0, i = 0; done < count; done++, i++) {
    i += reader.varint();
    exceptionBytes.set(reader.view(8));
    if (i >= n) throw new DamagedBlockError("The block has a value past its last point.");
    out[at + i] = exception[0] as number;
  }
}
