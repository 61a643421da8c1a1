/**
 * Reading history: D1's chunk headers first (one query for any number of runs), the log's tail of runs that are hot,
 * and then only the blocks an answer needs. What is read may lie in chunks that overlap (late or repeated observations
 * published apart): overlapping pieces are merged, everything else stays undecoded until wanted.
 */
import type { Env } from "../env";
import type { Columns } from "./block";
import { summary } from "./chunk";
import { newColumns, slice, sortedByTime, sortedDistinct } from "./observation";
import {
  byStart,
  ChunksMoved,
  chunkStretch,
  clusters,
  concatenate,
  fetchPieces,
  type Header,
  memoryPiece,
  type Piece,
  stretch,
} from "./pieces";
import { eachBounded, withLog } from "./run-logs";

/** One series of one run: its pieces in order of (step, timestamp, value), none overlapping another. */
export interface History {
  key: string;
  pieces: Piece[];
  count: number;
}

/** Chunks may be merged between reading headers and blocks; then everything is read again. */
const ATTEMPTS = 4;

/** Reads one key of many runs and does `work` on it, again if chunks were merged meanwhile. */
export async function withHistories<T>(
  env: Env,
  runIds: readonly string[],
  key: string,
  work: (histories: Map<string, History>, fetch: (pieces: readonly Piece[]) => Promise<void>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const fetch = (pieces: readonly Piece[]) => fetchPieces(env.DB, key, pieces);
      return await work(await loadHistories(env, runIds, key, fetch), fetch);
    } catch (error) {
      if (!(error instanceof ChunksMoved) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function loadHistories(
  env: Env,
  runIds: readonly string[],
  key: string,
  fetch: (pieces: readonly Piece[]) => Promise<void>,
): Promise<Map<string, History>> {
  let { hot, headers } = await readHeaders(env.DB, runIds, key);
  const tails = new Map<string, Columns>();
  let published = false;
  await eachBounded([...hot], async ([runId, position]) => {
    const tail = await withLog(env, runId, (log) => log.unpublished(key));
    if (tail.values.length > 0) tails.set(runId, sortedDistinct(tail));
    if (tail.position > position) published = true;
  });
  // A log published between the two reads: what left the tail is in D1 now, so its headers are read after it.
  if (published) ({ headers } = await readHeaders(env.DB, runIds, key));
  const byRun = Map.groupBy(headers, (h) => h.run_id);
  const histories = new Map<string, History>();
  for (const runId of runIds) {
    histories.set(runId, await buildHistory(key, byRun.get(runId) ?? [], tails.get(runId), fetch));
  }
  return histories;
}

async function readHeaders(
  d1: D1Database,
  runIds: readonly string[],
  key: string,
): Promise<{ hot: Map<string, number>; headers: Header[] }> {
  const ids = JSON.stringify(runIds);
  const [runs, chunks] = await d1.batch<Record<string, unknown>>([
    d1
      .prepare("SELECT run_id, log_position FROM runs WHERE run_id IN (SELECT value FROM json_each(?1)) AND hot = 1")
      .bind(ids),
    d1
      .prepare(
        `SELECT c.run_id, c.position, c.part, c.directory
         FROM json_each(?1) AS j CROSS JOIN metric_chunks AS c ON c.run_id = j.value AND c.key = ?2`,
      )
      .bind(ids, key),
  ]);
  const hot = (runs?.results ?? []) as unknown as { run_id: string; log_position: number }[];
  const headers = (chunks?.results ?? []) as unknown as Header[];
  return { hot: new Map(hot.map((r) => [r.run_id, r.log_position])), headers };
}

async function buildHistory(
  key: string,
  headers: readonly Header[],
  tail: Columns | undefined,
  fetch: (pieces: readonly Piece[]) => Promise<void>,
): Promise<History> {
  const stretches = headers.map(chunkStretch);
  if (tail) stretches.push(stretch([memoryPiece(tail)]));
  stretches.sort(byStart);

  const pieces: Piece[] = [];
  for (const cluster of clusters(stretches)) {
    const own = cluster.flatMap((s) => s.pieces);
    if (cluster.length === 1) {
      pieces.push(...own);
      continue;
    }
    await fetch(own);
    const merged = sortedDistinct(concatenate(own));
    pieces.push(memoryPiece(merged));
  }
  return { key, pieces, count: pieces.reduce((n, p) => n + p.count, 0) };
}

/** Observations [offset, offset + limit) of a history in MLflow's order: timestamp, step, value. */
export async function pageByTime(
  history: History,
  offset: number,
  limit: number,
  fetch: (pieces: readonly Piece[]) => Promise<void>,
): Promise<Columns> {
  if (!isTimeOrdered(history.pieces)) {
    await fetch(history.pieces);
    const all = sortedByTime(concatenate(history.pieces));
    return slice(all, offset, Math.min(offset + limit, all.values.length));
  }
  const needed: Piece[] = [];
  let before = 0;
  let skip = 0;
  for (const piece of history.pieces) {
    if (before + piece.count > offset && before < offset + limit) {
      if (needed.length === 0) skip = offset - before;
      needed.push(piece);
    }
    before += piece.count;
  }
  await fetch(needed);
  const columns = concatenate(needed);
  return slice(columns, Math.max(0, skip), Math.min(Math.max(0, skip) + limit, columns.values.length));
}

function isTimeOrdered(pieces: readonly Piece[]): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (const piece of pieces) {
    if (!piece.timeOrdered || piece.minTimestamp < before) return false;
    before = piece.maxTimestamp;
  }
  return true;
}

/** The pieces cut to steps [from, to]: whole ones stay undecoded, the one at each edge is fetched and cut. */
export async function withinSteps(
  history: History,
  from: number,
  to: number,
  fetch: (pieces: readonly Piece[]) => Promise<void>,
): Promise<History> {
  const touching = history.pieces.filter((p) => p.maxStep >= from && p.minStep <= to);
  await fetch(touching.filter((p) => p.minStep < from || p.maxStep > to));
  const pieces = touching
    .map((piece): Piece => {
      const { columns } = piece;
      if (!columns || (piece.minStep >= from && piece.maxStep <= to)) return piece;
      const start = columns.steps.findIndex((s) => s >= from);
      const past = columns.steps.findIndex((s) => s > to);
      const cut = slice(columns, start, past < 0 ? columns.steps.length : past);
      return {
        ...piece,
        ...(cut.values.length > 0 && summary(cut, 0, cut.values.length)),
        count: cut.values.length,
        columns: cut,
      };
    })
    .filter((p) => p.count > 0);
  return { key: history.key, pieces, count: pieces.reduce((n, p) => n + p.count, 0) };
}

/** The observations at ascending ranks (0-based) of a history, in its order of (step, timestamp, value). */
export async function atRanks(
  histories: readonly { history: History; ranks: readonly number[] }[],
  fetch: (pieces: readonly Piece[]) => Promise<void>,
): Promise<Columns[]> {
  const plans = histories.map(({ history, ranks }) => {
    const hits: { piece: Piece; index: number }[] = [];
    let piece = 0;
    let before = 0;
    for (const rank of ranks) {
      while (rank >= before + (history.pieces[piece] as Piece).count)
        before += (history.pieces[piece++] as Piece).count;
      hits.push({ piece: history.pieces[piece] as Piece, index: rank - before });
    }
    return hits;
  });
  await fetch([...new Set(plans.flat().map((hit) => hit.piece))]);
  return plans.map((hits) => {
    const out = newColumns(hits.length);
    hits.forEach(({ piece, index }, i) => {
      const c = piece.columns as Columns;
      out.steps[i] = c.steps[index] as number;
      out.timestamps[i] = c.timestamps[index] as number;
      out.values[i] = c.values[index] as number;
    });
    return out;
  });
}
