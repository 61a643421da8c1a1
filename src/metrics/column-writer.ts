/** Writes a column of a block (column.ts has the layout): finds the integers and the differences that pack best. */
import { type ByteWriter, highHalf, MAX_BLOCK_BYTES, pairToNumber, putBits, signedLength } from "./bits";
import { GROUP, HAS_EXCEPTIONS, HAS_Q, HAS_SHIFT, KIND_SHIFT, MAX_POINTS, PACKED } from "./column";
import { integerOf, PATTERN, RATIO, type Scale, scalesOf } from "./scale";

/** Values sampled for the base of the differences. */
const SAMPLES = 31;
/** Bytes that one exception takes, nearly always. */
const EXCEPTION_BYTES = 9;

// Scratch space, used by one synchronous call at a time.
const words = new Int32Array(MAX_BLOCK_BYTES / 4);
const wordBytes = new Uint8Array(words.buffer);
const source = new Float64Array(MAX_POINTS);
const sourceHalves = new Int32Array(source.buffer);
const exception = new Float64Array(1);
const exceptionBytes = new Uint8Array(exception.buffer);
const sample = new Float64Array(SAMPLES);
/** Differences of order 0 (the integers themselves), 1 and 2. */
const pairs: readonly [Pairs, Pairs, Pairs] = [emptyPairs(), emptyPairs(), emptyPairs()];

interface Pairs {
  lo: Int32Array;
  hi: Int32Array;
}

function emptyPairs(): Pairs {
  return { lo: new Int32Array(MAX_POINTS), hi: new Int32Array(MAX_POINTS) };
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
    const k = integerOf(kind, q, value);
    if (Number.isNaN(k)) exceptions.push(i);
    lo[i] = k | 0;
    hi[i] = highHalf(k);
  }
  hold(exceptions, n);
  return exceptions;
}

/** Has every exception repeat the value before it (the first ones, the first value that is none). */
function hold(exceptions: number[], n: number): void {
  const { lo, hi } = pairs[0];
  let first = 0;
  while (first < n - 1 && exceptions[first] === first) first++;
  for (const i of exceptions) {
    const from = i < first ? first : Math.max(i - 1, 0);
    lo[i] = lo[from] as number;
    hi[i] = hi[from] as number;
  }
}

/** Shifts away the trailing zero bits that all integers have; returns how many. */
function dropTrailingZeros(n: number): number {
  const { lo, hi } = pairs[0];
  let anyLo = 0;
  let anyHi = 0;
  for (let i = 0; i < n; i++) {
    anyLo |= lo[i] as number;
    anyHi |= hi[i] as number;
  }
  const any = anyLo !== 0 ? anyLo : anyHi;
  if (any === 0 || (anyLo & 1) === 1) return 0;
  const shift = (anyLo !== 0 ? 31 : 63) - Math.clz32(any & -any);
  for (let i = 0; i < n; i++) {
    const high = hi[i] as number;
    lo[i] = shift < 32 ? ((lo[i] as number) >>> shift) | ((high << 1) << (31 - shift)) : high >> (shift - 32);
    hi[i] = shift < 32 ? high >> shift : high >> 31;
  }
  return shift;
}

/** Fills pairs[order] from its index `order` on with the differences of pairs[order - 1]. */
function difference(order: 1 | 2, n: number): void {
  const { lo: fromLo, hi: fromHi } = pairs[order === 1 ? 0 : 1];
  const { lo, hi } = pairs[order];
  for (let i = order; i < n; i++) {
    const aLo = fromLo[i] as number;
    const bLo = fromLo[i - 1] as number;
    lo[i] = aLo - bLo;
    hi[i] = (fromHi[i] as number) - (fromHi[i - 1] as number) - (aLo >>> 0 < bLo >>> 0 ? 1 : 0);
  }
}

