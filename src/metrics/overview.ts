/**
 * Overviews: what a chunk's observations look like from afar, so that a chart of a long series is drawn without decoding
 * it. A cell stands for 64 (fine) or 512 (coarse) neighbouring observations. Layout in docs/storage.md. Pure.
 */
import { ByteReader, ByteWriter, crc32, DamagedBlockError } from "./bits";
import type { Columns } from "./block";
import { readColumn } from "./column";
import { writeColumn } from "./column-writer";
import { compareByTime } from "./observation";

/** Observations of a cell. */
export const FINE = 64;
export const COARSE = 512;
/** Chunks of fewer observations have no overview: reading them whole costs as little. */
export const OVERVIEW_MIN = 1024;

/** Neighbouring observations, each cell's together, in order. `steps`, `timestamps`: of each cell's last observation. */
export interface Cells {
  steps: Float64Array;
  timestamps: Float64Array;
  /** The last value that is not NaN; it, `min` and `max` are NaN where all are. */
  last: Float64Array;
  min: Float64Array;
  max: Float64Array;
  counts: Uint32Array;
  nans: Uint32Array;
  /** Whether the order by step is the order by timestamp, too. */
  timeOrdered: boolean;
}

const VERSION = 1;
const TIME_ORDERED = 1;
const CRC_BYTES = 4;

const writer = new ByteWriter();

/** Summarises observations [from, to) in cells of `size`. */
export function cellsOf(columns: Columns, from: number, to: number, size: number): Cells {
  const cells = newCells(Math.ceil((to - from) / size));
  for (let cell = 0, start = from; start < to; cell++, start += size) {
    const end = Math.min(start + size, to);
    let last = Number.NaN;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let nans = 0;
    for (let i = start; i < end; i++) {
      const value = columns.values[i] as number;
      if (i > from && compareByTime(columns, i - 1, i) > 0) cells.timeOrdered = false;
      if (Number.isNaN(value)) {
        nans++;
        continue;
      }
      last = value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    cells.steps[cell] = columns.steps[end - 1] as number;
    cells.timestamps[cell] = columns.timestamps[end - 1] as number;
    cells.last[cell] = last;
    cells.min[cell] = nans < end - start ? min : Number.NaN;
    cells.max[cell] = nans < end - start ? max : Number.NaN;
    cells.counts[cell] = end - start;
    cells.nans[cell] = nans;
  }
  return cells;
}

/** The overview of observations [from, to), at most 512 cells, as bytes. */
export function encodeOverview(columns: Columns, from: number, to: number, size: number): Uint8Array {
  const cells = cellsOf(columns, from, to, size);
  const n = cells.counts.length;
  writer.length = 0;
  writer.byte(VERSION);
  writer.byte(cells.timeOrdered ? TIME_ORDERED : 0);
  writer.varint(size);
  writer.varint(to - from);
  writeColumn(writer, cells.steps, 0, n, false);
  writeColumn(writer, cells.timestamps, 0, n, false);
  for (const column of [cells.last, cells.min, cells.max]) writeColumn(writer, column, 0, n, true);
  writer.varint(cells.nans.reduce((k, nans) => k + Number(nans > 0), 0));
  cells.nans.forEach((nans, cell) => {
    if (nans === 0) return;
    writer.varint(cell);
    writer.varint(nans);
  });
  writer.word(crc32(writer.bytes, writer.length));
  return writer.take();
}

/** Errors: DamagedBlockError on anything that encodeOverview did not write. */
export function decodeOverview(bytes: Uint8Array): Cells {
  const end = bytes.length - CRC_BYTES;
  const reader = new ByteReader(bytes, 0, end);
  if (reader.byte() !== VERSION) throw new DamagedBlockError("The overview is of another version.");
  const flags = reader.byte();
  const crc = bytes.subarray(end).reduce((word, byte, i) => word | (byte << (8 * i)), 0);
  if (crc !== crc32(bytes, end)) throw new DamagedBlockError("The overview's checksum doesn't match its bytes.");
  const size = reader.varint();
  const points = reader.varint();
  const n = Math.ceil(points / size);
  if (!(n >= 1 && n <= 512)) throw new DamagedBlockError("The overview has too many cells.");
  const cells = newCells(n);
  cells.timeOrdered = (flags & TIME_ORDERED) !== 0;
  for (const column of [cells.steps, cells.timestamps, cells.last, cells.min, cells.max]) {
    readColumn(reader, n, column, 0);
  }
  cells.counts.fill(size);
  cells.counts[n - 1] = points - size * (n - 1);
  for (let left = reader.varint(); left > 0; left--) {
    const cell = reader.varint();
    cells.nans[cell] = reader.varint();
  }
  return cells;
}

function newCells(n: number): Cells {
  return {
    steps: new Float64Array(n),
    timestamps: new Float64Array(n),
    last: new Float64Array(n),
    min: new Float64Array(n),
    max: new Float64Array(n),
    counts: new Uint32Array(n),
    nans: new Uint32Array(n),
    timeOrdered: true,
  };
}
