/**
 * Chunks: the rows of sealed history. A chunk holds up to CHUNK_BLOCKS blocks of one key, sorted by (step, timestamp,
 * value) without repeats. `data` is the base64 of each block, end to end; `directory` says where each lies and what is
 * in it, so that a reader fetches with substr() only the blocks it needs. Layout in docs/storage.md.
 */
import { BLOCK_POINTS, type Columns, DamagedBlockError, decodeBlock, encodeBlock } from "./block";
import { compareByTime, newColumns } from "./observation";
import { COARSE, encodeOverview, FINE, OVERVIEW_MIN } from "./overview";

/** Blocks in one row: 8,192 points, about 46 KB, so that page ends of the database waste little. */
export const CHUNK_BLOCKS = 16;
export const CHUNK_POINTS = CHUNK_BLOCKS * BLOCK_POINTS;

/** One block, as its chunk's directory describes it. */
export interface BlockInfo {
  count: number;
  /** How many of the values are NaN; min, max and sum leave them out. */
  nans: number;
  minStep: number;
  maxStep: number;
  minTimestamp: number;
  maxTimestamp: number;
  min: number;
  max: number;
  sum: number;
  /** Whether the order by step is the order by timestamp, too: then history pages need no sorting. */
  timeOrdered: boolean;
  /** Where the block's base64 lies in `data`, in characters. */
  from: number;
  length: number;
}

export interface Chunk {
  count: number;
  minStep: number;
  maxStep: number;
  minTimestamp: number;
  maxTimestamp: number;
  /** The blocks' directory and, in all but short chunks, its overviews: see OVERVIEWS. */
  directory: string;
  data: string;
}

/**
 * What stands between a chunk's directory, its coarse and its fine overview, in one column before `data`: a reader of
 * any of them then need not pass over the blocks, which fill most of the row's pages.
 */
const OVERVIEWS = ".";

const ENTRY_BYTES = 64;
const TIME_ORDERED = 0x8000_0000;

/** Seals observations that are sorted and distinct (see sortedDistinct) into as few chunks as hold them. */
export function sealChunks(columns: Columns): Chunk[] {
  const chunks: Chunk[] = [];
  for (let from = 0; from < columns.values.length; from += CHUNK_POINTS) {
    chunks.push(sealChunk(columns, from, Math.min(from + CHUNK_POINTS, columns.values.length)));
  }
  return chunks;
}

function sealChunk(columns: Columns, from: number, to: number): Chunk {
  const blocks: BlockInfo[] = [];
  let data = "";
  for (let start = from; start < to; start += BLOCK_POINTS) {
    const end = Math.min(start + BLOCK_POINTS, to);
    const text = encodeBlock(columns, start, end).toBase64();
    blocks.push({ ...summary(columns, start, end), from: data.length, length: text.length });
    data += text;
  }
  return {
    count: to - from,
    minStep: Math.min(...blocks.map((b) => b.minStep)),
    maxStep: Math.max(...blocks.map((b) => b.maxStep)),
    minTimestamp: Math.min(...blocks.map((b) => b.minTimestamp)),
    maxTimestamp: Math.max(...blocks.map((b) => b.maxTimestamp)),
    directory: [writeDirectory(blocks), ...overviews(columns, from, to)].join(OVERVIEWS),
    data,
  };
}

function overviews(columns: Columns, from: number, to: number): string[] {
  if (to - from < OVERVIEW_MIN) return [];
  return [COARSE, FINE].map((size) => encodeOverview(columns, from, to, size).toBase64());
}

const REST = "substr(c.directory, instr(c.directory, '.') + 1)";

/** SQL, of a chunk `c`: its directory alone, its overviews (NULL where it has none). */
export const CHUNK_SQL = {
  directory: "substr(c.directory, 1, instr(c.directory || '.', '.') - 1)",
  coarse: `CASE WHEN instr(c.directory, '.') THEN substr(${REST}, 1, instr(${REST}, '.') - 1) END`,
  fine: `CASE WHEN instr(c.directory, '.') THEN substr(${REST}, instr(${REST}, '.') + 1) END`,
} as const;

/** What a directory says of observations [from, to). */
export function summary(columns: Columns, from: number, to: number): Omit<BlockInfo, "from" | "length"> {
  const { steps, timestamps, values } = columns;
  const out = {
    count: to - from,
    nans: 0,
    minStep: steps[from] as number,
    maxStep: steps[to - 1] as number,
    minTimestamp: Number.POSITIVE_INFINITY,
    maxTimestamp: Number.NEGATIVE_INFINITY,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: 0,
    timeOrdered: true,
  };
  for (let i = from; i < to; i++) {
    const t = timestamps[i] as number;
    const v = values[i] as number;
    if (t < out.minTimestamp) out.minTimestamp = t;
    if (t > out.maxTimestamp) out.maxTimestamp = t;
    if (i > from && compareByTime(columns, i - 1, i) > 0) out.timeOrdered = false;
    if (Number.isNaN(v)) {
      out.nans++;
      continue;
    }
    if (v < out.min) out.min = v;
    if (v > out.max) out.max = v;
    out.sum += v;
  }
  return out;
}

function writeDirectory(blocks: readonly BlockInfo[]): string {
  const bytes = new Uint8Array(blocks.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  blocks.forEach((b, i) => {
    const at = i * ENTRY_BYTES;
    view.setUint16(at, b.count, true);
    view.setUint16(at + 2, b.nans, true);
    view.setUint32(at + 4, (b.length | (b.timeOrdered ? TIME_ORDERED : 0)) >>> 0, true);
    [b.minStep, b.maxStep, b.minTimestamp, b.maxTimestamp, b.min, b.max, b.sum].forEach((v, j) => {
      view.setFloat64(at + 8 + j * 8, v, true);
    });
  });
  return bytes.toBase64();
}

/** Overviews behind it don't matter. Errors: DamagedBlockError for a text that is no directory. */
export function readDirectory(text: string): BlockInfo[] {
  const bytes = fromBase64(text.split(OVERVIEWS, 1)[0] as string);
  if (bytes.length === 0 || bytes.length % ENTRY_BYTES !== 0) throw new DamagedBlockError("bad directory length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: BlockInfo[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    const lengthAndFlag = view.getUint32(at + 4, true);
    const length = (lengthAndFlag & ~TIME_ORDERED) >>> 0;
    const double = (j: number) => view.getFloat64(at + 8 + j * 8, true);
    blocks.push({
      count: view.getUint16(at, true),
      nans: view.getUint16(at + 2, true),
      minStep: double(0),
      maxStep: double(1),
      minTimestamp: double(2),
      maxTimestamp: double(3),
      min: double(4),
      max: double(5),
      sum: double(6),
      timeOrdered: (lengthAndFlag & TIME_ORDERED) !== 0,
      from,
      length,
    });
    from += length;
  }
  return blocks;
}

/** Decodes blocks that lie end to end in `text`. Errors: DamagedBlockError, also when a count is not the directory's. */
export function decodeBlocks(text: string, blocks: readonly BlockInfo[]): Columns {
  const out = newColumns(blocks.reduce((n, b) => n + b.count, 0));
  const first = blocks[0]?.from ?? 0;
  let at = 0;
  for (const block of blocks) {
    const bytes = fromBase64(text.slice(block.from - first, block.from - first + block.length));
    if (decodeBlock(bytes, out, at) !== block.count)
      throw new DamagedBlockError("a block's count is not its directory's");
    at += block.count;
  }
  return out;
}

/** Errors: DamagedBlockError. */
export function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    throw new DamagedBlockError("not base64");
  }
}
