/**
 * Bytes, bits and a checksum: what the block codec stands on. 64-bit integers are pairs of 32-bit halves (`lo`, `hi`,
 * two's complement), because BigInt is far too slow for a loop over points and a double holds only 53 bits.
 * Everything is little-endian, as is every host that runs this.
 */

/** Bytes that are not an intact block. Nothing was decoded from them. */
export class DamagedBlockError extends Error {
  override name = "DamagedBlockError";
}

/** Largest block in bytes: 512 points of three incompressible columns take some 12.4 kB. */
export const MAX_BLOCK_BYTES = 16_384;

const CRC_TABLE = new Int32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC-32 (the one of zlib and PNG) of bytes [0, end), as a signed 32-bit integer. */
export function crc32(bytes: Uint8Array, end: number): number {
  let crc = -1;
  for (let i = 0; i < end; i++) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[i] as number)) & 255] as number);
  return ~crc;
}

/** The pair as a double: exact within ±2^53, else rounded. */
export function pairToNumber(lo: number, hi: number): number {
  return hi * 0x1_0000_0000 + (lo >>> 0);
}

/** High half of an integer-valued double; its low half is `x | 0`. */
export function highHalf(x: number): number {
  return Math.floor(x / 0x1_0000_0000);
}

/** Bytes that {@link ByteWriter.signed} takes for the pair. */
export function signedLength(lo: number, hi: number): number {
  const sign = hi >> 31;
  const high = ((hi << 1) | (lo >>> 31)) ^ sign;
  const bits = high === 0 ? 32 - Math.clz32((lo << 1) ^ sign) : 64 - Math.clz32(high);
  return Math.max(1, Math.ceil(bits / 7));
}

/** Appends to a buffer that is used again for every block; `take` copies the result out. */
export class ByteWriter {
  readonly bytes = new Uint8Array(MAX_BLOCK_BYTES);
  length = 0;

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** A 64-bit unsigned integer, 7 bits a byte, low ones first; the top bit says that more follows. */
  varint(lo: number, hi = 0): void {
    while (hi !== 0 || lo >>> 0 > 127) {
      this.byte((lo & 127) | 128);
      lo = (lo >>> 7) | (hi << 25);
      hi >>>= 7;
    }
    this.byte(lo);
  }

  /** A 64-bit signed integer as the varint of its zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
  signed(lo: number, hi: number): void {
    const sign = hi >> 31;
    this.varint((lo << 1) ^ sign, ((hi << 1) | (lo >>> 31)) ^ sign);
  }

  /** The lowest 32 bits of a number. */
  word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte(value >>> shift);
  }

  append(source: Uint8Array): void {
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Reads [start, end) of some bytes; anything that would leave those bounds throws DamagedBlockError. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
  /** Halves of the 64-bit integer read last. */
  lo = 0;
  hi = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  byte(): number {
    if (this.at >= this.end) throw new DamagedBlockError("The block ends too early.");
    return this.bytes[this.at++] as number;
  }

  /** Reads a varint into `lo` and `hi`, and returns it as a double. */
  varint(): number {
    let lo = 0;
    let hi = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 63) throw new DamagedBlockError("The block holds an integer of more than 64 bits.");
      const byte = this.byte();
      const part = byte & 127;
      if (shift < 32) lo |= part << shift;
      if (shift > 28) hi |= shift < 32 ? part >>> (32 - shift) : part << (shift - 32);
      else if (shift === 28) hi |= part >>> 4;
      if (byte < 128) break;
    }
    this.lo = lo;
    this.hi = hi;
    return (hi >>> 0) * 0x1_0000_0000 + (lo >>> 0);
  }

  /** Reads a zigzag varint into `lo` and `hi`, and returns it as a double (rounded beyond ±2^53). */
  signed(): number {
    this.varint();
    const sign = -(this.lo & 1);
    this.lo = ((this.lo >>> 1) | (this.hi << 31)) ^ sign;
    this.hi = (this.hi >>> 1) ^ sign;
    return pairToNumber(this.lo, this.hi);
  }

  /** The next `length` bytes, not copied. */
  view(length: number): Uint8Array {
    if (length > this.end - this.at) throw new DamagedBlockError("The block ends too early.");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** Writes the low `width` bits of a pair, all others zero, at a bit position of words that are zero from there on. */
export function putBits(words: Int32Array, bit: number, width: number, lo: number, hi: number): void {
  const word = bit >>> 5;
  const shift = bit & 31;
  // `>>> 1 >>> (31 - shift)` is a shift by 32 - shift that also works for 32, which JavaScript takes for 0.
  words[word] = (words[word] as number) | (lo << shift);
  words[word + 1] = (words[word + 1] as number) | ((lo >>> 1) >>> (31 - shift));
  if (width > 32) putBits(words, bit + 32, width - 32, hi, 0);
}

/** Reads `end - start` integers of `width` bits (0..64) from a bit position into the pairs lo, hi [start, end). */
export function getBits(
  words: Int32Array,
  bit: number,
  width: number,
  lo: Int32Array,
  hi: Int32Array,
  start: number,
  end: number,
): void {
  if (width === 0) {
    lo.fill(0, start, end);
    hi.fill(0, start, end);
    return;
  }
  const lowMask = width < 32 ? (1 << width) - 1 : -1;
  const highMask = width <= 32 ? 0 : -1 >>> (64 - width);
  for (let i = start; i < end; i++, bit += width) {
    const word = bit >>> 5;
    const shift = bit & 31;
    const middle = words[word + 1] as number;
    lo[i] = (((words[word] as number) >>> shift) | ((middle << 1) << (31 - shift))) & lowMask;
    hi[i] = highMask === 0 ? 0 : ((middle >>> shift) | (((words[word + 2] as number) << 1) << (31 - shift))) & highMask;
  }
}
