/**
 * Blocks of metric history: up to 512 observations of one key, packed into a few bytes each. The layout is described in
 * docs/chunk-format.md. Pure: the same code runs in the Worker, in Node and in a browser.
 */
import { ByteReader, ByteWriter, crc32, DamagedBlockError } from "./bits";
import { MAX_POINTS, readColumn } from "./column";
import { writeColumn } from "./column-writer";

export { DamagedBlockError } from "./bits";

/** Equal-length columns of one key's observations. */
export interface Columns {
  steps: Float64Array;
  timestamps: Float64Array;
  values: Float64Array;
}

/** Most points a block holds. */
export const BLOCK_POINTS = MAX_POINTS;

const VERSION = 1;
const CRC_BYTES = 4;

const writer = new ByteWriter();

/**
 * Encodes points [from, to) of columns, 1..BLOCK_POINTS of them; they pack best sorted by step, timestamp, value. Steps
 * and timestamps are integers within ±2^53; values any double, kept to the bit (NaN without its payload).
 * Throws RangeError when the range is empty, too long or outside the columns.
 */
export function encodeBlock(columns: Columns, from: number, to: number): Uint8Array {
  const { steps, timestamps, values } = columns;
  if (!(from >= 0 && to - from >= 1 && to - from <= BLOCK_POINTS && to <= capacity(columns))) {
    throw new RangeError(`Can't encode points ${from} to ${to} of ${capacity(columns)} as a block.`);
  }
  writer.length = 0;
  writer.byte(VERSION);
  writer.varint(to - from);
  writeColumn(writer, steps, from, to, false);
  writeColumn(writer, timestamps, from, to, false);
  writeColumn(writer, values, from, to, true);
  writer.word(crc32(writer.bytes, writer.length));
  return writer.take();
}

/** Points that a block holds, without decoding it or checking more than its first bytes. Throws DamagedBlockError. */
export function blockCount(bytes: Uint8Array): number {
  return openBlock(bytes).count;
}

/**
 * Decodes a block into `out` from index `at` on (so that many blocks fill one set of columns without copies); returns
 * the number of points. Throws DamagedBlockError on anything that is not an intact block, and RangeError when `out` has
 * no room for the points.
 */
export function decodeBlock(bytes: Uint8Array, out: Columns, at: number): number {
  const { count, reader } = openBlock(bytes);
  const end = reader.end;
  const crc = bytes.subarray(end).reduce((word, byte, i) => word | (byte << (8 * i)), 0);
  if (crc !== crc32(bytes, end)) throw new DamagedBlockError("The block's checksum doesn't match its bytes.");
  if (!(at >= 0 && at + count <= capacity(out))) {
    throw new RangeError(`No room for ${count} points from index ${at} of ${capacity(out)}.`);
  }
  readColumn(reader, count, out.steps, at);
  readColumn(reader, count, out.timestamps, at);
  readColumn(reader, count, out.values, at);
  if (reader.at !== end) throw new DamagedBlockError("The block has bytes after its last column.");
  return count;
}

function openBlock(bytes: Uint8Array): { count: number; reader: ByteReader } {
  const reader = new ByteReader(bytes, 0, bytes.length - CRC_BYTES);
  const version = reader.byte();
  if (version !== VERSION) throw new DamagedBlockError(`The block is of version ${version}, not ${VERSION}.`);
  const count = reader.varint();
  if (count < 1 || count > BLOCK_POINTS) throw new DamagedBlockError(`The block says it holds ${count} points.`);
  return { count, reader };
}

function capacity({ steps, timestamps, values }: Columns): number {
  return Math.min(steps.length, timestamps.length, values.length);
}
