/** Stored points that rules look back at: the newest of a series, in order of time. */
import type { Env } from "../env";
import type { Columns } from "../metrics/block";
import { CHUNK_SQL } from "../metrics/chunk";
import { withHistories } from "../metrics/history-load";
import { newColumns, slice, sortedByTime, sortedDistinct } from "../metrics/observation";
import { ChunksMoved, chunkStretch, concatenate, fetchPieces, type Header, type Piece } from "../metrics/pieces";

/** As few pieces as hold the newest `count` points. */
function newestPieces(pieces: readonly Piece[], count: number): Piece[] {
  const wanted: Piece[] = [];
  let held = 0;
  for (const piece of pieces.toSorted((a, b) => b.maxTimestamp - a.maxTimestamp)) {
    if (held >= count) break;
    wanted.push(piece);
    held += piece.count;
  }
  return wanted;
}

/** The newest points of fetched pieces, in order of time. */
export function newestOf(pieces: readonly Piece[], count: number): Columns {
  const all = sortedByTime(sortedDistinct(concatenate(pieces)));
  const { length } = all.values;
  return slice(all, Math.max(0, length - count), length);
}

/** The newest points of a run's series, published or not. Not for the run's own log: it would ask itself. */
export async function newestPoints(env: Env, runId: string, key: string, count: number): Promise<Columns> {
  return await withHistories(env, [runId], key, async (histories, fetch) => {
    const wanted = newestPieces(histories.get(runId)?.pieces ?? [], count);
    await fetch(wanted);
    return newestOf(wanted, count);
  });
}

/**
 * The newest points that a log has published of one of its series up to a position; none where its chunks are being
 * merged at the moment.
 */
export async function publishedPoints(
  d1: D1Database,
  { runId, position }: { runId: string; position: number },
  key: string,
  count: number,
): Promise<Columns> {
  const { results } = await d1
    .prepare(
      `SELECT c.run_id, c.key, c.position, c.part, ${CHUNK_SQL.directory} AS directory FROM metric_chunks AS c
     WHERE c.run_id = ?1 AND c.key = ?2 AND c.position <= ?3`,
    )
    .bind(runId, key, position)
    .all<Record<string, unknown>>();
  const pieces = (results as unknown as Header[]).flatMap((header) => chunkStretch(header).pieces);
  const wanted = newestPieces(pieces, count);
  try {
    await fetchPieces(d1, wanted);
  } catch (error) {
    if (error instanceof ChunksMoved) return newColumns(0);
    throw error;
  }
  return newestOf(wanted, count);
}
