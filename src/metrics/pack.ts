/**
 * Packed batches: what crosses from the Worker to a RunLog in one buffer, and what a RunLog keeps in its rows.
 *
 * A pack is self-delimiting, so that packs laid end to end are a row:
 *   u8 version (1) · varint keys · per key: varint length, UTF-8 key, varint n, column steps, column timestamps,
 *   n little-endian doubles
 * An integer column is u8 0 and n zigzag varints of the differences, or, where a number passes ±2^51 and a difference
 * could lose its last bit, u8 1 and n doubles.
 */
import type { Columns } from "./block";

const VERSION = 1;
const DELTAS = 0;
const DOUBLES = 1;
const EXACT = 2 ** 51;

export interface KeyedColumns {
  key: string;
  columns: Columns;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Grows as needed and is kept between calls: packing never awaits, so nobody else can be using it. */
let buffer = new Uint8Array(64 * 1024);
let view = new DataView(buffer.buffer);
let at = 0;

function reserve(bytes: number): void {
  if (at + bytes <= buffer.length) return;
  const bigger = new Uint8Array(Math.max(buffer.length * 2, at + bytes));
  bigger.set(buffer);
  buffer = bigger;
  view = new DataView(buffer.buffer);
}

function writeVarint(value: number): void {
  let v = value;
  while (v > 0x7fffffff) {
    buffer[at++] = (v % 128) | 128;
    v = Math.floor(v / 128);
  }
  while (v > 127) {
    buffer[at++] = (v & 127) | 128;
    v >>>= 7;
  }
  buffer[at++] = v;
}

function writeIntegers(column: Float64Array): void {
  let exact = true;
  for (const v of column) exact &&= v <= EXACT && v >= -EXACT;
  reserve(1 + column.length * 8);
  buffer[at++] = exact ? DELTAS : DOUBLES;
  if (!exact) {
    writeDoubles(column);
    return;
  }
  let before = 0;
  for (const v of column) {
    const delta = v - before;
    writeVarint(delta >= 0 ? delta * 2 : delta * -2 - 1);
    before = v;
  }
}

function writeDoubles(column: Float64Array): void {
  reserve(column.length * 8);
  for (const v of column) {
    view.setFloat64(at, v, true);
    at += 8;
  }
}

export function encodePack(keyed: readonly KeyedColumns[]): Uint8Array {
  at = 0;
  reserve(16);
  buffer[at++] = VERSION;
  writeVarint(keyed.length);
  for (const { key, columns } of keyed) {
    const name = encoder.encode(key);
    reserve(name.length + 32);
    writeVarint(name.length);
    buffer.set(name, at);
    at += name.length;
    writeVarint(columns.values.length);
    writeIntegers(columns.steps);
    writeIntegers(columns.timestamps);
    writeDoubles(columns.values);
  }
  return buffer.slice(0, at);
}

/**
 * Reads packs laid end to end, calling `each` for every observation. Throws on bytes that are no pack: a RunLog's rows
 * are its own, so that is a fault of the storage, never a caller's.
 */
export function decodePacks(
  bytes: Uint8Array,
  each: (key: string, step: number, timestamp: number, value: number) => void,
): void {
  const input = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  const readVarint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = input.getUint8(position++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  const readIntegers = (n: number): Float64Array => {
    const column = new Float64Array(n);
    const mode = input.getUint8(position++);
    let value = 0;
    for (let i = 0; i < n; i++) {
      if (mode === DELTAS) {
        const z = readVarint();
        value += z % 2 === 0 ? z / 2 : -(z + 1) / 2;
      } else {
        value = input.getFloat64(position, true);
        position += 8;
      }
      column[i] = value;
    }
    return column;
  };
  while (position < bytes.length) {
    const version = input.getUint8(position++);
    if (version !== VERSION) throw new Error(`A log row holds a pack of unknown version ${version}`);
    const keys = readVarint();
    for (let k = 0; k < keys; k++) {
      const length = readVarint();
      const key = decoder.decode(bytes.subarray(position, position + length));
      position += length;
      const n = readVarint();
      const steps = readIntegers(n);
      const timestamps = readIntegers(n);
      for (let i = 0; i < n; i++) {
        each(key, steps[i] as number, timestamps[i] as number, input.getFloat64(position, true));
        position += 8;
      }
    }
  }
}
