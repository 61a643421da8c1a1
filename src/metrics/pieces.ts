/**
 * The stored parts of a series as readers handle them: pieces (blocks, decoded only when fetched) and stretches of them
 * (chunks), which may overlap where late or repeated observations were published apart.
 */
import type { Columns } from "./block";
import { type BlockInfo, decodeBlocks, readDirectory, summary } from "./chunk";
import { newColumns, slice } from "./observation";

/** A stretch of one series, sorted and distinct: in memory, or a block in D1 until it is fetched. */
export interface Piece extends Omit<BlockInfo, "from" | "length"> {
  columns?: Columns;
  source?: Source;
}

/** Where in D1 a block lies: which chunk, and which characters of its data. */
interface Source {
  runId: string;
  key: string;
  position: number;
  part: number;
  from: number;
  length: number;
}

export interface Header {
  run_id: string;
  key: string;
  position: number;
  part: number;
  directory: string;
}

/** Chunks fetched by one query; more are fetched by several, so that no answer of D1 grows without bound. */
const BLOCKS_A_QUERY = 1024;
/** Thrown when a chunk is gone that a header named a moment ago. */
export class ChunksMoved extends Error {}

/** A chunk or a tail, before it is known whether it overlaps another. */
export interface Stretch {
  pieces: Piece[];
  minStep: number;
  minTimestamp: number;
  maxStep: number;
  maxTimestamp: number;
}

/** A chunk as its directory describes it. Errors: DamagedBlockError. */
export function chunkStretch(h: Header): Stretch {
  return stretch(
    readDirectory(h.directory).map(({ from, length, ...info }) => ({
      ...info,
      source: { runId: h.run_id, key: h.key, position: h.position, part: h.part, from, length },
    })),
  );
}

/** Observations in memory, sorted and distinct, at least one. */
export const memoryPiece = (columns: Columns): Piece => ({ ...summary(columns, 0, columns.values.length), columns });

export const byStart = (a: Stretch, b: Stretch): number => a.minStep - b.minStep || a.minTimestamp - b.minTimestamp;

export function stretch(pieces: Piece[]): Stretch {
  const first = pieces[0] as Piece;
  const last = pieces[pieces.length - 1] as Piece;
  return {
    pieces,
    minStep: first.minStep,
    maxStep: last.maxStep,
    minTimestamp: pieces.reduce((t, p) => Math.min(t, p.minTimestamp), Number.POSITIVE_INFINITY),
    maxTimestamp: pieces.reduce((t, p) => Math.max(t, p.maxTimestamp), Number.NEGATIVE_INFINITY),
  };
}

/** Groups of stretches (in order of start) that may overlap: a stretch begins a new group when it surely lies after all before it. */
export function* clusters(sorted: readonly Stretch[]): Generator<Stretch[]> {
  let group: Stretch[] = [];
  let maxStep = Number.NEGATIVE_INFINITY;
  let maxTimestamp = Number.NEGATIVE_INFINITY;
  for (const s of sorted) {
    const after = s.minStep > maxStep || (s.minStep === maxStep && s.minTimestamp > maxTimestamp);
    if (after && group.length > 0) {
      yield group;
      group = [];
      maxTimestamp = Number.NEGATIVE_INFINITY;
    }
    group.push(s);
    maxStep = Math.max(maxStep, s.maxStep);
    maxTimestamp = Math.max(maxTimestamp, s.maxTimestamp);
  }
  if (group.length > 0) yield group;
}

export function concatenate(pieces: readonly Pick<Piece, "columns" | "count">[]): Columns {
  const out = newColumns(pieces.reduce((n, p) => n + p.count, 0));
  let at = 0;
  for (const { columns } of pieces) {
    if (!columns) continue;
    out.steps.set(columns.steps, at);
    out.timestamps.set(columns.timestamps, at);
    out.values.set(columns.values, at);
    at += columns.values.length;
  }
  return slice(out, 0, at);
}

/** Fetches and decodes the pieces that are not in memory yet. Errors: DamagedBlockError. */
export async function fetchPieces(d1: D1Database, pieces: readonly Piece[]): Promise<void> {
  const missing = pieces.filter((p) => !p.columns && p.source);
  for (let i = 0; i < missing.length; i += BLOCKS_A_QUERY) {
    const groups = [...Map.groupBy(missing.slice(i, i + BLOCKS_A_QUERY), chunkOf).values()];
    const wanted = groups.map((pieces) => {
      const { runId, key, position, part } = sourceOf(pieces[0] as Piece);
      return [runId, key, position, part, pieces.map(sourceOf).map(({ from, length }) => [from + 1, length])];
    });
    const { results } = await d1.prepare(FETCH_BLOCKS).bind(JSON.stringify(wanted)).all<{ i: number; data: string }>();
    if (results.length !== groups.length) throw new ChunksMoved();
    for (const { i: index, data } of results) decodePieces(groups[index] as Piece[], data);
  }
}

/** Gives pieces their columns, from their blocks end to end. */
function decodePieces(pieces: readonly Piece[], data: string): void {
  let from = 0;
  const blocks = pieces.map((piece) => {
    const { source: _, ...info } = piece;
    const { length } = sourceOf(piece);
    from += length;
    return { ...info, from: from - length, length };
  });
  const columns = decodeBlocks(data, blocks);
  let at = 0;
  for (const piece of pieces) {
    piece.columns = slice(columns, at, at + piece.count);
    at += piece.count;
  }
}

/**
 * The wanted blocks of each chunk, end to end: a row a chunk, since SQLite reads a text from its start for each substr()
 * of it. As a blob it is read once, and no characters are counted; base64 has one byte for each.
 */
const FETCH_BLOCKS = `
  SELECT j.key AS i, (
    SELECT group_concat(CAST(substr(whole.data, b.value ->> 0, b.value ->> 1) AS TEXT), '' ORDER BY b.key)
    FROM (SELECT CAST(c.data AS BLOB) AS data LIMIT 1) AS whole CROSS JOIN json_each(j.value, '$[4]') AS b
  ) AS data
  FROM json_each(?1) AS j CROSS JOIN metric_chunks AS c
    ON c.run_id = j.value ->> 0 AND c.key = j.value ->> 1 AND c.position = j.value ->> 2 AND c.part = j.value ->> 3`;

const sourceOf = ({ source }: Piece): Source => source as Source;

const chunkOf = (piece: Piece): string => {
  const { runId, key, position, part } = sourceOf(piece);
  return `${runId} ${position} ${part} ${key}`;
};
