/** One column of a block: integers (see scale.ts), their differences of order 0 to 2, bit-packed in groups. */
import { type ByteReader, type ByteWriter, DamagedBlockError, getBits, highHalf, MAX_BLOCK_BYTES } from "./bits";
import { pairToNumber, putBits, signedLength } from "./bits";
import { integerOf, type Kind, PATTERN, RATIO, RATIO32, restore, type Scale, scalesOf } from "./scale";

/** Most points a column holds. */
export const MAX_POINTS = 512;
/** Points that share a bit width. */
const GROUP = 32;
const MAX_GROUPS = MAX_POINTS / GROUP;
/** Values sampled for the base of the differences. */
const SAMPLES = 31;
/** Bytes that one exception takes, nearly always. */
const EXCEPTION_BYTES = 9;

// Bits of a column's first byte.
const ORDER_MASK = 3;
const KIND_SHIFT = 2;
const HAS_SHIFT = 16;
const PACKED = 32;
const HAS_EXCEPTIONS = 64;
const HAS_Q = 128;

// Scratch space, used by one synchronous call at a time.
const words = new Int32Array(MAX_BLOCK_BYTES / 4);
const wordBytes = new Uint8Array(words.buffer);
const source = new Float64Array(MAX_POINTS);
const sourceHalves = new Int32Array(source.buffer);
const one = new Float64Array(1);
const oneBytes = new Uint8Array(one.buffer);
/** Differences of order 0, 1 and 2; order 0 also takes what is unpacked. */
const pairs = [0, 1, 2].map(() => ({ lo: new Int32Array(MAX_POINTS), hi: new Int32Array(MAX_POINTS) })) as [
  Pairs,
  Pairs,
  Pairs,
];
const sample = new Float64Array(SAMPLES);

interface Pairs {
  lo: Int32Array;
  hi: Int32Array;
}

/** How the differences of one order pack. */
interface Packing {
  order: 0 | 1 | 2;
  /** Taken off every difference, so that what is left is small. */
  baseLo: number;
  baseHi: number;
  /** Bit width of each group. */
  widths: Uint8Array;
  bits: number;
  bytes: number;
}

/** How a column is going to be written. */
interface Plan extends Scale {
  shift: number;
  exceptions: number[];
  packing: Packing;
  bytes: number;
}

/**
 * Writes data [from, to) as a column. `free` says that the values may be any doubles, so that the best scale is looked
 * for; otherwise they are integers within ±2^53.
 */
export function writeColumn(writer: ByteWriter, data: Float64Array, from: number, to: number, free: boolean): void {
  const n = to - from;
  for (let i = 0; i < n; i++) {
    const value = data[from + i] as number;
    source[i] = Number.isNaN(value) ? Number.NaN : value;
  }
  const scales: Scale[] = free ? [{ kind: PATTERN, q: 1 }, ...scalesOf(source, n)] : [{ kind: RATIO, q: 1 }];
  let last = scales[0] as Scale;
  let best = plan(last, n);
  for (const scale of scales.slice(1)) {
    last = scale;
    const next = plan(scale, n);
    if (next.bytes < best.bytes) best = next;
  }
  // The scratch space holds the differences of the scale planned last.
  if (best.kind !== last.kind || best.q !== last.q) plan(best, n);
  emit(writer, best, n);
}

/** Reads a column of n points into out from index `at`. */
export function readColumn(reader: ByteReader, n: number, out: Float64Array, at: number): void {
  const head = reader.byte();
  const order = head & ORDER_MASK;
  const kind = ((head >> KIND_SHIFT) & 3) as Kind;
  if (order > 2 || (order > 0 && order >= n)) throw new DamagedBlockError("The block has a column of unknown order.");
  const q = head & HAS_Q ? reader.varint() : 1;
  const shift = head & HAS_SHIFT ? reader.byte() : 0;
  if (shift > 63 || q === 0) throw new DamagedBlockError("The block has a column of unknown scale.");
  const { lo, hi } = pairs[0];
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

/** Turns `source` into integers by a scale and finds their cheapest differences, which stay in `pairs`. */
function plan(scale: Scale, n: number): Plan {
  const exceptions = scale.kind === PATTERN ? patterns(n) : integers(scale, n);
  const shift = dropTrailingZeros(n);
  let packing = measure(0, n);
  for (const order of [1, 2] as const) {
    if (order >= n || packing.bits === 0) break;
    difference(order, n);
    const next = measure(order, n);
    if (next.bytes < packing.bytes) packing = next;
  }
  return { ...scale, shift, exceptions, packing, bytes: packing.bytes + EXCEPTION_BYTES * exceptions.length };
}

/** Puts the bit patterns of `source` into pairs[0]; returns which values are exceptions. */
function patterns(n: number): number[] {
  const { lo, hi } = pairs[0];
  let exceptions: number[] = [];
  for (let i = 0; i < n; i++) {
    if (!(Math.abs(source[i] as number) < Number.MAX_VALUE)) exceptions.push(i);
  }
  // NaN, ±Infinity and the largest doubles would widen their groups; where they are common, they are no exceptions.
  if (exceptions.length > n >> 3) exceptions = [];
  for (let i = 0; i < n; i++) {
    lo[i] = sourceHalves[2 * i] as number;
    hi[i] = sourceHalves[2 * i + 1] as number;
  }
  hold(exceptions, n);
  return exceptions;
}

/** Puts the integers of `source` into pairs[0]; returns which values have none. */
function integers({ kind, q }: Scale, n: number): number[] {
  const { lo, hi } = pairs[0];
  const exceptions: number[] = [];
  for (let i = 0; i < n; i++) {
    const value = source[i] as number;
    const k = kind === RATIO && q === 1 && Number.isSafeInteger(value) ? value : integerOf(kind, q, value);
    if (Number.isNaN(k)) exceptions.push(i);
    lo[i] = k | 0;
    hi[i] = highHalf(k);
  }
  hold(exceptions, n);
  return exceptions;
}
