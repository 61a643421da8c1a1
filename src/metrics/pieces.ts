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
  source?: { runId: string; key: string; position: number; part: number; from: number; length: number };
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
    const runs = neighbours(missing.slice(i, i + BLOCKS_A_QUERY));
    const wanted = runs.map((group) => {
      const first = (group[0] as Piece).source as NonNullable<Piece["source"]>;
      const last = (group[group.length - 1] as Piece).source as NonNullable<Piece["source"]>;
      return [first.runId, first.key, first.position, first.part, first.from + 1, last.from + last.length - first.from];
    });
    const { results } = await d1
      .prepare(
        `SELECT j.key AS i, substr(c.data, j.value ->> 4, j.value ->> 5) AS data
         FROM json_each(?1) AS j CROSS JOIN metric_chunks AS c
           ON c.run_id = j.value ->> 0 AND c.key = j.value ->> 1
           AND c.position = j.value ->> 2 AND c.part = j.value ->> 3`,
      )
      .bind(JSON.stringify(wanted))
      .all<{ i: number; data: string }>();
    if (results.length !== runs.length) throw new ChunksMoved();
    for (const { i: index, data } of results) {
      const group = runs[index] as Piece[];
      const blocks = group.map(({ source, ...info }) => ({ ...info, ...(source as NonNullable<Piece["source"]>) }));
      const columns = decodeBlocks(data, blocks);
      let at = 0;
      for (const piece of group) {
        piece.columns = slice(columns, at, at + piece.count);
        at += piece.count;
      }
    }
  }
}

/** Pieces grouped where they lie end to end in one chunk, so that one substr() fetches them. */
function neighbours(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = [];
  let before: Piece["source"];
  for (const piece of pieces) {
    const s = piece.source;
    const adjoins =
      s &&
      before &&
      s.runId === before.runId &&
      s.key === before.key &&
      s.position === before.position &&
      s.part === before.part &&
      s.from === before.from + before.length;
    if (adjoins) groups[groups.length - 1]?.push(piece);
    else groups.push([piece]);
    before = s;
  }
  return groups;
}