/** Finds how pairs[order] packs. */
function measure(order: 0 | 1 | 2, n: number): Packing {
  const { lo, hi } = pairs[order];
  const count = Math.min(SAMPLES, n - order);
  for (let i = 0; i < count; i++) {
    const at = order + Math.floor((i * (n - order)) / count);
    sample[i] = pairToNumber(lo[at] as number, hi[at] as number);
  }
  // The median may be rounded: any base will do, near is better.
  const base = sample.subarray(0, count).sort()[count >> 1] as number;
  const baseLo = count === 1 ? (lo[order] as number) : base | 0;
  const baseHi = count === 1 ? (hi[order] as number) : highHalf(base) | 0;
  const widths = new Uint8Array(Math.ceil((n - order) / GROUP));
  let bits = 0;
  for (let group = 0; group < widths.length; group++) {
    const start = order + group * GROUP;
    const end = Math.min(start + GROUP, n);
    let anyLo = 0;
    let anyHi = 0;
    for (let i = start; i < end; i++) {
      const low = lo[i] as number;
      const restLo = (low - baseLo) | 0;
      const restHi = ((hi[i] as number) - baseHi - (low >>> 0 < baseLo >>> 0 ? 1 : 0)) | 0;
      const sign = restHi >> 31;
      anyLo |= (restLo << 1) ^ sign;
      anyHi |= ((restHi << 1) | (restLo >>> 31)) ^ sign;
    }
    const width = anyHi !== 0 ? 64 - Math.clz32(anyHi) : 32 - Math.clz32(anyLo);
    widths[group] = width;
    bits += width * (end - start);
  }
  let bytes = signedLength(baseLo, baseHi) + (bits === 0 ? 0 : widths.length + Math.ceil(bits / 8));
  for (let i = 0; i < order; i++)
    bytes += signedLength(pairs[i as 0 | 1].lo[i] as number, pairs[i as 0 | 1].hi[i] as number);
  return { order, baseLo, baseHi, widths, bits, bytes };
}

function emit(writer: ByteWriter, { kind, q, shift, exceptions, packing }: Plan, n: number): void {
  const { order, baseLo, baseHi, widths, bits } = packing;
  const has = (shift === 0 ? 0 : HAS_SHIFT) | (bits === 0 ? 0 : PACKED) | (q === 1 ? 0 : HAS_Q);
  writer.byte(order | (kind << KIND_SHIFT) | has | (exceptions.length === 0 ? 0 : HAS_EXCEPTIONS));
  if (q !== 1) writer.varint(q | 0, highHalf(q));
  if (shift !== 0) writer.byte(shift);
  for (const [i, { lo, hi }] of pairs.slice(0, order).entries()) writer.signed(lo[i] as number, hi[i] as number);
  writer.signed(baseLo, baseHi);
  if (bits !== 0) {
    writer.append(widths);
    writer.append(pack(packing, n));
  }
  if (exceptions.length !== 0) writeExceptions(writer, exceptions);
}

/** The differences less their base, as zigzag, one after the other in the width of their group. */
function pack({ order, baseLo, baseHi, widths, bits }: Packing, n: number): Uint8Array {
  const { lo, hi } = pairs[order];
  const bytes = Math.ceil(bits / 8);
  words.fill(0, 0, (bits >> 5) + 2);
  for (let i = order, bit = 0; i < n; i++) {
    const width = widths[Math.floor((i - order) / GROUP)] as number;
    const low = lo[i] as number;
    const restLo = (low - baseLo) | 0;
    const restHi = ((hi[i] as number) - baseHi - (low >>> 0 < baseLo >>> 0 ? 1 : 0)) | 0;
    const sign = restHi >> 31;
    putBits(words, bit, width, (restLo << 1) ^ sign, ((restHi << 1) | (restLo >>> 31)) ^ sign);
    bit += width;
  }
  return wordBytes.subarray(0, bytes);
}

/** Number of exceptions; for each the points passed over since the one before, and the double itself. */
function writeExceptions(writer: ByteWriter, exceptions: number[]): void {
  writer.varint(exceptions.length);
  let next = 0;
  for (const i of exceptions) {
    writer.varint(i - next);
    exception[0] = source[i] as number;
    writer.append(exceptionBytes);
    next = i + 1;
  }
}
