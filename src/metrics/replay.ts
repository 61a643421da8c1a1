/** What a viewer is sent first who asks for everything from a step on: D1's chunks as of one position, and the log's tail. */
import type { Columns } from "./block";
import { CHUNK_SQL } from "./chunk";
import { newColumns, slice, sortedDistinct } from "./observation";
import { chunkStretch, concatenate, fetchPieces, type Header, type Piece } from "./pieces";
import type { Series } from "./series";

/** Observations replayed at most; who needs more reads history, which is made for it. */
export const MAX_REPLAY_POINTS = 100_000;

/** Copies of what the log holds from a step on, by key; only `keys` where given. */
export function tailsFrom(
  series: ReadonlyMap<string, Series>,
  fromStep: number,
  keys?: ReadonlySet<string>,
): Map<string, Columns> {
  const tails = new Map<string, Columns>();
  for (const [key, s] of series) {
    if (keys && !keys.has(key)) continue;
    const tail = fromStepOn(s.columns(), fromStep);
    if (tail.values.length > 0) tails.set(key, tail);
  }
  return tails;
}

/** The headers of a run's chunks published at or before a position that reach a step. */
export function headersFrom(d1: D1Database, runId: string, position: number, fromStep: number): D1PreparedStatement {
  return d1
    .prepare(
      `SELECT c.run_id, c.key, c.position, c.part, ${CHUNK_SQL.directory} AS directory FROM metric_chunks AS c
       WHERE c.run_id = ?1 AND c.position <= ?2 AND c.max_step >= ?3`,
    )
    .bind(runId, position, fromStep);
}

/**
 * Everything from a step on, by key in order of (step, timestamp, value); undefined where that is more than
 * MAX_REPLAY_POINTS. Errors: ChunksMoved, DamagedBlockError.
 */
export async function readFrom(
  d1: D1Database,
  headers: readonly Header[],
  tails: ReadonlyMap<string, Columns>,
  fromStep: number,
  keys?: ReadonlySet<string>,
): Promise<Map<string, Columns> | undefined> {
  const pieces = new Map<string, Piece[]>();
  let count = 0;
  for (const header of headers) {
    if (keys && !keys.has(header.key)) continue;
    const reaching = chunkStretch(header).pieces.filter((p) => p.maxStep >= fromStep);
    pieces.set(header.key, [...(pieces.get(header.key) ?? []), ...reaching]);
    count += reaching.reduce((n, p) => n + p.count, 0);
  }
  for (const tail of tails.values()) count += tail.values.length;
  if (count > MAX_REPLAY_POINTS) return undefined;

  await fetchPieces(d1, [...pieces.values()].flat());
  const out = new Map<string, Columns>();
  for (const key of new Set([...pieces.keys(), ...tails.keys()])) {
    const tail = tails.get(key) ?? newColumns(0);
    const own = [...(pieces.get(key) ?? []), { columns: tail, count: tail.values.length }];
    const columns = fromStepOn(sortedDistinct(concatenate(own)), fromStep);
    if (columns.values.length > 0) out.set(key, columns);
  }
  return out;
}

/** A copy of the observations from a step on, in their order. */
function fromStepOn(columns: Columns, fromStep: number): Columns {
  const out = newColumns(columns.values.length);
  let n = 0;
  for (const [i, step] of columns.steps.entries()) {
    if (step < fromStep) continue;
    out.steps[n] = step;
    out.timestamps[n] = columns.timestamps[i] as number;
    out.values[n] = columns.values[i] as number;
    n++;
  }
  return slice(out, 0, n);
}
